//! What a plugin may see: declared fields, whole events with the grant, settings; and what it may explain.

use cordon::sandbox::{Caps, Granted, Outcome, RunInput};
use cordon_tests::guest::{EACH_ROW, Guest, MANIFEST, data};
use cordon_tests::sandboxes::TestSandbox;

use super::{PREPARER, SANDBOX, TEN, completed, run};

/// Logs the text of the access error that a host call left at 64, or `ok` where it left none.
const LOG_ANSWER: &str = r"
    (if (i32.load8_u (i32.const 64))
      (then (call $write (i32.const 1) (i32.load (i32.const 72)) (i32.load (i32.const 76))))
      (else (call $write (i32.const 1) (i32.const 2168) (i32.const 2))))";

/// The one log line of a guest that ends with [`LOG_ANSWER`].
fn answer(body: &str) -> String {
    let report = run(&Guest::detecting(&format!("{body} {LOG_ANSWER}")).with(&data(2168, "ok")));
    assert_eq!(report.outcome, Outcome::Completed);
    let [line] = &report.log[..] else { panic!("{:?}", report.log) };
    line.message.clone()
}

#[test]
fn a_declared_column_crosses_with_its_values() {
    let report = run(&Guest::detecting(EACH_ROW));
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
    let granting =
        TestSandbox::with(PREPARER, Caps { whole_events: Granted::To(["guest".to_owned()].into()), ..Caps::default() });
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
    let report = SANDBOX.sandbox().run(&plugin, &TEN, &RunInput { settings: settings.into(), ..RunInput::default() });
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
