//! The national catalogue and the examples, built and run by the real binary in the production sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use cordon_tests::cli::{Cordon, root};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

fn cordon() -> Cordon {
    Cordon::new(BINARY, &root())
}

#[test]
fn every_case_holds_under_any_split() {
    let said = cordon().run(&["test", "plugins", "examples"]).ends(0);
    assert!(said.out.matches("holds").count() >= 30, "{}", said.out);
}

/// Which of them are true is judged in `plugins/JUDGED.md`; `national_plugins` compares line by line.
#[test]
fn the_real_audit_records_give_the_attacks_in_them_and_nothing_else() {
    let Some(data) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    let data = data.to_string_lossy();
    let said = cordon().run(&["run", "-p", "plugins", &data, "--format", "ndjson"]).ends(0);
    let mut by_rule = BTreeMap::new();
    for finding in said.lines() {
        *by_rule.entry(finding["rule"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    let expected = [
        ("application-permission-granted", 3),
        ("inbox-rule-forwarding", 1),
        ("inbox-rule-hiding", 3),
        ("mail-flow-rule-outside", 1),
        ("mailbox-forwarding", 1),
        ("password-spray", 34),
        ("privileged-role-granted", 30),
        ("risky-consent", 4),
        ("spray-succeeded", 13),
        ("tenant-wide-consent", 2),
    ];
    assert_eq!(by_rule, expected.map(|(rule, count)| (rule.to_owned(), count)).into());
}
