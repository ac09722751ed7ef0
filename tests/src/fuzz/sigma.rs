//! Sigma: any file is read or refused with a line that it has; what is read makes a manifest that the host takes and an engine
//! that finds the same in a batch as in its events one by one.

use std::sync::LazyLock;

use cordon_contract::manifest::Manifest;
use cordon_sigma::build::{Choice, build};
use cordon_sigma::engine::Engine;
use cordon_sigma::logsource::Tables;
use cordon_sigma::manifest::{Name, manifest};
use cordon_sigma::rule::{Options, Rules};
use cordon_sigma::sample::Sample;
use serde_json::{Value, json};

use super::Target;

pub(super) const TARGET: Target = Target {
    name: "sigma",
    run,
    words: &[
        "title: T\n",
        "logsource: {product: x, service: y}\n",
        "detection:\n",
        "  condition: s",
        "  s: {a: b}\n",
        "1 of s*",
        "all of them",
        " and not ",
        "|contains",
        "|re|i",
        "|base64offset",
        "|windash",
        "|cidr: ",
        "|gte: ",
        "|fieldref",
        "|hour",
        "|exists: true",
        "correlation:\n",
        "filter:\n",
        "type: temporal_ordered\n",
        "rules: [a, b]\n",
        "group-by: [g]\n",
        "timespan: 10s\n",
        "---\n",
        "null",
        "\\*",
        "- ",
        ": ",
        "'",
    ],
};

static TABLES: LazyLock<Tables> = LazyLock::new(|| Tables::shipped().expect("the shipped tables are good"));

fn run(data: &[u8]) -> bool {
    // Each of these ends a line in YAML; both together end one.
    let lines = data.split(|byte| matches!(byte, b'\n' | b'\r')).count();
    let mut rules = Rules::default();
    rules.read("f.yml", data, &Options::default());
    rules.finish();
    for refusal in &rules.refused {
        assert!((1..=lines + 1).contains(&refusal.place.line) && !refusal.reason.is_empty(), "{refusal:?}");
    }
    let built = build(rules, &TABLES, Choice::default());
    if built.rules.is_empty() {
        return false;
    }
    let name = Name { id: "a".into(), version: "1.0.0".into(), authors: vec!["a".into()] };
    let Ok(text) = manifest(&built, &name) else { return false };
    assert!(Manifest::parse(&text).is_ok(), "{text}");
    let sources: Vec<String> = built.pack.sources.keys().cloned().collect();
    let engine = Engine::new(built.pack).expect("what is built runs");
    let events = events();
    for source in sources {
        let all = engine.run(&source, &Sample::new(&events)).expect("a batch is judged");
        for (row, event) in events.iter().enumerate() {
            let one = engine.run(&source, &Sample::new(std::slice::from_ref(event))).expect("an event is judged");
            let of_row = all.iter().filter(|found| found.row as usize == row).map(|found| found.rule);
            assert!(of_row.eq(one.iter().map(|found| found.rule)), "event {row} alone, of {source}");
        }
    }
    true
}

fn events() -> Vec<Value> {
    let text = "-Enc ab\\c*";
    vec![
        json!({}),
        json!({"a": "b", "g": "x"}),
        json!({"a": ["b", 1, null, {"c": "d"}], "b": null, "c": "10.0.0.1"}),
        json!({"a": 7, "b": "2026-11-27T23:05:00Z", "c": "2001:db8::1"}),
        json!({"a": text, "b": text.to_lowercase(), "c": "ÄRGER İ ß"}),
        json!({"EventID": 1, "Channel": "Security", "CommandLine": text, "Operation": "b"}),
    ]
}
