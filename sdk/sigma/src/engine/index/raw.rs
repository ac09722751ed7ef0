//! Whether an event, as the JSON text that it is, may fulfil a keyword at all: only then is it worth reading.
//!
//! Of each keyword a piece is taken that JSON writes as it is. Samples of three bytes, so far apart that every piece has one, are
//! looked up in a table; where one is known, the piece is compared. Nothing is missed: text that could be written in another
//! way is always read.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::pattern::Part;
use crate::test::Test;

/// Bytes of a sample.
const SAMPLE: usize = 3;
/// Bytes from one sample to the next at most: more gain nothing.
const STEP: usize = 8;
/// Bits of a sample's number.
const BITS: u32 = 15;

/// Pieces of keywords, of each keyword one.
#[derive(Debug)]
pub(in crate::engine) struct Raw {
    /// In lower case.
    pieces: Vec<Box<[u8]>>,
    step: usize,
    /// One bit for each sample that stands in a piece.
    known: Box<[u64]>,
    /// Per sample: the pieces that have it, and where in them.
    of_sample: HashMap<u32, Vec<(u32, usize)>, FixedState>,
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
        let shortest = pieces.iter().map(|piece| piece.len()).min()?;
        let step = (shortest + 1 - SAMPLE).min(STEP);
        let mut known = vec![0; 1 << BITS >> 6].into_boxed_slice();
        let mut of_sample: HashMap<u32, Vec<(u32, usize)>, FixedState> = HashMap::default();
        for (number, piece) in (0..).zip(&pieces) {
            for (at, sample) in piece.windows(SAMPLE).take(step).enumerate() {
                let sample = sample.first_chunk().map_or(0, |[a, b, c]| hash([*a, *b, *c, 0]));
                if let Some(word) = known.get_mut(sample as usize >> 6) {
                    *word |= 1 << (sample & 63);
                }
                of_sample.entry(sample).or_default().push((number, at));
            }
        }
        Some(Self { pieces, step, known, of_sample })
    }

    /// Whether an event may hold a keyword.
    pub(in crate::engine) fn may_hold(&self, event: &str) -> bool {
        let bytes = event.as_bytes();
        let mut at = 0;
        // Behind a value comes a quote or a bracket at least: a byte more than a sample is there to be read with it.
        while let Some(sample) = bytes.get(at..).and_then(<[u8]>::first_chunk) {
            let number = hash(*sample);
            let known = self.known.get(number as usize >> 6).is_some_and(|word| word >> (number & 63) & 1 == 1);
            if known && self.stands(bytes, at, number) {
                return true;
            }
            at += self.step;
        }
        written_otherwise(event)
    }

    fn stands(&self, event: &[u8], at: usize, sample: u32) -> bool {
        self.of_sample.get(&sample).into_iter().flatten().any(|(number, before)| {
            let piece = self.pieces.get(*number as usize);
            let found = piece.and_then(|piece| {
                let start = at.checked_sub(*before)?;
                Some(event.get(start..start + piece.len())?.eq_ignore_ascii_case(piece))
            });
            found == Some(true)
        })
    }
}

/// The number of the sample that these bytes begin with, in any case.
#[inline]
fn hash(bytes: [u8; SAMPLE + 1]) -> u32 {
    let sample = (u32::from_le_bytes(bytes) | 0x20_2020) & 0xff_ffff;
    sample.wrapping_mul(0x9e37_79b1) >> (u32::BITS - BITS)
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

/// Whether ASCII may stand in an event as something else: as `\u` and four digits, or as one of the two characters beyond ASCII of
/// which the lower case has an ASCII letter.
fn written_otherwise(event: &str) -> bool {
    let bytes = event.as_bytes();
    let escapes = memchr::memmem::find_iter(bytes, br"\u");
    // After an even number of backslashes, each two of them a backslash, this one is an escape.
    let mut escapes = escapes.map(|at| bytes.iter().take(at).rev().take_while(|byte| **byte == b'\\').count());
    escapes.any(|before| before % 2 == 0) || !event.is_ascii() && event.contains(['\u{212a}', '\u{130}'])
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

    proptest! {
        /// Whatever a reader finds in the values of an event is not left out.
        #[test]
        fn nothing_is_missed(
            keywords in prop::collection::vec("[a-eK:. ]{3,9}", 1..6),
            values in prop::collection::vec("[a-eA-Ek:. \\\\\"\u{212a}\u{130}é\u{1}/]{0,40}", 1..4),
            ascii in any::<bool>(),
        ) {
            let tests: Vec<Test> = keywords.iter().map(|text| contained(text)).collect();
            let Some(raw) = Raw::new(tests.iter()) else { return Ok(()) };
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
        }
    }
}
