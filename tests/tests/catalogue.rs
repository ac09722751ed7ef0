//! The national catalogue and the examples, built and run by the real binary in the production sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;

use cordon_tests::cli::{Cordon, root};
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

fn cordon() -> Cordon {
    Cordon::new(BINARY, &root())
}

#[test]
fn every_case_holds_under_any_split() {
    let said = cordon().run(&["test", "plugins", "examples"]).ends(0);
    assert!(said.out.matches("holds").count() >= 30, "{}", said.out);
}

#[test]
fn every_rule_of_the_catalogue_finds_something_in_a_case_and_every_plugin_has_a_case_in_which_it_finds_nothing() {
    let of =
        |value: &toml::Value, name: &str| value.get(name).and_then(toml::Value::as_array).cloned().unwrap_or_default();
    let read = |path: &std::path::Path| toml::from_str::<toml::Value>(&std::fs::read_to_string(path).unwrap()).unwrap();
    let mut wrong = Vec::new();
    for plugin in std::fs::read_dir(root().join("plugins")).unwrap().map(|entry| entry.unwrap().path()) {
        let Ok(cases) = std::fs::read_dir(plugin.join("cases")) else { continue };
        let name = plugin.file_name().unwrap().to_str().unwrap().to_owned();
        let (mut found, mut quiet) = (std::collections::BTreeSet::new(), false);
        for case in cases {
            let findings = of(&read(&case.unwrap().path().join("case.toml")), "findings");
            quiet |= findings.is_empty();
            found.extend(findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()));
        }
        let rules = of(&read(&plugin.join("cordon.toml")), "rules");
        let ids = rules.iter().map(|rule| rule["id"].as_str().unwrap().to_owned());
        wrong.extend(ids.filter(|id| !found.contains(id)).map(|id| format!("{name}: nothing hits {id}")));
        // What the host notices of itself is never nothing.
        if !quiet && name != "cordon-health" {
            wrong.push(format!("{name}: no case without a finding"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Which of them are true is judged in `plugins/JUDGED.md`; `national_plugins` compares line by line.
#[test]
fn the_real_audit_records_give_the_attacks_in_them_and_nothing_else() {
    let Some(data) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    let data = data.to_string_lossy();
    let said = cordon().run(&["run", "-p", "plugins", &data, "--format", "ndjson"]).ends(0);
    let mut by_rule = BTreeMap::new();
    for finding in said.lines() {
        *by_rule.entry(finding["rule"].as_str().unwrap().to_owned()).or_insert(0) += 1;
    }
    let expected = [
        ("application-credential-added", 5),
        ("anonymous-link", 1),
        ("application-permission-granted", 3),
        ("full-access-granted", 4),
        ("inbox-rule-forwarding", 1),
        ("inbox-rule-hiding", 3),
        ("legacy-authentication", 3),
        ("mail-flow-rule-outside", 1),
        ("mail-read-by-application", 1),
        ("mail-sent-by-application", 2),
        ("mailbox-forwarding", 1),
        ("password-guessed", 9),
        ("password-spray", 34),
        ("mfa-requirement-removed", 1),
        ("privileged-role-granted", 30),
        ("risky-consent", 4),
        ("send-as-granted", 1),
        ("send-on-behalf-granted", 1),
        ("session-on-two-devices", 1),
        ("spray-succeeded", 13),
        ("tenant-wide-consent", 2),
    ];
    assert_eq!(by_rule, expected.map(|(rule, count)| (rule.to_owned(), count)).into());
}

#[test]
fn the_page_of_the_plugins_is_what_their_manifests_say() {
    let said = cordon().run(&["coverage", "plugins", "--format", "markdown"]).ends(0);
    let page = std::fs::read_to_string(root().join("plugins/README.md")).unwrap_or_default();
    assert!(
        said.out == page,
        "plugins/README.md is not up to date: `cordon coverage plugins --format markdown > plugins/README.md`"
    );
}

/// The format: <https://github.com/mitre-attack/attack-navigator/blob/master/layers/spec/v4.5/layerformat.md>
#[test]
fn coverage_is_a_layer_that_the_navigator_takes() {
    let said = cordon().run(&["coverage", "plugins"]).ends(0);
    let layer: Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(layer["versions"]["layer"], "4.5");
    assert_eq!(layer["domain"], "enterprise-attack");
    assert!(layer["name"].is_string() && layer["description"].is_string() && layer["sorting"].is_u64());
    let known =
        ["techniqueID", "tactic", "comment", "enabled", "score", "color", "metadata", "links", "showSubtechniques"];
    let techniques = layer["techniques"].as_array().unwrap();
    for entry in techniques {
        let id = entry["techniqueID"].as_str().unwrap();
        let (technique, part) = id.split_once('.').unwrap_or((id, "000"));
        let digits = |text: &str, count: usize| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        assert!(technique.strip_prefix('T').is_some_and(|n| digits(n, 4)) && digits(part, 3), "{id}");
        assert!(entry.as_object().unwrap().keys().all(|key| known.contains(&key.as_str())), "{entry}");
        let score = &entry["score"];
        assert!(score.is_null() || score.as_f64().is_some_and(|score| score >= 1.0), "{entry}");
        assert!(entry["enabled"].is_boolean() && entry["showSubtechniques"].is_boolean(), "{entry}");
    }
    let ids: std::collections::BTreeSet<_> = techniques.iter().map(|entry| entry["techniqueID"].to_string()).collect();
    assert_eq!(ids.len(), techniques.len(), "each technique once");
    let colours = layer["gradient"]["colors"].as_array().unwrap();
    assert!(colours.len() >= 2 && layer["gradient"]["maxValue"].as_f64() >= layer["gradient"]["minValue"].as_f64());
}

/// DESIGN section 2: whoever is told of an alert never reads our words for how it was made. What stands between backquotes is a path
/// or a command; `cordon-health` is for those who run the host.
#[test]
fn text_for_contacts_says_none_of_our_internal_words() {
    const INTERNAL: [&str; 6] = ["finding", "plugin", "digest", "cursor", "trap", "shadow"];
    let is_internal = |text: &str| {
        let plain: String = text.split('`').step_by(2).collect::<Vec<_>>().join(" ").to_lowercase();
        let mut words = plain.split(|c: char| !c.is_alphanumeric());
        words.any(|word| INTERNAL.iter().any(|internal| word == *internal || word.strip_suffix('s') == Some(internal)))
    };
    assert!(is_internal("See the plugins.") && !is_internal("See `cordon plugin list`."));
    let mut looked_at = 0;
    for folder in ["plugins", "examples"].into_iter().flat_map(|of| std::fs::read_dir(root().join(of)).unwrap()) {
        let file = folder.unwrap().path().join("cordon.toml");
        let Ok(text) = std::fs::read_to_string(&file) else { continue };
        let manifest = cordon_contract::manifest::Manifest::parse(&text).unwrap();
        for rule in manifest.rules.iter().filter(|_| manifest.plugin.id != "cordon-health") {
            let texts = rule.next_steps.iter().chain(&rule.false_positives).chain([&rule.title]);
            for text in texts {
                looked_at += 1;
                assert!(!is_internal(text), "{} {}: {text}", file.display(), rule.id);
            }
        }
    }
    assert!(looked_at > 300, "{looked_at}");
}

/// What a data-protection assessment reads: the same path of the same source names people in all plugins, or in none.
#[test]
fn a_field_is_personal_in_every_plugin_that_reads_it_or_in_none() {
    let mut marks: std::collections::BTreeMap<(String, String), (bool, String)> = std::collections::BTreeMap::new();
    for folder in std::fs::read_dir(root().join("plugins")).unwrap() {
        let Ok(text) = std::fs::read_to_string(folder.unwrap().path().join("cordon.toml")) else { continue };
        let manifest = cordon_contract::manifest::Manifest::parse(&text).unwrap();
        for (source, about) in &manifest.sources {
            for field in about.fields.values() {
                let path = field.path.to_string();
                let bare = path.trim_end_matches(".@lower").trim_end_matches(".@ip").trim_end_matches(".@json");
                let id = manifest.plugin.id.clone();
                let (personal, other) =
                    marks.entry((source.clone(), bare.to_owned())).or_insert((field.personal, id.clone()));
                assert_eq!(field.personal, *personal, "{source} {path}: {id} and {other} do not say the same");
            }
        }
    }
    assert!(marks.len() > 150, "{}", marks.len());
}
