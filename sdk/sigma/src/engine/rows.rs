//! Sets of rows of one batch: a bit a row.

use super::ROWS;

const WORDS: usize = ROWS / 64;

/// A set of rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    words: [u64; WORDS],
}

impl Rows {
    pub(super) const NONE: Self = Self { words: [0; WORDS] };

    /// The first `rows` rows.
    pub(super) fn first(rows: usize) -> Self {
        let mut out = Self::NONE;
        for (at, word) in out.words.iter_mut().enumerate() {
            *word = match rows.saturating_sub(at * 64) {
                0 => 0,
                left @ 1..64 => (1 << left) - 1,
                _ => u64::MAX,
            };
        }
        out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.words.iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn insert(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64) {
            *word |= 1 << (row % 64);
        }
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn or(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn without(&mut self, other: &Self) {
        self.words.iter_mut().zip(&other.words).for_each(|(word, other)| *word &= !other);
    }

    /// The rows, ascending.
    pub(super) fn each(&self, mut row: impl FnMut(u32)) {
        for (at, word) in (0u32..).zip(&self.words) {
            let mut left = *word;
            while left != 0 {
                row(at * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}
