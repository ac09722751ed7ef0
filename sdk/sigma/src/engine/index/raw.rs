//! Whether an event, as the JSON text that it is, may fulfil a keyword at all: only then is it worth reading.
//!
//! Of each keyword a piece is taken that JSON writes as it is, and looked for in the text: by marks where few are enough, else by
//! samples. Nothing is missed: text that could be written in another way is always read.

mod marks;
mod samples;

use self::marks::Marks;
use self::samples::{SAMPLE, Samples};
use crate::pattern::Part;
use crate::test::Test;

/// Pieces of keywords, of each keyword one, in lower case.
#[derive(Debug)]
pub(in crate::engine) struct Raw {
    pieces: Vec<Box<[u8]>>,
    by: By,
}

#[derive(Debug)]
enum By {
    Marks(Marks),
    Samples(Samples),
}

impl Raw {
    /// Of all keywords; none where one may stand in a text without a piece that could be looked for.
    pub(in crate::engine) fn new<'t>(tests: impl Iterator<Item = &'t Test>) -> Option<Self> {
        let mut pieces: Vec<Box<[u8]>> = Vec::new();
        for test in tests {
            match test {
                Test::Text(pattern) | Test::Cased(pattern) => {
                    let folded = pattern.folded();
                    let texts = folded.parts().iter().filter_map(|part| match part {
                        Part::Text(text) => Some(text.as_str()),
                        Part::Wild(_) => None,
                    });
                    pieces.push(texts.filter_map(piece).max_by_key(|piece| piece.len())?.into());
                }
                Test::Regex(expression) => {
                    for text in super::required(expression)? {
                        pieces.push(piece(&text)?.into());
                    }
                }
                _ => return None,
            }
        }
        pieces.sort();
        pieces.dedup();
        let by = match Marks::of(&pieces) {
            Some(marks) => By::Marks(marks),
            None => By::Samples(Samples::of(&pieces)?),
        };
        Some(Self { pieces, by })
    }

    /// Whether an event may hold a keyword.
    pub(in crate::engine) fn may_hold(&self, event: &str) -> bool {
        match &self.by {
            By::Marks(marks) => marks.stand(&self.pieces, event),
            By::Samples(samples) => samples.stand(&self.pieces, event.as_bytes()) || written_otherwise(event),
        }
    }
}

/// Whether a piece stands where a part of it, so far behind its start, does.
fn stands(piece: &[u8], event: &[u8], at: usize, before: usize) -> bool {
    let start = at.checked_sub(before);
    let text = start.and_then(|start| event.get(start..start + piece.len()));
    text.is_some_and(|text| text.eq_ignore_ascii_case(piece))
}

/// The longest piece of a text in lower case that stands in JSON as it does here, but for case and `\u`; none where that is too
/// short, or could be a number, which may be written in many ways.
fn piece(text: &str) -> Option<&[u8]> {
    let pieces = text.as_bytes().split(|byte| !matches!(byte, b' '..=b'~') || matches!(byte, b'"' | b'\\' | b'/'));
    pieces.filter(|piece| piece.len() >= SAMPLE && !of_a_number(piece)).max_by_key(|piece| piece.len())
}

/// Whether a piece may be a part of a number: an address is none, with its dots.
fn of_a_number(piece: &[u8]) -> bool {
    let dots = piece.iter().filter(|byte| **byte == b'.').count();
    dots < 2 && piece.iter().all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'+' | b'-' | b'e'))
}

/// The characters beyond ASCII of which the lower case has an ASCII letter.
const KELVIN_SIGN: &str = "\u{212a}";
const DOTTED_I: &str = "\u{130}";

/// Whether ASCII may stand in an event as something else: as `\u` and four digits, or as a character beyond ASCII of which the lower
/// case has an ASCII letter.
fn written_otherwise(event: &str) -> bool {
    let bytes = event.as_bytes();
    let escapes = memchr::memmem::find_iter(bytes, br"\u");
    // After an even number of backslashes, each two of them a backslash, this one is an escape.
    let mut escapes = escapes.map(|at| bytes.iter().take(at).rev().take_while(|byte| **byte == b'\\').count());
    let beyond = |letter: &str| memchr::memmem::find(bytes, letter.as_bytes()).is_some();
    escapes.any(|before| before % 2 == 0) || beyond(KELVIN_SIGN) || beyond(DOTTED_I)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::engine::{Kind, json};
    use crate::pattern::Pattern;

    fn contained(text: &str) -> Test {
        Test::Text(Pattern::literal(text).any_before().any_after())
    }

    #[test]
    fn what_has_no_piece_that_could_be_looked_for_is_never_left_out() {
        for text in ["ab", "a\"b\\c/d", "4625", "1.5e3", "äöü"] {
            assert!(Raw::new([contained(text), contained("mimikatz")].iter()).is_none(), "{text}");
        }
        assert!(Raw::new([Test::Regex(".*".into())].iter()).is_none());
        assert!(Raw::new([Test::Bool(true)].iter()).is_none());
    }

    #[test]
    fn an_event_is_read_where_a_keyword_may_stand_in_it() {
        let tests = [
            contained("mimikatz"),
            contained(" p::d "),
            contained(r"\\127.0.0.1\C$"),
            Test::Regex("sekurlsa|lsadump".into()),
        ];
        let raw = Raw::new(tests.iter()).unwrap();
        for (event, may) in [
            (r#"{"a":"MimiKatz"}"#, true),
            (r#"{"a":["x",{"b":"- P::D -"}]}"#, true),
            (r#"{"a":"LSADUMP"}"#, true),
            (r#"{"a":"\\\\127.0.0.1\\C$"}"#, true),
            (r#"{"a":"mimi","b":"katz"}"#, false),
            // In a name: it is read, and not found.
            (r#"{"mimikatz":1}"#, true),
            (r#"{"a":"C:\\users"}"#, false),
            (r#"{"a":"\u006d"}"#, true),
            (r#"{"a":"\\\u006d"}"#, true),
            ("{\"a\":\"mimi\u{212a}atz\"}", true),
            (r#"{"a":"käse"}"#, false),
            ("", false),
        ] {
            assert_eq!(raw.may_hold(event), may, "{event}");
        }
    }

    #[test]
    fn a_text_of_nothing_but_marks_is_read() {
        let raw = Raw::new([contained(" p::d "), contained(" q::e ")].iter()).unwrap();
        assert!(matches!(&raw.by, By::Marks(_)));
        assert!(!raw.may_hold(&format!("{{\"a\":\"{}\"}}", "::".repeat(20))));
        assert!(raw.may_hold(&format!("{{\"a\":\"{}\"}}", "::".repeat(500))));
    }

    proptest! {
        /// Whatever a reader finds in the values of an event is not left out.
        #[test]
        fn nothing_is_missed(
            keywords in prop::collection::vec("[a-eK:. ]{3,9}", 1..6),
            values in prop::collection::vec("[a-eA-Ek:. \\\\\"\u{212a}\u{130}é\u{1}/]{0,90}", 1..4),
            ascii in any::<bool>(),
        ) {
            let tests: Vec<Test> = keywords.iter().map(|text| contained(text)).collect();
            let Some(mut raw) = Raw::new(tests.iter()) else { return Ok(()) };
            let mut event = serde_json::Value::from(values).to_string();
            if ascii {
                event = event.replace('b', r"\u0062");
            }
            let index = super::super::Index::new((0..).zip(&tests)).unwrap();
            let mut scratch = super::super::Scratch::default();
            let mut found = false;
            json::leaves(&event, &mut |kind: Kind, text| {
                index.hits(kind, text, &mut scratch);
                found |= !scratch.hits.is_empty();
            });
            prop_assert!(!found || raw.may_hold(&event), "{event}");
            raw.by = By::Samples(Samples::of(&raw.pieces).unwrap());
            prop_assert!(!found || raw.may_hold(&event), "by samples: {event}");
        }
    }
}
