//! What the compiler says to an author who made a mistake; one trybuild run over `tests/fail/`.
#![allow(clippy::unwrap_used)]

use std::process::Command;

#[test]
fn mistakes_are_answered_with_the_way_out() {
    let cases = trybuild::TestCases::new();
    cases.compile_fail("tests/fail/*.rs");
    // Where the words are the compiler's own they hold for the pinned compiler only.
    let rustc = Command::new(option_env!("RUSTC").unwrap_or("rustc")).arg("--version").output().unwrap();
    if String::from_utf8_lossy(&rustc.stdout).starts_with("rustc 1.95.") {
        cases.compile_fail("tests/fail/rustc/*.rs");
    }
}
