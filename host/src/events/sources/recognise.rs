//! Which source and shape an event has, by the fields that it has.

use super::{NamePath, Shape, Source, Sources, TOP_NAMES};
use crate::events::Kind;
use crate::events::tape::{NONE, Tape, equals};

/// Which of the first `TOP_NAMES` keys stand at the top of an event.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::events) struct Top([u64; TOP_NAMES / 64]);

impl Top {
    /// Of the event with that root.
    pub(in crate::events) fn of(tape: &Tape, root: u32) -> Self {
        let mut top = Self::default();
        if tape.node(root).kind() == Kind::Object {
            for member in tape.children(root) {
                if let Some(key) = tape.key(member) {
                    top.set(key);
                }
            }
        }
        top
    }

    fn set(&mut self, key: u32) {
        if let Some(word) = self.0.get_mut(key as usize / 64) {
            *word |= 1 << (key % 64);
        }
    }

    fn covers(&self, wanted: &Self) -> bool {
        self.0.iter().zip(&wanted.0).all(|(has, wanted)| has & wanted == *wanted)
    }
}

/// One way to know a shape: all of it must hold.
#[derive(Debug)]
pub(super) struct Clause {
    top: Top,
    has: Vec<NamePath>,
    /// How many of `has` are at the top, and so need no walk. They stand first.
    at_top: usize,
    equals: Vec<(NamePath, Vec<String>)>,
}

impl Clause {
    pub(super) fn new(mut has: Vec<NamePath>, equals: Vec<(NamePath, Vec<String>)>) -> Self {
        has.sort_by_key(|path| path.keys.len());
        let at_top = has.iter().take_while(|path| path.keys.len() == 1).count();
        let mut top = Top::default();
        for first in has.iter().filter_map(|path| path.keys.first()) {
            top.set(*first);
        }
        Self { top, has, at_top, equals }
    }

    fn holds(&self, tape: &Tape, root: u32, top: &Top) -> bool {
        top.covers(&self.top)
            && self.has[self.at_top..].iter().all(|path| path.find(tape, root) != NONE)
            && self.equals.iter().all(|(path, any)| is_any(tape, path.find(tape, root), any))
    }

    /// What an event lacks of this clause.
    fn lacks(&self, tape: &Tape, root: u32) -> Vec<String> {
        let absent =
            self.has.iter().filter(|path| path.find(tape, root) == NONE).map(|path| format!("`{}`", path.text));
        let differs = self
            .equals
            .iter()
            .filter(|(path, any)| !is_any(tape, path.find(tape, root), any))
            .map(|(path, any)| format!("`{}` = {}", path.text, any.join(" or ")));
        absent.chain(differs).collect()
    }

    fn size(&self) -> usize {
        self.has.len() + self.equals.len()
    }
}

fn is_any(tape: &Tape, node: u32, any: &[String]) -> bool {
    if node == NONE {
        return false;
    }
    let node = tape.node(node);
    node.kind() == Kind::String && any.iter().any(|value| equals(tape.raw(node), node.escaped(), value))
}

/// The shape that came nearest, for the message of a refusal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::events) struct Nearest {
    pub(in crate::events) source: String,
    pub(in crate::events) about: String,
    pub(in crate::events) lacks: Vec<String>,
}

impl Shape {
    fn holds(&self, tape: &Tape, root: u32, top: &Top) -> bool {
        self.clauses.iter().any(|clause| clause.holds(tape, root, top))
    }
}

impl Source {
    /// The shape of an event that is known to be of this source: the canonical one where none fits.
    pub(in crate::events) fn shape_of(&self, tape: &Tape, root: u32) -> usize {
        let top = Top::of(tape, root);
        self.shapes.iter().position(|shape| shape.holds(tape, root, &top)).unwrap_or(0)
    }
}

impl Sources {
    /// Source and shape of an event, as positions.
    pub(in crate::events) fn recognise(&self, tape: &Tape, root: u32) -> Option<(usize, usize)> {
        let top = Top::of(tape, root);
        self.list.iter().enumerate().find_map(|(source, table)| {
            table.shapes.iter().position(|shape| shape.holds(tape, root, &top)).map(|shape| (source, shape))
        })
    }

    /// What an event that was not recognised resembles most; `None` where it has nothing of any shape.
    pub(in crate::events) fn nearest(&self, tape: &Tape, root: u32) -> Option<Nearest> {
        let mut best: Option<(usize, usize, Nearest)> = None;
        for source in &self.list {
            for shape in &source.shapes {
                for clause in &shape.clauses {
                    let lacks = clause.lacks(tape, root);
                    let (has, size) = (clause.size() - lacks.len(), clause.size());
                    // Larger share of its clause; compared without division.
                    let better = best.as_ref().is_none_or(|(best_has, best_size, _)| has * best_size > best_has * size);
                    if has > 0 && better {
                        let nearest = Nearest { source: source.name.to_string(), about: shape.about.clone(), lacks };
                        best = Some((has, size, nearest));
                    }
                }
            }
        }
        best.map(|(_, _, nearest)| nearest)
    }
}
