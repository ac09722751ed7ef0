//! Rules that were read, in the form in which they travel into the sandbox: one JSON text, the engine's `load` setting.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::test::Test;

/// What one plugin holds.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Pack {
    /// Per source: what its fields are called there.
    pub sources: BTreeMap<String, SourceFields>,
    /// The rules, in the manifest's order.
    pub rules: Vec<PackRule>,
    /// What is found from several events, in the manifest's order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub correlations: Vec<PackCorrelation>,
    /// Windows that they feed, by name in the manifest.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub windows: BTreeMap<String, PackWindow>,
    /// Rules (by index) that are only counted, and not found by themselves.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub silent: BTreeSet<u32>,
}

/// A window of the manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackWindow {
    /// Whether it counts different members, or events.
    pub distinct: bool,
    /// Length in seconds.
    pub seconds: u64,
    /// The largest number that a correlation asks of it.
    pub at_least: u32,
    /// Entries that one event may feed it at most.
    pub entries: usize,
}

/// One correlation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PackCorrelation {
    /// Its id in the manifest.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad it is, from 0.
    pub level: u8,
    /// The window that it feeds.
    pub window: String,
    /// From which answer on it finds.
    pub at_least: u32,
    /// Seconds within which its steps come one after the other; 0 where it counts in a window.
    #[serde(default)]
    pub within: u64,
    /// Per rule that it counts, and source.
    pub steps: Vec<Step>,
    /// What a finding says besides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<(String, String)>,
}

/// What of a rule's events a correlation counts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Step {
    /// Index of the rule in the pack.
    pub rule: u32,
    /// Fields that tell groups apart. An event that lacks one is not counted.
    pub group: Vec<String>,
    /// What a distinct count tells apart.
    pub member: Member,
}

/// What a distinct count tells apart.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Member {
    /// Nothing: events are counted.
    None,
    /// A field's values. An event that lacks it is not counted.
    Field(String),
    /// This text, of which each rule has one.
    Text(String),
}

/// The fields of one source.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct SourceFields {
    /// Name as rules give it to where it stands.
    pub fields: BTreeMap<String, FieldPlace>,
    /// Kind of entity to the names of fields that hold one.
    #[serde(default)]
    pub entities: BTreeMap<String, Vec<String>>,
}

/// Where a field stands.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct FieldPlace {
    /// Paths; the values of all of them are the field's.
    pub paths: Vec<String>,
    /// Fields of a greater weight are looked at later, and only on the rows that the others left over: 0 for short text, 1 for
    /// text of a line, 2 for pages of it.
    #[serde(default)]
    pub weight: u8,
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PackRule {
    /// Its id in the manifest.
    pub id: String,
    /// Its title.
    pub title: String,
    /// How bad it is, from 0: of too many findings for one event the worst are told.
    #[serde(default)]
    pub level: u8,
    /// The sources in which it looks, each with what an event must be besides.
    pub sources: Vec<(String, Expr)>,
    /// What it looks for.
    pub when: Expr,
    /// What a finding says besides: author, licence, filters.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<(String, String)>,
}

/// A condition over one event.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Expr {
    /// Every one of them; without any: always.
    All(Vec<Expr>),
    /// At least one of them; without any: never.
    Any(Vec<Expr>),
    /// The opposite.
    Not(Box<Expr>),
    /// A question about a field.
    Is(String, Test),
    /// A question about every value of the event.
    Keyword(Test),
}

impl Pack {
    /// Every list in which its rules look something up.
    #[must_use]
    pub fn lists(&self) -> BTreeSet<&str> {
        let mut lists = BTreeSet::new();
        self.rules.iter().for_each(|rule| rule.when.lists(&mut lists));
        lists
    }
}

impl Expr {
    /// Every field that it names.
    pub fn fields<'e>(&'e self, out: &mut Vec<&'e str>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.fields(out)),
            Self::Not(part) => part.fields(out),
            Self::Is(field, test) => {
                out.push(field);
                if let Test::Field { other, .. } = test {
                    out.push(other);
                }
            }
            Self::Keyword(_) => {}
        }
    }

    /// Every list in which it looks something up.
    fn lists<'e>(&'e self, out: &mut BTreeSet<&'e str>) {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().for_each(|part| part.lists(out)),
            Self::Not(part) => part.lists(out),
            Self::Is(_, Test::Listed(list)) => {
                out.insert(list);
            }
            Self::Is(..) | Self::Keyword(_) => {}
        }
    }

    /// The same with other names for fields.
    #[must_use]
    pub fn renamed(self, names: &BTreeMap<String, String>) -> Self {
        let name = |field: String| names.get(&field).cloned().unwrap_or(field);
        let all = |parts: Vec<Expr>| parts.into_iter().map(|part| part.renamed(names)).collect();
        match self {
            Self::All(parts) => Self::All(all(parts)),
            Self::Any(parts) => Self::Any(all(parts)),
            Self::Not(part) => Self::Not(Box::new(part.renamed(names))),
            Self::Is(field, Test::Field { other, relation, cased }) => {
                Self::Is(name(field), Test::Field { other: name(other), relation, cased })
            }
            Self::Is(field, test) => Self::Is(name(field), test),
            keyword @ Self::Keyword(_) => keyword,
        }
    }

    /// Whether it asks anything of the whole event.
    #[must_use]
    pub fn has_keywords(&self) -> bool {
        match self {
            Self::All(parts) | Self::Any(parts) => parts.iter().any(Self::has_keywords),
            Self::Not(part) => part.has_keywords(),
            Self::Is(..) => false,
            Self::Keyword(_) => true,
        }
    }
}
