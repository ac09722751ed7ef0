//! Cost of an event with 1, 10, 50 and 200 plugins: the three national ones, over and over under other ids. Parsing and
//! columns are paid once; what grows is the boundary and the detection.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use criterion::{BenchmarkId, Throughput};
use support::whole::whole;
use support::{cpu, events, plugins};

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
        group.bench_function(BenchmarkId::from_parameter(count), |bencher| {
            bencher.iter(|| whole(&real, &sandbox, &loaded[..count]));
        });
    }
    group.finish();
    criterion.final_summary();
}
