//! Few pieces: pairs of bytes that are rare in events, so chosen that every piece has one, are compared with all of a block of text
//! at once. A loop without a branch, which the compiler makes vector instructions of.

use std::collections::{BTreeMap, BTreeSet};

use super::{DOTTED_I, KELVIN_SIGN};

/// Marks at most: with more of them samples are faster. [`Marks::stand`] has an arm for each number.
const MARKS: usize = 6;
/// Bytes that are compared at once.
const BLOCK: usize = 64;
/// Marks of an event without a piece, for each 256 bytes of it and once, from which it is read: that costs the same for any event.
const IN_VAIN: usize = 64;
/// What to look for a mark costs, in places where one stands and no piece does.
const OF_A_MARK: f64 = 0.5;

/// What the characters beyond ASCII begin with of which the lower case has an ASCII letter.
const KELVIN: u8 = KELVIN_SIGN.as_bytes()[0];
const DOTTED: u8 = DOTTED_I.as_bytes()[0];

/// Two bytes, with the bit set in which the cases of a letter differ.
type Mark = [u8; 2];

#[derive(Debug)]
pub(super) struct Marks {
    marks: Vec<Mark>,
    /// Per mark: the pieces that it finds, and where in them.
    pieces: Vec<Vec<(usize, usize)>>,
}

impl Marks {
    /// None where too many would be needed.
    pub(super) fn of(pieces: &[Box<[u8]>]) -> Option<Self> {
        let mut left: BTreeSet<usize> = (0..pieces.len()).collect();
        let mut marks = Self { marks: Vec::new(), pieces: Vec::new() };
        while !left.is_empty() {
            if marks.marks.len() == MARKS {
                return None;
            }
            let mut places: BTreeMap<Mark, BTreeMap<usize, usize>> = BTreeMap::new();
            for piece in &left {
                for (at, pair) in pieces.get(*piece)?.windows(2).enumerate() {
                    let mark = pair.first_chunk::<2>()?.map(folded);
                    places.entry(mark).or_default().entry(*piece).or_insert(at);
                }
            }
            let worth =
                |(mark, found): &(Mark, BTreeMap<usize, usize>)| found.len() as f64 / (OF_A_MARK + often(*mark));
            let (mark, found) = places.into_iter().max_by(|one, other| worth(one).total_cmp(&worth(other)))?;
            left.retain(|piece| !found.contains_key(piece));
            marks.marks.push(mark);
            marks.pieces.push(found.into_iter().collect());
        }
        (!marks.marks.is_empty()).then_some(marks)
    }

    /// Whether a piece may stand in an event: it does, or it may be written in another way.
    pub(super) fn stand(&self, pieces: &[Box<[u8]>], event: &str) -> bool {
        // The compiler makes a loop for each number of them.
        match *self.marks.as_slice() {
            [a] => self.search(&[a], pieces, event),
            [a, b] => self.search(&[a, b], pieces, event),
            [a, b, c] => self.search(&[a, b, c], pieces, event),
            [a, b, c, d] => self.search(&[a, b, c, d], pieces, event),
            [a, b, c, d, e] => self.search(&[a, b, c, d, e], pieces, event),
            [a, b, c, d, e, f] => self.search(&[a, b, c, d, e, f], pieces, event),
            _ => true,
        }
    }

    fn search<const N: usize>(&self, marks: &[Mark; N], pieces: &[Box<[u8]>], event: &str) -> bool {
        let text = event.as_bytes();
        let mut left = IN_VAIN + text.len() / 256;
        let Some(last) = text.len().checked_sub(BLOCK + 1) else {
            return self.near(pieces, text, 0..text.len(), &mut left) || super::written_otherwise(event);
        };
        let mut otherwise = false;
        // The last block ends with the text, and may have been looked at in part.
        for at in (0..last).step_by(BLOCK).chain([last]) {
            let Some(block) = text.get(at..).and_then(<[u8]>::first_chunk::<{ BLOCK + 1 }>) else { continue };
            let (found, other) = block_has(marks, block);
            otherwise |= other;
            if found && self.near(pieces, text, at..at + BLOCK, &mut left) {
                return true;
            }
        }
        otherwise && super::written_otherwise(event)
    }

    /// Whether a piece stands at a mark that begins at one of these places. Also where more marks stand in vain than are `left`: text
    /// of nothing but marks would cost a comparison with each piece at each byte.
    fn near(&self, pieces: &[Box<[u8]>], text: &[u8], places: std::ops::Range<usize>, left: &mut usize) -> bool {
        places.into_iter().any(|at| {
            let Some(pair) = text.get(at..).and_then(<[u8]>::first_chunk::<2>) else { return false };
            let mark = pair.map(folded);
            let Some((_, of)) = self.marks.iter().zip(&self.pieces).find(|(known, _)| **known == mark) else {
                return false;
            };
            let Some(fewer) = left.checked_sub(1) else { return true };
            *left = fewer;
            of.iter()
                .any(|(piece, before)| pieces.get(*piece).is_some_and(|piece| super::stands(piece, text, at, *before)))
        })
    }
}

/// Whether a mark begins in a block, and whether there is anything that may be ASCII written in another way.
#[inline]
fn block_has<const N: usize>(marks: &[Mark; N], block: &[u8; BLOCK + 1]) -> (bool, bool) {
    let (mut found, mut otherwise) = (0u8, 0u8);
    for at in 0..BLOCK {
        let (one, next) = (block[at], block[at + 1]);
        let (folded_one, folded_next) = (folded(one), folded(next));
        for [first, second] in marks {
            found |= u8::from(folded_one == *first) & u8::from(folded_next == *second);
        }
        otherwise |=
            u8::from(one == b'\\') & u8::from(next == b'u') | u8::from(one == KELVIN) | u8::from(one == DOTTED);
    }
    (found != 0, otherwise != 0)
}

fn folded(byte: u8) -> u8 {
    byte | 0x20
}

/// How often a mark stands in an event of 2 KiB, by guess: its bytes are taken to come independently, but two of one punctuation
/// mark, which seldom come together.
fn often([one, next]: Mark) -> f64 {
    // A backslash is counted as `|` here, and `@` to `_` as the letters below them.
    let of = |byte: u8| match byte {
        b'a' | b'e' | b's' | b't' => 50.0,
        b'o' | b'r' | b'n' | b'0' | b'i' | b'd' | b'b' | b'c' | b':' => 30.0,
        b'm' | b'u' | b'l' | b' ' | b'|' | b'p' | b'g' | b'w' | b'h' | b'f' | b',' | b'-' | b'1'..=b'5' => 17.0,
        b'a'..=b'z' | b'.' | b'6'..=b'9' => 8.0,
        _ => 1.0,
    };
    let together = if one == next && one.is_ascii_punctuation() { 0.1 } else { 1.0 };
    2.0 * together * of(one) * of(next) / 1_000.0
}
