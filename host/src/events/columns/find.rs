//! Walking a path over many documents at once.
//!
//! The steps are resolved once (names to key numbers), then every document is walked with a memory of where the last
//! one had the member. A name that no document has is known from the keys: such a path is not walked at all. A `.@json`
//! starts a new layer: a tape of the documents that stand in strings.

use std::sync::Arc;

use cordon_contract::path::Step;

use super::named::Named;
use crate::events::Kind;
use crate::events::tape::{Keys, NONE, Tape, equals};

/// The documents that stand in strings under some path: one root per slot.
#[derive(Debug)]
pub(in crate::events) struct Layer {
    pub(in crate::events) tape: Tape,
    /// Rows plus one entries; `None` when each row has one slot.
    pub(in crate::events) starts: Option<Vec<u32>>,
    /// The root of each slot; `NONE` where there is no document.
    pub(in crate::events) roots: Vec<u32>,
}

/// The tape that nodes stand on.
#[derive(Debug, Clone)]
pub(in crate::events) enum Base<'a> {
    /// The batch's own.
    Events(&'a Tape),
    /// Of documents in strings.
    Layer(Arc<Layer>),
}

impl Base<'_> {
    fn tape(&self) -> &Tape {
        match self {
            Base::Events(tape) => tape,
            Base::Layer(layer) => &layer.tape,
        }
    }
}

/// The nodes that a path found, slot by slot, row by row.
#[derive(Debug)]
pub(in crate::events) struct Found<'a> {
    base: Base<'a>,
    starts: Option<Vec<u32>>,
    nodes: Nodes,
}

/// What stands in the slots.
#[derive(Debug)]
enum Nodes {
    /// In each of them; `NONE` where nothing does.
    Every(Vec<u32>),
    /// In these slots, ascending, and in no other. Only where each row has one slot.
    Few(Vec<(u32, u32)>),
}

impl<'a> Found<'a> {
    /// Nothing in any slot.
    fn nothing(base: Base<'a>, starts: Option<&[u32]>, slots: usize) -> Self {
        let nodes = if starts.is_some() { Nodes::Every(vec![NONE; slots]) } else { Nodes::Few(Vec::new()) };
        Found { base, starts: starts.map(<[u32]>::to_vec), nodes }
    }

    pub(in crate::events) fn tape(&self) -> &Tape {
        self.base.tape()
    }

    /// Each slot that has something, with its node. The slots of a path without `[]` are the rows.
    pub(in crate::events) fn present(&self) -> impl Iterator<Item = (u32, u32)> {
        let (every, few): (&[u32], &[(u32, u32)]) = match &self.nodes {
            Nodes::Every(nodes) => (nodes, &[]),
            Nodes::Few(found) => (&[], found),
        };
        let every = every.iter().enumerate().filter(|(_, node)| **node != NONE);
        every.map(|(slot, node)| (slot as u32, *node)).chain(few.iter().copied())
    }

    /// Whether any slot has something.
    pub(in crate::events) fn is_anywhere(&self) -> bool {
        self.present().next().is_some()
    }

    /// The slots of one row.
    pub(in crate::events) fn slots(&self, row: usize) -> &[u32] {
        match (&self.nodes, &self.starts) {
            (Nodes::Every(nodes), None) => nodes.get(row..row + 1).unwrap_or(&[]),
            (Nodes::Every(nodes), Some(starts)) => match (starts.get(row), starts.get(row + 1)) {
                (Some(start), Some(end)) => nodes.get(*start as usize..*end as usize).unwrap_or(&[]),
                _ => &[],
            },
            (Nodes::Few(found), _) => match found.binary_search_by_key(&(row as u32), |(slot, _)| *slot) {
                Ok(at) => std::slice::from_ref(&found[at].1),
                Err(_) => &[NONE],
            },
        }
    }
}

/// A step whose names are numbers.
enum Resolved<'a> {
    Member {
        key: u32,
        hint: u32,
    },
    All,
    Index(usize),
    Where {
        key: u32,
        hint: u32,
        value: &'a str,
    },
    /// A name that stands in no document of the tape.
    Never,
}

fn resolve<'a>(keys: &Keys, steps: &'a [Step]) -> Vec<Resolved<'a>> {
    let resolved = |step: &'a Step| match step {
        Step::Name(name) => keys.find(name).map(|key| Resolved::Member { key, hint: 0 }),
        Step::All => Some(Resolved::All),
        Step::Index(index) => Some(Resolved::Index(*index as usize)),
        Step::Where { name, value } => keys.find(name).map(|key| Resolved::Where { key, hint: 0, value }),
        // Layers and finished dictionaries take these.
        Step::Json | Step::Lower | Step::Ip => None,
    };
    steps.iter().map(|step| resolved(step).unwrap_or(Resolved::Never)).collect()
}

/// Walks `steps` (without `@json`, `@lower`, `@ip`) from every root. `starts` groups the roots into rows.
pub(in crate::events) fn walk<'a>(base: Base<'a>, starts: Option<&[u32]>, roots: &[u32], steps: &[Step]) -> Found<'a> {
    let tape = base.tape();
    let mut resolved = resolve(tape.keys(), steps);
    let never = resolved.iter().any(|step| matches!(step, Resolved::Never));
    let mut nodes = Vec::new();
    if !steps.contains(&Step::All) {
        if never {
            return Found::nothing(base, starts, roots.len());
        }
        nodes.extend(roots.iter().map(|root| down(tape, *root, &mut resolved)));
        return Found { starts: starts.map(<[u32]>::to_vec), nodes: Nodes::Every(nodes), base };
    }
    let mut ends = Vec::with_capacity(roots.len() + 1);
    ends.push(0);
    for root in roots {
        spread(tape, *root, &mut resolved, &mut nodes);
        ends.push(nodes.len() as u32);
    }
    let starts = match starts {
        None => ends,
        Some(starts) => starts.iter().map(|slot| ends.get(*slot as usize).copied().unwrap_or(0)).collect(),
    };
    Found { starts: Some(starts), nodes: Nodes::Every(nodes), base }
}

/// The same from some slots' nodes, slots ascending; in all other slots there is nothing. `slots`: how many there are.
pub(in crate::events) fn walk_from<'a>(base: Base<'a>, slots: usize, from: &[(u32, u32)], steps: &[Step]) -> Found<'a> {
    let tape = base.tape();
    let mut resolved = resolve(tape.keys(), steps);
    if !steps.contains(&Step::All) {
        let found = from.iter().map(|(slot, node)| (*slot, down(tape, *node, &mut resolved)));
        let nodes = Nodes::Few(found.filter(|(_, node)| *node != NONE).collect());
        return Found { starts: None, nodes, base };
    }
    let (mut nodes, mut starts) = (Vec::new(), Vec::with_capacity(slots + 1));
    for (slot, node) in from {
        starts.resize(*slot as usize + 1, nodes.len() as u32);
        spread(tape, *node, &mut resolved, &mut nodes);
    }
    starts.resize(slots + 1, nodes.len() as u32);
    Found { starts: Some(starts), nodes: Nodes::Every(nodes), base }
}

/// The array at `before` from each slot's node, by what its elements' member `name` says: one walk for all paths with
/// `[name=...]` there. `None` where they say too many different things.
pub(in crate::events) fn named(base: &Base<'_>, from: &[(u32, u32)], before: &[Step], name: &str) -> Option<Named> {
    let tape = base.tape();
    let mut index = Named::default();
    let mut before = resolve(tape.keys(), before);
    let Some(key) = tape.keys().find(name) else { return Some(index) };
    let mut hint = 0;
    for (slot, node) in from {
        let array = down(tape, *node, &mut before);
        let Some(elements) = (array != NONE).then(|| tape.elements(array)).flatten() else { continue };
        for (position, element) in elements.enumerate() {
            let member = tape.member(element, key, &mut hint);
            if member != NONE && tape.node(member).kind() == Kind::String {
                index.put(tape, member, position, (*slot, element));
            }
        }
        if index.is_full() {
            return None;
        }
    }
    Some(index)
}

/// The documents in the strings that a walk over so many roots found.
pub(in crate::events) fn layer(found: &Found<'_>, slots: usize) -> Layer {
    let from = found.tape();
    let mut tape = Tape::new(Keys::with([]));
    let mut last = (0, "", NONE);
    let mut root = |node: u32| {
        if node == NONE || from.node(node).kind() != Kind::String {
            return NONE;
        }
        let node = from.node(node);
        let raw = from.raw(node);
        if last.2 == NONE || last.0 != node.tag() || last.1 != raw {
            let parsed = if node.escaped() { tape.push_escaped(raw) } else { tape.push(raw) };
            last = (node.tag(), raw, parsed.map_or(NONE, |document| document.root));
        }
        last.2
    };
    let roots = match &found.nodes {
        Nodes::Every(nodes) => nodes.iter().map(|node| root(*node)).collect(),
        Nodes::Few(found) => {
            let mut roots = vec![NONE; slots];
            for (slot, node) in found {
                roots[*slot as usize] = root(*node);
            }
            roots
        }
    };
    Layer { tape, starts: found.starts.clone(), roots }
}

/// One node at most: the steps hold no `[]`.
fn down(tape: &Tape, root: u32, steps: &mut [Resolved<'_>]) -> u32 {
    let mut at = root;
    for step in steps {
        if at == NONE {
            return NONE;
        }
        at = one(tape, at, step);
    }
    at
}

fn one(tape: &Tape, at: u32, step: &mut Resolved<'_>) -> u32 {
    match step {
        Resolved::Member { key, hint } => tape.member(at, *key, hint),
        Resolved::Index(index) => tape.elements(at).and_then(|mut elements| elements.nth(*index)).unwrap_or(NONE),
        Resolved::Where { key, hint, value } => {
            let matches = |element: &u32| {
                let member = tape.member(*element, *key, hint);
                member != NONE && is_string(tape, member, value)
            };
            tape.elements(at).and_then(|elements| elements.filter(matches).last()).unwrap_or(NONE)
        }
        Resolved::All | Resolved::Never => NONE,
    }
}

fn is_string(tape: &Tape, node: u32, value: &str) -> bool {
    let node = tape.node(node);
    node.kind() == Kind::String && equals(tape.raw(node), node.escaped(), value)
}

/// One slot per element of every `[]`, in document order. As deep as the path has `[]`.
fn spread(tape: &Tape, root: u32, steps: &mut [Resolved<'_>], slots: &mut Vec<u32>) {
    let Some(all) = steps.iter().position(|step| matches!(step, Resolved::All)) else {
        slots.push(down(tape, root, steps));
        return;
    };
    let (before, rest) = steps.split_at_mut(all);
    let array = down(tape, root, before);
    if array == NONE {
        return;
    }
    if let Some(elements) = tape.elements(array) {
        for element in elements {
            spread(tape, element, &mut rest[1..], slots);
        }
    }
}
