#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::{Map, Value, json};

use super::{Confidence, Manifest, Order, Severity};
use crate::path::Path;

const GOOD: &str = r#"[plugin]
id = "mail-forwarding"
version = "1.0.0"
summary = "Mail that leaves the force by itself"
authors = ["NMC detection team"]
licence = "Apache-2.0"

[sources."m365.audit".fields]
operation = "Operation"
forward_to = "Parameters[Name=ForwardTo].Value"
user = { path = "UserId", personal = true, why = "names the mailbox owner" }

[limits]
cpu-ms = 200

[settings.run.trusted_domains]
type = "strings"
default = []
description = "Domains that belong to the force"

[settings.run.threshold]
type = "integer"
default = 5
min = 1
max = 100
description = "How many"

[settings.load.mode]
type = "string"
default = "strict"
one-of = ["strict", "lenient"]
description = "How it judges"

[[rules]]
id = "external-forwarding"
title = "Mailbox forwards to an outside address"
severity = "high"
attack = ["T1114.003"]
description = "An attacker reads mail."
next-steps = ["Ask the owner."]
false-positives = ["A leaver's mailbox."]
references = ["https://attack.mitre.org/techniques/T1114/003/"]
"#;

fn object(value: Value) -> Map<String, Value> {
    value.as_object().unwrap().clone()
}

#[test]
fn a_good_manifest_is_read_whole() {
    let manifest = Manifest::parse(GOOD).unwrap();
    assert_eq!(manifest.plugin.id, "mail-forwarding");
    assert_eq!(manifest.plugin.version.to_string(), "1.0.0");
    assert_eq!(manifest.limits.cpu_ms, Some(200));
    assert_eq!(manifest.limits.memory_mib, None);
    assert!(!manifest.grants.whole_events);
    let rule = manifest.rule("external-forwarding").unwrap();
    assert_eq!((rule.severity, rule.confidence), (Severity::High, Confidence::Medium));
    let path = Path::parse("Parameters[Name=ForwardTo].Value").unwrap();
    assert_eq!(manifest.field_path("m365.audit", "forward_to"), Some(&path));
    assert!(manifest.declares("m365.audit", &path));
    assert!(!manifest.declares("entra.audit", &path));
    assert!(!manifest.declares("m365.audit", &Path::parse("ClientIP").unwrap()));
    assert!(manifest.sources["m365.audit"].fields["user"].personal);
    assert_eq!(serde_json::to_value(&manifest).unwrap()["settings"]["run"]["threshold"]["type"], "integer");
}

#[test]
fn every_mistake_is_answered_with_its_line_its_key_and_the_way_out() {
    // (text to replace, its replacement, line, key, part of the reason)
    let cases = [
        ("id = \"mail-f", "id = \"Mail-f", 2, "plugin.id", "kebab-case"),
        ("version = \"1.0.0\"", "version = \"1.0\"", 3, "plugin.version", "use the form 1.0.0"),
        ("version = \"1.0.0\"", "", 1, "plugin.version", "missing: add `version = \"1.0.0\"`"),
        ("summary = \"Mail", "sumary = \"Mail", 4, "plugin.sumary", "did you mean `summary`?"),
        ("authors = [\"NMC detection team\"]", "authors = []", 5, "plugin.authors", "is empty"),
        (
            "authors = [\"NMC detection team\"]",
            "authors = \"me\"",
            5,
            "plugin.authors",
            "expected an array, found string",
        ),
        ("licence =", "license =", 6, "plugin.license", "did you mean `licence`?"),
        ("sources.\"m365.audit\"", "sources.m365.audit", 8, "sources.m365", "[sources.\"m365.audit\".fields]"),
        ("\"m365.audit\"", "\"m365.audits\"", 8, "sources.\"m365.audits\"", "did you mean `m365.audit`?"),
        ("\"m365.audit\"", "\"custom.\"", 8, "sources.\"custom.\"", "or custom.NAME"),
        (".fields]", ".field]", 8, "sources.\"m365.audit\".field", "did you mean `fields`?"),
        ("operation =", "Operation =", 9, "sources.\"m365.audit\".fields.Operation", "snake_case"),
        ("operation =", "type =", 9, "sources.\"m365.audit\".fields.type", "word of the Rust language"),
        ("Name=ForwardTo]", "Name=ForwardTo", 10, "sources.\"m365.audit\".fields.forward_to", "at byte"),
        ("\"Operation\"", "7", 9, "sources.\"m365.audit\".fields.operation", "expected a path"),
        (", why = \"names the mailbox owner\"", "", 11, "sources.\"m365.audit\".fields.user", "needs a reason"),
        (
            "personal = true",
            "personl = true",
            11,
            "sources.\"m365.audit\".fields.user.personl",
            "did you mean `personal`?",
        ),
        ("cpu-ms = 200", "cpu-ms = 0", 14, "limits.cpu-ms", "greater than 0"),
        ("cpu-ms", "cpu_ms", 14, "limits.cpu_ms", "did you mean `cpu-ms`?"),
        ("[limits]", "[grants]\nwhole-events = 1\n[limits]", 14, "grants.whole-events", "true or false"),
        ("\"strings\"", "\"list\"", 17, "settings.run.trusted_domains.type", "use one of string, strings"),
        ("default = []", "default = \"x\"", 18, "settings.run.trusted_domains.default", "expected a list of strings"),
        ("default = []", "default = [1]", 18, "settings.run.trusted_domains.default", "in the list"),
        ("default = []", "default = []\nmin = 1", 19, "settings.run.trusted_domains.min", "integer and number"),
        ("default = 5", "default = 500", 23, "settings.run.threshold.default", "between 1 and 100"),
        ("default = 5", "default = 5.5", 23, "settings.run.threshold.default", "expected a whole number"),
        ("max = 100", "max = 0", 21, "settings.run.threshold", "min 1 is greater than max 0"),
        ("default = \"strict\"", "default = \"lax\"", 30, "settings.load.mode.default", "none of: strict, lenient"),
        ("id = \"external-forwarding\"", "id = \"external--f\"", 35, "rules[0].id", "kebab-case"),
        ("severity = \"high\"", "severity = \"urgent\"", 37, "rules[0].severity", "critical"),
        ("T1114.003\"", "T1114.3\"", 38, "rules[0].attack[0]", "T1114 or T1114.003"),
        ("[\"Ask the owner.\"]", "[]", 40, "rules[0].next-steps", "is empty"),
        ("[\"Ask the owner.\"]", "[\" \"]", 40, "rules[0].next-steps[0]", "is empty"),
        ("https://", "http://", 42, "rules[0].references[0]", "https://"),
        ("[[rules]]", "[[rule]]", 34, "rule", "did you mean `rules`?"),
        ("title = \"Mailbox", "title = \"Mail\\nbox", 36, "rules[0].title", "one line"),
    ];
    for (from, to, line, key, reason) in cases {
        assert!(GOOD.contains(from), "{from}");
        let text = GOOD.replacen(from, to, 1);
        let errors = Manifest::parse(&text).expect_err(to);
        let found = errors.0.iter().find(|e| e.key == key && e.reason.contains(reason) && e.line == Some(line));
        assert!(found.is_some(), "after {from:?} -> {to:?} expected line {line}, `{key}`, {reason:?}; got:\n{errors}");
    }
}

#[test]
fn windows_and_values_are_declared_or_refused_with_the_way_out() {
    let with =
        |text: &str| Manifest::parse(&GOOD.replace("[[rules]]", &format!("{text}\n[[rules]]\norder = \"arrival\"")));
    let window = "[windows.failed-users]\ncounts = \"distinct\"\nlength = \"10m\"\nlateness = \"1h\"\n";
    let manifest = with(&format!("[state]\nschema = 2\n{window}")).unwrap();
    assert!(manifest.remembers() && !Manifest::parse(GOOD).unwrap().remembers());
    assert_eq!((manifest.state.unwrap().schema, manifest.rules[0].order), (2, Order::Arrival));
    let json = serde_json::to_value(&manifest.windows).unwrap();
    assert_eq!(
        json,
        json!({ "failed-users": { "counts": "distinct", "length": "10m", "lateness": "1h", "cap": 256 } })
    );
    for (from, to, key, reason) in [
        ("[windows.failed-users]", "[windows.Failed]", "windows.Failed", "kebab-case"),
        ("distinct", "users", "windows.failed-users.counts", "use one of events, distinct"),
        ("\"10m\"", "\"10 minutes\"", "windows.failed-users.length", "such as `10m`"),
        ("\"10m\"", "\"0s\"", "windows.failed-users.length", "greater than 0"),
        ("\"10m\"", "600", "windows.failed-users.length", "expected a string"),
        ("lateness = \"1h\"", "", "windows.failed-users.lateness", "missing: add `lateness = \"1h\"`"),
        ("\"1h\"", "\"1h\"\ncap = 1025", "windows.failed-users.cap", "up to 1024"),
        ("\"1h\"", "\"1h\"\nkeys = 5", "windows.failed-users.keys", "unknown key"),
        ("[windows.f", "[state]\nschema = 0\n[windows.f", "state.schema", "greater than 0"),
        ("[windows.f", "[state]\n[windows.f", "state.schema", "missing: add `schema = 1`"),
    ] {
        let errors = with(&window.replacen(from, to, 1)).expect_err(to);
        let found = errors.0.iter().any(|e| e.key == key && e.reason.contains(reason));
        assert!(found, "after {from:?} -> {to:?} expected `{key}`, {reason:?}; got:\n{errors}");
    }
    let errors = with(&window.replacen("failed-users]", "failedusers]", 1)).map(|_| ());
    assert_eq!(errors, Ok(()));
    let errors = with(&format!("{window}{}", window.replacen("failed-users", "failedusers", 1))).unwrap_err();
    assert!(errors.to_string().contains("differs from another window"), "{errors}");
}

#[test]
fn broken_toml_is_answered_with_its_line() {
    for (text, line) in [("[plugin]\nid = \n", 2), ("[plugin\n", 1), ("a = 1\na = 2\n", 2), ("\n\nx = 'é\n", 3)] {
        let errors = Manifest::parse(text).unwrap_err();
        assert_eq!(errors.0[0].line, Some(line), "{text:?}: {errors}");
    }
}

#[test]
fn all_mistakes_are_told_at_once_in_the_order_of_lines() {
    let text = GOOD.replace("1.0.0", "one").replace("\"high\"", "\"urgent\"").replace("T1114.003\"", "1114\"");
    let errors = Manifest::parse(&text).unwrap_err();
    let lines: Vec<_> = errors.0.iter().filter_map(|e| e.line).collect();
    assert_eq!(lines, [3, 37, 38], "{errors}");
}

#[test]
fn one_handle_is_single_or_multi_in_every_source() {
    let more = "[sources.\"entra.audit\".fields]\noperation = \"properties.targetResources[].id\"\n[limits]";
    let errors = Manifest::parse(&GOOD.replace("[limits]", more)).unwrap_err();
    assert!(errors.to_string().contains("use two handles"), "{errors}");
}

#[test]
fn rule_ids_that_would_become_one_rust_name_are_refused() {
    let rule = GOOD.split_once("[[rules]]").unwrap().1;
    let twice = format!("{GOOD}\n[[rules]]{}", rule.replace("external-forwarding", "externalforwarding"));
    let errors = Manifest::parse(&twice).unwrap_err();
    assert!(errors.to_string().contains("declared twice"), "{errors}");
}

#[test]
fn a_manifest_over_its_size_limit_is_not_read() {
    let text = "#".repeat(crate::limits::MANIFEST_BYTES + 1);
    assert!(Manifest::parse(&text).unwrap_err().to_string().contains("at most 4194304"));
}

#[test]
fn a_flood_of_mistakes_is_cut_at_fifty() {
    let text: String = (0..1_000).map(|i| format!("key{i} = 1\n")).collect();
    assert_eq!(Manifest::parse(&text).unwrap_err().0.len(), 50);
}

#[test]
fn no_text_makes_the_parser_panic() {
    for end in 0..GOOD.len() {
        let _ = Manifest::parse(&GOOD[..end]);
        let _ = Manifest::parse(&GOOD[end..]);
        let _ = Manifest::parse(&format!("{}é]{}", &GOOD[..end], &GOOD[end..]));
    }
    let _ = Manifest::parse(&"[".repeat(100_000));
    let _ = Manifest::parse(&format!("a = {}", "[".repeat(100_000)));
    let _ = Manifest::parse(&format!("a = {}", "{a=".repeat(100_000)));
}

#[test]
fn given_settings_are_checked_and_the_rest_are_defaults() {
    let manifest = Manifest::parse(GOOD).unwrap();
    let all = manifest.run_settings(&object(json!({"trusted_domains": ["example.org"]}))).unwrap();
    assert_eq!(Value::Object(all), json!({"threshold": 5, "trusted_domains": ["example.org"]}));
    assert_eq!(Value::Object(manifest.load_settings(&Map::new()).unwrap()), json!({"mode": "strict"}));

    for (given, reason) in [
        (json!({"threshold": "7"}), "run setting `threshold`: expected a whole number, found `\"7\"`"),
        (json!({"threshold": 7.5}), "expected a whole number, found `7.5`"),
        (json!({"threshold": 101}), "101 is out of range: between 1 and 100"),
        (
            json!({"treshold": 7}),
            "run setting `treshold` is unknown; did you mean `threshold`? (known: threshold, trusted_domains)",
        ),
        (json!({"trusted_domains": [1]}), "expected a list of strings, found `1` in the list"),
        (json!({"trusted_domains": "a"}), "expected a list of strings, found `\"a\"`"),
        (json!({"threshold": null}), "found `null`"),
    ] {
        let error = manifest.run_settings(&object(given)).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
    let error = manifest.load_settings(&object(json!({"mode": "lax"}))).unwrap_err().to_string();
    assert!(error.contains("load setting `mode`: `lax` is none of: strict, lenient"), "{error}");
}

#[test]
fn all_problems_of_given_settings_are_told_at_once() {
    let manifest = Manifest::parse(GOOD).unwrap();
    let error = manifest.run_settings(&object(json!({"threshold": 0, "x": 1}))).unwrap_err();
    assert_eq!(error.problems.len(), 2);
}

#[test]
fn run_settings_over_their_size_limit_are_refused() {
    let manifest = Manifest::parse(GOOD).unwrap();
    let long = "x".repeat(crate::limits::RUN_SETTINGS_BYTES);
    let error = manifest.run_settings(&object(json!({"trusted_domains": [long]}))).unwrap_err();
    assert!(error.to_string().contains("at most 65536"), "{error}");
}

#[test]
fn words_are_read_and_written_alike() {
    for (word, severity) in Severity::WORDS {
        assert_eq!((severity.word(), Severity::of(word)), (word, Some(severity)));
        assert_eq!(serde_json::to_value(severity).unwrap(), word);
    }
    for (word, confidence) in Confidence::WORDS {
        assert_eq!((confidence.word(), Confidence::of(word)), (word, Some(confidence)));
        assert_eq!(serde_json::to_value(confidence).unwrap(), word);
    }
}
