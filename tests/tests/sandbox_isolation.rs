//! No batch sees another's memory, and a full pool is nobody's fault.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;

use cordon::sandbox::{Caps, Outcome, RunInput};
use cordon_tests::batches::{batch, rows};
use cordon_tests::guest::Guest;
use cordon_tests::hostile;
use cordon_tests::sandboxes::TestSandbox;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

#[test]
fn nothing_in_memory_or_globals_survives_a_batch() {
    let sandbox = TestSandbox::new(PREPARER);
    let plugin = sandbox.load(&hostile::named("keeps-memory").wasm).unwrap();
    let batch = rows(10);
    for _ in 0..200 {
        assert_eq!(sandbox.sandbox().run(&plugin, &batch, &RunInput::default()).outcome, Outcome::Completed);
    }
}

#[test]
fn a_secret_of_one_forces_batch_is_nowhere_in_the_next() {
    let sandbox = TestSandbox::new(PREPARER);
    let plugin = sandbox.load(&hostile::named("leaks-another-force").wasm).unwrap();
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
