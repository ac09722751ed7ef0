//! Simulated records have the fields of the real ones: each path of an operation is one that real records of this operation,
//! or of one like it, have. There is no exception today; one would stand here with its reason.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::week;

/// Operations that the real data lacks, and the ones whose fields they must have.
const LIKE: [(&str, &[&str]); 4] = [
    // A person's cmdlet has the fields of other cmdlets that people ran; there, the service ran these.
    ("Set-Mailbox", &["New-InboxRule"]),
    ("Add-MailboxPermission", &["New-InboxRule"]),
    ("Set-AdminAuditLogConfig", &["New-InboxRule"]),
    ("SharingSet", &["AnonymousLinkCreated"]),
];

/// Every path, with the names of name/value arrays.
fn paths(value: &Value, at: &str, found: &mut BTreeSet<String>) {
    match value {
        Value::Object(members) => {
            for (name, member) in members {
                let path = if at.is_empty() { name.clone() } else { format!("{at}.{name}") };
                paths(member, &path, found);
            }
        }
        Value::Array(elements) => {
            found.insert(format!("{at}[]"));
            for element in elements {
                paths(element, &format!("{at}[]"), found);
            }
        }
        _ => drop(found.insert(at.to_owned())),
    }
}

#[test]
fn simulated_records_have_the_fields_of_real_ones() {
    let Some(file) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    let text = String::from_utf8(zstd::decode_all(std::fs::File::open(file).unwrap()).unwrap()).unwrap();
    let mut real: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for line in text.lines() {
        let event: Value = serde_json::from_str(line).unwrap();
        paths(&event, "", real.entry(event["Operation"].as_str().unwrap().to_owned()).or_default());
    }
    let mut traffic = week(0.05);
    let mut line = Vec::new();
    let (mut wrong, mut operations) = (BTreeSet::new(), BTreeSet::new());
    while let Some(sent) = traffic.next(&mut line) {
        if sent.source == 0 && !sent.repeat {
            let event: Value = serde_json::from_slice(&line).unwrap();
            let operation = event["Operation"].as_str().unwrap().to_owned();
            let mut own = BTreeSet::new();
            paths(&event, "", &mut own);
            let like = LIKE.iter().find(|(name, _)| *name == operation).map_or(&[][..], |(_, like)| like);
            let known: Vec<&BTreeSet<String>> =
                like.iter().copied().chain([operation.as_str()]).filter_map(|name| real.get(name)).collect();
            assert!(!known.is_empty(), "no real record is like {operation}");
            for path in own {
                if !known.iter().any(|paths| paths.contains(&path)) {
                    wrong.insert(format!("{operation}: {path}"));
                }
            }
            operations.insert(operation);
        }
        line.clear();
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(operations.len() >= 30, "{operations:?}");
}
