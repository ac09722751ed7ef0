//! The ATT&CK Navigator layer, format 4.5: one technique an entry, its score the number of rules.

use std::collections::BTreeMap;

use cordon_contract::manifest::Manifest;
use serde_json::{Value, json};

/// Rules of one technique, as `plugin/rule (severity)`.
type Techniques = BTreeMap<String, Vec<String>>;

/// A layer of the rules of these plugins, in Navigator's format 4.5 for the enterprise matrix. Techniques are sorted; a
/// technique of which only a part is covered stands there without a score, opened, so that the part is seen.
///
/// ```
/// # use cordon::author::catalogue::layer;
/// assert_eq!(layer([])["versions"]["layer"], "4.5");
/// ```
#[must_use]
pub fn layer<'m>(manifests: impl IntoIterator<Item = &'m Manifest>) -> Value {
    let mut plugins = Vec::new();
    let mut techniques = Techniques::new();
    for manifest in manifests {
        let id = &manifest.plugin.id;
        plugins.push(format!("{id} {}", manifest.plugin.version));
        for rule in &manifest.rules {
            for technique in &rule.attack {
                let rules = techniques.entry(technique.clone()).or_default();
                rules.push(format!("{id}/{} ({})", rule.id, rule.severity.word()));
            }
        }
    }
    let most = techniques.values().map(Vec::len).max().unwrap_or(0).max(1);
    let parents = parents(&techniques);
    let scored = techniques.iter().map(|(id, rules)| {
        json!({
            "techniqueID": id,
            "score": rules.len(),
            "comment": rules.join("\n"),
            "enabled": true,
            "showSubtechniques": parents.contains(id),
        })
    });
    let opened = parents.iter().filter(|id| !techniques.contains_key(*id));
    let opened = opened.map(|id| json!({ "techniqueID": id, "enabled": true, "showSubtechniques": true }));
    let mut entries: Vec<Value> = scored.chain(opened).collect();
    entries.sort_by_key(|entry| entry["techniqueID"].as_str().unwrap_or_default().to_owned());
    json!({
        "name": "Cordon",
        "versions": { "layer": "4.5", "navigator": "5.1.0", "attack": "17" },
        "domain": "enterprise-attack",
        "description": format!("Techniques that the rules of these plugins name: {}.", plugins.join(", ")),
        "sorting": 3,
        "hideDisabled": false,
        "techniques": entries,
        "gradient": { "colors": ["#dbe9f6ff", "#2171b5ff"], "minValue": 0, "maxValue": most },
        "legendItems": [{ "label": "the darker, the more rules", "color": "#2171b5" }],
        "showTacticRowBackground": false,
        "selectTechniquesAcrossTactics": true,
        "selectSubtechniquesWithParent": false,
    })
}

/// The techniques that covered sub-techniques belong to.
fn parents(techniques: &Techniques) -> Vec<String> {
    let mut parents: Vec<String> =
        techniques.keys().filter_map(|id| id.split_once('.')).map(|(parent, _)| parent.to_owned()).collect();
    parents.dedup();
    parents
}

#[cfg(test)]
mod tests {
    use super::*;

    fn manifest(id: &str, attack: &str) -> Manifest {
        let text = format!(
            "[plugin]\nid = \"{id}\"\nversion = \"1.0.0\"\nsummary = \"s\"\nauthors = [\"a\"]\nlicence = \"l\"\n\
             [sources.\"custom.x\".fields]\na = \"a\"\n\
             [[rules]]\nid = \"r\"\ntitle = \"t\"\nseverity = \"low\"\nattack = [{attack}]\ndescription = \"d\"\nnext-steps = [\"n\"]\nfalse-positives = []\n"
        );
        Manifest::parse(&text).unwrap()
    }

    #[test]
    fn a_technique_has_the_number_of_its_rules_and_parents_are_opened() {
        let (one, two) = (manifest("one", "\"T1098.001\", \"T1528\""), manifest("two", "\"T1098.001\""));
        let layer = layer([&one, &two]);
        let of = |id: &str| {
            let entries = layer["techniques"].as_array().unwrap();
            entries.iter().find(|entry| entry["techniqueID"] == id).cloned().unwrap()
        };
        assert_eq!(of("T1098.001")["score"], 2);
        assert_eq!(of("T1098.001")["comment"], "one/r (low)\ntwo/r (low)");
        assert_eq!(of("T1528")["showSubtechniques"], false);
        assert_eq!(
            (of("T1098")["score"].clone(), of("T1098")["showSubtechniques"].clone()),
            (Value::Null, json!(true))
        );
        assert_eq!(layer["gradient"]["maxValue"], 2);
    }
}
