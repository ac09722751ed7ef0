//! A fresh instance, by the size of the plugin's snapshot: made, asked about one event, dropped.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use std::time::Duration;

use criterion::BenchmarkId;
use serde_json::json;
use support::{cpu, events, plugins};

use cordon::sandbox::{Outcome, RunInput};

fn main() {
    let mut criterion = cpu::criterion().sample_size(30).measurement_time(Duration::from_secs(3));
    let Some(real) = events::audit() else { return };
    let batch = &real.batches(1, 1)[0];
    batch.column(&cordon_contract::path::Path::parse("Operation").unwrap()).unwrap();
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    let component = &plugins::build(&[plugins::GUEST])[0];
    let mut group = criterion.benchmark_group("instance_start");
    for mib in [1, 10, 50] {
        let load = json!({ "memory_mib": mib }).as_object().unwrap().clone();
        let plugin = sandbox.load(&component.wasm, &load).unwrap();
        let run = || {
            let report = sandbox.run(&plugin, batch, &RunInput::default());
            assert_eq!(report.outcome, Outcome::Completed);
            report.cost
        };
        let mut starts: Vec<Duration> = (0..1_000).map(|_| run().start).collect();
        starts.sort();
        println!("snapshot of {mib} MiB: instance made in {:?} (middle of 1,000)", starts[starts.len() / 2]);
        group.bench_function(BenchmarkId::from_parameter(format!("{mib} MiB")), |bencher| bencher.iter(run));
    }
    group.finish();
    criterion.final_summary();
}
