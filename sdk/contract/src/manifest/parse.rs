//! From the text of `cordon.toml` to a [`Manifest`]: every key, its form and its bounds, then what only the whole can tell.
//! Goes on after a complaint, so that an author sees all of them at once.

use std::collections::{BTreeMap, BTreeSet};

use toml::de::{DeTable, DeValue};

use super::nearest::hint;
use super::read::{Errors, Node, Table, line_at};
use super::setting::setting;
use super::words::{self, SOURCES};
use super::{
    Confidence, Field, Grants, Limits, Manifest, ManifestError, ManifestErrors, Order, Plugin, Rule, Settings,
    Severity, Source,
};
use super::{list, remember};
use crate::limits;
use crate::path::Path;

/// Bytes of a one-line text: summary, author, title, licence.
const LINE_BYTES: usize = 256;
/// Bytes of a longer text: description, next step.
pub(super) const TEXT_BYTES: usize = 4_096;
/// Entries of any list of texts in the manifest.
pub(super) const ENTRIES: usize = 64;
/// A source's fields, and settings of one kind, each.
const MANY: usize = 1_024;
/// Rules: a plugin may be an engine with a whole catalogue of them.
const RULES: usize = 16_384;

impl Manifest {
    /// Reads and checks a manifest.
    ///
    /// # Errors
    /// All complaints at once, each with its line and key: syntax, unknown keys (with the nearest known one), forms, bounds.
    pub fn parse(text: &str) -> Result<Self, ManifestErrors> {
        if text.len() > limits::MANIFEST_BYTES {
            let reason = format!("has {} bytes: at most {}", text.len(), limits::MANIFEST_BYTES);
            return Err(ManifestErrors(vec![ManifestError { line: None, key: String::new(), reason }]));
        }
        let document = DeTable::parse(text).map_err(|error| syntax(text, &error))?;
        let mut errors = Errors::new(text);
        let manifest = manifest(&Table::root(document.get_ref()), &mut errors);
        match (manifest, errors.finish()) {
            (Some(manifest), None) => Ok(manifest),
            (_, Some(errors)) => Err(errors),
            // Every reader that answers `None` has complained; should one forget, the manifest is still refused.
            (None, None) => Err(ManifestErrors(vec![ManifestError {
                line: None,
                key: String::new(),
                reason: "is not a complete manifest".to_owned(),
            }])),
        }
    }
}

fn syntax(text: &str, error: &toml::de::Error) -> ManifestErrors {
    let line = error.span().map(|span| line_at(text, span.start));
    ManifestErrors(vec![ManifestError { line, key: String::new(), reason: error.message().to_owned() }])
}

fn manifest(root: &Table<'_>, errors: &mut Errors<'_>) -> Option<Manifest> {
    root.only(&["plugin", "sources", "grants", "limits", "settings", "windows", "state", "lists", "rules"], errors);
    let plugin = root.need("plugin", "[plugin]", errors).and_then(|node| plugin(&node, errors));
    let sources =
        root.need("sources", "[sources.\"m365.audit\".fields]", errors).and_then(|node| sources(&node, errors));
    let grants = root.get("grants").map_or(Some(Grants::default()), |node| grants(&node, errors));
    let limits = root.get("limits").map_or(Some(Limits::default()), |node| wishes(&node, errors));
    let settings = root.get("settings").map_or(Some(Settings::default()), |node| settings(&node, errors));
    let windows = root.get("windows").map_or(Some(BTreeMap::new()), |node| remember::windows(&node, errors));
    let state = root.get("state").map_or(Some(None), |node| remember::state(&node, errors).map(Some));
    let lists = root.get("lists").map_or(Some(BTreeMap::new()), |node| list::lists(&node, errors));
    let rules = root.need("rules", "[[rules]]", errors).and_then(|node| rules(&node, errors));
    let rules = rules?;
    let by_id = rules.iter().enumerate().map(|(index, rule)| (rule.id.clone(), index)).collect();
    Some(Manifest {
        plugin: plugin?,
        sources: sources?,
        grants: grants?,
        limits: limits?,
        settings: settings?,
        windows: windows?,
        state: state?,
        lists: lists?,
        rules,
        by_id,
    })
}

fn plugin(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Plugin> {
    let table = node.table(errors)?;
    table.only(&["id", "version", "summary", "authors", "licence"], errors);
    let id = table.need("id", "id = \"mail-forwarding\"", errors).and_then(|n| n.checked(errors, words::kebab));
    let version = table.need("version", "version = \"1.0.0\"", errors).and_then(|n| version(&n, errors));
    let summary = table
        .need("summary", "summary = \"What it watches for\"", errors)
        .and_then(|n| n.checked(errors, |text| words::line(text, LINE_BYTES)));
    let authors = table.need("authors", "authors = [\"NMC detection team\"]", errors).and_then(|n| {
        let authors = n.strings(errors, ENTRIES, |text| words::line(text, LINE_BYTES))?;
        if authors.is_empty() {
            errors.refuse(&n.span, &n.key, "is empty: name who answers for the plugin");
        }
        Some(authors)
    });
    let licence = table
        .need("licence", "licence = \"Apache-2.0\"", errors)
        .and_then(|n| n.checked(errors, |text| words::line(text, LINE_BYTES)));
    Some(Plugin { id: id?, version: version?, summary: summary?, authors: authors?, licence: licence? })
}

fn version(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<semver::Version> {
    let text = node.str(errors)?;
    match semver::Version::parse(text) {
        Ok(version) => Some(version),
        Err(error) => {
            let reason = format!("{} is no semantic version ({error}): use the form 1.0.0", words::quoted(text));
            errors.refuse(&node.span, &node.key, reason);
            None
        }
    }
}

fn sources(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<BTreeMap<String, Source>> {
    let table = node.table(errors)?;
    let mut sources = Some(BTreeMap::new());
    let mut multi: BTreeMap<String, (bool, String)> = BTreeMap::new();
    let mut any = false;
    for (name, key_span, node) in table.each() {
        any = true;
        if !words::is_source(name) {
            let split = split_name(name, node.value);
            let reason = match split {
                Some(whole) => format!("put the source's name in quotes: [sources.\"{whole}\".fields]"),
                None => {
                    let near = hint(name, SOURCES.iter().copied());
                    format!("is no source{near} (known: {}, or custom.NAME)", SOURCES.join(", "))
                }
            };
            errors.refuse(&key_span, &node.key, reason);
            sources = None;
            continue;
        }
        match source(&node, errors) {
            Some(fields) => {
                for (handle, field) in &fields {
                    let many = field.path.has_all();
                    let (before, first) =
                        multi.entry(handle.clone()).or_insert_with(|| (many, name.to_owned())).clone();
                    if before != many {
                        let (with, without) = if many { (name, first.as_str()) } else { (first.as_str(), name) };
                        let reason = format!(
                            "has a path with `[]` in {with} and one without in {without}: use two handles, since one \
                             handle gives either one value per event or several"
                        );
                        errors.refuse(&node.span, &format!("{}.fields.{handle}", node.key), reason);
                    }
                }
                if let Some(all) = &mut sources {
                    all.insert(name.to_owned(), Source { fields });
                }
            }
            None => sources = None,
        }
    }
    if !any {
        errors.refuse(&table.span, &table.key, "is empty: name a source, [sources.\"m365.audit\".fields]");
    }
    sources
}

/// `[sources.m365.audit.fields]` is three tables to TOML; the name that was meant.
fn split_name(first: &str, value: &DeValue<'_>) -> Option<String> {
    let mut names = value.as_table()?.keys().map(|key| format!("{first}.{}", key.get_ref()));
    names.find(|name| words::is_source(name))
}

fn source(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<BTreeMap<String, Field>> {
    let table = node.table(errors)?;
    table.only(&["fields"], errors);
    // A plugin may look at times only, or at whole events.
    let Some(fields) = table.get("fields") else { return Some(BTreeMap::new()) };
    let table = fields.table(errors)?;
    if table.each().nth(MANY).is_some() {
        errors.refuse(&table.span, &table.key, format!("more than {MANY} fields: declare what the plugin reads"));
        return None;
    }
    let mut out = Some(BTreeMap::new());
    for (handle, key_span, node) in table.each() {
        if let Err(reason) = words::snake(handle) {
            errors.refuse(&key_span, &node.key, reason);
            out = None;
            continue;
        }
        match (field(&node, errors), &mut out) {
            (Some(field), Some(out)) => _ = out.insert(handle.to_owned(), field),
            _ => out = None,
        }
    }
    out
}

fn field(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Field> {
    if let DeValue::String(text) = node.value {
        return Some(Field { path: path(node, text, errors)?, personal: false, why: None });
    }
    let Some(table) = matches!(node.value, DeValue::Table(_)).then(|| node.table(errors)).flatten() else {
        let reason = "expected a path, \"UserId\", or { path = \"UserId\", personal = true, why = \"...\" }";
        errors.refuse(&node.span, &node.key, reason);
        return None;
    };
    table.only(&["path", "personal", "why"], errors);
    let path =
        table.need("path", "path = \"UserId\"", errors).and_then(|n| n.str(errors).and_then(|t| path(&n, t, errors)));
    let personal = table.get("personal").map_or(Some(false), |n| n.bool(errors));
    let why = match table.get("why") {
        Some(n) => Some(n.checked(errors, |text| words::line(text, LINE_BYTES))?),
        None => None,
    };
    if personal == Some(true) && why.is_none() {
        errors.refuse(&node.span, &node.key, "personal data needs a reason: add why = \"names the mailbox owner\"");
        return None;
    }
    Some(Field { path: path?, personal: personal?, why })
}

fn path(node: &Node<'_>, text: &str, errors: &mut Errors<'_>) -> Option<Path> {
    match Path::parse(text) {
        Ok(path) => Some(path),
        Err(error) => {
            errors.refuse(&node.span, &node.key, error.to_string());
            None
        }
    }
}

fn grants(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Grants> {
    let table = node.table(errors)?;
    table.only(&["whole-events"], errors);
    let whole_events = table.get("whole-events").map_or(Some(false), |n| n.bool(errors))?;
    Some(Grants { whole_events })
}

fn wishes(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Limits> {
    let table = node.table(errors)?;
    table.only(&["cpu-ms", "memory-mib"], errors);
    let mut wish = |name| match table.get(name) {
        None => Some(None),
        Some(node) => node.positive(errors).map(Some),
    };
    let (cpu_ms, memory_mib) = (wish("cpu-ms"), wish("memory-mib"));
    Some(Limits { cpu_ms: cpu_ms?, memory_mib: memory_mib? })
}

fn settings(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Settings> {
    let table = node.table(errors)?;
    table.only(&["load", "run"], errors);
    let mut declared = |name| {
        let mut out = Some(BTreeMap::new());
        let Some(node) = table.get(name) else { return out };
        let table = node.table(errors)?;
        if table.each().nth(MANY).is_some() {
            errors.refuse(&table.span, &table.key, format!("more than {MANY} settings"));
            return None;
        }
        for (name, key_span, node) in table.each() {
            if let Err(reason) = words::snake(name) {
                errors.refuse(&key_span, &node.key, reason);
                out = None;
                continue;
            }
            match (setting(&node, errors), &mut out) {
                (Some(setting), Some(out)) => _ = out.insert(name.to_owned(), setting),
                _ => out = None,
            }
        }
        out
    };
    let (load, run) = (declared("load"), declared("run"));
    Some(Settings { load: load?, run: run? })
}

fn rules(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Vec<Rule>> {
    let items = node.array(errors)?;
    if items.is_empty() || items.len() > RULES {
        let reason = format!("has {} rules: declare 1 to {RULES} with [[rules]]", items.len());
        errors.refuse(&node.span, &node.key, reason);
        return None;
    }
    let mut seen = BTreeSet::new();
    let rules: Vec<Option<Rule>> = items
        .iter()
        .map(|item| {
            let rule = rule(item, errors)?;
            // The SDK makes `ExternalForwarding` of it: `a-b1` and `a-b-1` would be one name.
            if !seen.insert(rule.id.replace('-', "")) {
                let reason = format!("`{}` is declared twice, or differs from another id in `-` only", rule.id);
                errors.refuse(&item.span, &format!("{}.id", item.key), reason);
            }
            Some(rule)
        })
        .collect();
    rules.into_iter().collect()
}

fn rule(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Rule> {
    let table = node.table(errors)?;
    table.only(
        &[
            "id",
            "title",
            "severity",
            "confidence",
            "order",
            "attack",
            "description",
            "next-steps",
            "false-positives",
            "references",
            "page-when-late",
        ],
        errors,
    );
    let id = table.need("id", "id = \"external-forwarding\"", errors).and_then(|n| {
        n.checked(errors, |text| match text {
            "self" => Err("`self` is a word of the Rust language: use another id".to_owned()),
            _ => words::kebab(text),
        })
    });
    let title = table
        .need("title", "title = \"What was found\"", errors)
        .and_then(|n| n.checked(errors, |text| words::line(text, limits::TITLE_BYTES)));
    let severity =
        table.need("severity", "severity = \"medium\"", errors).and_then(|n| n.word(&Severity::WORDS, errors));
    let confidence =
        table.get("confidence").map_or(Some(Confidence::default()), |n| n.word(&Confidence::WORDS, errors));
    let order = table.get("order").map_or(Some(Order::default()), |n| n.word(&Order::WORDS, errors));
    let description = table
        .need("description", "description = \"What an attacker does and why it matters\"", errors)
        .and_then(|n| n.checked(errors, |text| words::text(text, TEXT_BYTES)));
    let next_steps = table.need("next-steps", "next-steps = [\"Ask the user\"]", errors).and_then(|n| {
        let steps = n.strings(errors, ENTRIES, |text| words::text(text, TEXT_BYTES))?;
        if steps.is_empty() {
            errors.refuse(&n.span, &n.key, "is empty: say what the person who gets it should do first");
        }
        Some(steps)
    });
    let false_positives = table
        .need("false-positives", "false-positives = [\"When it is harmless\"]", errors)
        .and_then(|n| n.strings(errors, ENTRIES, |text| words::text(text, TEXT_BYTES)));
    let mut list = |name, check: fn(&str) -> Result<(), String>| {
        table.get(name).map_or(Some(Vec::new()), |n| n.strings(errors, ENTRIES, check))
    };
    let attack = list("attack", words::technique);
    let references = list("references", words::reference);
    let page_when_late = table.get("page-when-late").map_or(Some(false), |n| n.bool(errors));
    Some(Rule {
        id: id?,
        title: title?,
        severity: severity?,
        confidence: confidence?,
        order: order?,
        attack: attack?,
        description: description?,
        next_steps: next_steps?,
        false_positives: false_positives?,
        references: references?,
        page_when_late: page_when_late?,
    })
}
