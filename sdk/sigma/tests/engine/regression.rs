//! SigmaHQ's own regression events: each rule finds its event, or the difference is explained here.

use cordon_sigma::engine::Engine;
use cordon_sigma::sample::Sample;
use serde_json::Value;

use crate::{data, reference};

/// (rule, event number in its file) that do not match, and why.
const EXPLAINED: &[(&str, u64, &str)] = &[];

#[test]
fn rules_find_the_events_that_their_authors_published() {
    let (Some(pairs), Some(rules)) =
        (data::file("windows-sigma-regression.jsonl.zst"), data::file("sigmahq-rules.tar.zst"))
    else {
        return;
    };
    let built = data::built(&rules, &["rules"]);
    let engine = Engine::new(built.pack.clone()).unwrap();
    let ids: std::collections::BTreeMap<&str, &str> =
        built.rules.iter().filter_map(|(id, rule)| Some((rule.id.as_deref()?, id.as_str()))).collect();
    let mut missed = Vec::new();
    for pair in data::lines(&pairs) {
        let (rule, number) = (pair["rule_id"].as_str().unwrap(), pair["event_index"].as_u64().unwrap());
        let event = [pair["event"].clone()];
        let found = engine.run("windows.event", &Sample::new(&event)).unwrap();
        let plainly = reference::matches(&built.pack, "windows.event", &event);
        assert_eq!(found.iter().map(|f| (f.rule, f.row)).collect::<Vec<_>>(), plainly);
        let is = found.iter().any(|found| Some(&engine.rules()[found.rule as usize].id.as_str()) == ids.get(rule));
        let labelled = pair["checked_match"] == Value::Bool(true);
        let explained = EXPLAINED.iter().any(|(id, of, _)| *id == rule && *of == number);
        if is != labelled && !explained {
            missed.push(format!(
                "{rule} event {number}: found {is}, labelled {labelled} ({})",
                pair["rule_path"].as_str().unwrap()
            ));
        }
    }
    assert!(missed.is_empty(), "{} differ:\n{}", missed.len(), missed.join("\n"));
}
