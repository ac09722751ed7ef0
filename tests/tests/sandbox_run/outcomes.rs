//! How a run ends where no limit is hit. What hostile guests do: `hostile/`.

use cordon::sandbox::Outcome;
use cordon_tests::guest::Guest;

use super::{run, trapped};

#[test]
fn detect_answering_failure_is_refused() {
    let report = run(&Guest::detecting(
        "(call $emit (i32.const 0))
         (i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 516) (i32.const 1))
         (i32.store (i32.const 520) (i32.const 2064)) (i32.store (i32.const 524) (i32.const 9)) (return (i32.const 512))",
    ));
    assert_eq!(report.outcome, Outcome::Refused { reason: "bad event: it looked".into() });
    assert!(report.findings.is_empty(), "findings happen only when a run completes");
}

#[test]
fn traps_are_named_and_a_panic_gives_its_message() {
    trapped(&run(&Guest::detecting("(drop (i32.div_u (i32.const 1) (local.get $i)))")), None, "divide by zero");
    let panic = run(&Guest::detecting("(call $write (i32.const 3) (i32.const 2112) (i32.const 42)) unreachable"));
    trapped(&panic, None, "panic at src/lib.rs:7: index out of bounds");
    // Something of that look that was no panic is not taken for one.
    let warned = run(&Guest::detecting("(call $write (i32.const 2) (i32.const 2112) (i32.const 42)) unreachable"));
    trapped(&warned, None, "wasm trap");
}
