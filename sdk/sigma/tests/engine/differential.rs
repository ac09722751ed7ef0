//! Our engine against rsigma on real events and all of SigmaHQ's rules: the same (rule, event) pairs, log sources and fields
//! mapped alike. Where they differ stands in `differences.tsv`, each line with its reason from the specification.

use std::collections::{BTreeMap, BTreeSet};

use cordon_contract::path::Path;
use cordon_sigma::build::Built;
use cordon_sigma::engine::{Engine, ROWS};
use cordon_sigma::sample::{Sample, find};
use rsigma_eval::event::JsonEvent;
use serde_json::Value;

use crate::{data, reference};

/// rule id, file of events, line, whose: `ours` or `theirs`.
type Difference = (String, String, usize, &'static str);

#[test]
fn rsigma_finds_the_same_but_for_what_is_explained() {
    let Some(rules) = data::file("sigmahq-rules.tar.zst") else { return };
    let built = data::built(&rules, &["rules"]);
    let engine = Engine::new(built.pack.clone()).unwrap();
    let theirs = data::rsigma(&rules, &["rules"]);
    let mut differences: BTreeSet<Difference> = BTreeSet::new();
    let mut same = 0;
    for (name, source) in [("windows-otrf.jsonl.zst", "windows.event"), ("m365-ual.jsonl.zst", "m365.audit")] {
        let Some(path) = data::file(name) else { return };
        let events = data::canonical(data::lines(&path));
        let mut ours = BTreeSet::new();
        for (batch, chunk) in events.chunks(ROWS).enumerate() {
            for found in engine.run(source, &Sample::new(chunk)).unwrap() {
                let id = &engine.rules()[found.rule as usize].id;
                ours.insert((id_of(&built, id), batch * ROWS + found.row as usize + 1));
            }
        }
        let guards = guards(&built, source);
        let fields = &built.pack.sources[source];
        let mut found = BTreeSet::new();
        for (line, event) in (1..).zip(&events) {
            let seen = as_they_see_it(&built, source, event);
            for result in theirs.evaluate(&JsonEvent::borrow(&seen)) {
                let Some(id) = result.header.rule_id else { continue };
                // Rules without a place in this source are not compared.
                if guards
                    .get(&id)
                    .is_some_and(|guards| guards.iter().any(|guard| reference::holds(guard, fields, event)))
                {
                    found.insert((id, line));
                }
            }
        }
        same += ours.intersection(&found).count();
        differences.extend(ours.difference(&found).map(|(id, line)| (id.clone(), name.to_owned(), *line, "ours")));
        differences.extend(found.difference(&ours).map(|(id, line)| (id.clone(), name.to_owned(), *line, "theirs")));
    }
    println!("{same} pairs are the same, {} differ", differences.len());
    let list = include_str!("differences.tsv");
    let explained: BTreeSet<(String, String, usize, String)> = list
        .lines()
        .filter(|line| !line.starts_with('#') && !line.is_empty())
        .map(|line| {
            let mut cells = line.split('\t');
            let mut cell = || cells.next().unwrap().to_owned();
            let (rule, file, number, whose) = (cell(), cell(), cell().parse().unwrap(), cell());
            assert!(!cell().trim().is_empty(), "a difference without its reason: {line}");
            (rule, file, number, whose)
        })
        .collect();
    let found: BTreeSet<_> =
        differences.into_iter().map(|(rule, file, line, whose)| (rule, file, line, whose.to_owned())).collect();
    let show = |all: Vec<&(String, String, usize, String)>| {
        all.iter()
            .map(|(rule, file, line, whose)| format!("{rule}\t{file}\t{line}\t{whose}"))
            .collect::<Vec<_>>()
            .join("\n")
    };
    let (new, gone): (Vec<_>, Vec<_>) =
        (found.difference(&explained).collect(), explained.difference(&found).collect());
    assert!(
        new.is_empty() && gone.is_empty(),
        "{} new:\n{}\n{} gone:\n{}",
        new.len(),
        show(new.clone()),
        gone.len(),
        show(gone.clone())
    );
    assert!(same > 500, "{same} pairs only");
}

fn id_of(built: &Built, id: &str) -> String {
    built.rules[id].id.clone().unwrap()
}

fn guards<'b>(built: &'b Built, source: &str) -> BTreeMap<String, Vec<&'b cordon_sigma::pack::Expr>> {
    let mut guards: BTreeMap<String, Vec<_>> = BTreeMap::new();
    for rule in &built.pack.rules {
        for (_, guard) in rule.sources.iter().filter(|(name, _)| name == source) {
            guards.entry(id_of(built, &rule.id)).or_default().push(guard);
        }
    }
    guards
}

/// The event with every field of our tables under the name that rules give it.
fn as_they_see_it(built: &Built, source: &str, event: &Value) -> Value {
    let mut seen = event.clone();
    for (name, place) in &built.pack.sources[source].fields {
        if place.paths.len() == 1 && place.paths[0] == *name {
            continue;
        }
        let mut values = Vec::new();
        for path in &place.paths {
            find(event, Path::parse(path).unwrap().steps(), &mut |value| values.extend(value.cloned()));
        }
        let members = seen.as_object_mut().unwrap();
        match values.len() {
            0 => members.remove(name),
            1 => members.insert(name.clone(), values.remove(0)),
            _ => members.insert(name.clone(), Value::Array(values)),
        };
    }
    seen
}
