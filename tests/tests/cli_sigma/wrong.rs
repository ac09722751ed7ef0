//! Whatever rule files, carried settings and events hold: a clear answer, or the findings.

use std::fs;
use std::path::Path;

use cordon_contract::LOAD_SETTINGS_SECTION;
use cordon_tests::host::Host;
use serde_json::Value;
use wasm_encoder::{ComponentSection as _, CustomSection};

use crate::{BINARY, RULE, cordon, event};

#[test]
fn what_is_refused_is_listed_with_its_place_and_the_rest_is_built() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, bytes: &[u8]| fs::write(folder.path().join("rules").join(name), bytes).unwrap();
    fs::create_dir(folder.path().join("rules")).unwrap();
    write("good.yml", RULE.as_bytes());
    write("twice.yml", RULE.replace("Encoded PowerShell", "The same id").as_bytes());
    write("yaml.yml", b"title: [unclosed\nlogsource: x");
    write("latin1.yml", b"title: a\nauthor: Andr\xe9\n");
    write("large.yml", format!("title: a\ndescription: {}\n", "x".repeat(50 << 20)).as_bytes());
    write(
        "regex.yml",
        RULE.replace("1111-2222", "1111-4444").replace("Image|endswith: '\\", "Image|re: '(").as_bytes(),
    );
    write(
        "nothing.yml",
        RULE.replace("1111-2222", "1111-5555").replace("condition: selection", "condition: x").as_bytes(),
    );
    write("correlation.yml", b"title: C\ncorrelation:\n  type: value_sum\n  rules: [x]\n  timespan: 1m\n");
    let cordon = cordon(folder.path());
    let said = cordon.run(&["sigma", "check", "rules", "--format", "json"]).ends(1);
    let checked: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(checked["taken"].as_array().unwrap().len(), 1, "{}", said.out);
    let place = |name: &str| {
        let of = |refusal: &&Value| refusal["file"].as_str().is_some_and(|file| file.ends_with(name));
        let refusal = checked["refused"].as_array().unwrap().iter().find(of).unwrap_or_else(|| panic!("{name}"));
        (refusal["line"].as_u64().unwrap(), refusal["kind"].as_str().unwrap().to_owned())
    };
    for (name, line, kind) in [
        ("twice.yml", 1, "duplicate-id"),
        ("yaml.yml", 2, "yaml"),
        ("latin1.yml", 2, "not-utf8"),
        ("large.yml", 1, "too-large"),
        ("regex.yml", 13, "regex"),
        ("nothing.yml", 17, "condition"),
        ("correlation.yml", 3, "correlation"),
    ] {
        assert_eq!(place(name), (line, kind.to_owned()), "{name}");
    }
    let table = cordon.run(&["sigma", "check", "rules"]).ends(1);
    assert!(table.out.contains("1 rule taken, 7 refused") && table.out.contains("regex.yml:13"), "{}", table.out);
    let said = cordon.run(&["sigma", "build", "rules", "-o", "rules.wasm"]).ends(0);
    assert!(said.out.contains("7 refused"), "{}", said.out);

    let said = cordon.run(&["sigma", "build", "rules/yaml.yml", "-o", "none.wasm"]).ends(2);
    assert!(said.err.contains("every rule is refused"), "{}", said.err);
    let said = cordon.run(&["sigma", "check", "nowhere"]).ends(2);
    assert!(said.err.contains("nowhere"), "{}", said.err);
}

/// The plugin of one rule, with other settings carried in place of its own.
fn carrying(folder: &Path, sections: &[&[u8]]) -> Vec<u8> {
    let mut wasm = fs::read(folder.join("rules.wasm")).unwrap();
    // The settings stand last; what is left carries none.
    let own = wasm.windows(LOAD_SETTINGS_SECTION.len()).rposition(|part| part == LOAD_SETTINGS_SECTION.as_bytes());
    let manifest = b"cordon:manifest";
    let begin = wasm.windows(manifest.len()).rposition(|part| part == manifest).unwrap();
    assert!(own.unwrap() > begin);
    let mut section = Vec::new();
    let name = own.unwrap() - 1;
    // Before the name stands its length, before that the section's, before that its id, 0.
    let start = (begin..name)
        .rev()
        .find(|at| wasm[*at] == 0 && length(&wasm[*at + 1..name]) == Some(wasm.len() - name))
        .unwrap();
    wasm.truncate(start);
    for data in sections {
        CustomSection { name: LOAD_SETTINGS_SECTION.into(), data: (*data).into() }.append_to_component(&mut section);
    }
    wasm.extend(section);
    wasm
}

/// The number that these bytes are in LEB128, if they are one.
fn length(bytes: &[u8]) -> Option<usize> {
    let (last, rest) = bytes.split_last()?;
    if bytes.len() > 5 || last & 0x80 != 0 || rest.iter().any(|byte| byte & 0x80 == 0) {
        return None;
    }
    Some(bytes.iter().rev().fold(0, |number, byte| number << 7 | usize::from(byte & 0x7f)))
}

#[test]
fn settings_that_a_component_carries_are_checked_like_those_that_an_operator_gives() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    fs::write(folder.path().join("rule.yml"), RULE).unwrap();
    fs::write(folder.path().join("events.jsonl"), event(1, "\"Image\":\"x\"")).unwrap();
    let _ = cordon.run(&["sigma", "build", "rule.yml", "-o", "rules.wasm"]).ends(0);
    let large = format!("{{\"pack\":\"{}\"}}", "x".repeat(33 << 20));
    let deep = format!("{{\"pack\":{}}}", serde_json::json!("[".repeat(100_000)));
    for (sections, reason) in [
        (&[b"{}".as_slice(), b"{}"][..], "has 2 sections of `load` settings"),
        (&[b"no json"], "no JSON object"),
        (&[b"[]"], "no JSON object"),
        (&[b"\xff\xfe"], "no JSON object"),
        (&[b"{\"pakc\":\"\"}"], "pakc"),
        (&[b"{\"pack\":7}"], "pack"),
        (&[large.as_bytes()], "more than"),
        (&[deep.as_bytes()], "pack"),
        (&[], "pack"),
    ] {
        fs::write(folder.path().join("broken.wasm"), carrying(folder.path(), sections)).unwrap();
        let said = cordon.run(&["run", "-p", "broken.wasm", "events.jsonl"]);
        assert!(said.code == 2 && said.err.contains(reason), "{reason}: {} {}", said.code, said.err);
    }
}

#[test]
fn an_event_that_hundreds_of_rules_know_is_found_and_not_lost() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    let rules: Vec<String> = (0..200)
        .map(|number| {
            let level = if number == 150 { "critical" } else { "low" };
            RULE.replace("11111111-2222", &format!("{number:08}-2222"))
                .replace("level: high", &format!("level: {level}"))
                .replace("Encoded PowerShell", &format!("Number {number}"))
        })
        .collect();
    fs::write(folder.path().join("rules.yml"), rules.join("---\n")).unwrap();
    let path = "x".repeat(20_000);
    let fields = format!("\"Image\":\"{path}\\\\powershell.exe\",\"User\":\"{path}\",\"CommandLine\":\"a -enc b\"");
    fs::write(folder.path().join("events.jsonl"), [event(1, &fields), event(2, &fields)].concat()).unwrap();
    let _ = cordon.run(&["sigma", "build", "rules.yml", "-o", "rules.wasm"]).ends(0);
    let said = cordon.run(&["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson"]).ends(0);
    let found = said.lines();
    assert_eq!(found.len(), 128, "{}", said.err);
    let of = |title: &str| found.iter().filter(|finding| finding["title"] == title).count();
    assert_eq!(of("Number 150"), 2, "the worst is told");
    let others: Vec<&str> = found.iter().filter_map(|finding| finding["context"]["More rules"].as_str()).collect();
    assert_eq!(others.len(), 2);
    assert!(others.iter().all(|text| text.starts_with("136 more rules hold")), "{others:?}");
}

/// A pack of a rule with keywords, one with keywords or a field, one that has them not, and one without; and an event that all
/// of them are true of.
fn with_keywords(folder: &Path) {
    let rule = |title: &str, selections: &str, condition: &str| {
        let text = format!(
            "title: {title}\nlogsource:\n  product: windows\n  service: system\ndetection:\n{selections}  condition: {condition}\n"
        );
        fs::write(folder.join(format!("{title}.yml")), text).unwrap();
    };
    let (word, field) = ("  keywords:\n    - mimikatz\n", "  field:\n    Text|contains: ' b'\n");
    rule("word", word, "keywords");
    rule("either", &format!("{word}{field}"), "keywords or field");
    rule("without", &format!("{}{field}", word.replace("mimikatz", "other")), "field and not keywords");
    rule("field", field, "field");
    let line = event(1, "\"Text\":\"a Mimikatz b\"").replace("Microsoft-Windows-Sysmon/Operational", "System");
    fs::write(folder.join("events.jsonl"), line).unwrap();
}

fn titles(findings: &[Value]) -> Vec<&str> {
    let mut titles: Vec<&str> = findings.iter().filter_map(|finding| finding["title"].as_str()).collect();
    titles.sort_unstable();
    titles
}

#[test]
fn without_the_grant_of_whole_events_the_rules_that_need_none_still_find_theirs() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = cordon(folder.path());
    with_keywords(folder.path());
    let said = cordon.run(&["sigma", "build", ".", "-o", "rules.wasm"]).ends(0);
    assert!(said.err.contains("--grant-whole-events") && said.err.contains("[grants]"), "{}", said.err);
    let run = ["run", "-p", "rules.wasm", "events.jsonl", "--format", "ndjson"];
    let denied = cordon.run(&run).ends(0);
    // What depends on the keywords is not known: neither true nor false.
    assert_eq!(titles(&denied.lines()), ["either", "field"], "{}", denied.err);
    assert!(denied.err.contains("--grant-whole-events"), "{}", denied.err);
    let granted = cordon.run(&[&run[..], &["--grant-whole-events"]].concat()).ends(0);
    assert_eq!(titles(&granted.lines()), ["either", "field", "without", "word"], "{}", granted.err);
    let said = cordon.run(&["sigma", "build", ".", "-o", "rules.wasm", "--no-keywords", "--format", "json"]).ends(0);
    let built: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(built["refused"][0]["kind"], "keywords", "{}", said.out);
}

#[test]
fn a_host_grants_whole_events_to_the_plugins_that_its_configuration_names() {
    let folder = tempfile::tempdir().unwrap();
    with_keywords(folder.path());
    let build = ["sigma", "build", ".", "-o", "rules.wasm", "--id", "sigma-words"];
    let _ = cordon(folder.path()).run(&build).ends(0);
    let found = |name: &str, granted: &str| {
        let config = folder.path().join(format!("{name}.toml"));
        fs::write(&config, format!("[grants]\nwhole-events = [{granted}]\n")).unwrap();
        let data = folder.path().join(name);
        let host = Host::configured(BINARY, &data, &folder.path().join("rules.wasm"), &config);
        let intake = folder.path().join(format!("{name}.token"));
        fs::write(&intake, host.add_force("avon")).unwrap();
        let events = folder.path().join("events.jsonl");
        let send = ["send", "--source", "windows.event", &events.to_string_lossy()];
        let _ = host.with_token(&intake).run(&send).ends(0);
        let operator = host.first_token();
        host.settle(&operator);
        let findings = host.findings(&operator, "avon");
        titles(&findings).into_iter().map(str::to_owned).collect::<Vec<_>>()
    };
    assert_eq!(found("denied", "\"another\""), ["either", "field"]);
    assert_eq!(found("granted", "\"sigma-words\""), ["either", "field", "without", "word"]);
}
