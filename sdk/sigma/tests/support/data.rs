//! Real rules and events, which are not part of the project.

use std::io::Read as _;
use std::path::{Path, PathBuf};

use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::logsource::Tables;
use cordon_sigma::rule::{Options, Rules};
use serde_json::Value;

/// A file of the data folder, or none and a word why.
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data").join(name);
    if !path.exists() {
        println!("skipped: needs ../shared/data/{name}");
        return None;
    }
    Some(path)
}

/// Its lines as JSON.
pub(crate) fn lines(path: &Path) -> Vec<Value> {
    let mut text = String::new();
    zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap().read_to_string(&mut text).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Every rule of SigmaHQ whose path has one of these beginnings.
pub(crate) fn rules(path: &Path, of: &[&str]) -> Rules {
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap());
    let mut rules = Rules::default();
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
        if name.ends_with(".yml") && of.iter().any(|start| name.starts_with(start)) {
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes).unwrap();
            rules.read(&name, &bytes, &Options::default());
        }
    }
    rules.finish();
    rules
}

pub(crate) fn built(path: &Path, of: &[&str]) -> Built {
    build(rules(path, of), &Tables::shipped().unwrap(), Choice::default())
}

/// Windows events in Cordon's canonical, flat shape, as the host's table of shapes makes them; others as they are.
#[allow(dead_code)] // not by every target that takes this file
pub(crate) fn canonical(mut events: Vec<Value>) -> Vec<Value> {
    for event in &mut events {
        let Some(members) = event.as_object_mut() else { continue };
        let winlogbeat = members.contains_key("event_data") || members.contains_key("user_data");
        let aliases: &[(&str, &str)] = if winlogbeat {
            &[
                ("Channel", "log_name"),
                ("Computer", "computer_name"),
                ("EventID", "event_id"),
                ("Provider_Name", "source_name"),
                ("Message", "message"),
                ("Level", "level"),
                ("Keywords", "keywords"),
                ("Task", "task"),
            ]
        } else if members.contains_key("Channel") {
            &[("Computer", "Hostname"), ("Provider_Name", "SourceName")]
        } else {
            &[]
        };
        let found: Vec<(String, Value)> =
            aliases.iter().filter_map(|(to, from)| Some(((*to).to_owned(), members.get(*from)?.clone()))).collect();
        if winlogbeat {
            for data in ["user_data", "event_data"] {
                if let Some(Value::Object(inner)) = members.remove(data) {
                    members.extend(inner);
                }
            }
        }
        members.extend(found);
    }
    events
}

/// rsigma with the same rules.
pub(crate) fn rsigma(path: &Path, of: &[&str]) -> rsigma_eval::Engine {
    let mut rules = Vec::new();
    let mut archive = tar::Archive::new(zstd::Decoder::new(std::fs::File::open(path).unwrap()).unwrap());
    for entry in archive.entries().unwrap() {
        let mut entry = entry.unwrap();
        let name = entry.path().unwrap().to_string_lossy().trim_start_matches("./").to_owned();
        if name.ends_with(".yml") && of.iter().any(|start| name.starts_with(start)) {
            let mut text = String::new();
            entry.read_to_string(&mut text).unwrap();
            // What it refuses is not compared.
            let read = rsigma_parser::parse_sigma_yaml(&text).unwrap();
            rules.extend(read.rules);
        }
    }
    let mut engine = rsigma_eval::Engine::new();
    // All at once: its indexes are built anew with each call.
    engine.add_rules(&rules);
    engine
}
