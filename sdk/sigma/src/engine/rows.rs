//! Sets of rows of one batch: a bit a row.

use super::ROWS;

const WORDS: usize = ROWS / 64;

/// A set of rows. Operations touch the words of rows that a batch has, not all that one may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rows {
    /// Words in use: one bit for each row of the batch.
    used: usize,
    words: [u64; WORDS],
}

impl Rows {
    /// None of a batch's `rows` rows.
    pub(super) fn none(rows: usize) -> Self {
        Self { used: rows.div_ceil(64).min(WORDS), words: [0; WORDS] }
    }

    /// All of them.
    pub(super) fn all(rows: usize) -> Self {
        let mut out = Self::none(rows);
        for (at, word) in out.words.iter_mut().enumerate() {
            *word = match rows.saturating_sub(at * 64) {
                0 => 0,
                left @ 1..64 => (1 << left) - 1,
                _ => u64::MAX,
            };
        }
        out
    }

    fn used(&self) -> &[u64] {
        self.words.get(..self.used).unwrap_or_default()
    }

    fn zip<'w>(&'w mut self, other: &'w Self) -> impl Iterator<Item = (&'w mut u64, &'w u64)> {
        self.words.get_mut(..self.used).unwrap_or_default().iter_mut().zip(other.used())
    }

    pub(super) fn is_empty(&self) -> bool {
        self.used().iter().all(|word| *word == 0)
    }

    pub(super) fn count(&self) -> usize {
        self.used().iter().map(|word| word.count_ones() as usize).sum()
    }

    pub(super) fn insert(&mut self, row: u32) {
        if let Some(word) = self.words.get_mut(row as usize / 64) {
            *word |= 1 << (row % 64);
        }
    }

    pub(super) fn and(&mut self, other: &Self) {
        self.zip(other).for_each(|(word, other)| *word &= other);
    }

    pub(super) fn or(&mut self, other: &Self) {
        self.zip(other).for_each(|(word, other)| *word |= other);
    }

    pub(super) fn without(&mut self, other: &Self) {
        self.zip(other).for_each(|(word, other)| *word &= !other);
    }

    /// The rows, ascending.
    pub(super) fn list(&self) -> Vec<u32> {
        let mut list = Vec::with_capacity(self.count());
        self.each(|row| list.push(row));
        list
    }

    /// The same, one by one.
    pub(super) fn each(&self, mut row: impl FnMut(u32)) {
        for (at, word) in (0u32..).zip(self.used()) {
            let mut left = *word;
            while left != 0 {
                row(at * 64 + left.trailing_zeros());
                left &= left - 1;
            }
        }
    }
}
