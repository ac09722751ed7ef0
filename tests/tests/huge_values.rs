//! Events of all cases of the national catalogue, each with one value that is huge, in the production sandbox: no plugin faults.
//! `national_plugins` does the same natively with values broken in every other way.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use cordon_tests::cli::{Cordon, root};
use cordon_tests::event_files;
use serde_json::{Value, json};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");
/// An event may have 1 MiB; with this it stays below, however it is written.
const BYTES: usize = 200_000;

#[test]
fn no_plugin_faults_on_an_event_with_one_huge_value() {
    let mut chance = fastrand::Rng::with_seed(5);
    let mut by_source: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    let mut files = Vec::new();
    event_files(&root().join("plugins"), &mut files);
    for file in files {
        let text = std::fs::read_to_string(&file).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        let Some(line) = chance.choice(&lines) else { continue };
        // Some cases hold what is no event.
        let Ok(event @ Value::Object(_)) = serde_json::from_str::<Value>(line) else { continue };
        let leaves = leaves(&event);
        for _ in 0..2 {
            let Some(leaf) = chance.choice(&leaves) else { continue };
            let mut event = event.clone();
            *event.pointer_mut(leaf).unwrap() = huge(chance.u8(0..4));
            by_source.entry(source(&event)).or_default().push(event.to_string());
        }
    }
    assert_eq!(
        by_source.keys().copied().collect::<Vec<_>>(),
        ["azure.activity", "entra.audit", "entra.signin", "m365.audit"]
    );
    let folder = tempfile::tempdir().unwrap();
    for (source, events) in by_source {
        let path = folder.path().join(source).with_extension("jsonl");
        std::fs::write(&path, events.join("\n")).unwrap();
        let path = path.to_string_lossy();
        // A fault, and an event that is refused, would be an exit code of 4.
        let said = Cordon::new(BINARY, &root())
            .run(&["run", "-p", "plugins", "--source", source, &path, "--format", "ndjson"])
            .ends(0);
        assert!(said.lines().len() * 20 > events.len(), "{source}: hardly anything is found any more");
    }
}

fn huge(kind: u8) -> Value {
    match kind {
        0 => json!("x".repeat(BYTES)),
        1 => json!("bank invoice https://a.example/b;".repeat(BYTES / 33)),
        2 => json!("é,\"\\/@".repeat(BYTES / 12)),
        _ => (0..4_000).map(|n| json!({ "Name": format!("n{n}"), "Value": format!("user{n}@x.example") })).collect(),
    }
}

/// Where an event's values stand that are no containers, as JSON pointers; but for those that say what it is.
fn leaves(event: &Value) -> Vec<String> {
    fn take(value: &Value, at: &str, leaves: &mut Vec<String>) {
        let escaped = |name: &str| name.replace('~', "~0").replace('/', "~1");
        match value {
            Value::Object(members) => {
                members.iter().for_each(|(name, value)| take(value, &format!("{at}/{}", escaped(name)), leaves))
            }
            Value::Array(all) => {
                all.iter().enumerate().for_each(|(n, value)| take(value, &format!("{at}/{n}"), leaves))
            }
            _ => leaves.push(at.to_owned()),
        }
    }
    let mut leaves = Vec::new();
    take(event, "", &mut leaves);
    leaves.retain(|leaf| !["/CreationTime", "/time", "/category"].contains(&leaf.as_str()));
    leaves
}

fn source(event: &Value) -> &'static str {
    match event["category"].as_str().unwrap_or_default() {
        _ if event.get("CreationTime").is_some() => "m365.audit",
        category if category.contains("SignIn") => "entra.signin",
        "AuditLogs" => "entra.audit",
        _ => "azure.activity",
    }
}
