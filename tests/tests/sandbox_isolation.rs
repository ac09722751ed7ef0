//! No batch sees another's memory, and no plugin another's doings: not its findings, not its time, not its memory.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use cordon::sandbox::{Caps, Outcome, Plugin, RunInput};
use cordon_tests::batches::{batch, rows};
use cordon_tests::guest::Guest;
use cordon_tests::sandboxes::TestSandbox;

const PREPARER: &str = env!("CARGO_BIN_EXE_preparer");

/// Emits one finding per row, its key the row's operation.
const GOOD: &str = "
    (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
    (loop $rows
      (local.set $j (i32.add (i32.load (i32.const 84)) (i32.mul (i32.const 4)
        (i32.sub (i32.load (i32.add (i32.load (i32.const 68)) (i32.mul (local.get $i) (i32.const 4)))) (i32.const 1)))))
      (call $draft (local.get $i))
      (i32.store (i32.const 1104) (i32.add (i32.load (i32.const 92)) (i32.load (local.get $j))))
      (i32.store (i32.const 1108) (i32.sub (i32.load offset=4 (local.get $j)) (i32.load (local.get $j))))
      (if (call $send) (then unreachable))
      (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (call $len (local.get $batch)))))";

fn hostile() -> Vec<(&'static str, Guest)> {
    let forever = "(br 0)";
    vec![
        ("endless loop", Guest::detecting(&format!("(loop {forever})"))),
        ("recursion", Guest::detecting("(call $deep)").with("(func $deep (call $deep))")),
        (
            "memory hog",
            Guest::detecting(
                "(loop (drop (memory.grow (i32.const 16))) (memory.fill (i32.const 65536) (i32.const 7) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 65536))) (br 0))",
            ),
        ),
        ("trap", Guest::detecting("unreachable")),
        ("findings flood", Guest::detecting("(loop (call $emit (i32.const 0)) (br 0))")),
        ("log flood", Guest::detecting("(loop (call $write (i32.const 1) (i32.const 65536) (i32.const 8192)) (br 0))")),
        ("host call flood", Guest::detecting("(loop (drop (call $len (local.get $batch))) (br 0))")),
        (
            "column flood",
            Guest::detecting(
                "(loop (global.set $heap (i32.const 65536)) (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64)) (br 0))",
            ),
        ),
    ]
}

#[test]
fn nothing_in_memory_or_globals_survives_a_batch() {
    let sandbox = TestSandbox::new(PREPARER);
    // Says how often it was run, if it can remember: by memory, by a global, by grown memory.
    let guest = Guest::detecting(
        "(i32.store (i32.const 4000) (i32.add (i32.load (i32.const 4000)) (i32.const 1)))
         (global.set $runs (i32.add (global.get $runs) (i32.const 1)))
         (drop (memory.grow (i32.const 1)))
         (i32.store (i32.mul (i32.sub (memory.size) (i32.const 1)) (i32.const 65536)) (i32.const 77))
         (if (i32.or (i32.ne (i32.load (i32.const 4000)) (i32.const 1))
               (i32.or (i32.ne (global.get $runs) (i32.const 1)) (i32.ne (memory.size) (i32.const 3))))
           (then unreachable))
         (if (i32.ne (i32.load (i32.const 4100)) (i32.const 42)) (then unreachable))",
    )
    .with("(global $runs (mut i32) (i32.const 0))")
    .configuring("(i32.store (i32.const 4100) (i32.const 42))");
    let plugin = sandbox.load(&guest.build()).unwrap();
    let batch = rows(10);
    for _ in 0..200 {
        assert_eq!(sandbox.sandbox().run(&plugin, &batch, &RunInput::default()).outcome, Outcome::Completed);
    }
}

#[test]
fn a_secret_of_one_forces_batch_is_nowhere_in_the_next() {
    let sandbox = TestSandbox::new(PREPARER);
    // Fills its memory with the column, then, on the next batch, searches all of it for what is not in that batch.
    let guest = Guest::detecting(
        "(loop $search
           (if (i64.eq (i64.load (local.get $j)) (i64.const 0x5445524345532d2d)) (then (call $emit (i32.const 0)) (return (i32.const 0))))
           (br_if $search (i32.lt_u (local.tee $j (i32.add (local.get $j) (i32.const 8))) (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 8)))))
         (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
         (memory.copy (i32.const 98304) (i32.load (i32.const 92)) (i32.load (i32.const 96)))",
    );
    let plugin = sandbox.load(&guest.build()).unwrap();
    let secret = batch("custom.test", &[r#"{"Operation":"--SECRET--SECRET"}"#]);
    let plain = rows(3);
    for _ in 0..20 {
        for batch in [&secret, &plain] {
            let report = sandbox.sandbox().run(&plugin, batch, &RunInput::default());
            assert_eq!((report.outcome, report.findings.len()), (Outcome::Completed, 0));
        }
    }
}

#[test]
fn eight_hostile_plugins_at_once_change_nothing_for_the_others() {
    let caps = Caps { cpu_ms: 60, cpu_us_per_row: 10, ..Caps::default() };
    let sandbox = TestSandbox::with(PREPARER, caps);
    let good = sandbox.load(&Guest::detecting(GOOD).build()).unwrap();
    let bad: Vec<(&str, Plugin)> =
        hostile().into_iter().map(|(name, guest)| (name, sandbox.load(&guest.build()).unwrap())).collect();
    let batches: Vec<_> = [1, 64, 500].map(rows).into_iter().collect();
    let alone: Vec<_> =
        batches.iter().map(|batch| sandbox.sandbox().run(&good, batch, &RunInput::default()).findings).collect();
    assert_eq!(alone.iter().map(Vec::len).sum::<usize>(), 565);

    std::thread::scope(|scope| {
        for worker in 0..2 {
            let (bad, batches) = (&bad, &batches);
            let sandbox = sandbox.sandbox();
            scope.spawn(move || {
                for (name, plugin) in bad.iter().skip(worker).step_by(2) {
                    for batch in batches {
                        let report = sandbox.run(plugin, batch, &RunInput::default());
                        assert_ne!(report.outcome, Outcome::Completed, "{name}");
                        assert!(report.findings.is_empty(), "{name}");
                    }
                }
            });
        }
        for _ in 0..20 {
            for (batch, alone) in batches.iter().zip(&alone) {
                let report = sandbox.sandbox().run(&good, batch, &RunInput::default());
                assert_eq!((&report.outcome, &report.findings), (&Outcome::Completed, alone));
            }
        }
    });
}

#[test]
fn memory_returns_after_many_hostile_rounds() {
    let sandbox = TestSandbox::new(PREPARER);
    let bad: Vec<Plugin> = hostile()
        .into_iter()
        .filter(|(name, _)| !matches!(*name, "endless loop" | "column flood"))
        .map(|(_, guest)| sandbox.load(&guest.build()).unwrap())
        .collect();
    let batch = rows(10);
    let round = || {
        for plugin in &bad {
            let report = sandbox.sandbox().run(plugin, &batch, &RunInput::default());
            assert_ne!(report.outcome, Outcome::Completed);
        }
    };
    for _ in 0..3 {
        round();
    }
    let before = resident();
    for _ in 0..30 {
        round();
    }
    let after = resident();
    assert!(after < before + (24 << 20), "resident memory went from {before} to {after} bytes");
}

/// This process's resident memory, in bytes.
fn resident() -> usize {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap();
    pages.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn more_threads_than_slots_are_host_trouble_and_never_the_plugins_fault() {
    let caps = Caps { cpu_ms: 300, cpu_us_per_row: 0, ..Caps::default() };
    let sandbox = TestSandbox::with(PREPARER, caps);
    let plugin = sandbox.load(&Guest::detecting("(loop (br 0))").build()).unwrap();
    let batch: Arc<_> = rows(1);
    let outcomes: Vec<Outcome> = std::thread::scope(|scope| {
        let runs: Vec<_> = (0..8)
            .map(|_| scope.spawn(|| sandbox.sandbox().run(&plugin, &batch, &RunInput::default()).outcome))
            .collect();
        runs.into_iter().map(|run| run.join().unwrap()).collect()
    });
    assert!(outcomes.iter().all(|outcome| !outcome.is_deterministic()), "{outcomes:?}");
    assert!(outcomes.iter().any(|outcome| matches!(outcome, Outcome::HostTrouble { .. })), "{outcomes:?}");
}
