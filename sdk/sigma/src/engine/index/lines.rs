//! Lines of long texts, each searched once: the contexts of a thousand PowerShell records are different texts of the same lines.

use std::hash::BuildHasher;
use std::ops::Range;

use foldhash::fast::FixedState;
use hashbrown::HashTable;

/// Bytes from which a text is searched line by line.
pub(super) const LONG: usize = 512;

/// Lines that are remembered at most: also what bounds the harm of lines that were made to share a place in the table.
const LINES: usize = 16 << 10;
/// Bytes of lines that are remembered at most, and of what was found in them.
const KEPT: usize = 4 << 20;
/// Bytes of a line that is worth it at most: whatever stands in a longer one hardly comes again.
const LINE: usize = 64 << 10;

#[derive(Debug)]
struct Line {
    hash: u64,
    text: Range<usize>,
    found: Range<usize>,
}

/// The lines of one field's values in a batch.
#[derive(Debug, Default)]
pub(super) struct Lines {
    known: HashTable<Line>,
    hasher: FixedState,
    /// All lines, end to end.
    text: Vec<u8>,
    /// What was found in them, end to end.
    found: Vec<u32>,
}

impl Lines {
    /// For the next field.
    pub(super) fn clear(&mut self) {
        self.known.clear();
        self.text.clear();
        self.found.clear();
    }

    /// What stands in a line: what `search` says when it is asked for the first time. None where nothing more is remembered: then
    /// the line is to be searched as it is.
    pub(super) fn found<I: Iterator<Item = u32>>(&mut self, line: &[u8], search: impl FnOnce() -> I) -> Option<&[u32]> {
        if line.len() > LINE {
            return None;
        }
        let hash = self.hasher.hash_one(line);
        let same = |known: &Line| {
            known.hash == hash && self.text.get(known.text.clone()).is_some_and(|known| equal(known, line))
        };
        let range = match self.known.find(hash, same) {
            Some(known) => known.found.clone(),
            None if self.is_full(line.len()) => return None,
            None => {
                let (text, from) = (self.text.len(), self.found.len());
                self.text.extend_from_slice(line);
                let mut found: Vec<u32> = search().collect();
                // A literal may stand in a line a thousand times.
                found.sort_unstable();
                found.dedup();
                self.found.extend(found);
                let range = from..self.found.len();
                let line = Line { hash, text: text..self.text.len(), found: range.clone() };
                self.known.insert_unique(hash, line, |line| line.hash);
                range
            }
        };
        self.found.get(range)
    }

    fn is_full(&self, more: usize) -> bool {
        let bytes = self.text.len() + more + self.found.len() * size_of::<u32>();
        self.known.len() >= LINES || bytes > KEPT
    }
}

/// In a guest, two texts are compared byte by byte where nobody says otherwise.
fn equal(one: &[u8], other: &[u8]) -> bool {
    const BLOCK: usize = 64;
    let (blocks, rest) = one.as_chunks::<BLOCK>();
    let (other_blocks, other_rest) = other.as_chunks::<BLOCK>();
    let differ = |(one, other): (&[u8; BLOCK], &[u8; BLOCK])| {
        one.iter().zip(other).fold(0, |differ, (one, other)| differ | (one ^ other)) != 0
    };
    one.len() == other.len() && !blocks.iter().zip(other_blocks).any(differ) && rest == other_rest
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{LINE, LINES, LONG};
    use crate::engine::Kind;
    use crate::engine::index::{Index, Scratch};
    use crate::pattern::Pattern;
    use crate::test::Test;

    proptest! {
        /// Texts of shared lines fulfil what they fulfil alone, whether a test is of one line or of several.
        #[test]
        fn lines_that_were_seen_before_change_nothing(
            wanted in prop::collection::vec("[ab\n]{1,4}", 1..5),
            lines in prop::collection::vec("[abAB]{0,5}", 2..4),
            texts in prop::collection::vec(prop::collection::vec(0usize..4, 0..4), 1..4),
            of_lines in any::<bool>(),
            wide in any::<bool>(),
            full in prop::bool::weighted(0.1),
        ) {
            let wanted: Vec<String> =
                wanted.into_iter().map(|text| if of_lines { text.replace('\n', "b") } else { text }).collect();
            let tests: Vec<Test> =
                wanted.iter().map(|text| Test::Text(Pattern::literal(text).any_before().any_after())).collect();
            let index = Index::new((0..).zip(&tests)).unwrap();
            let mut scratch = Scratch::default();
            if full {
                (0..LINES).for_each(|line| _ = scratch.lines.found(line.to_string().as_bytes(), std::iter::empty));
            }
            for text in texts {
                let mut long = if wide { "-".repeat(LINE) } else { "-\n".repeat(LONG / 2) };
                text.iter().for_each(|line| long.extend([lines[line % lines.len()].as_str(), "\n"]));
                index.hits(Kind::String, &long, &mut scratch);
                let mut hits = scratch.hits.clone();
                hits.sort_unstable();
                let stands = |(_, text): &(u32, &String)| long.to_lowercase().contains(text.as_str());
                let expected: Vec<u32> = (0..).zip(&wanted).filter(stands).map(|(leaf, _)| leaf).collect();
                prop_assert_eq!(hits, expected);
            }
        }
    }
}
