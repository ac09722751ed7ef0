//! From rules that were read to a pack: each in its sources, with its fields where they stand.

use std::collections::{BTreeMap, BTreeSet};

use crate::logsource::Tables;
use crate::pack::{Expr, FieldPlace, Pack, PackRule, SourceFields};
use crate::rule::{Refusal, Rule, Rules};

/// What an author wants left out.
#[derive(Debug, Clone, Copy, Default)]
pub struct Choice {
    /// Leave out rules that look into whole events, which need a grant.
    pub no_keywords: bool,
}

/// A pack and what became of each rule.
#[derive(Debug, Clone, Default)]
pub struct Built {
    /// What the engine takes.
    pub pack: Pack,
    /// The rules in it, by their id in the manifest.
    pub rules: BTreeMap<String, Rule>,
    /// What is not in it: refused when read, or without a place in any source.
    pub refused: Vec<Refusal>,
}

/// Puts rules into a pack, in the order read.
#[must_use]
pub fn build(rules: Rules, tables: &Tables, choice: Choice) -> Built {
    let mut built = Built { refused: rules.refused, ..Built::default() };
    let mut ids = BTreeSet::new();
    let (correlations, rules): (Vec<Rule>, Vec<Rule>) =
        rules.rules.into_iter().partition(|rule| rule.correlation.is_some());
    for rule in rules {
        match placed(&rule, tables, choice) {
            Ok(placed) => {
                let id = id(&rule, &mut ids);
                for (source, guard, when) in placed {
                    let into = built.pack.sources.entry(source.clone()).or_insert_with(|| SourceFields {
                        entities: tables.entities(&source),
                        ..SourceFields::default()
                    });
                    let mut names = Vec::new();
                    guard.fields(&mut names);
                    when.fields(&mut names);
                    let mut renamed = BTreeMap::new();
                    for name in names {
                        if let Ok(place) = tables.place(&source, &rule.logsource, name) {
                            let given = named(into, name, place);
                            if given != name {
                                renamed.insert(name.to_owned(), given);
                            }
                        }
                    }
                    let (guard, when) = (guard.renamed(&renamed), when.renamed(&renamed));
                    let notes = notes(&rule);
                    built.pack.rules.push(PackRule {
                        id: id.clone(),
                        title: rule.title.clone(),
                        level: rule.level as u8,
                        sources: vec![(source, guard)],
                        when,
                        notes,
                    });
                }
                built.rules.insert(id, rule);
            }
            Err((kind, reason)) => built.refused.push(Refusal { place: rule.place, title: rule.title, kind, reason }),
        }
    }
    crate::correlated::add(&mut built, correlations, tables, &mut ids);
    // What no rule uses is not asked for, also not to name people.
    for source in built.pack.sources.values_mut() {
        let fields = &source.fields;
        source.entities.values_mut().for_each(|names| names.retain(|name| fields.contains_key(name)));
        source.entities.retain(|_, names| !names.is_empty());
    }
    built
}

/// The name of a field in a source. A name that rules of another log use for something else gets a number.
pub(crate) fn named(into: &mut SourceFields, name: &str, place: FieldPlace) -> String {
    let mut given = name.to_owned();
    let mut number = 2;
    loop {
        match into.fields.get(&given) {
            Some(known) if *known == place => return given,
            Some(_) => given = format!("{name} ({number})"),
            None => {
                into.fields.insert(given.clone(), place);
                return given;
            }
        }
        number += 1;
    }
}

type Placed = Vec<(String, Expr, Expr)>;

fn placed(rule: &Rule, tables: &Tables, choice: Choice) -> Result<Placed, (&'static str, String)> {
    if choice.no_keywords && rule.when.has_keywords() {
        return Err(("keywords", "looks into whole events (keywords), which --no-keywords leaves out".to_owned()));
    }
    let sources = tables.resolve(&rule.logsource).map_err(|reason| ("logsource", reason))?;
    let mut placed = Vec::new();
    let mut why = None;
    for (source, guard) in sources {
        let when = tables.translated(&source, &rule.logsource, rule.when.clone());
        let mut names = Vec::new();
        when.fields(&mut names);
        guard.fields(&mut names);
        match names.iter().find_map(|name| tables.place(&source, &rule.logsource, name).err()) {
            Some(reason) => why = Some(reason),
            None => placed.push((source, guard, when)),
        }
    }
    match why {
        Some(reason) if placed.is_empty() => Err(("field", reason)),
        _ => Ok(placed),
    }
}

pub(crate) fn notes(rule: &Rule) -> Vec<(String, String)> {
    let mut notes = Vec::new();
    let mut note = |key: &str, value: Option<String>| notes.extend(value.map(|value| (key.to_owned(), value)));
    note("Sigma rule", rule.id.clone());
    note("Author", rule.author.clone());
    note("Licence", Some(licence(rule)));
    note("Filters", (!rule.filters.is_empty()).then(|| rule.filters.join("; ")));
    notes
}

/// The rule's licence in words.
#[must_use]
pub fn licence(rule: &Rule) -> String {
    rule.licence.clone().unwrap_or_else(|| "not stated".to_owned())
}

/// Its id in the manifest: of its UUID, or of its title.
pub(crate) fn id(rule: &Rule, ids: &mut BTreeSet<String>) -> String {
    let given = rule.id.as_deref().or(rule.name.as_deref()).unwrap_or(&rule.title);
    let words = given.to_lowercase();
    let words: Vec<&str> =
        words.split(|c: char| !c.is_ascii_lowercase() && !c.is_ascii_digit()).filter(|word| !word.is_empty()).collect();
    let mut base = format!("sigma-{}", words.join("-"));
    base.truncate(56);
    let base = base.trim_end_matches('-').to_owned();
    // Ids that differ in `-` only are one to the manifest.
    let mut id = base.clone();
    let mut number = 2;
    while !ids.insert(id.replace('-', "")) {
        id = format!("{base}-x{number}");
        number += 1;
    }
    id
}
