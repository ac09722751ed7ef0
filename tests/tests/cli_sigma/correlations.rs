//! Correlations by the real binary: built, run in the sandbox on its windows, and made again from their evidence.

use std::fs;

use serde_json::Value;

use crate::{RULE, cordon, event};

const CORRELATION: &str = "---
title: Encoded PowerShell again and again
level: critical
correlation:
  type: event_count
  rules: [11111111-2222-3333-4444-555555555555]
  group-by: [ParentImage]
  timespan: 5s
  condition: {gte: 3}
";

#[test]
fn a_correlation_finds_at_the_event_that_reaches_its_number_and_cites_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    fs::write(folder.path().join("rules.yml"), [RULE, CORRELATION].concat()).unwrap();
    let of = |second: u32, parent: &str| {
        let image = "\"Image\":\"C:\\\\powershell.exe\",\"CommandLine\":\"x -enc A\"";
        event(second, &format!("{image},\"ParentImage\":\"{parent}\""))
    };
    let events = [
        of(0, "a.exe"),
        of(1, "b.exe"),
        of(2, "a.exe"),
        of(3, "b.exe"),
        of(4, "a.exe"),
        of(9, "b.exe"),
        of(9, "c.exe"),
    ];
    fs::write(folder.path().join("events.jsonl"), events.concat()).unwrap();

    let said = cordon.run(&["sigma", "check", "rules.yml", "--format", "json"]).ends(0);
    assert!(said.out.contains("again and again"), "{}", said.out);
    let _ = cordon.run(&["sigma", "build", "rules.yml", "-o", "rules.wasm"]).ends(0);
    for rows in ["4096", "1", "2"] {
        let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson", "--batch", rows];
        let found = cordon.run(&[&run[..], &["--evidence", rows]].concat()).ends(0).lines();
        let [finding] = found.as_slice() else { panic!("{found:?}") };
        let digest = |finding: &Value| finding["event"]["digest"].as_str().unwrap().to_owned();
        assert_eq!(finding["rule"], "sigma-encoded-powershell-again-and-again");
        assert_eq!((finding["severity"].as_str(), finding["key"].as_str()), (Some("critical"), Some("a.exe")));
        assert_eq!(digest(finding).len(), 64);
        assert_eq!(finding["cited"].as_array().unwrap().len(), 2, "{finding}");
        let _ = cordon.run(&["reproduce", rows]).ends(0);
    }
    let explain = ["sigma", "explain", "rules.yml", "--events", "events.jsonl", "--row", "1"];
    let said = cordon.run(&explain).ends(0);
    assert!(said.out.contains("again and again\" counts its events, and finds from 3 on"), "{}", said.out);
}

#[test]
fn a_flood_of_one_group_beyond_the_number_loses_nothing_and_the_first_that_reaches_it_cites_those_before() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    let correlation = CORRELATION.replace("5s", "1h").replace("gte: 3", "gte: 500");
    fs::write(folder.path().join("rules.yml"), [RULE, &correlation].concat()).unwrap();
    let line = |number: usize| {
        let image = "\"Image\":\"C:\\\\powershell.exe\",\"CommandLine\":\"x -enc A\"";
        event(0, &format!("{image},\"ParentImage\":\"a.exe\",\"Number\":\"{number}\""))
    };
    let events: String = (0..12_000).map(line).collect();
    fs::write(folder.path().join("events.jsonl"), events).unwrap();
    let _ = cordon.run(&["sigma", "build", "rules.yml", "-o", "rules.wasm"]).ends(0);
    let run = |rows: &str| {
        let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson", "--batch", rows];
        let mut found = cordon.run(&run).ends(0).lines();
        found.retain(|finding| finding["rule"] == "sigma-encoded-powershell-again-and-again");
        found
    };
    let whole = run("4096");
    assert_eq!(whole.len(), 12_000 - 499);
    let cites = whole.iter().filter(|finding| finding.get("cited").is_some()).count();
    assert_eq!(cites, 1);
    assert_eq!(whole.len(), run("512").len());
}

const ORDERED: &str = "---
title: Who am I
name: whoami
logsource: {product: windows, category: process_creation}
detection:
  selection: {Image|endswith: '\\whoami.exe'}
  condition: selection
---
title: Encoded PowerShell, then a look around
level: high
correlation:
  type: temporal_ordered
  rules: [11111111-2222-3333-4444-555555555555, whoami]
  group-by: [ParentImage]
  timespan: 5s
";

#[test]
fn an_ordered_correlation_finds_its_rules_one_after_the_other_and_not_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    fs::write(folder.path().join("rules.yml"), [RULE, ORDERED].concat()).unwrap();
    let encoded = |second: u32, parent: &str| {
        let image = "\"Image\":\"C:\\\\powershell.exe\",\"CommandLine\":\"x -enc A\"";
        event(second, &format!("{image},\"ParentImage\":\"{parent}\""))
    };
    let looks = |second: u32, parent: &str| {
        event(second, &format!("\"Image\":\"C:\\\\whoami.exe\",\"ParentImage\":\"{parent}\""))
    };
    let events = [
        looks(0, "wrong.exe"),
        encoded(1, "wrong.exe"),
        encoded(2, "right.exe"),
        looks(3, "other.exe"),
        looks(4, "right.exe"),
        encoded(0, "far.exe"),
        looks(5, "far.exe"),
        // Late: its event was before the one that stands above.
        looks(9, "late.exe"),
        encoded(8, "late.exe"),
    ];
    fs::write(folder.path().join("events.jsonl"), events.concat()).unwrap();
    let _ = cordon.run(&["sigma", "build", "rules.yml", "-o", "rules.wasm"]).ends(0);
    for rows in ["4096", "1", "2"] {
        let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson", "--batch", rows];
        let found = cordon.run(&[&run[..], &["--evidence", rows]].concat()).ends(0).lines();
        let keys: Vec<&str> = found.iter().map(|finding| finding["key"].as_str().unwrap()).collect();
        assert_eq!(keys, ["right.exe", "late.exe"], "in batches of {rows}");
        assert!(found.iter().all(|finding| finding["cited"].as_array().unwrap().len() == 1), "{found:?}");
        let _ = cordon.run(&["reproduce", rows]).ends(0);
    }
}

#[test]
fn eight_steps_in_one_busy_group_are_found_whatever_the_size_of_the_batches() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    let id = |step: usize| format!("11111111-2222-3333-4444-00000000000{step}");
    let rule = |step: usize| {
        format!(
            "title: Step {step}\nid: {}\nstatus: stable\nlevel: low\nlogsource:\n  category: process_creation\n  product: windows\n\
             detection:\n  selection:\n    Image|endswith: 's{step}.exe'\n  condition: selection\n---\n",
            id(step)
        )
    };
    let rules: Vec<String> = (0..8).map(rule).collect();
    let ids: Vec<String> = (0..8).map(id).collect();
    let correlation = format!(
        "title: All steps\nlevel: high\ncorrelation:\n  type: temporal_ordered\n  rules: [{}]\n  group-by: [ParentImage]\n  \
         timespan: 1h\n",
        ids.join(", ")
    );
    fs::write(folder.path().join("rules.yml"), [rules.concat(), correlation].concat()).unwrap();
    let line = |number: usize| {
        // The last step comes rarely.
        let step = if number % 1_000 == 999 { 7 } else { number % 7 };
        let fields = format!("\"Image\":\"C:\\\\s{step}.exe\",\"ParentImage\":\"a.exe\",\"Number\":\"{number}\"");
        event(u32::try_from(number % 10).unwrap(), &fields)
    };
    fs::write(folder.path().join("events.jsonl"), (0..5_000).map(line).collect::<String>()).unwrap();
    let _ = cordon.run(&["sigma", "build", "rules.yml", "-o", "rules.wasm"]).ends(0);
    let found = |rows: &str| {
        let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson", "--batch", rows];
        let mut ids: Vec<String> =
            cordon.run(&run).ends(0).lines().iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect();
        ids.sort();
        ids
    };
    let whole = found("4096");
    assert!(!whole.is_empty());
    assert_eq!(whole, found("128"));
}
