//! SigmaHQ's rules for Microsoft 365, Entra ID and Azure on real events: which find something, which could, which cannot and why.
//! The answer is data, reviewed, one line for each rule (`cloud.tsv`), and this test fails when it changes.

use std::collections::{BTreeMap, BTreeSet};

use cordon_sigma::build::{Choice, build};
use cordon_sigma::engine::{Engine, ROWS};
use cordon_sigma::logsource::Tables;
use cordon_sigma::rule::Rules;
use cordon_sigma::sample::Sample;
use serde_json::Value;

use crate::data;

/// The source of an event of the cases of Azure and Entra ID, by its category, as diagnostic settings write it.
fn source(event: &Value) -> &'static str {
    match event["category"].as_str().unwrap_or_default() {
        category if category.ends_with("SignInLogs") => "entra.signin",
        "AuditLogs" => "entra.audit",
        _ => "azure.activity",
    }
}

/// Every rule of these logs, with its verdict.
fn verdicts(rules: Rules) -> BTreeMap<String, (&'static str, String)> {
    let mut out = BTreeMap::new();
    let ours = |product: Option<&str>| matches!(product, Some("azure" | "m365"));
    let of_place: BTreeMap<String, String> =
        rules.rules.iter().map(|rule| (rule.place.to_string(), rule.id.clone().unwrap())).collect();
    let built = build(rules, &Tables::shipped().unwrap(), Choice::default());
    for refusal in &built.refused {
        let Some(id) = of_place.get(&refusal.place.to_string()) else { continue };
        if refusal.place.file.contains("/azure/") || refusal.place.file.contains("/m365/") {
            out.insert(id.clone(), ("cannot", refusal.reason.clone()));
        }
    }
    for rule in built.rules.values().filter(|rule| ours(rule.logsource.product.as_deref())) {
        out.insert(rule.id.clone().unwrap(), ("could", String::new()));
    }
    let engine = Engine::new(built.pack).unwrap();
    let mut events: BTreeMap<&str, Vec<Value>> = BTreeMap::new();
    events.insert("m365.audit", data::lines(&data::file("m365-ual.jsonl.zst").unwrap()));
    for case in data::lines(&data::file("azure-entra-cases.jsonl.zst").unwrap()) {
        events.entry(source(&case["event"])).or_default().push(case["event"].clone());
    }
    for (source, events) in events {
        for chunk in events.chunks(ROWS) {
            for found in engine.run(source, &Sample::new(chunk)).unwrap() {
                let id = built.rules[&engine.rules()[found.rule as usize].id].id.clone().unwrap();
                let entry = out.entry(id).or_insert(("found", String::new()));
                entry.0 = "found";
            }
        }
    }
    out
}

#[test]
fn every_cloud_rule_finds_real_events_or_is_listed_with_the_reason() {
    let names = ["sigmahq-rules.tar.zst", "m365-ual.jsonl.zst", "azure-entra-cases.jsonl.zst"].map(data::file);
    let [Some(rules), Some(_), Some(_)] = names else { return };
    let verdicts = verdicts(data::rules(&rules, &["rules"]));
    let mut listed = BTreeSet::new();
    let mut wrong = Vec::new();
    let list = include_str!("cloud.tsv");
    for line in list.lines().filter(|line| !line.starts_with('#') && !line.is_empty()) {
        let cells: Vec<&str> = line.split('\t').collect();
        let [id, _title, verdict, reason] = cells[..] else { panic!("not four cells: {line}") };
        assert!(listed.insert(id.to_owned()), "{id} is listed twice");
        assert!(verdict == "found" || !reason.trim().is_empty(), "no reason: {line}");
        match verdicts.get(id) {
            Some(("could", _)) if verdict == "cannot" => {} // reviewed: it is built, but no real event can fulfil it
            Some((told, _)) if *told == verdict => {}
            other => wrong.push(format!("{id} is listed as {verdict}, and is {other:?}")),
        }
    }
    wrong.extend(verdicts.iter().filter(|(id, _)| !listed.contains(*id)).map(|new| format!("not listed: {new:?}")));
    let count = |of: &str| verdicts.values().filter(|(verdict, _)| *verdict == of).count();
    println!("{} found, {} could, {} cannot", count("found"), count("could"), count("cannot"));
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
