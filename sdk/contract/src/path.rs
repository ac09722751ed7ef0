//! The path grammar: how a manifest, a plugin and a Sigma mapping name a field of an event.
//!
//! ```text
//! path   = name { "." name | "." quoted | index | "." transform }        (the first part may be quoted or an index too)
//! name   = one or more characters other than  . [ ] " = @  and white space
//! quoted = '"' { any character but '"' and '\' | '\"' | '\\' } '"'
//! index  = "[]"  every element, one slot each
//!        | "[n]" the element n, from 0
//!        | "[Name=Value]" the last element that is an object whose `Name` is the string `Value`; either may be quoted, and
//!                         holds `.` unquoted too: `[Name=Role.TemplateId]`
//! transform = "@json"  | "@lower" | "@ip"
//! ```
//! Examples: `Parameters[Name=ForwardTo].Value`, `properties."odata.type"`, `Target[].ID`, `AuditData.@json.Id`,
//! `ClientIP.@ip`. Several `[]` are flattened in document order. Nothing may follow `@lower` or `@ip`.
//!
//! # What a path finds
//! - Names match in case; of duplicate keys the last wins. A step that does not fit the value (a name on an array, an
//!   index on an object) finds nothing: the field is absent.
//! - `[]` on anything but an array gives no slots; an element without the rest of the path gives an absent slot.
//! - `.@json` parses a string that holds JSON; a string that does not parse, and any other kind, is absent.
//! - `.@lower` is Unicode lower case of a string; other kinds pass unchanged.
//! - `.@ip` is the address in a string without port, brackets and `::ffff:`, in canonical text; where there is none, absent.

use std::fmt;
use std::str::FromStr;

use crate::limits;

/// One step of a [`Path`].
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Step {
    /// A member of an object; the name is compared in case.
    Name(String),
    /// `[]`: every element.
    All,
    /// `[n]`: one element, from 0.
    Index(u32),
    /// `[Name=Value]`: the last object element whose member `name` is the string `value`.
    Where {
        /// The member looked at.
        name: String,
        /// The string it must be.
        value: String,
    },
    /// `.@json`
    Json,
    /// `.@lower`
    Lower,
    /// `.@ip`
    Ip,
}

/// A parsed path. `Display` gives its canonical text; two paths that display alike are equal.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Path {
    steps: Vec<Step>,
}

/// Why a path does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("path `{path}`, at byte {at}: {reason}")]
pub struct PathError {
    /// The text that was given, shortened where it is long.
    pub path: String,
    /// Byte position in it, from 0.
    pub at: usize,
    /// What was wrong and what would do.
    pub reason: String,
}

impl Path {
    /// Parses a path.
    ///
    /// # Errors
    /// [`PathError`] with position and reason.
    pub fn parse(text: &str) -> Result<Self, PathError> {
        Parser { text, at: 0 }.path()
    }

    /// A path made of steps that are known to be in order, such as an alias' replacement of a prefix.
    ///
    /// # Errors
    /// [`PathError`] when the steps do not make a path (none, too many, something after `@lower` or `@ip`).
    pub fn from_steps(steps: Vec<Step>) -> Result<Self, PathError> {
        let path = Self { steps };
        Self::parse(&path.to_string())
    }

    /// The steps, at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it has a `[]`, so that an event may hold many values.
    #[must_use]
    pub fn has_all(&self) -> bool {
        self.steps.contains(&Step::All)
    }
}

impl FromStr for Path {
    type Err = PathError;

    fn from_str(text: &str) -> Result<Self, PathError> {
        Self::parse(text)
    }
}

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, step) in self.steps.iter().enumerate() {
            let dot = if position == 0 { "" } else { "." };
            match step {
                Step::Name(name) => write!(f, "{dot}{}", Word { text: name, plain: is_plain })?,
                Step::All => f.write_str("[]")?,
                Step::Index(index) => write!(f, "[{index}]")?,
                Step::Where { name, value } => {
                    let (name, value) =
                        (Word { text: name, plain: is_plain_inside }, Word { text: value, plain: is_plain_inside });
                    write!(f, "[{name}={value}]")?;
                }
                Step::Json => write!(f, "{dot}@json")?,
                Step::Lower => write!(f, "{dot}@lower")?,
                Step::Ip => write!(f, "{dot}@ip")?,
            }
        }
        Ok(())
    }
}

#[cfg(feature = "manifest")]
impl serde::Serialize for Path {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(feature = "manifest")]
impl<'de> serde::Deserialize<'de> for Path {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// A name as it must be written: quoted where it holds what the grammar uses there.
struct Word<'a> {
    text: &'a str,
    plain: fn(char) -> bool,
}

impl fmt::Display for Word<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.text.is_empty() && self.text.chars().all(self.plain) {
            return f.write_str(self.text);
        }
        f.write_str("\"")?;
        for c in self.text.chars() {
            if matches!(c, '"' | '\\') {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        f.write_str("\"")
    }
}

fn is_plain(c: char) -> bool {
    !matches!(c, '.' | '[' | ']' | '"' | '=' | '@') && !c.is_whitespace()
}

/// Inside of `[...]` no member can begin: a dot is a character like others.
fn is_plain_inside(c: char) -> bool {
    c == '.' || is_plain(c)
}

struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl Parser<'_> {
    fn path(mut self) -> Result<Path, PathError> {
        if self.text.len() > limits::PATH_BYTES {
            return Err(self.error(format!("longer than {} bytes", limits::PATH_BYTES)));
        }
        if self.text.is_empty() {
            return Err(self.error("empty: write a field's name, such as `Operation`"));
        }
        let mut steps = vec![self.first()?];
        while self.at < self.text.len() {
            if matches!(steps.last(), Some(Step::Lower | Step::Ip)) {
                return Err(self.error("nothing may follow `@lower` or `@ip`"));
            }
            let step = match self.peek() {
                Some('.') => {
                    self.at += 1;
                    self.member()?
                }
                Some('[') => self.index()?,
                _ => return Err(self.error("expected `.name`, `.\"quoted name\"`, `[...]` or the end")),
            };
            steps.push(step);
            if steps.len() > limits::PATH_STEPS {
                return Err(self.error(format!("more than {} steps", limits::PATH_STEPS)));
            }
        }
        Ok(Path { steps })
    }

    fn first(&mut self) -> Result<Step, PathError> {
        match self.peek() {
            Some('[') => self.index(),
            Some('@') => Err(self.error("a transform needs a field before it: `ClientIP.@ip`")),
            _ => self.member(),
        }
    }

    fn member(&mut self) -> Result<Step, PathError> {
        if self.peek() != Some('@') {
            return Ok(Step::Name(self.word(is_plain)?));
        }
        let start = self.at;
        self.at += 1;
        let rest = &self.text[self.at..];
        let end = rest.find(['.', '[']).unwrap_or(rest.len());
        let step = match &rest[..end] {
            "json" => Step::Json,
            "lower" => Step::Lower,
            "ip" => Step::Ip,
            other => {
                self.at = start;
                let other = other.to_owned();
                return Err(self.error(format!(
                    "`@{other}` is no transform: use `@json`, `@lower` or `@ip`, or quote a name that starts with `@`"
                )));
            }
        };
        self.at += end;
        Ok(step)
    }

    fn index(&mut self) -> Result<Step, PathError> {
        let open = self.at;
        self.at += 1;
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(Step::All);
        }
        let quoted = self.peek() == Some('"');
        let name = self.word(is_plain_inside)?;
        match self.peek() {
            Some('=') => {
                self.at += 1;
                let value = self.word(is_plain_inside)?;
                self.close(open)?;
                Ok(Step::Where { name, value })
            }
            _ => {
                let end = self.at;
                self.close(open)?;
                // `[007]` is refused so that a path has one text only.
                let digits =
                    !quoted && name.bytes().all(|b| b.is_ascii_digit()) && (name == "0" || !name.starts_with('0'));
                let index = if digits { name.parse().ok() } else { None };
                index.map(Step::Index).ok_or_else(|| {
                    self.at = end;
                    self.error(format!("`[{name}]`: use `[]`, `[0]` or `[Name=Value]`"))
                })
            }
        }
    }

    fn close(&mut self, open: usize) -> Result<(), PathError> {
        if self.peek() == Some(']') {
            self.at += 1;
            return Ok(());
        }
        Err(self.error(format!("expected `]` to close the `[` at byte {open}")))
    }

    fn word(&mut self, plain: fn(char) -> bool) -> Result<String, PathError> {
        if self.peek() == Some('"') {
            return self.quoted();
        }
        let rest = &self.text[self.at..];
        let end = rest.find(|c| !plain(c)).unwrap_or(rest.len());
        if end == 0 {
            return Err(self.error("expected a name; quote one that holds `.`, `[`, `]`, `=`, `@` or white space"));
        }
        self.at += end;
        Ok(rest[..end].to_owned())
    }

    fn quoted(&mut self) -> Result<String, PathError> {
        let open = self.at;
        self.at += 1;
        let mut name = String::new();
        while let Some(c) = self.peek() {
            self.at += c.len_utf8();
            match c {
                '"' => return Ok(name),
                '\\' => match self.peek() {
                    Some(escaped @ ('"' | '\\')) => {
                        self.at += 1;
                        name.push(escaped);
                    }
                    _ => return Err(self.error("after `\\` only `\"` or `\\` may stand")),
                },
                _ => name.push(c),
            }
        }
        self.at = open;
        Err(self.error("the quote that opens here is not closed"))
    }

    fn peek(&self) -> Option<char> {
        self.text[self.at..].chars().next()
    }

    fn error(&self, reason: impl Into<String>) -> PathError {
        PathError { path: self.text.chars().take(120).collect(), at: self.at, reason: reason.into() }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn every_form_of_the_grammar_parses() {
        let name = |n: &str| Step::Name(n.into());
        for (text, steps) in [
            ("Operation", vec![name("Operation")]),
            ("a.b-c_d", vec![name("a"), name("b-c_d")]),
            ("properties.\"odata.type\"", vec![name("properties"), name("odata.type")]),
            ("\"with \\\"quote\\\"\"", vec![name("with \"quote\"")]),
            ("Target[].ID", vec![name("Target"), Step::All, name("ID")]),
            ("[0].x", vec![Step::Index(0), name("x")]),
            (
                "Parameters[Name=ForwardTo].Value",
                vec![name("Parameters"), Step::Where { name: "Name".into(), value: "ForwardTo".into() }, name("Value")],
            ),
            ("m[Name=\"a.b c\"]", vec![name("m"), Step::Where { name: "Name".into(), value: "a.b c".into() }]),
            (
                "m[a.b=Role.TemplateId].x",
                vec![name("m"), Step::Where { name: "a.b".into(), value: "Role.TemplateId".into() }, name("x")],
            ),
            ("AuditData.@json.Id", vec![name("AuditData"), Step::Json, name("Id")]),
            ("ClientIP.@ip", vec![name("ClientIP"), Step::Ip]),
            ("a.@json[].b.@lower", vec![name("a"), Step::Json, Step::All, name("b"), Step::Lower]),
        ] {
            assert_eq!(Path::parse(text).unwrap().steps(), steps, "{text}");
        }
    }

    #[test]
    fn an_error_names_position_and_way_out() {
        for (text, at, reason) in [
            ("", 0, "empty"),
            (".a", 0, "expected a name"),
            ("a..b", 2, "expected a name"),
            ("a.", 2, "expected a name"),
            ("a b", 1, "expected `.name`"),
            ("a[1", 3, "close the `[` at byte 1"),
            ("a[x]", 3, "use `[]`"),
            ("a[01]", 4, "use `[]`"),
            ("a[1.5]", 5, "use `[]`"),
            ("a.b=c", 3, "expected `.name`"),
            ("a[\"0\"]", 5, "use `[]`"),
            ("a[4294967296]", 12, "use `[]`"),
            ("a.\"b", 2, "not closed"),
            ("\"a\\n\"", 3, "only `\"` or `\\`"),
            ("a.@upper", 2, "no transform"),
            ("@ip", 0, "needs a field"),
            ("a.@ip.b", 5, "nothing may follow"),
        ] {
            let error = Path::parse(text).unwrap_err();
            assert_eq!(error.at, at, "{text}: {error}");
            assert!(error.reason.contains(reason), "{text}: {error}");
        }
    }

    #[test]
    fn size_is_limited() {
        assert!(Path::parse(&"a".repeat(limits::PATH_BYTES)).is_ok());
        assert!(Path::parse(&"a".repeat(limits::PATH_BYTES + 1)).is_err());
        assert!(Path::parse(&vec!["a"; limits::PATH_STEPS].join(".")).is_ok());
        assert!(Path::parse(&vec!["a"; limits::PATH_STEPS + 1].join(".")).is_err());
    }

    proptest! {
        #[test]
        fn no_text_panics_and_what_parses_displays_to_itself(text in "[a-c.@\\[\\]=\"\\\\ 0-2jsonipé]{0,24}") {
            if let Ok(path) = Path::parse(&text) {
                let shown = path.to_string();
                prop_assert_eq!(Path::parse(&shown).unwrap(), path);
            }
        }

        #[test]
        fn any_name_can_be_written(name in "\\PC{0,12}") {
            let path = Path { steps: vec![Step::Name(name.clone()), Step::Where { name: name.clone(), value: name }] };
            prop_assert_eq!(Path::parse(&path.to_string()).unwrap(), path);
        }
    }
}
