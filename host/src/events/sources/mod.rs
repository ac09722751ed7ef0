//! Sources: what kinds of log there are, in which shapes each arrives, and how a canonical path reads in another shape.
//!
//! All of it is data: one TOML file a source, beside this file. The first shape of a source is the canonical one, whose
//! field names plugins and Sigma use; every other shape has aliases from canonical prefixes to its own (the longest
//! wins; of several replacements the first that finds something; `""` replaces, or is replaced by, the whole event).
//! Knows neither files nor batches.

mod recognise;
mod table;

use std::sync::LazyLock;

use cordon_contract::path::Step;

pub(super) use recognise::Nearest;

use super::tape::{Keys, NONE, Tape};
use super::time::TimeFormat;
use crate::model::SourceName;

const TABLES: &[(&str, &str)] = &[
    ("m365-audit.toml", include_str!("m365-audit.toml")),
    ("entra-signin.toml", include_str!("entra-signin.toml")),
    ("entra-audit.toml", include_str!("entra-audit.toml")),
    ("azure-activity.toml", include_str!("azure-activity.toml")),
    ("windows-event.toml", include_str!("windows-event.toml")),
];

/// Names that stand at the top of some shape: their key numbers are the same in every batch, so that recognition is a
/// comparison of bits.
const TOP_NAMES: usize = 256;

/// All sources that have shapes.
#[derive(Debug)]
pub(super) struct Sources {
    list: Vec<Source>,
    /// In the order of their key numbers, from 1.
    names: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Source {
    pub(super) name: SourceName,
    pub(super) shapes: Vec<Shape>,
}

/// One shape of a source.
#[derive(Debug)]
pub(super) struct Shape {
    pub(super) name: String,
    pub(super) about: String,
    /// In order of preference.
    pub(super) times: Vec<(NamePath, TimeFormat)>,
    /// Where an event says which one it is: the first must be there, the others make it unique. Of each, the candidates
    /// in order of preference.
    pub(super) identity: Vec<Vec<IdentityPath>>,
    clauses: Vec<recognise::Clause>,
    /// Canonical prefix and what stands for it, longest prefix first. No replacement: the shape has no such field.
    aliases: Vec<(Vec<Step>, Vec<Vec<Step>>)>,
}

/// A path of names only, resolved to the key numbers that every batch shares.
#[derive(Debug, Clone)]
pub(super) struct NamePath {
    keys: Vec<u32>,
    text: String,
}

/// Where a part of an event's identity stands in one shape.
#[derive(Debug, Clone)]
pub(super) enum IdentityPath {
    /// Nearly always: found by comparing numbers.
    Names(NamePath),
    /// Inside of a text that holds JSON.
    Steps(Vec<Step>),
}

impl NamePath {
    /// The node at this path; `NONE` where there is none.
    pub(super) fn find(&self, tape: &Tape, root: u32) -> u32 {
        self.keys.iter().fold(root, |at, key| if at == NONE { NONE } else { tape.member(at, *key, &mut 0) })
    }
}

impl Shape {
    /// How a canonical path reads in this shape: candidates in order of preference, none where the shape has no such field.
    pub(super) fn resolve(&self, steps: &[Step]) -> Vec<Vec<Step>> {
        let Some((prefix, replacements)) = self.aliases.iter().find(|(prefix, _)| steps.starts_with(prefix)) else {
            return vec![steps.to_vec()];
        };
        let rest = &steps[prefix.len()..];
        replacements
            .iter()
            .map(|replacement| [replacement.as_slice(), rest].concat())
            .filter(|candidate| !candidate.is_empty())
            .collect()
    }
}

impl Sources {
    /// The tables that this binary was built with.
    ///
    /// # Panics
    /// Never with the tables of this folder: a test reads them all.
    pub(super) fn get() -> &'static Self {
        static SOURCES: LazyLock<Sources> = LazyLock::new(|| {
            let read = table::read(TABLES);
            debug_assert!(read.is_ok(), "{read:?}");
            read.unwrap_or_else(|_| Sources { list: Vec::new(), names: Vec::new() })
        });
        &SOURCES
    }

    /// Keys that know the tables' names; `more` are added after them.
    pub(super) fn keys<'a>(&'a self, more: impl IntoIterator<Item = &'a str>) -> Keys {
        Keys::with(self.names.iter().map(String::as_str).chain(more))
    }

    pub(super) fn find(&self, name: &SourceName) -> Option<&Source> {
        self.list.iter().find(|source| source.name == *name)
    }

    pub(super) fn list(&self) -> &[Source] {
        &self.list
    }
}

#[cfg(test)]
mod tests;
