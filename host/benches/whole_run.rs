//! The whole pipeline against parsing alone, and against the same detections as native code. CPU time, one worker.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use criterion::measurement::Measurement;
use criterion::{BenchmarkGroup, Throughput};
use sonic_rs::JsonValueTrait as _;
use support::events::{self, Real};
use support::whole::whole;
use support::{cpu, native, plugins};

use cordon::registry::Loaded;
use cordon::sandbox::Sandbox;
use cordon_contract::limits::BATCH_ROWS;

fn main() {
    let mut criterion = cpu::criterion();
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    let loaded = plugins::load(&sandbox, &plugins::build(&plugins::NATIONAL));
    let catalogue = plugins::load(&sandbox, &plugins::build(&["plugins"]));
    for real in events::real() {
        println!("{}: {} events of {} bytes on average", real.name, real.events, real.bytes / real.events);
        let mut group = criterion.benchmark_group(format!("whole_run/{}", real.name));
        group.throughput(Throughput::Elements(real.events));
        parsing(&mut group, &real);
        detecting(&mut group, &real, &sandbox, &loaded);
        let all = format!("whole catalogue, {} plugins", catalogue.len());
        group.bench_function(&all, |bencher| bencher.iter(|| whole(&real, &sandbox, &catalogue)));
        group.finish();
    }
    criterion.final_summary();
}

fn parsing<M: Measurement>(group: &mut BenchmarkGroup<'_, M>, real: &Real) {
    group.bench_function("read lines only", |bencher| {
        bencher.iter(|| real.each(|bytes, _| _ = std::hint::black_box(bytes)));
    });
    group.bench_function("read, sonic-rs Value", |bencher| {
        bencher.iter(|| {
            real.each(|bytes, _| assert!(sonic_rs::from_slice::<sonic_rs::Value>(bytes).unwrap().is_object()));
        });
    });
    group.bench_function("parse only", |bencher| {
        bencher.iter(|| real.parse(BATCH_ROWS, |batch| drop(std::hint::black_box(batch))));
    });
}

fn detecting<M: Measurement>(group: &mut BenchmarkGroup<'_, M>, real: &Real, sandbox: &Sandbox, loaded: &[Loaded]) {
    let natives = native::national();
    let natively = || {
        let mut found = 0;
        real.parse(BATCH_ROWS, |batch| found += natives.iter().map(|one| one.detect(&batch).len()).sum::<usize>());
        found
    };
    let summary = whole(real, sandbox, loaded);
    let told: u64 = summary.findings.values().flat_map(|rule| rule.by_severity.values()).sum();
    println!("findings: {told} and {} repeats", summary.repeats);
    assert_eq!(told + summary.repeats, natively() as u64, "native code finds the same");
    group.bench_function("three plugins, native", |bencher| bencher.iter(natively));
    group.bench_function("three plugins, whole run", |bencher| bencher.iter(|| whole(real, sandbox, loaded)));
}
