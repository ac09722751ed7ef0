//! Cost of an event with 1, 10, 50 and 200 plugins: the three national ones, over and over under other ids. Parsing and
//! columns are paid once; what grows is the boundary and the detection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use criterion::{BenchmarkId, Throughput};
use support::events::{self, RECEIVED};
use support::{cpu, plugins};

use cordon::wiring::{Happening, Pipeline};
use cordon_contract::limits::BATCH_ROWS;

fn main() {
    let mut criterion = cpu::criterion();
    let Some(real) = events::audit() else { return };
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    let components = plugins::variants(&plugins::build(&plugins::NATIONAL), 200);
    println!("preparing what is not in the cache: some minutes the first time");
    let loaded = plugins::load(&sandbox, &components);
    let mut group = criterion.benchmark_group("plugins_curve");
    group.throughput(Throughput::Elements(real.events));
    for count in [1, 10, 50, 200] {
        let pipeline = Pipeline {
            sandbox: &sandbox,
            plugins: &loaded[..count],
            options: events::options(BATCH_ROWS),
            workers: 1,
            received: RECEIVED,
            only: None,
            evidence: false,
            cuts: None,
            progress: Default::default(),
            metrics: &cordon::telemetry::Metrics::new(),
        };
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| {
                pipeline.run(&real.inputs, |happening| match happening {
                    Happening::Finding(_) => Ok(()),
                    other => panic!("{other:?}"),
                })
            });
        });
    }
    group.finish();
    criterion.final_summary();
}
