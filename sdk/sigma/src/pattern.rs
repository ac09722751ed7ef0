//! Sigma's strings: literal text with `*` and `?`, matched whole. Pure.

use serde::{Deserialize, Serialize};

/// One piece of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Part {
    /// This text.
    Text(String),
    /// 0: any text, also none. 1: one character.
    Wild(u8),
}

/// `*`
pub const ANY: Part = Part::Wild(0);
/// `?`
pub const ONE: Part = Part::Wild(1);

/// A string of a rule. Texts are not empty, no two stand side by side, nor do two `*`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Pattern {
    parts: Vec<Part>,
}

impl Pattern {
    /// Of a string as a rule gives it: `\*`, `\?` and `\\` are the characters themselves, any other `\` is one.
    #[must_use]
    pub fn sigma(text: &str) -> Self {
        let mut pattern = Self::default();
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            match c {
                '*' => pattern.push(ANY),
                '?' => pattern.push(ONE),
                '\\' => match characters.next_if(|next| matches!(next, '*' | '?' | '\\')) {
                    Some(escaped) => pattern.push_char(escaped),
                    None => pattern.push_char('\\'),
                },
                c => pattern.push_char(c),
            }
        }
        pattern
    }

    /// This text and nothing else.
    #[must_use]
    pub fn literal(text: &str) -> Self {
        let mut pattern = Self::default();
        if !text.is_empty() {
            pattern.parts.push(Part::Text(text.to_owned()));
        }
        pattern
    }

    /// The same with more text at its end; none where it takes any text there already, or is empty.
    #[must_use]
    pub fn followed_by(&self, text: &str) -> Option<Self> {
        let mut pattern = self.clone();
        match pattern.parts.last_mut()? {
            Part::Text(last) => last.push_str(text),
            Part::Wild(_) => return None,
        }
        Some(pattern)
    }

    /// Its pieces, in order.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Its text, where it has no wildcards.
    #[must_use]
    pub fn plain(&self) -> Option<&str> {
        match self.parts.as_slice() {
            [] => Some(""),
            [Part::Text(text)] => Some(text),
            _ => None,
        }
    }

    /// `*` in front, unless it is there.
    #[must_use]
    pub fn any_before(mut self) -> Self {
        if self.parts.first() != Some(&ANY) {
            self.parts.insert(0, ANY);
        }
        self
    }

    /// `*` behind, unless it is there.
    #[must_use]
    pub fn any_after(mut self) -> Self {
        self.push(ANY);
        self
    }

    /// The pattern with `change` applied to each text.
    #[must_use]
    pub fn map(&self, change: impl Fn(&str) -> String) -> Self {
        let mut out = Self::default();
        for part in &self.parts {
            match part {
                Part::Text(text) => change(text).chars().for_each(|c| out.push_char(c)),
                wild @ Part::Wild(_) => out.push(wild.clone()),
            }
        }
        out
    }

    /// In lower case, for comparing with text in lower case.
    #[must_use]
    pub fn folded(&self) -> Self {
        self.map(|text| {
            let mut out = String::new();
            fold(text, &mut out);
            out
        })
    }

    /// Adds a piece.
    pub fn push(&mut self, part: Part) {
        match part {
            Part::Text(text) => text.chars().for_each(|c| self.push_char(c)),
            ANY if self.parts.last() == Some(&ANY) => {}
            wild => self.parts.push(wild),
        }
    }

    fn push_char(&mut self, c: char) {
        match self.parts.last_mut() {
            Some(Part::Text(text)) => text.push(c),
            _ => self.parts.push(Part::Text(c.to_string())),
        }
    }

    /// Whether the whole of a text matches. In case: fold both for the other.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        // The usual walk with one place to come back to: the latest `*`, and from where it was tried last.
        let (mut part, mut rest) = (0, text);
        let mut back: Option<(usize, &str)> = None;
        loop {
            let step = match self.parts.get(part) {
                None if rest.is_empty() => return true,
                None => None,
                Some(Part::Wild(0)) => {
                    match self.parts.get(part + 1..).unwrap_or_default() {
                        [] => return true,
                        [Part::Text(last)] => return rest.ends_with(last.as_str()),
                        [Part::Text(next), ..] => {
                            let at = memchr::memmem::find(rest.as_bytes(), next.as_bytes());
                            let Some(found) = at.and_then(|at| rest.get(at..)) else { return false };
                            rest = found;
                        }
                        [Part::Wild(_), ..] => {}
                    }
                    back = Some((part, rest));
                    part += 1;
                    continue;
                }
                Some(Part::Wild(_)) => after_one(rest),
                Some(Part::Text(literal)) => rest.strip_prefix(literal.as_str()),
            };
            if let Some(after) = step {
                rest = after;
                part += 1;
                continue;
            }
            let Some((star, next)) = back.and_then(|(star, from)| Some((star, after_one(from)?))) else { return false };
            (part, rest) = (star, next);
        }
    }
}

/// A text without its first character; none where it has none.
fn after_one(text: &str) -> Option<&str> {
    text.chars().next().and_then(|c| text.get(c.len_utf8()..))
}

/// Appends text in lower case, character by character: what is one piece of a text stays one piece.
pub fn fold(text: &str, out: &mut String) {
    if text.is_ascii() {
        let from = out.len();
        out.push_str(text);
        out[from..].make_ascii_lowercase();
    } else {
        text.chars()
            .for_each(|c| if c.is_ascii() { out.push(c.to_ascii_lowercase()) } else { out.extend(c.to_lowercase()) });
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Part, Pattern};

    /// As it is defined: a `*` is nothing, or one character and a `*`.
    fn plainly(parts: &[Part], text: &[char]) -> bool {
        match parts {
            [] => text.is_empty(),
            [Part::Wild(0), rest @ ..] => {
                plainly(rest, text) || matches!(text, [_, after @ ..] if plainly(parts, after))
            }
            [Part::Wild(_), rest @ ..] => matches!(text, [_, after @ ..] if plainly(rest, after)),
            [Part::Text(literal), rest @ ..] => {
                let literal: Vec<char> = literal.chars().collect();
                text.strip_prefix(literal.as_slice()).is_some_and(|after| plainly(rest, after))
            }
        }
    }

    proptest! {
        #[test]
        fn a_pattern_matches_as_its_definition_says(pattern in "[abé*?]{0,8}", text in "[abé]{0,9}") {
            let pattern = Pattern::sigma(&pattern);
            let text_chars: Vec<char> = text.chars().collect();
            prop_assert_eq!(pattern.matches(&text), plainly(pattern.parts(), &text_chars));
        }
    }

    #[test]
    fn a_backslash_escapes_wildcards_and_itself_and_nothing_else() {
        for (given, matched, not) in [
            (r"C:\Windows\*.exe", r"C:\Windows*.exe", r"C:\Windows\a.exe"),
            (r"C:\Windows\\*.exe", r"C:\Windows\a.exe", r"C:\Windowsa.exe"),
            (r"\\\\server\?", r"\\server?", r"\\servera"),
            (r"a\b", r"a\b", "ab"),
            (r"end\", r"end\", "end"),
            (r"\\share", r"\share", r"\\share"),
        ] {
            let pattern = Pattern::sigma(given);
            assert!(pattern.matches(matched) && !pattern.matches(not), "{given}: {pattern:?}");
        }
    }
}
