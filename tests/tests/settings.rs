//! Every setting of the national catalogue does something: with another value, some case of its plugin finds something else.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use cordon::author::build::{Talk, build};
use cordon::author::cases::{Case, Splits, Verdict, run_case};
use cordon::author::find;
use cordon::registry::{self, Loaded, SettingsFile};
use cordon::sandbox::{Sandbox, SandboxOptions};
use cordon_contract::manifest::{Setting, SettingKind};
use cordon_tests::cli::root;
use serde_json::{Map, Value, json};

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// Values that no event says: leavers have days, resources and roles have words of their own.
const TEXTS: [&str; 8] =
    ["0.0.0.0/0", "::/0", "2026-03-01", "none", "hidden", "low", "medium", "00000000-0000-0000-0000-000000000000"];

#[test]
fn every_setting_of_every_plugin_changes_what_some_case_of_it_finds() {
    let folders = find(&[root().join("plugins")], &root()).unwrap();
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("settings");
    let built = build(&folders, Some(&out.join("plugins")), Talk::ErrorsOnly).unwrap();
    let sandbox = Sandbox::new(SandboxOptions {
        workers: 1,
        cache: out.join("artefacts"),
        preparer: Some(PREPARER.into()),
        ..SandboxOptions::default()
    })
    .unwrap();
    let mut idle = Vec::new();
    for plugin in &built {
        let mut left: BTreeSet<String> = BTreeSet::new();
        let mut begun = false;
        for path in Case::folders(&root().join("plugins").join(&plugin.id)).unwrap() {
            let case = Case::read(&path).unwrap();
            let settings = SettingsFile::of(&plugin.id, case.run().clone(), case.load().clone());
            let mut loaded =
                registry::load(&sandbox, std::slice::from_ref(&plugin.path), &settings, 1).unwrap().remove(0);
            loaded.lists = case.lists(loaded.plugin.manifest()).unwrap();
            let declared = loaded.plugin.manifest().settings.run.clone();
            if !begun {
                (left, begun) = (declared.keys().cloned().collect(), true);
            }
            let said = texts_of(&path);
            left.retain(|name| {
                !values(&declared[name], &said).any(|value| changes(&sandbox, &loaded, &case, name, value))
            });
        }
        idle.extend(left.into_iter().map(|name| format!("{}: {name}", plugin.id)));
    }
    assert!(idle.is_empty(), "no case shows what these settings do:\n{}", idle.join("\n"));
}

/// Whether the case finds something else with this value.
fn changes(sandbox: &Sandbox, loaded: &Loaded, case: &Case, name: &str, value: Value) -> bool {
    let mut settings: Map<String, Value> = serde_json::from_str(&loaded.settings).unwrap();
    if settings.insert(name.to_owned(), value.clone()) == Some(value) {
        return false;
    }
    let other = Loaded { settings: Arc::from(Value::Object(settings).to_string()), ..loaded.clone() };
    matches!(run_case(sandbox, &other, case, Splits { count: 0, seed: 1 }).verdict, Verdict::Differs(_))
}

/// Values that differ as far as a setting may.
fn values(setting: &Setting, said: &[String]) -> impl Iterator<Item = Value> {
    let words: Vec<&str> = match &setting.one_of {
        Some(words) => words.iter().map(String::as_str).collect(),
        None => said.iter().map(String::as_str).chain(TEXTS).collect(),
    };
    let bounds = [setting.min, setting.max].into_iter().flatten();
    let values = match setting.kind {
        SettingKind::Boolean => vec![json!(false), json!(true)],
        SettingKind::Integer => bounds.map(|bound| json!(bound as i64)).collect(),
        SettingKind::Number => bounds.map(|bound| json!(bound)).collect(),
        SettingKind::String => words.iter().map(|word| json!(word)).collect(),
        SettingKind::Strings => {
            let each = TEXTS.iter().map(|word| json!([word]));
            [json!([]), json!(words)].into_iter().chain(each).collect()
        }
        SettingKind::Map => {
            let each = TEXTS
                .iter()
                .map(|word| Value::Object(words.iter().map(|key| ((*key).to_owned(), json!(word))).collect()));
            std::iter::once(json!({})).chain(each).collect::<Vec<_>>()
        }
    };
    values.into_iter()
}

/// The texts in a case's events, each once.
fn texts_of(case: &Path) -> Vec<String> {
    fn take(value: &Value, texts: &mut BTreeSet<String>) {
        match value {
            Value::String(text) => drop(texts.insert(text.clone())),
            Value::Array(all) => all.iter().for_each(|value| take(value, texts)),
            Value::Object(all) => all.values().for_each(|value| take(value, texts)),
            _ => {}
        }
    }
    let table: toml::Table = std::fs::read_to_string(case.join("case.toml")).unwrap().parse().unwrap();
    let mut texts = BTreeSet::new();
    for batch in table["batches"].as_array().unwrap() {
        let lines = match batch.get("inline").and_then(toml::Value::as_str) {
            Some(inline) => inline.to_owned(),
            None => std::fs::read_to_string(case.join(batch["events"].as_str().unwrap())).unwrap(),
        };
        for line in lines.lines() {
            serde_json::from_str::<Value>(line).iter().for_each(|value| take(value, &mut texts));
        }
    }
    // Settings have a limit, and so has a run: the first are enough for what is said of a whole case.
    texts.into_iter().filter(|text| text.len() <= 120).take(200).collect()
}
