//! The tape: every JSON value of a batch as one flat node, in document order, pointing into the text as received.
//!
//! Owns parsing (validity, depth, duplicate keys) and lookups of members and elements. Copies nothing: numbers and
//! containers keep their text, strings are unescaped only where a column needs them. Knows no paths and no sources.
//!
//! A parser of our own because no library gives the exact text of numbers and containers, depth and duplicate keys in one
//! pass without building a tree; `benches/whole_run.rs` measures it against sonic-rs.

mod keys;
mod parse;
mod scan;
mod spare;
mod text;

pub(super) use keys::Keys;
pub(super) use parse::{ParseError, Problem};
pub(super) use text::{equals, unescape};

use super::Kind;

/// No node: an absent value.
pub(super) const NONE: u32 = u32::MAX;

/// One JSON value. 16 bytes, because a batch has hundreds of thousands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Node {
    /// Byte where its text starts; for strings after the quote.
    start: u32,
    /// Length << 4 | escaped << 3 | kind.
    shape: u32,
    /// The node after this one and all that it holds.
    next: u32,
    /// Depth << 24 | key. Together, because a lookup compares both at once.
    place: u32,
}

const KEY_BITS: u32 = 24;
const KEY_MASK: u32 = (1 << KEY_BITS) - 1;
/// The key of elements and roots.
const NO_KEY: u32 = KEY_MASK;
/// The key of a member that a later one of the same name replaced.
const SHADOWED: u32 = KEY_MASK - 1;

impl Node {
    fn new(start: usize, len: usize, kind: Kind, escaped: bool, next: usize, key: u32, depth: usize) -> Self {
        Self {
            start: start as u32,
            shape: (len as u32) << 4 | u32::from(escaped) << 3 | kind as u32,
            next: next as u32,
            place: (depth as u32) << KEY_BITS | key,
        }
    }

    pub(super) fn kind(self) -> Kind {
        match self.shape & 7 {
            0 => Kind::Null,
            1 => Kind::False,
            2 => Kind::True,
            3 => Kind::Number,
            4 => Kind::String,
            5 => Kind::Array,
            _ => Kind::Object,
        }
    }

    /// Whether it is a string with backslashes in its text.
    pub(super) fn escaped(self) -> bool {
        self.shape & 8 != 0
    }

    /// Kind and escape flag in one number: two nodes with the same tag and the same raw text are equal.
    pub(super) fn tag(self) -> u8 {
        (self.shape & 15) as u8
    }

    fn key(self) -> u32 {
        self.place & KEY_MASK
    }
}

/// See the module.
#[derive(Debug)]
pub(super) struct Tape {
    text: String,
    nodes: Vec<Node>,
    keys: Keys,
    stack: Vec<parse::Frame>,
}

impl Drop for Tape {
    fn drop(&mut self) {
        spare::give(std::mem::take(&mut self.text), std::mem::take(&mut self.nodes));
    }
}

/// Where a tape stood before a document, to take it off again.
#[derive(Debug, Clone, Copy)]
pub(super) struct Mark {
    text: usize,
    nodes: usize,
    keys: usize,
}

/// A document that parsed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Document {
    pub(super) root: u32,
    pub(super) duplicate_keys: u64,
}

impl Tape {
    /// An empty tape that knows `keys` already.
    pub(super) fn new(keys: Keys) -> Self {
        Self { text: String::new(), nodes: Vec::new(), keys, stack: Vec::new() }
    }

    /// An empty tape for about as much as another one held: growing it step by step would copy it as often.
    pub(super) fn like(other: &Self, keys: Keys) -> Self {
        let (mut text, mut nodes) = spare::take();
        text.reserve(other.text.len() + other.text.len() / 8);
        nodes.reserve(other.nodes.len() + other.nodes.len() / 8);
        Self { text, nodes, keys, stack: Vec::new() }
    }

    pub(super) fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Bytes that it holds, about.
    pub(super) fn bytes(&self) -> usize {
        self.text.len() + self.nodes.len() * size_of::<Node>()
    }

    pub(super) fn text(&self) -> &str {
        &self.text
    }

    pub(super) fn mark(&self) -> Mark {
        Mark { text: self.text.len(), nodes: self.nodes.len(), keys: self.keys.len() }
    }

    /// Takes off everything after a mark, new keys too: a refused document leaves nothing behind.
    pub(super) fn back_to(&mut self, mark: Mark) {
        self.text.truncate(mark.text);
        self.nodes.truncate(mark.nodes);
        self.keys.truncate(mark.keys);
    }

    /// Appends one JSON document. On an error the tape is as before.
    pub(super) fn push(&mut self, json: &str) -> Result<Document, ParseError> {
        let mark = self.mark();
        self.text.push_str(json);
        self.parse_tail(mark)
    }

    /// The same for a JSON text that stands in a JSON string: `raw` is still escaped.
    pub(super) fn push_escaped(&mut self, raw: &str) -> Result<Document, ParseError> {
        let mark = self.mark();
        unescape(raw, &mut self.text);
        self.parse_tail(mark)
    }

    fn parse_tail(&mut self, mark: Mark) -> Result<Document, ParseError> {
        let root = self.nodes.len() as u32;
        let parsed = parse::document(&self.text, mark.text, &mut self.nodes, &mut self.keys, &mut self.stack);
        match parsed {
            Ok(duplicate_keys) => Ok(Document { root, duplicate_keys }),
            Err(error) => {
                self.back_to(mark);
                Err(error)
            }
        }
    }

    /// Moves the last document, which starts at `mark`, to the end of another tape. Answers its root there.
    pub(super) fn move_tail(&mut self, mark: Mark, to: &mut Tape) -> u32 {
        let root = to.nodes.len() as u32;
        let text = to.text.len() as u32;
        to.text.push_str(&self.text[mark.text..]);
        for node in &self.nodes[mark.nodes..] {
            let key = match node.key() {
                key @ (NO_KEY | SHADOWED) => key,
                key => to.keys.adopt(self.keys.name(key)),
            };
            to.nodes.push(Node {
                start: node.start - mark.text as u32 + text,
                shape: node.shape,
                next: node.next - mark.nodes as u32 + root,
                place: node.place & !KEY_MASK | key,
            });
        }
        self.back_to(mark);
        root
    }

    pub(super) fn node(&self, index: u32) -> Node {
        self.nodes[index as usize]
    }

    /// A node's text as received; a string's without quotes, still escaped.
    pub(super) fn raw(&self, node: Node) -> &str {
        let start = node.start as usize;
        &self.text[start..start + (node.shape >> 4) as usize]
    }

    /// The same as bytes.
    #[inline]
    pub(super) fn raw_bytes(&self, node: Node) -> &[u8] {
        let start = node.start as usize;
        &self.text.as_bytes()[start..start + (node.shape >> 4) as usize]
    }

    /// The member of an object with that key. `hint` is where it stood in the object last asked.
    #[inline]
    pub(super) fn member(&self, object: u32, key: u32, hint: &mut u32) -> u32 {
        let node = self.nodes[object as usize];
        if node.shape & 7 != Kind::Object as u32 {
            return NONE;
        }
        let place = ((node.place & !KEY_MASK) + (1 << KEY_BITS)) | key;
        let guess = object.saturating_add(*hint);
        if guess < node.next && self.nodes[guess as usize].place == place {
            return guess;
        }
        let mut at = object + 1;
        while at < node.next {
            let member = self.nodes[at as usize];
            if member.place == place {
                *hint = at - object;
                return at;
            }
            at = member.next;
        }
        NONE
    }

    /// The direct children of a container; nothing for a scalar.
    pub(super) fn children(&self, container: u32) -> Children<'_> {
        let node = self.nodes[container as usize];
        let end = if matches!(node.kind(), Kind::Array | Kind::Object) { node.next } else { container + 1 };
        Children { tape: self, at: container + 1, end }
    }

    /// The elements of an array; `None` for anything else.
    pub(super) fn elements(&self, array: u32) -> Option<Children<'_>> {
        (self.node(array).kind() == Kind::Array).then(|| self.children(array))
    }

    /// A member's key; `None` for elements, roots and members that a later one of the same name replaced.
    pub(super) fn key(&self, node: u32) -> Option<u32> {
        Some(self.node(node).key()).filter(|key| *key < SHADOWED)
    }
}

/// Indices of a container's children, in document order.
pub(super) struct Children<'a> {
    tape: &'a Tape,
    at: u32,
    end: u32,
}

impl Iterator for Children<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.at >= self.end {
            return None;
        }
        let at = self.at;
        self.at = self.tape.nodes[at as usize].next;
        Some(at)
    }
}
