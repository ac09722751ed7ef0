//! Running: every outcome, every limit just below and just above, and what a plugin may see and say.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::{Arc, LazyLock};
use std::time::{Duration, Instant};

use cordon::events::Batch;
use cordon::sandbox::{Caps, Limit, Outcome, RunInput, RunReport};
use cordon_contract::limits;
use cordon_contract::manifest::Grants;
use cordon_tests::batches::{batch, rows};
use cordon_tests::guest::{Guest, MANIFEST, data};
use cordon_tests::sandboxes::TestSandbox;

const PREPARER: &str = env!("CARGO_BIN_EXE_preparer");
static SANDBOX: LazyLock<TestSandbox> = LazyLock::new(|| TestSandbox::new(PREPARER));
static TEN: LazyLock<Arc<Batch>> = LazyLock::new(|| rows(10));

/// Logs the text of the access error that a host call left at 64, or `ok` where it left none.
const LOG_ANSWER: &str = r"
    (if (i32.load8_u (i32.const 64))
      (then (call $write (i32.const 1) (i32.load (i32.const 72)) (i32.load (i32.const 76))))
      (else (call $write (i32.const 1) (i32.const 2168) (i32.const 2))))";

fn run(guest: &Guest) -> RunReport {
    run_on(guest, &TEN)
}

fn run_on(guest: &Guest, batch: &Arc<Batch>) -> RunReport {
    SANDBOX.run(&guest.build(), batch)
}

/// The one log line of a guest that ends with [`LOG_ANSWER`].
fn answer(body: &str) -> String {
    let report = run(&Guest::detecting(&format!("{body} {LOG_ANSWER}")).with(&data(2168, "ok")));
    assert_eq!(report.outcome, Outcome::Completed);
    let [line] = &report.log[..] else { panic!("{:?}", report.log) };
    line.message.clone()
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

// --- findings ---

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

fn text_at(at: u32, text: u32, len: usize) -> String {
    format!("(i32.store (i32.const {at}) (i32.const {text})) (i32.store (i32.const {}) (i32.const {len}))", at + 4)
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
fn huge_and_broken_texts_are_refused_without_being_copied() {
    let grown = |len: usize| {
        let body = format!(
            "(drop (memory.grow (i32.const 600))) (call $draft (i32.const 0)) {} (drop (call $send))",
            text_at(1072, 65_536, len)
        );
        run(&Guest::detecting(&body))
    };
    bad_output(&grown(30 << 20), None, "summary has 31457280 bytes, more than 4096");
    trapped(&grown(1 << 30), None, "out of bounds");
    bad_output(
        &emitting(&text_at(1072, 3000, 2), "(data (i32.const 3000) \"\\ff\\fe\")"),
        None,
        "summary is not Unicode text",
    );
}

#[test]
fn sixty_four_findings_a_row_are_allowed_and_not_one_more() {
    let many = |count: usize| {
        run(&Guest::detecting(&format!(
            "(loop $l (call $emit (i32.const 3)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))"
        )))
    };
    let report = many(limits::FINDINGS_PER_ROW);
    completed(&report);
    assert_eq!(report.findings.len(), limits::FINDINGS_PER_ROW);
    bad_output(&many(limits::FINDINGS_PER_ROW + 1), Some(Limit::FindingsPerRow), "row 3 has more than 64 findings");
}

#[test]
fn findings_of_a_row_share_64_kib_of_text() {
    // rule-a and a summary: 16 of 6 + 4090 bytes are 65536.
    let many = |count: usize, summary: usize| {
        let body = format!(
            "(loop $l (call $draft (i32.const 0)) {} (drop (call $send)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {count}))))",
            text_at(1072, 100_000, summary)
        );
        run(&Guest::detecting(&body).pages(4).with(&data(100_000, &"x".repeat(4096))))
    };
    completed(&many(16, 4090));
    bad_output(
        &many(16, 4091),
        Some(Limit::FindingBytesPerRow),
        "the findings of row 0 have 65552 bytes, more than 65536",
    );
}

#[test]
fn a_million_findings_end_at_a_limit() {
    let report = run(&Guest::detecting(
        "(loop $l (call $emit (i32.rem_u (local.get $i) (i32.const 10))) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br_if $l (i32.lt_u (local.get $i) (i32.const 1000000))))",
    ));
    bad_output(&report, Some(Limit::FindingsPerRow), "more than 64 findings");
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

// --- what a plugin sees ---

#[test]
fn a_declared_column_crosses_with_its_values() {
    let body = "
        (call $column (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 64))
        (if (i32.load8_u (i32.const 64)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 72)) (call $len (local.get $batch))) (then unreachable))
        (loop $rows
          (local.set $j (i32.add (i32.load (i32.const 84)) (i32.mul (i32.const 4)
            (i32.sub (i32.load (i32.add (i32.load (i32.const 68)) (i32.mul (local.get $i) (i32.const 4)))) (i32.const 1)))))
          (call $draft (local.get $i))
          (i32.store (i32.const 1104) (i32.add (i32.load (i32.const 92)) (i32.load (local.get $j))))
          (i32.store (i32.const 1108) (i32.sub (i32.load offset=4 (local.get $j)) (i32.load (local.get $j))))
          (if (call $send) (then unreachable))
          (br_if $rows (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (call $len (local.get $batch)))))";
    let report = run(&Guest::detecting(body));
    completed(&report);
    let keys: Vec<&str> = report.findings.iter().map(|found| found.key.as_str()).collect();
    assert_eq!(keys, ["op-0", "op-1", "op-2", "op-3", "op-4", "op-5", "op-6", "op-0", "op-1", "op-2"]);
    assert_eq!(report.cost.columns, 1);
    assert!(report.cost.column_bytes > 40 && report.cost.memory >= 131_072, "{:?}", report.cost);
}

#[test]
fn a_field_that_the_manifest_does_not_declare_is_refused_by_every_function() {
    let words = "the manifest does not declare `Secret` for source custom.test: add it";
    let undeclared = |call: &str| assert!(answer(call).contains(words), "{call}");
    undeclared("(call $column (local.get $batch) (i32.const 2096) (i32.const 6) (i32.const 64))");
    undeclared("(call $values (local.get $batch) (i32.const 2096) (i32.const 6) (i32.const 64))");
    undeclared(
        "(call $column_for (local.get $batch) (i32.const 2096) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 64))",
    );
}

#[test]
fn a_declared_field_may_be_spelt_another_way_but_not_extended() {
    let asking = |path: &str| {
        let body = format!(
            "(call $column (local.get $batch) (i32.const 3000) (i32.const {}) (i32.const 64)) {LOG_ANSWER}",
            path.len()
        );
        let report = run(&Guest::detecting(&body).with(&[data(3000, path), data(2168, "ok")].concat()));
        report.log[0].message.clone()
    };
    assert_eq!(asking("Operation"), "ok");
    assert_eq!(asking("\"Operation\""), "ok");
    assert!(asking("Operation.@lower").contains("does not declare"));
    assert!(asking("operation").contains("does not declare"));
    assert!(asking("Operation[").contains("at byte"), "{}", asking("Operation["));
    assert!(asking(&"a".repeat(2000)).contains("2000 bytes"));
}

#[test]
fn rows_asked_for_must_ascend_and_exist() {
    let asking = |rows: &[u32]| {
        let bytes: String = rows.iter().flat_map(|row| row.to_le_bytes()).map(|byte| format!("\\{byte:02x}")).collect();
        let body = format!(
            "(call $column_for (local.get $batch) (i32.const 2080) (i32.const 9) (i32.const 3000) (i32.const {}) (i32.const 64)) {LOG_ANSWER}",
            rows.len()
        );
        let items = format!("(data (i32.const 3000) \"{bytes}\") {}", data(2168, "ok"));
        run(&Guest::detecting(&body).with(&items)).log[0].message.clone()
    };
    assert_eq!(asking(&[0, 3, 9]), "ok");
    assert_eq!(asking(&[]), "ok");
    for rows in [&[3, 0][..], &[3, 3], &[10], &[u32::MAX], &[0; 11]] {
        assert_ne!(asking(rows), "ok", "{rows:?}");
    }
}

#[test]
fn whole_events_need_the_manifests_wish_and_the_operators_grant() {
    let body = format!("(call $whole (local.get $batch) (i32.const 0) (i32.const 64)) {LOG_ANSWER}");
    let wishing = format!("{MANIFEST}\n[grants]\nwhole-events = true\n");
    let guest = Guest::detecting(&body).with(&data(2168, "ok"));
    let said = |sandbox: &TestSandbox, guest: &Guest| sandbox.run(&guest.build(), &TEN).log[0].message.clone();
    let granting = TestSandbox::with(PREPARER, Caps { grants: Grants { whole_events: true }, ..Caps::default() });
    assert!(said(&granting, &guest).contains("`whole-events = true` under [grants]"));
    let guest = guest.manifest(Some(&wishing));
    assert!(said(&SANDBOX, &guest).contains("the operator did not grant"));
    assert_eq!(said(&granting, &guest), "ok");
    let text = "(call $whole (local.get $batch) (i32.const 0) (i32.const 64)) (call $write (i32.const 1) (i32.load (i32.const 68)) (i32.load (i32.const 72)))";
    let text = said(&granting, &Guest::detecting(text).manifest(Some(&wishing)));
    assert_eq!(Some(text.as_str()), TEN.event(0));
}

#[test]
fn settings_reach_the_guest_as_json() {
    let guest = Guest::detecting(
        "(call $settings (i32.const 64)) (call $write (i32.const 1) (i32.load (i32.const 64)) (i32.load (i32.const 68)))",
    );
    let plugin = SANDBOX.load(&guest.build()).unwrap();
    let settings = r#"{"domains":["a.example","b"]}"#;
    let report = SANDBOX.sandbox().run(&plugin, &TEN, &RunInput { settings: settings.into(), explain: false });
    assert_eq!(report.log[0].message, settings);
}

#[test]
fn explanations_are_kept_when_asked_for_only() {
    let guest = Guest::detecting(
        "(if (call $explaining) (then (call $write (i32.const 0) (i32.const 2176) (i32.const 6))))
         (call $explain (i32.const 3) (i32.const 2080) (i32.const 9) (i32.const 2064) (i32.const 9) (i32.const 1) (i32.const 2048) (i32.const 6) (i32.const 1))",
    );
    let plugin = SANDBOX.load(&guest.build()).unwrap();
    let run = |explain| SANDBOX.sandbox().run(&plugin, &TEN, &RunInput { explain, ..RunInput::default() });
    let silent = run(false);
    assert!(silent.explanations.is_empty() && silent.log.is_empty());
    let report = run(true);
    let [step] = &report.explanations[..] else { panic!("{report:?}") };
    assert_eq!(
        (step.row, step.field.as_str(), step.predicate.as_str(), step.held),
        (3, "Operation", "it looked", true)
    );
    assert_eq!(step.value.as_deref(), Some("rule-a"));
    assert_eq!(report.log.len(), 1);
}

// --- how a run ends ---

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
    trapped(&run(&Guest::detecting("unreachable")), None, "unreachable");
    trapped(&run(&Guest::detecting("(drop (i32.load (i32.const -1)))")), None, "out of bounds memory access");
    trapped(&run(&Guest::detecting("(drop (i32.div_u (i32.const 1) (local.get $i)))")), None, "divide by zero");
    let panic = run(&Guest::detecting("(call $write (i32.const 3) (i32.const 2112) (i32.const 42)) unreachable"));
    trapped(&panic, None, "panic at src/lib.rs:7: index out of bounds");
    // Something of that look that was no panic is not taken for one.
    let warned = run(&Guest::detecting("(call $write (i32.const 2) (i32.const 2112) (i32.const 42)) unreachable"));
    trapped(&warned, None, "wasm trap");
}

#[test]
fn unbounded_recursion_hits_the_stack_limit() {
    trapped(&run(&Guest::detecting("(call $deep)").with("(func $deep (call $deep))")), Some(Limit::Stack), "stack");
}

#[test]
fn an_endless_loop_ends_at_its_cpu_time_and_is_never_final() {
    let sandbox = TestSandbox::with(PREPARER, Caps { cpu_ms: 100, cpu_us_per_row: 0, ..Caps::default() });
    let begun = Instant::now();
    let report = sandbox.run(&Guest::detecting("(loop (br 0))").build(), &TEN);
    let Outcome::OutOfTime { reason, limit: Limit::CpuTime } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert!(reason.contains("100 ms"), "{reason}");
    assert!(!report.outcome.is_deterministic());
    assert!(
        report.cost.cpu >= Duration::from_millis(100) && report.cost.cpu < Duration::from_millis(150),
        "{:?}",
        report.cost
    );
    assert!(begun.elapsed() < Duration::from_secs(10));
    // Half as long is no fault.
    let half = "(loop $l (br_if $l (i64.lt_u (local.tee $n64 (i64.add (local.get $n64) (i64.const 1))) (i64.const 20000000))))";
    let half = Guest::detecting("(call $half)").with(&format!("(func $half (local $n64 i64) {half})"));
    completed(&sandbox.run(&half.build(), &TEN));
}

#[test]
fn cpu_time_grows_with_the_batch() {
    let caps = Caps { cpu_ms: 20, cpu_us_per_row: 100, ..Caps::default() };
    let sandbox = TestSandbox::with(PREPARER, caps);
    let endless = Guest::detecting("(loop (br 0))").build();
    let one = sandbox.run(&endless, &rows(1)).cost.cpu;
    let many = sandbox.run(&endless, &rows(1000)).cost.cpu;
    assert!(one < Duration::from_millis(60) && many >= Duration::from_millis(120), "{one:?} {many:?}");
}

#[test]
fn memory_may_be_used_to_its_limit_and_not_above() {
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 4\n");
    let growing = |pages: u32| {
        let body = format!(
            "(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable)) (i32.store (i32.sub (i32.mul (memory.size) (i32.const 65536)) (i32.const 4)) (i32.const 1))"
        );
        run(&Guest::detecting(&body).manifest(Some(&manifest)))
    };
    let report = growing(62);
    completed(&report);
    assert_eq!(report.cost.memory, 4 << 20);
    let report = growing(63);
    let Outcome::OutOfMemory { reason, limit: Limit::Memory } = &report.outcome else { panic!("{:?}", report.outcome) };
    assert!(reason.contains("4 MiB"), "{reason}");
}

#[test]
fn a_manifest_cannot_wish_for_more_than_the_operators_cap() {
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 64\n");
    let sandbox = TestSandbox::with(PREPARER, Caps { memory_mib: 4, ..Caps::default() });
    let report =
        sandbox.run(&Guest::detecting("(drop (memory.grow (i32.const 100)))").manifest(Some(&manifest)).build(), &TEN);
    assert!(
        matches!(&report.outcome, Outcome::OutOfMemory { reason, .. } if reason.contains("4 MiB")),
        "{:?}",
        report.outcome
    );
}

#[test]
fn host_calls_are_counted_to_the_last() {
    let sandbox = TestSandbox::with(PREPARER, Caps { host_calls: 100, ..Caps::default() });
    let calling = |calls: u32| {
        let body = format!(
            "(loop $l (drop (call $len (local.get $batch))) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {calls}))))"
        );
        sandbox.run(&Guest::detecting(&body).build(), &TEN)
    };
    let report = calling(100 + 16 * 10);
    completed(&report);
    assert_eq!(report.cost.host_calls, 260);
    trapped(&calling(261), Some(Limit::HostCalls), "260 host calls");
}

#[test]
fn bytes_that_cross_are_bounded() {
    // The times of 10 rows are 80 bytes; whole columns of long text cost more.
    let long = format!(r#"{{"Text":"{}"}}"#, "x".repeat(1_000_000));
    let batch = batch("custom.test", &[&long]);
    let asking = |times: u32| {
        let body = format!(
            "(loop $l (global.set $heap (i32.const 65536)) (call $column (local.get $batch) (i32.const 3000) (i32.const 4) (i32.const 64)) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times}))))"
        );
        run_on(&Guest::detecting(&body).with(&data(3000, "Text")), &batch)
    };
    // 64 MiB and 8 bytes for each of the event's.
    let limit = (64 << 20) + 8 * batch.bytes();
    let fits = u32::try_from(limit / 1_000_013).unwrap();
    completed(&asking(fits - 1));
    trapped(&asking(fits + 1), Some(Limit::HostCallBytes), &limit.to_string());
}

#[test]
fn a_log_has_its_limits() {
    let logging = |times: u32, len: usize| {
        let body = format!(
            "(loop $l (call $write (i32.const 1) (i32.const 65536) (i32.const {len})) (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const {times}))))"
        );
        run(&Guest::detecting(&body))
    };
    let report = logging(8, limits::LOG_MESSAGE_BYTES);
    completed(&report);
    assert_eq!(report.log.len(), 8);
    bad_output(&logging(9, limits::LOG_MESSAGE_BYTES), Some(Limit::LogBytes), "more than 65536 bytes");
    bad_output(&logging(1, limits::LOG_MESSAGE_BYTES + 1), Some(Limit::LogBytes), "a message of more than 8192 bytes");
    bad_output(&logging(1, 60_000), Some(Limit::LogBytes), "a message of more than 8192 bytes");
}

#[test]
fn a_guest_that_breaks_the_canonical_abi_is_trapped() {
    let elsewhere = Guest::detecting("(return (i32.const -4))");
    trapped(&run(&elsewhere), None, "");
    let unaligned = Guest::detecting("(return (i32.const 3))");
    trapped(&run(&unaligned), None, "");
}
