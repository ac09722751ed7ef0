//! Calls on state and windows in the sandbox: what breaks a rule is refused by name, and a run that does not complete leaves
//! nothing.

use std::sync::{Arc, LazyLock};

use cordon::events::Batch;
use cordon::sandbox::{Outcome, Past, Plugin, RunInput, RunReport};
use cordon_state::Memory;
use cordon_tests::batches::batch;
use cordon_tests::sandboxes::TestSandbox;

use crate::support::{BINARY, SignIn, component};

static SANDBOX: LazyLock<(TestSandbox, Plugin)> = LazyLock::new(|| {
    let sandbox = TestSandbox::new(BINARY);
    let plugin = sandbox.load(&component("remembering")).unwrap();
    (sandbox, plugin)
});

fn run(batch: &Arc<Batch>, memory: &Arc<Memory>) -> RunReport {
    let input = RunInput { past: Past::Lane(Arc::clone(memory) as _), ..RunInput::default() };
    SANDBOX.0.sandbox().run(&SANDBOX.1, batch, &input)
}

fn of(operations: &[&'static str]) -> Arc<Batch> {
    let sign_in = |(id, operation): (usize, &&'static str)| {
        SignIn { operation, ..SignIn::new(id as u64, id as i64, "anna", "203.0.113.7") }.line()
    };
    batch("entra.signin", &operations.iter().enumerate().map(sign_in).collect::<Vec<_>>())
}

#[test]
fn a_call_that_breaks_a_rule_is_bad_output_that_names_it_even_where_the_plugin_hides_it() {
    for (operation, words) in [
        ("nowhere", "no window `nowhere`"),
        ("no list", "no list `nowhere`: add [lists.nowhere]"),
        ("long key", "a key of 1025 bytes: at most 1024"),
        ("large value", "a value of 40000 bytes: at most 32768"),
        ("no time to live", "time to live of 0 s"),
        ("many entries", "6000 entries in one call"),
        ("backwards", "row 0 came to a value after row 1 did"),
        ("much", "bytes to state, windows and lists"),
        ("hides it", "a key of 1025 bytes"),
    ] {
        let memory = Arc::new(Memory::default());
        let report = run(&of(&["", operation]), &memory);
        let Outcome::BadOutput { reason, .. } = &report.outcome else { panic!("{operation}: {:?}", report.outcome) };
        assert!(reason.contains(words), "{operation}: `{words}` is not in: {reason}");
        assert!(report.remembered.is_none() && report.findings.is_empty(), "{operation}");
    }
}

#[test]
fn keys_that_are_too_long_are_cut_by_the_sdk_and_stay_apart() {
    let memory = Arc::new(Memory::default());
    assert_eq!(run(&of(&["long keys of the SDK"]), &memory).outcome, Outcome::Completed);
}

#[test]
fn a_run_that_does_not_complete_leaves_nothing_and_the_next_is_as_if_it_had_not_been() {
    let memory = Arc::new(Memory::default());
    let good = of(&["", ""]);
    let first = run(&good, &memory);
    assert_eq!(first.outcome, Outcome::Completed);
    for operation in ["gives up", "panics", "hides it"] {
        let report = run(&of(&["", "", operation]), &memory);
        assert_ne!(report.outcome, Outcome::Completed);
        assert!(report.remembered.is_none() && memory.is_empty(), "{operation}");
    }
    assert_eq!(run(&good, &memory).findings, first.findings);
    memory.apply(&first.remembered.unwrap());
    assert!(!memory.is_empty());
    let text: Vec<&str> = first.findings.iter().map(|finding| finding.summary.as_str()).collect();
    assert_eq!(
        text,
        [
            "1 events (false, true), 1 users (false, true), before -",
            "2 events (false, false), 1 users (false, false), before id-0"
        ]
    );
}

#[test]
fn a_plugin_that_declares_nothing_is_told_so_and_one_that_remembers_nothing_keeps_nothing() {
    let sandbox = TestSandbox::new(BINARY);
    let manifest = cordon_tests::guest::MANIFEST;
    let guest = cordon_tests::guest::Guest::detecting(cordon_tests::guest::EACH_ROW).manifest(Some(manifest));
    let plugin = sandbox.load(&guest.build()).unwrap();
    let report = sandbox.sandbox().run(&plugin, &cordon_tests::batches::rows(5), &RunInput::default());
    assert_eq!((report.outcome, report.findings.len()), (Outcome::Completed, 5));
    assert!(report.remembered.is_none() && report.answers.is_empty());
}
