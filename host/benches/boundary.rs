//! What a batch costs beyond its columns: a fresh instance, four columns copied into it, every distinct value looked at.
//! By size of batch; the columns are there already.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use std::time::Duration;

use criterion::{BenchmarkId, Throughput};
use support::{cpu, events, plugins};

use cordon::sandbox::{Outcome, RunInput};

/// Events looked at with each size.
const EVENTS: usize = 4_096;

fn main() {
    let mut criterion = cpu::criterion().sample_size(20).measurement_time(Duration::from_secs(3));
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    let loaded = plugins::load(&sandbox, &plugins::build(&[plugins::GUEST]));
    let (plugin, input) = (&loaded[0].plugin, RunInput { settings: loaded[0].settings.clone(), ..RunInput::default() });
    for real in events::real() {
        let mut group = criterion.benchmark_group(format!("boundary/{}", real.name));
        for rows in [1, 16, 64, 256, 1_024, 4_096] {
            let batches = real.batches(rows, EVENTS);
            let run = || {
                for batch in &batches {
                    let report = sandbox.run(plugin, batch, &input);
                    assert_eq!(report.outcome, Outcome::Completed);
                    assert_eq!(report.cost.columns, 4);
                }
            };
            run();
            group.throughput(Throughput::Elements((batches.len() * rows) as u64));
            group.bench_function(BenchmarkId::from_parameter(rows), |bencher| bencher.iter(run));
        }
        group.finish();
    }
    criterion.final_summary();
}
