//! From a component on disk to its first judged batch, cold and cached; start-up and memory with 200 cached plugins.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so

mod support;

use std::time::{Duration, Instant};

use support::memory::resident;
use support::{cpu, events, plugins};

use cordon::registry::{self, SettingsFile};
use cordon::sandbox::{Outcome, RunInput};
use cordon_contract::limits::BATCH_ROWS;

fn main() {
    let mut criterion = cpu::criterion().measurement_time(Duration::from_secs(5));
    let Some(real) = events::audit() else { return };
    let batch = &real.batches(BATCH_ROWS, BATCH_ROWS)[0];
    let national = plugins::build(&plugins::NATIONAL);
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let one = plugins::write(&national[..1], &folder.path().join("one"));

    let first_batch = |cache: &std::path::Path| {
        let begun = Instant::now();
        let sandbox = plugins::sandbox(cache);
        let loaded = registry::load(&sandbox, &one, &SettingsFile::default(), 1).unwrap();
        let input = RunInput { settings: loaded[0].settings.clone(), ..RunInput::default() };
        assert_eq!(sandbox.run(&loaded[0].plugin, batch, &input).outcome, Outcome::Completed);
        begun.elapsed()
    };
    let cold: Vec<Duration> = (0..3).map(|round| first_batch(&folder.path().join(format!("cold-{round}")))).collect();
    println!("from {} on disk to the first batch, cold, wall clock: {cold:?}", national[0].id);

    let cache = plugins::kept_cache();
    let many = plugins::write(&plugins::variants(&national, 200), &folder.path().join("many"));
    println!("preparing what is not in the cache: some minutes the first time");
    drop(registry::load(&plugins::sandbox(&cache), &many, &SettingsFile::default(), 2).unwrap());

    let mut group = criterion.benchmark_group("loading");
    group.bench_function("first batch, cached", |bencher| bencher.iter(|| first_batch(&cache)));
    group.bench_function("200 cached plugins", |bencher| {
        bencher.iter(|| {
            let sandbox = plugins::sandbox(&cache);
            let loaded = registry::load(&sandbox, &many, &SettingsFile::default(), 1).unwrap();
            (sandbox, loaded)
        });
    });
    group.finish();

    let before = resident();
    let sandbox = plugins::sandbox(&cache);
    let empty = resident();
    let loaded = registry::load(&sandbox, &many, &SettingsFile::default(), 1).unwrap();
    let ready = resident();
    for one in &loaded {
        let input = RunInput { settings: one.settings.clone(), ..RunInput::default() };
        assert_eq!(sandbox.run(&one.plugin, batch, &input).outcome, Outcome::Completed);
    }
    let ran = resident();
    println!(
        "resident MiB: the sandbox {:.1}; 200 plugins {:.1}, and after a batch each {:.1}",
        empty - before,
        ready - empty,
        ran - empty
    );
    criterion.final_summary();
}
