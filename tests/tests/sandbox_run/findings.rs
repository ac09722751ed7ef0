//! What a plugin may say: findings, checked at the call.

use cordon::sandbox::RunReport;
use cordon_contract::limits;
use cordon_tests::batches::batch;
use cordon_tests::guest::{Guest, data};

use super::{bad_output, completed, run, run_on, text_at, trapped};

#[test]
fn findings_come_ordered_by_row_rule_and_key() {
    let key = |key: u32| {
        format!(
            "(i32.store (i32.const 1104) (i32.const {key})) (i32.store (i32.const 1108) (i32.const 1)) (drop (call $send))"
        )
    };
    let (b, a) = (key(2201), key(2200));
    let report = run(&Guest::detecting(&format!(
        "(call $emit (i32.const 7)) (call $draft (i32.const 2)) {b} {a} (call $emit (i32.const 2)) (call $emit (i32.const 0))"
    ))
    .with(&data(2200, "ab")));
    completed(&report);
    let order: Vec<(u32, &str)> = report.findings.iter().map(|found| (found.row, found.key.as_str())).collect();
    assert_eq!(order, [(0, ""), (2, ""), (2, "a"), (2, "b"), (7, "")]);
    let first = &report.findings[0];
    assert_eq!((first.rule.as_str(), first.summary.as_str(), first.title.as_deref()), ("rule-a", "it looked", None));
}

#[test]
fn a_batch_of_a_source_that_the_manifest_does_not_name_is_completed_without_a_call() {
    let report = run_on(&Guest::detecting("unreachable"), &batch("custom.other", &["{}"]));
    completed(&report);
    assert_eq!(report.cost.host_calls, 0);
}

#[test]
fn a_finding_for_a_row_or_rule_that_is_not_there_is_bad_output_whatever_detect_answers() {
    let bad_row = run(&Guest::detecting("(call $emit (i32.const 10))"));
    bad_output(&bad_row, None, "row 10: the batch has 10");
    let then_good = run(&Guest::detecting("(call $emit (i32.const -1)) (call $emit (i32.const 0))"));
    bad_output(&then_good, None, "row 4294967295");
    let then_trap = run(&Guest::detecting("(call $emit (i32.const 10)) unreachable"));
    bad_output(&then_trap, None, "row 10");
    let bad_rule = run(&Guest::detecting(
        "(call $draft (i32.const 0)) (i32.store (i32.const 1032) (i32.const 5)) (drop (call $send))",
    ));
    bad_output(&bad_rule, None, "rule `rule-`: the manifest declares rule-a");
}

#[test]
fn an_emit_error_names_its_case_to_the_guest() {
    // 1: refused; the variant's case is at 68: 0 bad-row.
    let report = run(&Guest::detecting(
        "(call $draft (i32.const 99)) (if (i32.eqz (call $send)) (then unreachable)) (if (i32.load8_u (i32.const 68)) (then unreachable))",
    ));
    bad_output(&report, None, "row 99");
}

/// Emits one finding on row 0 after `change`d fields.
fn emitting(change: &str, items: &str) -> RunReport {
    run(&Guest::detecting(&format!("(call $draft (i32.const 0)) {change} (drop (call $send))")).with(items).pages(4))
}

fn option_at(at: u32, text: u32, len: usize) -> String {
    format!(
        "(i32.store8 (i32.const {at}) (i32.const 1)) (i32.store (i32.const {}) (i32.const {text})) (i32.store (i32.const {}) (i32.const {len}))",
        at + 4,
        at + 8
    )
}

#[test]
fn severity_confidence_and_title_are_checked() {
    let report = emitting(
        &[option_at(1036, 3000, 3), option_at(1048, 3000, 3), option_at(1060, 3010, 7)].concat(),
        &[data(3000, "low"), data(3010, "A title")].concat(),
    );
    completed(&report);
    let found = &report.findings[0];
    assert_eq!(serde_json::to_value(found).unwrap()["severity"], "low");
    assert_eq!(serde_json::to_value(found).unwrap()["confidence"], "low");
    assert_eq!(found.title.as_deref(), Some("A title"));
    bad_output(
        &emitting(&option_at(1036, 3000, 4), &data(3000, "dire")),
        None,
        "severity `dire`: use one of informational",
    );
    bad_output(&emitting(&option_at(1048, 3000, 8), &data(3000, "critical")), None, "confidence `critical`");
    bad_output(
        &emitting(&option_at(1060, 3000, 5), &data(3000, "a\nb c")),
        None,
        "title has the control character U+000A",
    );
    bad_output(&emitting(&option_at(1060, 3000, 0), ""), None, "title is empty");
}

#[test]
fn each_text_of_a_finding_has_its_limit() {
    let long = data(100_000, &"x".repeat(5000));
    let at = |place: u32, len: usize| emitting(&text_at(place, 100_000, len), &long);
    completed(&at(1072, limits::SUMMARY_BYTES));
    bad_output(&at(1072, limits::SUMMARY_BYTES + 1), None, "summary has 4097 bytes, more than 4096");
    bad_output(&at(1072, 0), None, "summary is empty");
    completed(&at(1104, limits::KEY_BYTES));
    bad_output(&at(1104, limits::KEY_BYTES + 1), None, "key has 513 bytes, more than 512");
    let title = |len| emitting(&option_at(1060, 100_000, len), &long);
    completed(&title(limits::TITLE_BYTES));
    bad_output(&title(limits::TITLE_BYTES + 1), None, "title has 257 bytes, more than 256");
}

#[test]
fn entities_context_and_references_are_counted_before_they_are_copied() {
    // 80 entries of two texts of one byte each, at 100000; entity kinds and context keys are all `x`.
    let pairs: String = (0..80).map(|_| "\\40\\0d\\03\\00\\01\\00\\00\\00".repeat(2)).collect();
    let items = format!("(data (i32.const 100000) \"{pairs}\") {}", data(0x30d40, "x"));
    let list = |at: u32, len: usize| emitting(&text_at(at, 100_000, len), &items);
    completed(&list(1080, limits::ENTITIES));
    bad_output(&list(1080, limits::ENTITIES + 1), None, "entities has 65 entries, more than 64");
    completed(&list(1088, 1));
    bad_output(&list(1088, 2), None, "context has the key `x` twice");
    bad_output(&list(1088, limits::CONTEXT_ENTRIES + 1), None, "context has 65 entries, more than 64");
    bad_output(&list(1096, limits::CITED + 1), None, "cited has 65 entries, more than 64");
    bad_output(&list(1096, 1), None, "no reference that this host gave out");
    // A million that alias the same bytes do not even fit a list of that length; what fits is refused by its count.
    bad_output(&list(1080, 7000), None, "entities has 7000 entries");
    trapped(&list(1080, 1 << 28), None, "out of bounds");
}

#[test]
fn references_of_this_force_and_a_declared_source_may_be_cited() {
    let cite = |reference: &str| {
        emitting(
            &format!("{} {}", text_at(1096, 3000, 1), text_at(3000, 3010, reference.len())),
            &data(3010, reference),
        )
    };
    let own = run(&Guest::detecting(
        "(call $reference (local.get $batch) (i32.const 4) (i32.const 64))
         (call $write (i32.const 1) (i32.load (i32.const 64)) (i32.load (i32.const 68)))
         (call $reference (local.get $batch) (i32.const 10) (i32.const 64))
         (call $write (i32.const 1) (i32.load (i32.const 64)) (i32.load (i32.const 68)))",
    ));
    let own: Vec<&str> = own.log.iter().map(|line| line.message.as_str()).collect();
    let [own, ""] = own[..] else { panic!("{own:?}") };
    let report = cite(own);
    completed(&report);
    assert_eq!(report.findings[0].cited, [own]);
    bad_output(&cite(&own.replace("avon", "kent")), None, "of another force");
    bad_output(&cite(&own.replace("custom.test", "m365.audit")), None, "does not declare");
    bad_output(&cite("nonsense"), None, "no reference");
}
