//! The sample events: each planted act is found, and what only looks like one is not.

use std::collections::BTreeSet;

use crate::{data, run};

fn found(file: &str, source: &str) -> BTreeSet<(String, String)> {
    let text = std::fs::read_to_string(data::root().join("examples/events").join(file)).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    run::all(source, &lines).into_iter().map(|hit| (hit.rule, hit.finding.key)).collect()
}

#[test]
fn the_sample_morning_holds_every_planted_act_once() {
    let audit = found("m365-audit.jsonl", "m365.audit");
    let entra = found("entra-audit.jsonl", "entra.audit");
    let rules = |found: &BTreeSet<(String, String)>| found.iter().map(|(rule, _)| rule.clone()).collect::<Vec<_>>();
    assert_eq!(
        rules(&audit),
        [
            "mail-forwarding/inbox-rule-forwarding",
            "mail-forwarding/inbox-rule-forwarding",
            "mail-forwarding/inbox-rule-hiding",
            "mail-forwarding/inbox-rule-hiding",
            "mail-forwarding/mail-flow-rule-outside",
            "mail-forwarding/mailbox-forwarding",
            "oauth-consent/risky-consent",
            "oauth-consent/takeover-permission-granted",
            "privileged-role/privileged-role-granted",
            "privileged-role/privileged-role-to-guest",
        ]
    );
    // What both logs hold has one rule and key; only the second holds the elevation.
    let only: Vec<_> = entra.difference(&audit).map(|(rule, _)| rule.as_str()).collect();
    assert_eq!(only, ["privileged-role/azure-access-elevated"]);
    assert_eq!(entra.len(), 5);
}
