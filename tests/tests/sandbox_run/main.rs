//! Running: what a plugin may see (`access`) and say (`findings`), how its runs end (`outcomes`), and every limit just below and just
//! above (`limits`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod access;
mod findings;
mod limits;
mod outcomes;

use std::sync::{Arc, LazyLock};

use cordon::events::Batch;
use cordon::sandbox::{Limit, Outcome, RunReport};
use cordon_tests::batches::rows;
use cordon_tests::guest::Guest;
use cordon_tests::sandboxes::TestSandbox;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");
static SANDBOX: LazyLock<TestSandbox> = LazyLock::new(|| TestSandbox::new(PREPARER));
static TEN: LazyLock<Arc<Batch>> = LazyLock::new(|| rows(10));

fn run(guest: &Guest) -> RunReport {
    run_on(guest, &TEN)
}

fn run_on(guest: &Guest, batch: &Arc<Batch>) -> RunReport {
    SANDBOX.run(&guest.build(), batch)
}

#[track_caller]
fn completed(report: &RunReport) {
    assert_eq!(report.outcome, Outcome::Completed);
}

#[track_caller]
fn bad_output(report: &RunReport, limit: Option<Limit>, words: &str) {
    let Outcome::BadOutput { reason, limit: hit } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(*hit, limit, "{reason}");
    assert!(reason.contains(words), "`{words}` is not in: {reason}");
    assert!(report.findings.is_empty());
}

#[track_caller]
fn trapped(report: &RunReport, limit: Option<Limit>, words: &str) {
    let Outcome::Trapped { reason, limit: hit } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert_eq!(*hit, limit, "{reason}");
    assert!(reason.contains(words), "`{words}` is not in: {reason}");
    assert!(report.findings.is_empty());
}

fn text_at(at: u32, text: u32, len: usize) -> String {
    format!("(i32.store (i32.const {at}) (i32.const {text})) (i32.store (i32.const {}) (i32.const {len}))", at + 4)
}
