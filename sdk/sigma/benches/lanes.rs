//! Rules over real events, ours and rsigma's in one run on one core: `cargo bench -p cordon-sigma`. Net of rule load. Ours are
//! given columns that stand ready, copied as they would be into a sandbox; the host's part is in `host/benches`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "../tests/support/data.rs"]
#[allow(dead_code, reason = "the tests use the rest of it")]
mod data;

use std::cell::RefCell;
use std::collections::HashMap;
use std::time::Instant;

use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::engine::{Column, Engine, Events};
use cordon_sigma::logsource::Tables;
use cordon_sigma::sample::Sample;
use rsigma_eval::event::JsonEvent;
use serde_json::Value;

/// A batch whose columns are made once.
struct Ready<'e> {
    sample: Sample<'e>,
    texts: Vec<String>,
    columns: RefCell<HashMap<String, Column>>,
    chosen: RefCell<HashMap<(String, Vec<u32>), Column>>,
    values: RefCell<HashMap<String, (Vec<u32>, Column)>>,
}

impl Events for Ready<'_> {
    fn rows(&self) -> usize {
        self.texts.len()
    }

    fn column(&self, path: &str) -> Result<Column, String> {
        let made = || self.sample.column(path).unwrap();
        Ok(self.columns.borrow_mut().entry(path.to_owned()).or_insert_with(made).clone())
    }

    fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        let made = || self.sample.column_for(path, rows).unwrap();
        Ok(self.chosen.borrow_mut().entry((path.to_owned(), rows.to_vec())).or_insert_with(made).clone())
    }

    fn values(&self, path: &str) -> Result<(Vec<u32>, Column), String> {
        let made = || self.sample.values(path).unwrap();
        Ok(self.values.borrow_mut().entry(path.to_owned()).or_insert_with(made).clone())
    }

    fn listed(&self, list: &str, texts: &[&str]) -> Result<Vec<bool>, String> {
        self.sample.listed(list, texts)
    }

    fn whole(&self, row: u32) -> Result<Option<String>, String> {
        Ok(self.texts.get(row as usize).cloned())
    }
}

fn ready(events: &[Value], size: usize) -> Vec<Ready<'_>> {
    fn batch(events: &[Value]) -> Ready<'_> {
        Ready {
            sample: Sample::new(events),
            texts: events.iter().map(Value::to_string).collect(),
            columns: RefCell::default(),
            chosen: RefCell::default(),
            values: RefCell::default(),
        }
    }
    events.chunks(size).map(batch).collect()
}

/// Microseconds an event, the best of some rounds; and matches.
fn ours(engine: &Engine, source: &str, batches: &[Ready<'_>]) -> (f64, usize) {
    let round = || batches.iter().map(|batch| engine.run(source, batch).unwrap().len()).sum::<usize>();
    let matches = round();
    let events: usize = batches.iter().map(Events::rows).sum();
    let best = (0..5)
        .map(|_| {
            let begun = Instant::now();
            round();
            begun.elapsed().as_secs_f64()
        })
        .fold(f64::INFINITY, f64::min);
    (best * 1e6 / events as f64, matches)
}

fn pack(rules: &std::path::Path, of: &[&str], many: Option<usize>) -> Built {
    let mut read = data::rules(rules, of);
    if let Some(many) = many {
        let base = read.rules.clone();
        // More by variation: the same rules with other texts, which match as rarely.
        let mut copy = 0;
        while read.rules.len() < many {
            copy += 1;
            for mut rule in base.clone() {
                rule.id = Some(format!("{}-{copy}", rule.id.unwrap_or_default()));
                let text = serde_json::to_string(&rule.when).unwrap();
                let varied = text.replace("exe\"", &format!("e{copy}\"")).replace("dll\"", &format!("d{copy}\""));
                rule.when = serde_json::from_str(&varied).unwrap();
                read.rules.push(rule);
            }
        }
        let step = read.rules.len() as f64 / many as f64;
        read.rules = (0..many).map(|i| read.rules[(i as f64 * step) as usize].clone()).collect();
    }
    build(read, &Tables::shipped().unwrap(), Choice::default())
}

fn main() {
    let files = ["sigmahq-rules.tar.zst", "windows-otrf.jsonl.zst", "m365-ual.jsonl.zst"].map(data::file);
    let [Some(rules), Some(windows), Some(audit)] = files else { return };
    let windows = data::canonical(data::lines(&windows));
    let audit = data::lines(&audit);
    println!("lane                                    rules   us/event   events/s  matches   load s   automata MiB");
    for (name, of, events, source) in [
        ("Windows, rules/windows", &["rules/windows"][..], &windows, "windows.event"),
        ("Windows, all rules", &["rules"][..], &windows, "windows.event"),
        ("Microsoft 365, rules/cloud", &["rules/cloud"][..], &audit, "m365.audit"),
        ("Microsoft 365, all rules", &["rules"][..], &audit, "m365.audit"),
    ] {
        let built = pack(&rules, of, None);
        let begun = Instant::now();
        let engine = Engine::new(built.pack).unwrap();
        let load = begun.elapsed().as_secs_f64();
        for size in [256, 1_024, 4_096] {
            let (us, matches) = ours(&engine, source, &ready(events, size));
            let automata = engine.size().automata as f64 / (1 << 20) as f64;
            println!(
                "{name:<30} {size:>6} {:>8} {us:>10.3} {:>10.0} {matches:>8} {load:>8.2} {automata:>10.1}",
                engine.rules().len(),
                1e6 / us
            );
        }
    }
    for many in [10, 100, 1_000, 3_000, 10_000] {
        let engine = Engine::new(pack(&rules, &["rules/windows"], Some(many)).pack).unwrap();
        let (us, matches) = ours(&engine, "windows.event", &ready(&windows, 4_096));
        println!(
            "{:<37} {:>8} {us:>10.3} {:>10.0} {matches:>8}",
            "Windows, rules by number",
            engine.rules().len(),
            1e6 / us
        );
    }
    theirs("rsigma, Windows, rules/windows", &rules, &["rules/windows"], &windows, "windows.event");
    theirs("rsigma, Windows, all rules", &rules, &["rules"], &windows, "windows.event");
    theirs("rsigma, Microsoft 365, rules/cloud", &rules, &["rules/cloud"], &audit, "m365.audit");
    theirs("rsigma, Microsoft 365, all rules", &rules, &["rules"], &audit, "m365.audit");
}

/// rsigma as it comes, and at its best: every event says of which log source it is, and rules of others are not tried. Matching
/// only: its events are parsed already.
fn theirs(name: &str, rules: &std::path::Path, of: &[&str], events: &[Value], source: &str) {
    let mut engine = data::rsigma(rules, of);
    let tagged = data::tagged(rules, of, events, source);
    for (how, events, routed) in [("", events, false), (", tagged and routed", &tagged[..], true)] {
        engine.set_logsource_extractor(routed.then(rsigma_eval::LogSourceExtractor::new));
        let mut matches = 0;
        let best = (0..3)
            .map(|_| {
                let begun = Instant::now();
                matches = events.iter().map(|event| engine.evaluate(&JsonEvent::borrow(event)).len()).sum::<usize>();
                begun.elapsed().as_secs_f64()
            })
            .fold(f64::INFINITY, f64::min);
        let (name, us) = (format!("{name}{how}"), best * 1e6 / events.len() as f64);
        println!("{name:<55} {:>8} {us:>10.3} {:>10.0} {matches:>8}", engine.rule_count(), 1e6 / us);
    }
}
