//! Tables of things by name, of which the SDK makes variants: `[windows.NAME]`, `[lists.NAME]`.

use std::collections::{BTreeMap, BTreeSet};

use super::read::{Errors, Node};
use super::words;

/// Reads each by `read`, at most so many; `what` is the word for one of them.
pub(super) fn each<T>(
    node: &Node<'_>,
    (what, most): (&str, usize),
    errors: &mut Errors<'_>,
    read: impl Fn(&Node<'_>, &mut Errors<'_>) -> Option<T>,
) -> Option<BTreeMap<String, T>> {
    let table = node.table(errors)?;
    if table.each().nth(most).is_some() {
        errors.refuse(&table.span, &table.key, format!("more than {most} {what}s"));
        return None;
    }
    let mut all = Some(BTreeMap::new());
    let mut seen = BTreeSet::new();
    for (name, key_span, node) in table.each() {
        // The SDK makes a variant of it, as of a rule's id.
        let checked = words::kebab(name).and_then(|()| match name {
            "self" => Err("`self` is a word of the Rust language: use another name".to_owned()),
            _ if !seen.insert(name.replace('-', "")) => Err(format!("differs from another {what} in `-` only")),
            _ => Ok(()),
        });
        if let Err(reason) = checked {
            errors.refuse(&key_span, &node.key, reason);
            all = None;
            continue;
        }
        match (read(&node, errors), &mut all) {
            (Some(one), Some(all)) => _ = all.insert(name.to_owned(), one),
            _ => all = None,
        }
    }
    all
}
