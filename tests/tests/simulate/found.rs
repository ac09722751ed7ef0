//! Today's plugins find what is planted for them, in the right force, and nothing else.

use std::collections::BTreeSet;
use std::path::Path;

use cordon_tests::cli::Cordon;
use serde_json::Value;

use crate::{BINARY, PLUGINS};

fn simulate(folder: &Path, forces: &str, attacks: &str) {
    let _ = Cordon::new(BINARY, folder)
        .run(&[
            "simulate",
            "--for",
            forces,
            "--duration",
            "1d",
            "--rate",
            "0.5",
            "--seed",
            "7",
            "--attacks",
            attacks,
            "-o",
            "out",
        ])
        .ends(0);
}

fn findings(folder: &Path, force: &str) -> Vec<Value> {
    let events = format!("out/{force}/*.jsonl");
    let arguments = ["run", "-p", &**PLUGINS, "--for", force, &events, "--format", "ndjson"];
    Cordon::new(BINARY, folder).run(&arguments).ends(0).lines()
}

fn text<'a>(of: &'a Value, path: &[&str]) -> &'a str {
    path.iter().fold(of, |value, name| &value[*name]).as_str().unwrap()
}

#[test]
fn each_planted_attack_is_found_once_in_its_force_and_nothing_else_is() {
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), "avon,kent", "all");
    let truth = std::fs::read_to_string(folder.path().join("out/truth.ndjson")).unwrap();
    let truth: Vec<Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(truth.len(), 24);
    for force in ["avon", "kent"] {
        let planted: Vec<&Value> = truth.iter().filter(|one| one["force"] == force).collect();
        let expected: BTreeSet<(&str, &str)> = planted
            .iter()
            .filter(|one| !one["finds"].is_null())
            .map(|one| (text(one, &["story"]), text(one, &["finds", "rule"])))
            .collect();
        assert!(expected.len() >= 11);
        let findings = findings(folder.path(), force);
        let (mut found, mut keys) = (BTreeSet::new(), BTreeSet::new());
        for finding in &findings {
            // The spray's second rule: the break-in after it, which the story tells, too.
            if text(finding, &["rule"]) == "spray-succeeded" {
                continue;
            }
            let digest = text(finding, &["event", "digest"]);
            let attack = planted
                .iter()
                .find(|one| one["events"].as_array().unwrap().iter().any(|event| event["identity"] == digest));
            let Some(attack) = attack else {
                // The owner at home is too far from the intruder who was seen first.
                let of_a_victim = planted
                    .iter()
                    .flat_map(|one| one["accounts"].as_array().unwrap())
                    .any(|account| finding["key"].as_str().unwrap().split(' ').next() == account.as_str());
                let travel = text(finding, &["plugin", "id"]) == "impossible-travel";
                assert!(travel && of_a_victim, "found, but not planted: {finding}");
                continue;
            };
            // Most attacks begin with a sign-in from afar, which another plugin finds.
            assert!(
                finding["plugin"]["id"] == attack["finds"]["plugin"] || finding["plugin"]["id"] == "impossible-travel",
                "{finding}"
            );
            // A plugin may find more of an attack than the rule that it is known by.
            if finding["rule"] == attack["finds"]["rule"] {
                found.insert((text(attack, &["story"]), text(finding, &["rule"])));
                keys.insert((text(finding, &["rule"]), text(finding, &["key"])));
            }
        }
        assert_eq!(found, expected, "{force}");
        // Whatever both logs and repeats say of one attack is one key.
        assert_eq!(keys.len(), expected.len(), "{keys:?}");
    }
}

#[test]
fn nothing_is_found_where_nothing_is_planted() {
    let folder = tempfile::tempdir().unwrap();
    simulate(folder.path(), "avon,kent,dorset,wessex", "none");
    for force in ["avon", "kent", "dorset", "wessex"] {
        assert!(findings(folder.path(), force).is_empty(), "{force}");
    }
}
