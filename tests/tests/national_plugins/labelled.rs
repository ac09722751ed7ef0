//! Another project's unit-test events: where one of our rules covers the same behaviour, it agrees, or the reason stands here.

use serde_json::Value;

use crate::{data, run};

/// Their rules whose behaviour ours cover, and our rule.
const COVERED: [(&str, &str); 2] = [
    ("Azure.Audit.RoleChangedPIM", "privileged-role/privileged-role-granted"),
    ("Azure.Audit.ElevateUserAccessAdministrator", "privileged-role/azure-access-elevated"),
];

/// Their tests on which we differ on purpose.
const DIFFERS: [(&str, &str, &str); 1] = [(
    "Azure.Audit.RoleChangedPIM",
    "Add member to role (Non PIM)",
    "theirs is about changes through PIM only; ours about a privileged role however it was given, and this is Application Administrator",
)];

#[test]
fn covered_behaviours_are_judged_as_the_other_project_does() {
    let Some(lines) = data::real("azure-entra-cases.jsonl.zst") else { return };
    let mut compared = 0;
    for line in &lines {
        let case: Value = serde_json::from_str(line).unwrap();
        let (rule, test) = (case["rule_id"].as_str().unwrap(), case["test_name"].as_str().unwrap());
        if case["log_types"][0] != "Azure.Audit" || case["event"]["category"] != "AuditLogs" {
            continue;
        }
        let hits: Vec<String> =
            run::all("entra.audit", &[case["event"].to_string()]).into_iter().map(|hit| hit.rule).collect();
        let Some((_, ours)) = COVERED.iter().find(|(theirs, _)| *theirs == rule) else {
            assert!(hits.is_empty(), "{rule}, {test}: {hits:?}");
            continue;
        };
        compared += 1;
        let expected = case["expected"].as_bool().unwrap();
        let differs = DIFFERS.iter().any(|(theirs, name, _)| *theirs == rule && *name == test);
        assert_eq!(hits.iter().any(|hit| hit == ours), expected != differs, "{rule}, {test}: {hits:?}");
    }
    assert_eq!(compared, 5, "the file has other tests of these rules now: look at them");
}
