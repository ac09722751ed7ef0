//! YAML as a tree in which everything has its line, within limits. Owns the limits: what a hostile file may cost.

use std::borrow::Cow;

use saphyr_parser::{Event, Parser, ScalarStyle, Span};

/// Bytes of a file at most.
pub(crate) const FILE_BYTES: usize = 8 << 20;
/// Values of a document at most, those that an alias repeats counted again.
const NODES: usize = 200_000;
/// Values inside each other at most.
const DEPTH: usize = 48;

/// A value and where it begins.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    /// From 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What it is.
#[derive(Debug, Clone)]
pub(crate) enum Value {
    /// Text as written, and whether it stood without quotes (and may be a number, a truth, null).
    Scalar {
        text: String,
        plain: bool,
    },
    List(Vec<Node>),
    /// Keys are unique.
    Map(Vec<(Node, Node)>),
}

/// A scalar by YAML's core schema.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Scalar<'n> {
    Null,
    Bool(bool),
    /// The number, and as it was written.
    Number(f64, &'n str),
    Text(&'n str),
}

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wrong {
    pub(crate) line: usize,
    pub(crate) reason: String,
}

impl Node {
    pub(crate) fn wrong(&self, reason: impl Into<String>) -> Wrong {
        Wrong { line: self.line, reason: reason.into() }
    }

    pub(crate) fn map(&self) -> Option<&[(Node, Node)]> {
        match &self.value {
            Value::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a map.
    pub(crate) fn get(&self, key: &str) -> Option<&Node> {
        self.map()?.iter().find(|(name, _)| name.text() == Some(key)).map(|(_, value)| value)
    }

    /// The text of a scalar, as written.
    pub(crate) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    pub(crate) fn scalar(&self) -> Option<Scalar<'_>> {
        let Value::Scalar { text, plain } = &self.value else { return None };
        Some(if *plain { core_schema(text) } else { Scalar::Text(text) })
    }

    /// A list's texts, or the one text that stands in its place.
    pub(crate) fn texts(&self) -> Vec<&str> {
        match &self.value {
            Value::List(items) => items.iter().filter_map(Node::text).collect(),
            _ => self.text().into_iter().collect(),
        }
    }
}

fn core_schema(text: &str) -> Scalar<'_> {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => return Scalar::Null,
        "true" | "True" | "TRUE" => return Scalar::Bool(true),
        "false" | "False" | "FALSE" => return Scalar::Bool(false),
        _ => {}
    }
    let based = |prefix, radix| {
        text.strip_prefix(prefix).and_then(|digits| u32::from_str_radix(digits, radix).ok()).map(f64::from)
    };
    let decimal = || {
        let numeric = text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'-' | b'+' | b'.' | b'e' | b'E'));
        numeric.then(|| crate::test::number(text)).flatten()
    };
    match based("0x", 16).or_else(|| based("0o", 8)).or_else(decimal) {
        Some(number) => Scalar::Number(number, text),
        None => Scalar::Text(text),
    }
}

/// The documents of a text, in order; after the first one that is broken there is no other.
pub(crate) fn documents(text: &str) -> Vec<Result<Node, Wrong>> {
    let mut out = Vec::new();
    let mut builder = Builder::default();
    for event in Parser::new_from_str(text) {
        let step = match event {
            Ok((event, span)) => builder.take(event, span),
            Err(error) => Err(Wrong { line: error.marker().line(), reason: format!("is no YAML: {}", error.info()) }),
        };
        match step {
            Ok(None) => {}
            Ok(Some(document)) => out.push(Ok(document)),
            Err(wrong) => {
                out.push(Err(wrong));
                break;
            }
        }
    }
    out
}

/// A list or map that is not at its end.
struct Open {
    line: usize,
    anchor: usize,
    map: bool,
    items: Vec<Node>,
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    anchors: Vec<(usize, Node, usize)>,
    nodes: usize,
}

impl Builder {
    fn take(&mut self, event: Event<'_>, span: Span) -> Result<Option<Node>, Wrong> {
        let line = span.start.line();
        match event {
            Event::DocumentStart(_) => *self = Self::default(),
            Event::Scalar(text, style, anchor, tag) => {
                let text = Cow::into_owned(text);
                let quoted = style != ScalarStyle::Plain || tag.is_some_and(|tag| tag.suffix == "str");
                return self.done(Node { line, value: Value::Scalar { text, plain: !quoted } }, anchor, 1);
            }
            Event::SequenceStart(anchor, _) => return self.begin(line, anchor, false),
            Event::MappingStart(anchor, _) => return self.begin(line, anchor, true),
            Event::SequenceEnd | Event::MappingEnd => {
                let Some(Open { line, anchor, map, items }) = self.open.pop() else { return Ok(None) };
                let value = if map { Value::Map(pairs(items)?) } else { Value::List(items) };
                return self.done(Node { line, value }, anchor, 0);
            }
            Event::Alias(anchor) => {
                let Some((_, node, size)) = self.anchors.iter().find(|(known, ..)| *known == anchor) else {
                    return Err(Wrong { line, reason: "an alias stands inside of what it names".into() });
                };
                let (node, size) = (node.clone(), *size);
                // Counted before it is kept: aliases of aliases grow without bound.
                return self.done(Node { line, ..node }, 0, size);
            }
            _ => {}
        }
        Ok(None)
    }

    fn begin(&mut self, line: usize, anchor: usize, map: bool) -> Result<Option<Node>, Wrong> {
        if self.open.len() == DEPTH {
            return Err(Wrong { line, reason: format!("has more than {DEPTH} values inside each other") });
        }
        self.nodes += 1;
        self.open.push(Open { line, anchor, map, items: Vec::new() });
        Ok(None)
    }

    fn done(&mut self, node: Node, anchor: usize, size: usize) -> Result<Option<Node>, Wrong> {
        self.nodes += size;
        if self.nodes > NODES {
            return Err(node.wrong(format!("has more than {NODES} values (what an alias repeats counts again)")));
        }
        if anchor != 0 {
            let size = count(&node);
            self.anchors.push((anchor, node.clone(), size));
            self.nodes += size;
        }
        match self.open.last_mut() {
            Some(open) => {
                open.items.push(node);
                Ok(None)
            }
            None => Ok(Some(node)),
        }
    }
}

fn count(node: &Node) -> usize {
    match &node.value {
        Value::Scalar { .. } => 1,
        Value::List(items) => 1 + items.iter().map(count).sum::<usize>(),
        Value::Map(entries) => 1 + entries.iter().map(|(k, v)| count(k) + count(v)).sum::<usize>(),
    }
}

fn pairs(items: Vec<Node>) -> Result<Vec<(Node, Node)>, Wrong> {
    let mut entries: Vec<(Node, Node)> = Vec::with_capacity(items.len() / 2);
    let mut seen = std::collections::HashSet::new();
    let mut items = items.into_iter();
    while let (Some(key), Some(value)) = (items.next(), items.next()) {
        let Some(name) = key.text() else { return Err(key.wrong("has a key that is no text")) };
        if !seen.insert(name.to_owned()) {
            return Err(key.wrong(format!("has the key `{name}` twice")));
        }
        entries.push((key, value));
    }
    Ok(entries)
}

#[cfg(test)]
mod tests {
    use super::{NODES, Scalar, documents};

    #[test]
    fn scalars_are_what_the_core_schema_says_and_quotes_make_text() {
        let node = documents("[1, '1', 0x10, true, 'true', ~, 1e3, 4.5, yes, 10.0.0.1, '', -7]").remove(0).unwrap();
        let super::Value::List(items) = &node.value else { panic!("a list") };
        let found: Vec<_> = items.iter().map(|n| n.scalar().unwrap()).collect();
        let text = Scalar::Text;
        assert!(found.starts_with(&[
            Scalar::Number(1.0, "1"),
            text("1"),
            Scalar::Number(16.0, "0x10"),
            Scalar::Bool(true)
        ]));
        assert!(found.ends_with(&[
            Scalar::Number(4.5, "4.5"),
            text("yes"),
            text("10.0.0.1"),
            text(""),
            Scalar::Number(-7.0, "-7")
        ]));
    }

    #[test]
    fn what_is_broken_is_named_with_its_line() {
        for (text, line, reason) in [
            ("a: 1\nb: [1, 2\nc: 3\n", 3, "is no YAML"),
            ("a: 1\nb: 2\na: 3\n", 3, "`a` twice"),
            ("a: &x [1, *x]\n", 1, "alias"),
            (&"[".repeat(100), 1, "inside each other"),
        ] {
            let wrong = documents(text).into_iter().find_map(Result::err).unwrap();
            assert!(wrong.line == line && wrong.reason.contains(reason), "{text}: {wrong:?}");
        }
    }

    #[test]
    fn aliases_of_aliases_do_not_grow_without_bound() {
        let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n".to_owned();
        for level in 1..12 {
            let before = format!("*a{}", level - 1);
            text += &format!("a{level}: &a{level} [{}]\n", [before.as_str(); 10].join(", "));
        }
        let wrong = documents(&text).into_iter().find_map(Result::err).unwrap();
        assert!(wrong.reason.contains(&NODES.to_string()), "{wrong:?}");
    }
}
