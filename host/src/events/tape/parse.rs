//! One JSON document (RFC 8259, strictly) onto the tape. Iterative: nesting costs no stack of ours.

use cordon_contract::limits::EVENT_DEPTH;

use super::keys::{After, ROOT};
use super::text::hex4;
use super::{Keys, NO_KEY, Node, SHADOWED, scan, unescape};
use crate::events::Kind;

/// Why a document does not parse.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::events) enum Problem {
    /// It ends inside of a value.
    Ends,
    /// Something else was due; the text says what.
    Expected(&'static str),
    /// A `\u` escape that is half of a surrogate pair.
    LoneSurrogate,
    /// More than `EVENT_DEPTH` arrays and objects inside each other.
    TooDeep,
}

/// Why, and at which byte of the document, from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::events) struct ParseError {
    pub(in crate::events) at: usize,
    pub(in crate::events) problem: Problem,
}

/// An open array or object.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    node: u32,
    start: u32,
    object: bool,
    /// The nearest key above: predicts what stands inside.
    owner: u32,
    /// The member that was read last.
    key: u32,
    serial: u32,
    /// Some key may stand twice: look closely when it closes.
    doubtful: bool,
}

struct Parser<'a> {
    input: &'a [u8],
    text: &'a str,
    at: usize,
    nodes: &'a mut Vec<Node>,
    keys: &'a mut Keys,
    /// The innermost open one, beside the stack: nearly every byte asks it.
    top: Frame,
    /// Those around it; below them all one that stands for the document.
    stack: &'a mut Vec<Frame>,
    duplicates: u64,
}

/// Parses `text[from..]`. Answers how many duplicate keys there were; on an error `nodes` and `keys` hold leftovers.
pub(super) fn document(
    text: &str,
    from: usize,
    nodes: &mut Vec<Node>,
    keys: &mut Keys,
    stack: &mut Vec<Frame>,
) -> Result<u64, ParseError> {
    stack.clear();
    let top = Frame { node: 0, start: 0, object: false, owner: ROOT, key: NO_KEY, serial: 0, doubtful: false };
    let mut parser = Parser { input: text.as_bytes(), text, at: from, nodes, keys, top, stack, duplicates: 0 };
    match parser.run() {
        Ok(()) => Ok(parser.duplicates),
        Err(problem) => Err(ParseError { at: parser.at - from, problem }),
    }
}

impl Parser<'_> {
    fn run(&mut self) -> Result<(), Problem> {
        self.space();
        let mut key = NO_KEY;
        loop {
            if let Some(first) = self.value(key)? {
                key = first;
                continue;
            }
            // A value has ended: close what ends with it, then go on to the next one.
            loop {
                // Between members, nearly always.
                if self.top.object
                    && let Some(b",\"") = self.next()
                {
                    self.at += 1;
                    key = self.key(After::Key(self.top.key))?;
                    break;
                }
                self.space();
                if self.stack.is_empty() {
                    return if self.at == self.input.len() {
                        Ok(())
                    } else {
                        Err(Problem::Expected("the end: one JSON value is one event"))
                    };
                }
                match (self.input.get(self.at), self.top.object) {
                    (Some(b','), true) => {
                        self.at += 1;
                        self.space();
                        key = self.key(After::Key(self.top.key))?;
                        break;
                    }
                    (Some(b','), false) => {
                        self.at += 1;
                        self.space();
                        key = NO_KEY;
                        break;
                    }
                    (Some(b'}'), true) | (Some(b']'), false) => self.close(),
                    (None, _) => return Err(Problem::Ends),
                    (_, true) => return Err(Problem::Expected("`,` or `}`")),
                    (_, false) => return Err(Problem::Expected("`,` or `]`")),
                }
            }
        }
    }

    /// One value; a container that is not empty is opened only, and its first member's key answered.
    fn value(&mut self, key: u32) -> Result<Option<u32>, Problem> {
        match self.input.get(self.at) {
            Some(b'"') => {
                let start = self.at + 1;
                let (end, escaped) = self.string(start)?;
                self.leaf(start, end, Kind::String, escaped, key);
                self.at = end + 1;
                Ok(None)
            }
            Some(b'{') => self.open(key, true),
            Some(b'[') => self.open(key, false),
            Some(b'-' | b'0'..=b'9') => {
                let start = self.at;
                self.number()?;
                self.leaf(start, self.at, Kind::Number, false, key);
                Ok(None)
            }
            Some(b't') => self.word(b"true", Kind::True, key),
            Some(b'f') => self.word(b"false", Kind::False, key),
            Some(b'n') => self.word(b"null", Kind::Null, key),
            Some(_) => Err(Problem::Expected("a value")),
            None => Err(Problem::Ends),
        }
    }

    #[inline]
    fn leaf(&mut self, start: usize, end: usize, kind: Kind, escaped: bool, key: u32) {
        let next = self.nodes.len() + 1;
        self.nodes.push(Node::new(start, end - start, kind, escaped, next, key, self.stack.len()));
    }

    fn open(&mut self, key: u32, object: bool) -> Result<Option<u32>, Problem> {
        let depth = self.stack.len();
        if depth == EVENT_DEPTH {
            return Err(Problem::TooDeep);
        }
        let owner = if key == NO_KEY { self.top.owner } else { key };
        let serial = if object { self.keys.open_object() } else { 0 };
        let (node, start) = (self.nodes.len() as u32, self.at as u32);
        self.stack.push(self.top);
        self.top = Frame { node, start, object, owner, key: NO_KEY, serial, doubtful: false };
        let kind = if object { Kind::Object } else { Kind::Array };
        self.nodes.push(Node::new(self.at, 0, kind, false, 0, key, depth));
        self.at += 1;
        self.space();
        let end = if object { b'}' } else { b']' };
        if self.input.get(self.at) == Some(&end) {
            self.close();
            return Ok(None);
        }
        if object { self.key(After::Opening(owner)).map(Some) } else { Ok(Some(NO_KEY)) }
    }

    fn close(&mut self) {
        self.at += 1;
        let Some(around) = self.stack.pop() else { return };
        let frame = std::mem::replace(&mut self.top, around);
        let (at, start, next) = (frame.node as usize, frame.start as usize, self.nodes.len());
        let kind = if frame.object { Kind::Object } else { Kind::Array };
        let key = self.nodes[at].key();
        self.nodes[at] = Node::new(start, self.at - start, kind, false, next, key, self.stack.len());
        if frame.doubtful {
            self.shadow(at, next);
        }
    }

    /// Of members with the same name the last wins.
    fn shadow(&mut self, object: usize, end: usize) {
        let serial = self.keys.open_object();
        let mut at = object + 1;
        while at < end {
            let node = self.nodes[at];
            if let Some(before) = self.keys.note(node.key(), serial, at as u32) {
                self.duplicates += 1;
                let place = &mut self.nodes[before as usize].place;
                *place |= super::KEY_MASK;
                *place &= !super::KEY_MASK | SHADOWED;
            }
            at = node.next as usize;
        }
    }

    /// A member's name and its colon.
    fn key(&mut self, after: After) -> Result<u32, Problem> {
        match self.input.get(self.at) {
            Some(b'"') => {}
            Some(_) => return Err(Problem::Expected("a name in double quotes")),
            None => return Err(Problem::Ends),
        }
        let start = self.at + 1;
        let (key, end) = match self.keys.predicted(after, self.input, start) {
            Some(found) => found,
            None => {
                let (end, escaped) = self.string(start)?;
                let key = if escaped {
                    let mut name = String::new();
                    unescape(&self.text[start..end], &mut name);
                    self.keys.intern(&name)
                } else {
                    self.keys.intern(&self.text[start..end])
                };
                self.keys.correct(after, key);
                (key, end)
            }
        };
        self.at = end + 1;
        if let Some(b":\"") = self.next() {
            self.at += 1;
        } else {
            self.space();
            match self.input.get(self.at) {
                Some(b':') => self.at += 1,
                Some(_) => return Err(Problem::Expected("`:`")),
                None => return Err(Problem::Ends),
            }
            self.space();
        }
        self.top.doubtful |= self.keys.may_repeat(key, self.top.serial);
        self.top.key = key;
        Ok(key)
    }

    /// From after the opening quote to the closing one; whether there were escapes.
    #[inline]
    fn string(&mut self, start: usize) -> Result<(usize, bool), Problem> {
        let at = scan::special(self.input, start);
        if self.input.get(at) == Some(&b'"') {
            return Ok((at, false));
        }
        self.string_with_escapes(at)
    }

    /// The rest of a string, from its first byte that is special and no quote.
    fn string_with_escapes(&mut self, mut at: usize) -> Result<(usize, bool), Problem> {
        let mut escaped = false;
        loop {
            at = scan::special(self.input, at);
            match self.input.get(at) {
                Some(b'"') => return Ok((at, escaped)),
                Some(b'\\') => {
                    escaped = true;
                    self.at = at;
                    at += self.escape(at)?;
                }
                Some(_) => {
                    self.at = at;
                    return Err(Problem::Expected("no control character inside a string (write it as an escape)"));
                }
                None => {
                    self.at = at;
                    return Err(Problem::Ends);
                }
            }
        }
    }

    /// Bytes of the escape at `at`.
    fn escape(&self, at: usize) -> Result<usize, Problem> {
        match self.input.get(at + 1) {
            Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(2),
            Some(b'u') => {
                let first = self.hex(at + 2)?;
                match first {
                    0xd800..0xdc00 => {
                        if self.input.get(at + 6..at + 8) != Some(b"\\u") {
                            return Err(Problem::LoneSurrogate);
                        }
                        let second = self.hex(at + 8)?;
                        if (0xdc00..0xe000).contains(&second) { Ok(12) } else { Err(Problem::LoneSurrogate) }
                    }
                    0xdc00..0xe000 => Err(Problem::LoneSurrogate),
                    _ => Ok(6),
                }
            }
            Some(_) => Err(Problem::Expected("one of `\\\" \\\\ \\/ \\b \\f \\n \\r \\t \\u`")),
            None => Err(Problem::Ends),
        }
    }

    fn hex(&self, at: usize) -> Result<u32, Problem> {
        match hex4(self.input, at) {
            Some(value) => Ok(value),
            None if self.input.len() < at + 4 => Err(Problem::Ends),
            None => Err(Problem::Expected("four hexadecimal digits after `\\u`")),
        }
    }

    fn number(&mut self) -> Result<(), Problem> {
        if self.input.get(self.at) == Some(&b'-') {
            self.at += 1;
        }
        match self.input.get(self.at) {
            Some(b'0') => self.at += 1,
            Some(b'1'..=b'9') => self.digits()?,
            Some(_) => return Err(Problem::Expected("a digit")),
            None => return Err(Problem::Ends),
        }
        if self.input.get(self.at) == Some(&b'.') {
            self.at += 1;
            self.digits()?;
        }
        if let Some(b'e' | b'E') = self.input.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.input.get(self.at) {
                self.at += 1;
            }
            self.digits()?;
        }
        Ok(())
    }

    fn digits(&mut self) -> Result<(), Problem> {
        let start = self.at;
        while let Some(b'0'..=b'9') = self.input.get(self.at) {
            self.at += 1;
        }
        match (self.at > start, self.input.get(self.at)) {
            (true, _) => Ok(()),
            (false, Some(_)) => Err(Problem::Expected("a digit")),
            (false, None) => Err(Problem::Ends),
        }
    }

    fn word(&mut self, word: &'static [u8], kind: Kind, key: u32) -> Result<Option<u32>, Problem> {
        let rest = &self.input[self.at..];
        if rest.starts_with(word) {
            self.leaf(self.at, self.at + word.len(), kind, false, key);
            self.at += word.len();
            return Ok(None);
        }
        if word.starts_with(rest) { Err(Problem::Ends) } else { Err(Problem::Expected("a value")) }
    }

    /// The next two bytes.
    #[inline]
    fn next(&self) -> Option<&[u8; 2]> {
        self.input.get(self.at..)?.first_chunk()
    }

    #[inline]
    fn space(&mut self) {
        while let Some(b' ' | b'\n' | b'\r' | b'\t') = self.input.get(self.at) {
            self.at += 1;
        }
    }
}
