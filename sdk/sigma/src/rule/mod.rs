//! From the text of rule files to rules: every document read or refused, each refusal with file, line and reason.

mod condition;
mod correlation;
mod detection;
mod filter;
mod value;

use std::collections::BTreeMap;

pub use correlation::{Correlation, Counted};
pub use filter::Filter;

use crate::pack::Expr;
use crate::yaml::{self, Node, Scalar, Wrong};

/// Conditions of one rule inside each other at most: a pack is JSON, whose readers bound its depth.
const DEPTH: usize = 40;
/// Tests of one rule at most, after every expansion.
const EXPANDED: usize = 20_000;

/// A detection rule.
#[derive(Debug, Clone, PartialEq)]
pub struct Rule {
    /// Where it stands.
    pub place: Place,
    /// Its UUID, where it has one.
    pub id: Option<String>,
    /// Its name, by which filters and correlations may refer to it.
    pub name: Option<String>,
    /// One line.
    pub title: String,
    /// What it finds.
    pub description: String,
    /// `informational` to `critical`; `medium` where it says none.
    pub level: Level,
    /// `stable`, `test`, `experimental`, ...
    pub status: Option<String>,
    /// Who wrote it.
    pub author: Option<String>,
    /// Its licence, where it names one.
    pub licence: Option<String>,
    /// Where to read more.
    pub references: Vec<String>,
    /// `attack.t1059.001`, ...
    pub tags: Vec<String>,
    /// When it is harmless.
    pub false_positives: Vec<String>,
    /// Which log it reads.
    pub logsource: LogSource,
    /// Its detections by name.
    pub searches: Vec<(String, Expr)>,
    /// What it looks for: its condition with the detections in it.
    pub when: Expr,
    /// Titles of the filters that were put on it.
    pub filters: Vec<String>,
    /// Where it is a correlation: what it counts. It then has no log source and no detections of its own.
    pub correlation: Option<Correlation>,
}

/// File and line.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// As it was given.
    pub file: String,
    /// From 1.
    pub line: usize,
}

impl std::fmt::Display for Place {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.file, self.line)
    }
}

/// How bad it is, in Sigma's words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum Level {
    Informational,
    Low,
    Medium,
    High,
    Critical,
}

impl Level {
    /// Every level with its word, which is also that of a finding's severity.
    pub const WORDS: [(&str, Level); 5] = [
        ("informational", Level::Informational),
        ("low", Level::Low),
        ("medium", Level::Medium),
        ("high", Level::High),
        ("critical", Level::Critical),
    ];

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// Which log a rule reads.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub struct LogSource {
    pub product: Option<String>,
    pub category: Option<String>,
    pub service: Option<String>,
}

impl std::fmt::Display for LogSource {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let parts = [("product", &self.product), ("category", &self.category), ("service", &self.service)];
        let said: Vec<String> =
            parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", value.as_ref()?))).collect();
        f.write_str(&said.join(", "))
    }
}

/// A document that is not taken.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Refusal {
    /// Where.
    pub place: Place,
    /// The rule's title, where it could be read.
    pub title: String,
    /// What kind of reason: one word of a few, for counting.
    pub kind: &'static str,
    /// Why, and the way out.
    pub reason: String,
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}: {}", self.place, self.reason)
    }
}

/// What an author gives besides rules.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// `%name%` in values with `expand` to the values that it stands for.
    pub placeholders: BTreeMap<String, Vec<String>>,
    /// The licence of rules that name none: that of the collection they come from.
    pub licence: Option<String>,
}

/// What was read.
#[derive(Debug, Clone, Default)]
pub struct Rules {
    /// In the order read.
    pub rules: Vec<Rule>,
    /// In the order read.
    pub filters: Vec<Filter>,
    /// In the order read.
    pub refused: Vec<Refusal>,
}

impl Rules {
    /// Reads a file's documents.
    pub fn read(&mut self, file: &str, bytes: &[u8], options: &Options) {
        if bytes.len() > yaml::FILE_BYTES {
            let reason = format!("has {} bytes, a rule file at most {}: split it", bytes.len(), yaml::FILE_BYTES);
            return self.refuse(file, 1, "", "too-large", reason);
        }
        let text = match std::str::from_utf8(bytes) {
            Ok(text) => text.strip_prefix('\u{feff}').unwrap_or(text),
            Err(error) => {
                let line =
                    bytes.get(..error.valid_up_to()).unwrap_or_default().iter().filter(|b| **b == b'\n').count() + 1;
                return self.refuse(file, line, "", "not-utf8", "is not UTF-8: save it as UTF-8".into());
            }
        };
        for document in yaml::documents(text) {
            let document = match document {
                Ok(document) => document,
                Err(wrong) => {
                    self.refuse(file, wrong.line, "", "yaml", wrong.reason);
                    continue;
                }
            };
            // `---` at the end of a file begins a document with nothing in it.
            if document.scalar() != Some(Scalar::Null) {
                self.document(file, &document, options);
            }
        }
    }

    fn document(&mut self, file: &str, document: &Node, options: &Options) {
        let title = document.get("title").and_then(Node::text).unwrap_or_default().to_owned();
        let place = |line| Place { file: file.to_owned(), line };
        let read = if document.map().is_none() {
            Err(("no-rule", document.wrong("is no mapping: a rule has title, logsource and detection")))
        } else if let Some(body) = document.get("correlation") {
            correlated(place(document.line), document, body, options).map(|rule| self.rules.push(rule))
        } else if let Some(action) = document.get("action") {
            Err((
                "collection",
                action.wrong("`action` (a collection of before Sigma 2) is not taken: write each rule out"),
            ))
        } else if let Some(body) = document.get("filter") {
            filter::read(place(document.line), document, body, options).map(|filter| self.filters.push(filter))
        } else {
            rule(place(document.line), document, options).map(|rule| self.rules.push(rule))
        };
        if let Err((kind, wrong)) = read {
            self.refuse(file, wrong.line, &title, kind, wrong.reason);
        }
    }

    fn refuse(&mut self, file: &str, line: usize, title: &str, kind: &'static str, reason: String) {
        let place = Place { file: file.to_owned(), line: line.max(1) };
        self.refused.push(Refusal { place, title: title.to_owned(), kind, reason });
    }

    /// When all files were read: refuses ids that were there before, then puts the filters on the rules.
    pub fn finish(&mut self) {
        let mut seen: BTreeMap<String, Place> = BTreeMap::new();
        let mut refused = Vec::new();
        self.rules.retain(|rule| {
            let Some(id) = &rule.id else { return true };
            match seen.get(id) {
                None => {
                    seen.insert(id.clone(), rule.place.clone());
                    true
                }
                Some(first) => {
                    let reason = format!("has the id {id} of the rule at {first}: give it one of its own");
                    refused.push(Refusal {
                        place: rule.place.clone(),
                        title: rule.title.clone(),
                        kind: "duplicate-id",
                        reason,
                    });
                    false
                }
            }
        });
        for filter in &self.filters {
            if !filter.put_on(&mut self.rules) {
                let reason = "the filter names no rule that was read (or none of its log source)".to_owned();
                refused.push(Refusal {
                    place: filter.place.clone(),
                    title: filter.title.clone(),
                    kind: "filter",
                    reason,
                });
            }
        }
        self.refused.extend(refused);
    }
}

/// A kind of reason and what is wrong.
type Refused = (&'static str, Wrong);

fn rule(place: Place, document: &Node, options: &Options) -> Result<Rule, Refused> {
    let about = about(place, document, options)?;
    let detection = document.get("detection").ok_or_else(|| ("no-detection", document.wrong("has no `detection`")))?;
    let logsource = logsource(document)?;
    let (searches, when) = detection::read(detection, options)?;
    Ok(Rule { logsource, searches, when, ..about })
}

fn correlated(place: Place, document: &Node, body: &Node, options: &Options) -> Result<Rule, Refused> {
    let about = about(place, document, options)?;
    Ok(Rule { correlation: Some(correlation::read(body)?), ..about })
}

/// What a rule says of itself, whatever it looks for.
fn about(place: Place, document: &Node, options: &Options) -> Result<Rule, Refused> {
    let text = |key: &str| {
        document.get(key).and_then(Node::text).map(|text| text.trim().to_owned()).filter(|text| !text.is_empty())
    };
    let texts = |key: &str| -> Vec<String> {
        document
            .get(key)
            .map(Node::texts)
            .unwrap_or_default()
            .iter()
            .map(|text| text.trim().to_owned())
            .filter(|t| !t.is_empty())
            .collect()
    };
    let title = text("title").ok_or_else(|| ("no-rule", document.wrong("has no `title`")))?;
    let level = match document.get("level").and_then(Node::text) {
        None => Level::Medium,
        Some(word) => {
            Level::WORDS.iter().find(|(known, _)| *known == word).map(|(_, level)| *level).ok_or_else(|| {
                let line = document.get("level").map_or(1, |node| node.line);
                (
                    "metadata",
                    Wrong {
                        line,
                        reason: format!("has the level `{word}`: use informational, low, medium, high or critical"),
                    },
                )
            })?
        }
    };
    Ok(Rule {
        place,
        id: text("id"),
        name: text("name"),
        title,
        description: text("description").unwrap_or_default(),
        level,
        status: text("status"),
        author: text("author"),
        licence: text("license").or_else(|| options.licence.clone()),
        references: texts("references"),
        tags: texts("tags"),
        false_positives: texts("falsepositives"),
        logsource: LogSource::default(),
        searches: Vec::new(),
        when: Expr::All(Vec::new()),
        filters: Vec::new(),
        correlation: None,
    })
}

fn logsource(document: &Node) -> Result<LogSource, Refused> {
    let node = document.get("logsource").ok_or_else(|| ("no-logsource", document.wrong("has no `logsource`")))?;
    let part = |key: &str| node.get(key).and_then(Node::text).map(str::to_lowercase);
    let logsource = LogSource { product: part("product"), category: part("category"), service: part("service") };
    if logsource == LogSource::default() {
        return Err(("no-logsource", node.wrong("`logsource` names no product, category or service")));
    }
    Ok(logsource)
}
