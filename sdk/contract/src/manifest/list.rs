//! Lists that a plugin looks things up in. Declares; the host, or whoever runs the plugin, brings what stands in them.

use std::collections::BTreeMap;

use serde::Serialize;

use super::read::{Errors, Node};
use super::{named, words};
use crate::transform;

/// Lists of a plugin at most.
const LISTS: usize = 16;
/// Bytes of a purpose.
const PURPOSE_BYTES: usize = 512;

/// One declared list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct List {
    /// What it holds.
    pub kind: ListKind,
    /// What it is for, for whoever fills it.
    pub purpose: String,
}

/// What a list holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ListKind {
    /// Keys: something is in it or not.
    Set,
    /// Keys, each with a text.
    Map,
}

/// A key as lists compare it: without space around it, in lower case as `.@lower` makes it.
#[must_use]
pub fn list_key(text: &str) -> String {
    transform::lower(text.trim()).into_owned()
}

/// Whether a list may have this name.
///
/// # Errors
/// Why not, in words.
pub fn list_name(name: &str) -> Result<(), String> {
    words::kebab(name)
}

pub(super) fn lists(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<BTreeMap<String, List>> {
    named::each(node, ("list", LISTS), errors, list)
}

fn list(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<List> {
    const KINDS: [(&str, ListKind); 2] = [("set", ListKind::Set), ("map", ListKind::Map)];
    let table = node.table(errors)?;
    table.only(&["kind", "purpose"], errors);
    let kind = table.need("kind", "kind = \"set\"", errors).and_then(|n| n.word(&KINDS, errors));
    let purpose = table
        .need("purpose", "purpose = \"Accounts that ...\"", errors)
        .and_then(|n| n.checked(errors, |text| words::line(text, PURPOSE_BYTES)));
    Some(List { kind: kind?, purpose: purpose? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_the_same_whether_its_field_was_folded_before_or_not() {
        for text in [" Anna@Force.example ", "ΟΔΟΣ", "İstanbul", "Straße"] {
            assert_eq!(list_key(text), list_key(&transform::lower(text)), "{text}");
        }
        assert_eq!(list_key(" Anna@Force.example\t"), "anna@force.example");
    }
}
