//! Expected against found, as text that a person reads. Pure.

use std::fmt::Write as _;

use cordon_contract::manifest::Manifest;
use similar::TextDiff;

use super::format::Expected;
use crate::model::Emitted;

/// A finding, its row counted over the whole case from 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) row: u64,
    pub(super) emitted: Emitted,
}

/// None where exactly what was expected was found; else a diff: `-` expected, `+` found.
pub(super) fn diff(expected: &[Expected], found: &[Found], manifest: &Manifest) -> Option<String> {
    let mut sorted: Vec<&Expected> = expected.iter().collect();
    sorted.sort_by(|a, b| (a.row, &a.rule, &a.key).cmp(&(b.row, &b.rule, &b.key)));
    let want: String = sorted.iter().map(|one| expected_toml(one)).collect();
    let have = as_toml(found, expected, manifest);
    if want == have {
        return None;
    }
    let diff = TextDiff::from_lines(&want, &have);
    Some(diff.unified_diff().context_radius(4).header("expected", "found").to_string())
}

/// What was found as `[[findings]]`, each with the keys that its expected one has; a new one with rule, row, severity, key.
pub(super) fn as_toml(found: &[Found], expected: &[Expected], manifest: &Manifest) -> String {
    let mut left: Vec<&Expected> = expected.iter().collect();
    let mut sorted: Vec<&Found> = found.iter().collect();
    sorted.sort_by(|a, b| (a.row, &a.emitted.rule, &a.emitted.key).cmp(&(b.row, &b.emitted.rule, &b.emitted.key)));
    let mut text = String::new();
    for one in sorted {
        let same = |e: &&Expected| e.row == one.row && e.rule == one.emitted.rule;
        let exact = left.iter().position(|e| same(e) && e.key.as_ref().is_none_or(|key| *key == one.emitted.key));
        let like = exact.or_else(|| left.iter().position(same)).map(|index| left.remove(index));
        text += &found_toml(one, like, manifest);
    }
    text
}

/// The first finding that one run has and another has not.
pub(super) fn first_difference(whole: &[Found], cut: &[Found]) -> Option<String> {
    let missing = whole.iter().find(|one| !cut.contains(one)).map(|one| (one, "found in the whole batch only"));
    let extra = || cut.iter().find(|one| !whole.contains(one)).map(|one| (one, "found in the cut batches only"));
    let count = || (whole.len() != cut.len()).then(|| "the number of equal findings differs".to_owned());
    missing.or_else(extra).map_or_else(count, |(one, which)| {
        Some(format!(
            "row {}, rule `{}`, key {:?}: {which}, or with other text",
            one.row, one.emitted.rule, one.emitted.key
        ))
    })
}

fn expected_toml(one: &Expected) -> String {
    let mut text = head(&one.rule, one.row);
    line(&mut text, "severity", one.severity.map(|s| s.word().to_owned()));
    line(&mut text, "confidence", one.confidence.map(|c| c.word().to_owned()));
    line(&mut text, "title", one.title.clone());
    line(&mut text, "summary", one.summary.clone());
    line(&mut text, "key", one.key.clone());
    if let Some(entities) = &one.entities {
        text += &entities_toml(entities.iter().map(|(kind, value)| (kind.as_str(), value.as_str())));
    }
    if let Some(context) = &one.context {
        text += &context_toml(context.iter().map(|(key, value)| (key.as_str(), value.as_str())));
    }
    text + "\n"
}

fn found_toml(one: &Found, like: Option<&Expected>, manifest: &Manifest) -> String {
    let emitted = &one.emitted;
    let rule = manifest.rule(&emitted.rule);
    let wants = |given: fn(&Expected) -> bool, new: bool| like.map_or(new, given);
    let severity = emitted.severity.or_else(|| rule.map(|rule| rule.severity)).map(|s| s.word().to_owned());
    let confidence = emitted.confidence.or_else(|| rule.map(|rule| rule.confidence)).map(|c| c.word().to_owned());
    let title = emitted.title.clone().or_else(|| rule.map(|rule| rule.title.clone()));
    let mut text = head(&emitted.rule, one.row);
    line(&mut text, "severity", severity.filter(|_| wants(|e| e.severity.is_some(), true)));
    line(&mut text, "confidence", confidence.filter(|_| wants(|e| e.confidence.is_some(), false)));
    line(&mut text, "title", title.filter(|_| wants(|e| e.title.is_some(), false)));
    line(&mut text, "summary", Some(emitted.summary.clone()).filter(|_| wants(|e| e.summary.is_some(), false)));
    line(&mut text, "key", Some(emitted.key.clone()).filter(|_| wants(|e| e.key.is_some(), true)));
    if wants(|e| e.entities.is_some(), false) {
        text += &entities_toml(emitted.entities.iter().map(|entity| (entity.kind.as_str(), entity.value.as_str())));
    }
    if wants(|e| e.context.is_some(), false) {
        let mut context: Vec<(&str, &str)> = emitted.context.iter().map(|(k, v)| (k.as_str(), v.as_str())).collect();
        context.sort_unstable();
        text += &context_toml(context.into_iter());
    }
    text + "\n"
}

fn head(rule: &str, row: u64) -> String {
    format!("[[findings]]\nrule = {}\nrow = {row}\n", quoted(rule))
}

fn line(text: &mut String, name: &str, value: Option<String>) {
    if let Some(value) = value {
        let _ = writeln!(text, "{name} = {}", quoted(&value));
    }
}

fn entities_toml<'a>(entities: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let all: Vec<String> = entities.map(|(kind, value)| format!("[{}, {}]", quoted(kind), quoted(value))).collect();
    format!("entities = [{}]\n", all.join(", "))
}

fn context_toml<'a>(context: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let all: Vec<String> = context.map(|(key, value)| format!("{} = {}", quoted(key), quoted(value))).collect();
    format!("context = {{ {} }}\n", all.join(", "))
}

fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}
