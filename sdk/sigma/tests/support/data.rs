//! Real rules and events, which are not part of the project.

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::engine::Engine;
use cordon_sigma::logsource::Tables;
use cordon_sigma::pack::{Expr, Pack, PackRule, SourceFields};
use cordon_sigma::rule::{LogSource, Options, Rules};
use cordon_sigma::sample::Sample;
use serde_json::Value;

/// A file of the data folder, or none and a word why.
pub(crate) fn file(name: &str) -> Option<PathBuf> {
    // Beside the checkout, however deep the package lies that takes this file.
    let above = Path::new(env!("CARGO_MANIFEST_DIR")).ancestors();
    let found = above.map(|folder| folder.join("../shared/data").join(name)).find(|path| path.exists());
    if found.is_none() {
        println!("skipped: needs ../shared/data/{name}");
    }
    found
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

#[allow(dead_code)]
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
#[allow(dead_code)]
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

/// Events with `product`, `category` and `service` as our table knows them.
#[allow(dead_code)] // not by every target that takes this file
pub(crate) fn tagged(rules: &Path, of: &[&str], events: &[Value], source: &str) -> Vec<Value> {
    let tables = Tables::shipped().unwrap();
    let logsources: BTreeSet<LogSource> = self::rules(rules, of).rules.into_iter().map(|rule| rule.logsource).collect();
    let logsources: Vec<LogSource> = logsources.into_iter().collect();
    let mut pack = Pack::default();
    pack.sources.insert(source.to_owned(), SourceFields::default());
    let mut of_rule = Vec::new();
    for logsource in &logsources {
        for (name, guard) in tables.resolve(logsource).unwrap_or_default() {
            if name == source {
                let mut names = Vec::new();
                guard.fields(&mut names);
                let fields = &mut pack.sources.get_mut(source).unwrap().fields;
                names.iter().for_each(|name| {
                    _ = fields.insert((*name).to_owned(), tables.place(source, logsource, name).unwrap())
                });
                let (id, title) = (String::new(), String::new());
                let sources = vec![(name, guard)];
                pack.rules.push(PackRule {
                    id,
                    title,
                    level: 0,
                    sources,
                    when: Expr::All(Vec::new()),
                    notes: Vec::new(),
                });
                of_rule.push(logsource);
            }
        }
    }
    let engine = Engine::new(pack).unwrap();
    let mut tagged = events.to_vec();
    for (chunk, batch) in events.chunks(4_096).zip(tagged.chunks_mut(4_096)) {
        for found in engine.run(source, &Sample::new(chunk)).unwrap() {
            let event = batch[found.row as usize].as_object_mut().unwrap();
            let logsource = of_rule[found.rule as usize];
            let of =
                [("product", &logsource.product), ("category", &logsource.category), ("service", &logsource.service)];
            for (key, value) in of {
                if let Some(value) = value {
                    event.insert(key.to_owned(), Value::String(value.clone()));
                }
            }
        }
    }
    tagged
}
