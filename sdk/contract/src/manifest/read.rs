//! Typed reading of TOML with places: every complaint carries its line and its key, and reading goes on to find the next.
//! Knows TOML; knows nothing of what a manifest means.

use std::ops::Range;

use toml::de::{DeTable, DeValue};

use super::nearest::hint;
use super::words::quoted;
use super::{ManifestError, ManifestErrors};

/// Complaints about one text. A text that earns more than [`Errors::MOST`] is not read to its end.
pub(super) struct Errors<'t> {
    text: &'t str,
    found: Vec<ManifestError>,
}

impl<'t> Errors<'t> {
    const MOST: usize = 50;

    pub(super) fn new(text: &'t str) -> Self {
        Self { text, found: Vec::new() }
    }

    /// Notes a complaint at a place.
    pub(super) fn refuse(&mut self, span: &Range<usize>, key: &str, reason: impl Into<String>) {
        if self.found.len() < Self::MOST {
            let line = Some(line_at(self.text, span.start));
            self.found.push(ManifestError { line, key: key.to_owned(), reason: reason.into() });
        }
    }

    /// All of them, in the text's order; `None` where there are none.
    pub(super) fn finish(mut self) -> Option<ManifestErrors> {
        self.found.sort_by_key(|error| error.line);
        (!self.found.is_empty()).then_some(ManifestErrors(self.found))
    }
}

/// Line of a byte position, from 1.
pub(super) fn line_at(text: &str, at: usize) -> usize {
    1 + text.as_bytes().iter().take(at).filter(|b| **b == b'\n').count()
}

/// A value with its place.
#[derive(Clone)]
pub(super) struct Node<'a> {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    pub(super) value: &'a DeValue<'a>,
}

/// A table with its place.
#[derive(Clone)]
pub(super) struct Table<'a> {
    pub(super) key: String,
    pub(super) span: Range<usize>,
    entries: &'a DeTable<'a>,
}

impl<'a> Table<'a> {
    pub(super) fn root(entries: &'a DeTable<'a>) -> Self {
        Self { key: String::new(), span: 0..0, entries }
    }

    fn key_of(&self, name: &str) -> String {
        let bare = !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'));
        let name = if bare { name.to_owned() } else { format!("{name:?}") };
        if self.key.is_empty() { name } else { format!("{}.{name}", self.key) }
    }

    /// Refuses every key that is not known, with its line and the nearest known one.
    pub(super) fn only(&self, known: &[&str], errors: &mut Errors<'_>) {
        for key in self.entries.keys() {
            let name = key.get_ref().as_ref();
            if !known.contains(&name) {
                let near = hint(name, known.iter().copied());
                let reason = format!("unknown key{near} (known here: {})", known.join(", "));
                errors.refuse(&key.span(), &self.key_of(name), reason);
            }
        }
    }

    pub(super) fn get(&self, name: &str) -> Option<Node<'a>> {
        let value = self.entries.get(name)?;
        Some(Node { key: self.key_of(name), span: value.span(), value: value.get_ref() })
    }

    /// The value of a key that must be there; `example` shows how to give it.
    pub(super) fn need(&self, name: &str, example: &str, errors: &mut Errors<'_>) -> Option<Node<'a>> {
        let found = self.get(name);
        if found.is_none() {
            errors.refuse(&self.span, &self.key_of(name), format!("missing: add `{example}`"));
        }
        found
    }

    /// Every key with the place of the key, and its value.
    pub(super) fn each(&self) -> impl Iterator<Item = (&'a str, Range<usize>, Node<'a>)> {
        self.entries.iter().map(|(key, value)| {
            let name = key.get_ref().as_ref();
            (name, key.span(), Node { key: self.key_of(name), span: value.span(), value: value.get_ref() })
        })
    }
}

impl<'a> Node<'a> {
    fn wrong(&self, wanted: &str, errors: &mut Errors<'_>) {
        let is = self.value.type_str();
        errors.refuse(&self.span, &self.key, format!("expected {wanted}, found {is}"));
    }

    pub(super) fn table(&self, errors: &mut Errors<'_>) -> Option<Table<'a>> {
        match self.value {
            DeValue::Table(entries) => Some(Table { key: self.key.clone(), span: self.span.clone(), entries }),
            _ => {
                self.wrong("a table", errors);
                None
            }
        }
    }

    pub(super) fn str(&self, errors: &mut Errors<'_>) -> Option<&'a str> {
        match self.value {
            DeValue::String(text) => Some(text.as_ref()),
            _ => {
                self.wrong("a string", errors);
                None
            }
        }
    }

    /// A string that passes `check`.
    pub(super) fn checked(
        &self,
        errors: &mut Errors<'_>,
        check: impl FnOnce(&str) -> Result<(), String>,
    ) -> Option<String> {
        let text = self.str(errors)?;
        match check(text) {
            Ok(()) => Some(text.to_owned()),
            Err(reason) => {
                errors.refuse(&self.span, &self.key, reason);
                None
            }
        }
    }

    pub(super) fn bool(&self, errors: &mut Errors<'_>) -> Option<bool> {
        match self.value {
            DeValue::Boolean(value) => Some(*value),
            _ => {
                self.wrong("true or false", errors);
                None
            }
        }
    }

    /// A whole number from 1 to 4,294,967,295.
    pub(super) fn positive(&self, errors: &mut Errors<'_>) -> Option<u32> {
        match integer(self.value).map(u32::try_from) {
            Some(Ok(value)) if value > 0 => Some(value),
            _ => {
                errors.refuse(&self.span, &self.key, "expected a whole number greater than 0");
                None
            }
        }
    }

    /// An integer or a float.
    pub(super) fn number(&self, errors: &mut Errors<'_>) -> Option<f64> {
        let found = match self.value {
            DeValue::Float(text) => text.as_str().parse().ok().filter(|n: &f64| n.is_finite()),
            #[allow(clippy::cast_precision_loss)] // bounds beyond 2^53 are compared as floats
            value => integer(value).map(|n| n as f64),
        };
        if found.is_none() {
            self.wrong("a finite number", errors);
        }
        found
    }

    pub(super) fn array(&self, errors: &mut Errors<'_>) -> Option<Vec<Node<'a>>> {
        match self.value {
            DeValue::Array(items) => Some(
                items
                    .iter()
                    .enumerate()
                    .map(|(i, item)| Node {
                        key: format!("{}[{i}]", self.key),
                        span: item.span(),
                        value: item.get_ref(),
                    })
                    .collect(),
            ),
            _ => {
                self.wrong("an array", errors);
                None
            }
        }
    }

    /// A list of strings that each pass `check`, at most `most` of them.
    pub(super) fn strings(
        &self,
        errors: &mut Errors<'_>,
        most: usize,
        mut check: impl FnMut(&str) -> Result<(), String>,
    ) -> Option<Vec<String>> {
        let items = self.array(errors)?;
        if items.len() > most {
            errors.refuse(&self.span, &self.key, format!("has {} entries: at most {most}", items.len()));
            return None;
        }
        items.iter().map(|item| item.checked(errors, &mut check)).collect()
    }

    /// The same value as JSON; dates and infinities are refused.
    pub(super) fn json(&self, errors: &mut Errors<'_>) -> Option<serde_json::Value> {
        let json = to_json(self.value);
        if json.is_none() {
            self.wrong("a string, number, boolean, array or table", errors);
        }
        json
    }

    /// One of the words of an enumeration.
    pub(super) fn word<T: Copy>(&self, words: &[(&str, T)], errors: &mut Errors<'_>) -> Option<T> {
        let text = self.str(errors)?;
        let found = words.iter().find(|(word, _)| *word == text).map(|(_, value)| *value);
        if found.is_none() {
            let known: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
            let reason = format!("{} is not known: use one of {}", quoted(text), known.join(", "));
            errors.refuse(&self.span, &self.key, reason);
        }
        found
    }
}

fn integer(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(number.as_str(), number.radix()).ok()
}

fn to_json(value: &DeValue<'_>) -> Option<serde_json::Value> {
    Some(match value {
        DeValue::String(text) => text.as_ref().into(),
        DeValue::Integer(_) => integer(value)?.into(),
        DeValue::Float(text) => serde_json::Number::from_f64(text.as_str().parse().ok()?)?.into(),
        DeValue::Boolean(value) => (*value).into(),
        DeValue::Datetime(_) => return None,
        DeValue::Array(items) => {
            serde_json::Value::Array(items.iter().map(|item| to_json(item.get_ref())).collect::<Option<_>>()?)
        }
        DeValue::Table(entries) => serde_json::Value::Object(
            entries
                .iter()
                .map(|(key, item)| Some((key.get_ref().to_string(), to_json(item.get_ref())?)))
                .collect::<Option<_>>()?,
        ),
    })
}
