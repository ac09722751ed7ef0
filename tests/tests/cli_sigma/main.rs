//! `cordon sigma`: from YAML files to findings, without a compiler, whatever the files and the events hold.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod correlations;
mod tree;
mod wrong;

use std::fs;
use std::path::Path;

use cordon_tests::cli::Cordon;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

const RULE: &str = "title: Encoded PowerShell
id: 11111111-2222-3333-4444-555555555555
author: An Analyst
license: CC0-1.0
level: high
tags: [attack.execution, attack.t1059.001]
falsepositives: [Management tools]
logsource:
  product: windows
  category: process_creation
detection:
  selection:
    Image|endswith: '\\powershell.exe'
    CommandLine|contains|windash: ' -enc'
  filter_main_tool:
    ParentImage|endswith: '\\tool.exe'
  condition: selection and not 1 of filter_main_*
";

fn event(number: u32, fields: &str) -> String {
    format!(
        "{{\"EventID\":1,\"Channel\":\"Microsoft-Windows-Sysmon/Operational\",\"Computer\":\"PC1\",\"Provider_Name\":\"Microsoft-Windows-Sysmon\",\"TimeCreated\":\"2026-01-01T00:00:0{number}Z\",{fields}}}\n"
    )
}

fn cordon(folder: &Path) -> Cordon {
    Cordon::new(BINARY, folder)
}

#[test]
fn a_rule_in_yaml_becomes_a_plugin_that_finds_what_the_rule_says() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    fs::write(folder.path().join("rule.yml"), RULE).unwrap();
    let broken = RULE.replace("|windash", "|windsah").replace("1111-2222", "1111-3333");
    fs::write(folder.path().join("broken.yml"), broken).unwrap();
    let image = "\"Image\":\"C:\\\\Windows\\\\PowerShell.exe\",\"CommandLine\":\"powershell /ENC AAAA\"";
    let events = [
        event(0, "\"Image\":\"C:\\\\cmd.exe\",\"CommandLine\":\"x -enc\""),
        event(1, image),
        event(2, &format!("{image},\"ParentImage\":\"D:\\\\Tool.exe\"")),
        event(3, image).replace("\"EventID\":1", "\"EventID\":7"),
    ];
    fs::write(folder.path().join("events.jsonl"), events.concat()).unwrap();

    let said = cordon.run(&["sigma", "check", ".", "--format", "json"]).ends(1);
    let checked: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(checked["taken"].as_array().unwrap().len(), 1);
    assert_eq!(
        (checked["refused"][0]["line"].as_u64(), checked["refused"][0]["kind"].as_str()),
        (Some(14), Some("modifier"))
    );
    let said = cordon.run(&["sigma", "build", ".", "-o", "strict.wasm", "--strict"]).ends(1);
    assert!(said.err.contains("broken.yml:14") && !folder.path().join("strict.wasm").exists(), "{}", said.err);

    let said = cordon.run(&["sigma", "build", ".", "-o", "rules.wasm"]).ends(0);
    assert!(said.out.contains("1 rule") && said.out.contains("1 refused"), "{}", said.out);
    let said = cordon.run(&["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson"]).ends(0);
    let found = said.lines();
    assert_eq!(found.len(), 1, "{}", said.out);
    let finding = found[0].to_string();
    for part in ["sigma-11111111-2222-3333-4444-555555555555", "An Analyst", "CC0-1.0", "T1059.001"] {
        assert!(finding.contains(part), "no {part} in {finding}");
    }

    // Only the fields that the rule uses are declared.
    let said = cordon.run(&["inspect", "rules.wasm", "--format", "json"]).ends(0);
    let inspected: Value = serde_json::from_str(&said.out).unwrap();
    let fields = inspected["manifest"]["sources"]["windows.event"]["fields"].as_object().unwrap();
    let mut paths: Vec<&str> = fields.values().map(|field| field["path"].as_str().unwrap()).collect();
    paths.sort_unstable();
    let expected = [
        "Channel",
        "CommandLine",
        "EventID",
        "Image",
        "NewProcessName",
        "ParentImage",
        "ParentProcessName",
        "ProcessCommandLine",
    ];
    assert_eq!(paths, expected);
    assert_eq!(inspected["manifest"]["grants"]["whole-events"], false);

    let said = cordon.run(&["sigma", "explain", "rule.yml", "--events", "events.jsonl", "--row", "3"]).ends(1);
    assert!(said.out.contains("yes selection") && said.out.contains("yes filter_main_tool"), "{}", said.out);
    let _ = cordon.run(&["sigma", "explain", "rule.yml", "--events", "events.jsonl", "--matches"]).ends(0);
}

#[test]
fn of_several_rules_the_one_that_is_named_is_explained_with_its_placeholders() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    let other = "title: Administrator's Shell\nlogsource:\n  product: windows\n  category: process_creation\n\
        detection:\n  selection:\n    User|expand: '%admins%'\n  condition: selection\n";
    fs::create_dir(folder.path().join("rules")).unwrap();
    fs::write(folder.path().join("rules/one.yml"), RULE).unwrap();
    fs::write(folder.path().join("rules/two.yml"), other).unwrap();
    fs::write(folder.path().join("events.jsonl"), event(0, "\"Image\":\"cmd.exe\",\"User\":\"ada\"")).unwrap();

    let explain = ["sigma", "explain", "rules", "--events", "events.jsonl", "--placeholder", "admins=root,ada"];
    let run = |more: &[&str]| cordon.run(&[&explain[..], more].concat());
    let said = run(&[]).ends(2);
    assert!(said.err.contains("2 rules: say which by --rule"), "{}", said.err);
    assert!(said.err.contains("Encoded PowerShell (sigma-11111111-2222-3333-4444-555555555555)"), "{}", said.err);
    let said = run(&["--rule", "administrator's shell"]).ends(0);
    assert!(said.out.contains("Administrator's Shell") && said.out.contains("yes selection"), "{}", said.out);
    let said = run(&["--rule", "11111111-2222-3333-4444-555555555555"]).ends(1);
    assert!(said.out.contains("no  selection"), "{}", said.out);
    let said = run(&["--rule", "nobody"]).ends(2);
    assert!(said.err.contains("no rule has the id or the title `nobody`; there are:"), "{}", said.err);
}

#[test]
fn a_placeholder_without_values_is_a_list_that_people_keep() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    let rule = "title: Shell of a leaver\nlogsource:\n  product: windows\n  category: process_creation\n\
        detection:\n  selection:\n    User|expand: '%Staff_Leaving%'\n  condition: selection\n";
    fs::write(folder.path().join("rule.yml"), rule).unwrap();
    fs::write(folder.path().join("leaving.csv"), "ada\nben\n").unwrap();
    let users = ["Ada", "cleo", " BEN ", ""];
    let line = |(number, user): (u32, &&str)| event(number, &format!("\"Image\":\"cmd.exe\",\"User\":\"{user}\""));
    let events: String = (0..).zip(&users).map(line).collect();
    fs::write(folder.path().join("events.jsonl"), events).unwrap();

    let said = cordon.run(&["sigma", "build", "rule.yml", "-o", "rules.wasm"]).ends(0);
    assert!(said.out.contains("looks values up in lists: staff-leaving"), "{}", said.out);
    let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson"];
    let rows = |more: &[&str]| -> Vec<u64> {
        let found = cordon.run(&[&run[..], more].concat()).ends(0).lines();
        found.iter().map(|finding| finding["event"]["sequence"].as_u64().unwrap()).collect()
    };
    assert_eq!(rows(&["--list", "staff-leaving=leaving.csv"]), [1, 3]);
    assert!(rows(&[]).is_empty());

    let explain = ["sigma", "explain", "rule.yml", "--events", "events.jsonl"];
    let said = cordon.run(&explain).ends(2);
    assert!(said.err.contains("--placeholder staff-leaving=VALUE"), "{}", said.err);
    let _ = cordon.run(&[&explain[..], &["--placeholder", "staff-leaving=ada"]].concat()).ends(0);
}

#[test]
fn a_force_says_where_a_field_stands_in_its_events_among_those_that_the_plugin_declares() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    fs::write(folder.path().join("rule.yml"), RULE).unwrap();
    let elsewhere = "\"ParentImage\":\"C:\\\\x\\\\powershell.exe\",\"CommandLine\":\"x -enc\"";
    fs::write(folder.path().join("events.jsonl"), event(1, elsewhere)).unwrap();
    let _ = cordon.run(&["sigma", "build", "rule.yml", "-o", "rules.wasm"]).ends(0);
    let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson"];
    assert!(cordon.run(&run).ends(0).lines().is_empty());
    let with = |fields: &str| {
        fs::write(folder.path().join("force.toml"), format!("[sigma-rules.run]\nfields = {fields}\n")).unwrap();
        cordon.run(&[&run[..], &["--settings", "force.toml"]].concat())
    };
    assert_eq!(with("{ Image = \"ParentImage\" }").ends(0).lines().len(), 1);
    // Of one source alone, which wins.
    assert_eq!(with("{ \"windows.event:Image\" = \"ParentImage\" }").ends(0).lines().len(), 1);
    let both =
        |of_all: &str, of_one: &str| format!("{{ Image = \"{of_all}\", \"windows.event:Image\" = \"{of_one}\" }}");
    assert_eq!(with(&both("CommandLine", "ParentImage")).ends(0).lines().len(), 1);
    assert!(with(&both("ParentImage", "CommandLine")).ends(0).lines().is_empty());
    for (fields, reason) in [
        ("{ Imgae = \"ParentImage\" }", "no rule uses a field `Imgae`"),
        ("{ \"windows.event:Imgae\" = \"ParentImage\" }", "no rule uses a field `windows.event:Imgae`"),
        ("{ \"m365.audit:Image\" = \"ParentImage\" }", "no rule uses a field `m365.audit:Image`"),
        ("{ Image = \"SubjectUserName\" }", "SubjectUserName"),
        ("{ Image = \"a[\" }", "a["),
        ("7", "fields"),
    ] {
        let said = with(fields);
        assert!(said.lines().is_empty() && said.err.contains(reason), "{fields}: {} {}", said.code, said.err);
    }
}
