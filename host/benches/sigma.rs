//! Sigma in the sandbox: real events through SigmaHQ's rules, from the file to the findings, beside the same engine compiled
//! natively and beside rsigma at its best. CPU time, one worker. Then what a plugin of more and more rules costs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

#[path = "../../sdk/sigma/tests/support/data.rs"]
#[allow(dead_code, reason = "the tests of Sigma use the rest of it")]
mod data;
mod support;

use std::path::{Path, PathBuf};
use std::time::Instant;

use cordon::author::bench::measure;
use cordon::author::sigma::{Input, OfBatch, component_of, read};
use cordon::events::{EventReader, RawEvent};
use cordon::registry::{self, Loaded, SettingsFile};
use cordon::sandbox::Sandbox;
use cordon_contract::limits::BATCH_ROWS;
use cordon_sigma::build::Built;
use cordon_sigma::engine::Engine;
use cordon_sigma::manifest::Name;
use cordon_sigma::rule::Options;
use criterion::Throughput;
use rsigma_eval::event::JsonEvent;
use support::events::{self, RECEIVED, Real};
use support::whole::whole;
use support::{cpu, plugins};

/// Lanes: which events, which rules of SigmaHQ.
const LANES: [(&str, &str); 4] =
    [("windows", "rules/windows"), ("windows", "rules"), ("m365-audit", "rules/cloud"), ("m365-audit", "rules")];

fn main() {
    let Some(archive) = data::file("sigmahq-rules.tar.zst") else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    tar::Archive::new(zstd::Decoder::new(std::fs::File::open(&archive).unwrap()).unwrap())
        .unpack(folder.path())
        .unwrap();
    let mut criterion = cpu::criterion();
    let real = events::real();
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    for (events, rules) in LANES {
        let Some(real) = real.iter().find(|real| real.name == events) else { continue };
        let built = packed(folder.path(), rules);
        let loaded = load(&sandbox, &component(&built, folder.path()));
        let engine = Engine::new(built.pack).unwrap();
        let mut group = criterion.benchmark_group(format!("sigma/{events}/{}", rules.replace('/', "-")));
        group.throughput(Throughput::Elements(real.events));
        group.bench_function("parse only", |bencher| {
            bencher.iter(|| real.parse(BATCH_ROWS, |batch| drop(std::hint::black_box(batch))));
        });
        group.bench_function("native", |bencher| bencher.iter(|| natively(&engine, real)));
        group.bench_function("whole run", |bencher| {
            bencher.iter(|| whole(real, &sandbox, std::slice::from_ref(&loaded)));
        });
        theirs(&mut group, real, &archive, rules);
        group.finish();
    }
    if let Some(real) = real.iter().find(|real| real.name == "windows") {
        curve(real, folder.path());
    }
    criterion.final_summary();
}

fn packed(folder: &Path, rules: &str) -> Built {
    let rules = match rules {
        "rules" => ["rules", "rules-emerging-threats", "rules-threat-hunting"].map(|name| folder.join(name)).to_vec(),
        one => vec![folder.join(one)],
    };
    read(&Input { rules, tables: Vec::new(), options: Options::default(), no_keywords: true }).unwrap()
}

fn component(built: &Built, folder: &Path) -> PathBuf {
    let name = Name { id: "sigma-rules".into(), version: "1.0.0".into(), authors: vec!["the bench".into()] };
    let path = folder.join("sigma.wasm");
    std::fs::write(&path, component_of(built, &name).unwrap()).unwrap();
    path
}

fn load(sandbox: &Sandbox, path: &Path) -> Loaded {
    registry::load(sandbox, &[path.to_owned()], &SettingsFile::default(), 1).unwrap().remove(0)
}

fn natively(engine: &Engine, real: &Real) -> usize {
    let mut found = 0;
    real.parse(BATCH_ROWS, |batch| found += engine.run(batch.source().as_str(), &OfBatch(&batch)).unwrap().len());
    found
}

/// rsigma over the same lines, read and parsed: every event says of which log source it is, and other rules are not tried.
fn theirs<M: criterion::measurement::Measurement>(
    group: &mut criterion::BenchmarkGroup<'_, M>,
    real: &Real,
    archive: &Path,
    rules: &str,
) {
    let source = if real.name == "windows" { "windows.event" } else { "m365.audit" };
    let mut engine = data::rsigma(archive, &[rules]);
    let file = if real.name == "windows" { "windows-otrf.jsonl.zst" } else { "m365-ual.jsonl.zst" };
    let parsed = data::canonical(data::lines(&data::file(file).unwrap()));
    let lines = |events: &[serde_json::Value]| events.iter().map(ToString::to_string).collect::<Vec<_>>();
    let tagged = lines(&data::tagged(archive, &[rules], &parsed, source));
    for (how, lines, routed) in [("rsigma", lines(&parsed), false), ("rsigma, tagged and routed", tagged, true)] {
        engine.set_logsource_extractor(routed.then(rsigma_eval::LogSourceExtractor::new));
        group.throughput(Throughput::Elements(lines.len() as u64));
        group.bench_function(how, |bencher| {
            bencher.iter(|| {
                let one = |line: &String| {
                    let event: serde_json::Value = serde_json::from_str(line).unwrap();
                    engine.evaluate(&JsonEvent::borrow(&event)).len()
                };
                lines.iter().map(one).sum::<usize>()
            });
        });
    }
}

/// What a plugin of more and more rules costs: to build, to load, to keep, to run.
fn curve(real: &Real, folder: &Path) {
    println!(
        "rules  component KB  prepared MB  load cold s  load kept ms  memory MiB  batch  match ns/event  columns ns/event"
    );
    let all = packed(folder, "rules");
    for many in [10, 100, 1_000, 3_000] {
        let built = some(&all, many);
        let path = component(&built, folder);
        let cache = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let timed = || {
            let begun = Instant::now();
            let sandbox = plugins::sandbox(cache.path());
            let loaded = load(&sandbox, &path);
            (sandbox, loaded, begun.elapsed())
        };
        let (_, _, cold) = timed();
        let (sandbox, loaded, kept) = timed();
        for rows in [256, 1_024, 4_096] {
            let events = first(real, 16_384);
            let cost = measure(&sandbox, &loaded, &events, &events::options(rows), RECEIVED).unwrap();
            println!(
                "{:>5} {:>13} {:>12.1} {:>12.2} {:>13.1} {:>11} {rows:>6} {:>15.0} {:>17.0}",
                built.rules.len(),
                std::fs::metadata(&path).unwrap().len() / 1_000,
                bytes_below(cache.path()) as f64 / 1e6,
                cold.as_secs_f64(),
                kept.as_secs_f64() * 1e3,
                cost.memory >> 20,
                cost.ns_per_event,
                cost.columns_ns_per_event,
            );
        }
    }
}

/// So many of the rules, evenly.
fn some(all: &Built, many: usize) -> Built {
    let step = (all.rules.len() / many.min(all.rules.len())).max(1);
    let rules = all.rules.iter().step_by(step).take(many).map(|(id, rule)| (id.clone(), rule.clone())).collect();
    let mut built = Built { rules, ..all.clone() };
    built.pack.rules.retain(|rule| built.rules.contains_key(&rule.id));
    let mut used = std::collections::BTreeSet::new();
    for rule in &built.pack.rules {
        for (source, guard) in &rule.sources {
            let mut names = Vec::new();
            guard.fields(&mut names);
            rule.when.fields(&mut names);
            used.extend(names.into_iter().map(|name| (source.clone(), name.to_owned())));
        }
    }
    built.pack.sources.iter_mut().for_each(|(source, fields)| {
        fields.fields.retain(|name, _| used.contains(&(source.clone(), name.clone())));
        fields.entities.values_mut().for_each(|names| names.retain(|name| fields.fields.contains_key(name)));
    });
    built.pack.sources.retain(|_, fields| !fields.fields.is_empty());
    built
}

fn first(real: &Real, events: usize) -> Vec<RawEvent> {
    let mut reader = EventReader::open(&real.inputs[0]).unwrap();
    (0..events).map_while(|_| reader.next().unwrap().map(Result::unwrap)).collect()
}

fn bytes_below(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { bytes_below(&path) } else { path.metadata().unwrap().len() }).sum()
}
