//! SigmaHQ's rules over real events, end to end: `cordon run`'s pipeline with the rules in one sandboxed plugin, beside rsigma in
//! the same process, which reads the same lines and matches natively, and beside our own engine without the sandbox, which parses and
//! matches but makes no findings. CPU time, one worker; loading is not in it.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

#[path = "../../sdk/sigma/tests/support/data.rs"]
#[allow(dead_code, unreachable_pub, reason = "the tests use the rest of it")]
mod data;
mod support;

use std::path::Path;

use criterion::Throughput;
use rsigma_eval::event::JsonEvent;
use support::events::{self, Real};
use support::sigma::{built, unpacked};
use support::whole::whole;
use support::{cpu, plugins};

use cordon::author::sigma::OfBatch;
use cordon::registry::{self, SettingsFile};
use cordon_contract::limits::BATCH_ROWS;
use cordon_sigma::engine::Engine;

fn main() {
    let Some(rules) = data::file("sigmahq-rules.tar.zst") else { return };
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let tree = unpacked(&rules, folder.path());
    let mut criterion = cpu::criterion();
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    for real in events::real() {
        let (source, of) = match real.name {
            "windows" => ("windows.event", ["rules/windows", "rules/"]),
            _ => ("m365.audit", ["rules/cloud", "rules/"]),
        };
        let mut group = criterion.benchmark_group(format!("sigma/{}", real.name));
        group.throughput(Throughput::Elements(real.events));
        group.bench_function("parse only", |bencher| {
            bencher.iter(|| real.parse(BATCH_ROWS, |batch| drop(std::hint::black_box(batch))));
        });
        for of in of {
            let wasm = folder.path().join("rules.wasm");
            print!("{}", built(&tree.join(of), &wasm));
            let loaded = registry::load(&sandbox, &[wasm], &SettingsFile::default(), 1).unwrap();
            let found = whole(&real, &sandbox, &loaded);
            let told: u64 = found.findings.values().flat_map(|rule| rule.by_severity.values()).sum();
            println!("{of}: {told} findings and {} repeats", found.repeats);
            group.bench_function(format!("{of}, cordon, sandboxed"), |bencher| {
                bencher.iter(|| whole(&real, &sandbox, &loaded));
            });
            let engine = Engine::new(data::built(&rules, &[of]).pack).unwrap();
            let in_process = || {
                let mut found = 0;
                real.parse(BATCH_ROWS, |batch| {
                    found += engine.run(batch.source().as_str(), &OfBatch(&batch)).unwrap().len();
                });
                found
            };
            assert_eq!(told + found.repeats, in_process() as u64, "{of}: the engine finds the same natively");
            group.bench_function(format!("{of}, cordon's engine, native"), |bencher| bencher.iter(in_process));
            let lines = lines(&rules, of, &real, source);
            keep(&lines, &format!("{}-{}.jsonl", real.name, of.replace('/', "-")));
            let mut engine = data::rsigma(&rules, &[of]);
            engine.set_logsource_extractor(Some(rsigma_eval::LogSourceExtractor::new()));
            let times = real.inputs.len();
            let natively = || {
                let mut found = 0;
                for line in (0..times).flat_map(|_| &lines) {
                    let event: serde_json::Value = serde_json::from_str(line).unwrap();
                    found += engine.evaluate(&JsonEvent::borrow(&event)).len();
                }
                found
            };
            println!("{of}: rsigma matches {}", natively());
            group.bench_function(format!("{of}, rsigma at its best, native"), |bencher| bencher.iter(natively));
        }
        group.finish();
    }
    criterion.final_summary();
}

/// Writes what rsigma is given where `CORDON_TAGGED` says, for its own command: `rsigma.sh` beside this.
fn keep(lines: &[String], name: &str) {
    if let Some(folder) = std::env::var_os("CORDON_TAGGED") {
        std::fs::write(Path::new(&folder).join(name), lines.join("\n") + "\n").unwrap();
    }
}

/// What rsigma is given at its best: each event in the flat shape, with the log source that it is of.
fn lines(rules: &Path, of: &str, real: &Real, source: &str) -> Vec<String> {
    let text = match &real.inputs[0] {
        cordon::events::Input::File(path) => std::fs::read_to_string(path).unwrap(),
        cordon::events::Input::Stdin => panic!("a file"),
    };
    let events: Vec<serde_json::Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let events = if source == "windows.event" { data::canonical(events) } else { events };
    data::tagged(rules, &[of], &events, source).iter().map(ToString::to_string).collect()
}
