//! Sets of rows: what predicates answer, combined with `&`, `|` and `!`, and iterated. Pure.

use std::ops::{BitAnd, BitAndAssign, BitOr, BitOrAssign, Not};

/// A row of the batch at hand. Only batches and masks make rows, so that a row always exists.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Row(pub(crate) u32);

impl Row {
    /// Its number in the batch, from 0. Meaningless in any other batch: never put it into a finding's text or key.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A set of rows of one batch.
///
/// ```
/// # use cordon_sdk::prelude::*;
/// # fn look(batch: &Batch) {
/// let all = batch.all();
/// let none = !&all;
/// assert!(none.is_empty() && (&all | &none) == all && (all & none).count() == 0);
/// # }
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mask {
    rows: usize,
    // One bit a row, the first lowest; bits from `rows` on are zero.
    words: Vec<u64>,
}

impl Mask {
    pub(crate) fn none(rows: usize) -> Self {
        Self { rows, words: vec![0; rows.div_ceil(64)] }
    }

    pub(crate) fn all(rows: usize) -> Self {
        let mut mask = Self { rows, words: vec![u64::MAX; rows.div_ceil(64)] };
        mask.trim();
        mask
    }

    /// The rows whose slot has a true verdict; `verdicts[slot]`, with slot 0 for absent.
    pub(crate) fn of_slots(slots: &[u32], verdicts: &[bool]) -> Self {
        // Constant columns and predicates that nothing fulfils are the rule.
        if !verdicts.contains(&true) {
            return Self::none(slots.len());
        }
        if !verdicts.contains(&false) {
            return Self::all(slots.len());
        }
        let verdict = |slot: &u32| verdicts.get(*slot as usize).copied().unwrap_or(false);
        let words = slots
            .chunks(64)
            .map(|chunk| chunk.iter().rev().fold(0, |word, slot| word << 1 | u64::from(verdict(slot))))
            .collect();
        Self { rows: slots.len(), words }
    }

    pub(crate) fn insert(&mut self, row: u32) {
        if (row as usize) < self.rows {
            self.words[row as usize / 64] |= 1 << (row % 64);
        }
    }

    /// Whether a row is in the set.
    #[must_use]
    pub fn contains(&self, row: Row) -> bool {
        self.words.get(row.index() / 64).is_some_and(|word| word >> (row.0 % 64) & 1 == 1)
    }

    /// How many rows are in the set.
    #[must_use]
    pub fn count(&self) -> usize {
        self.words.iter().map(|word| word.count_ones() as usize).sum()
    }

    /// Whether any row is in the set.
    #[must_use]
    pub fn any(&self) -> bool {
        self.words.iter().any(|word| *word != 0)
    }

    /// Whether no row is in the set.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        !self.any()
    }

    /// The rows in the set, ascending.
    #[must_use]
    pub fn iter(&self) -> Rows<'_> {
        Rows { words: &self.words, at: 0, left: self.words.first().copied().unwrap_or(0) }
    }

    /// Bits beyond the last row are always zero.
    fn trim(&mut self) {
        let used = self.rows % 64;
        if used != 0
            && let Some(last) = self.words.last_mut()
        {
            *last &= (1 << used) - 1;
        }
    }
}

/// The rows of a [`Mask`], ascending.
#[derive(Debug, Clone)]
pub struct Rows<'m> {
    words: &'m [u64],
    at: usize,
    left: u64,
}

impl Iterator for Rows<'_> {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        while self.left == 0 {
            self.at += 1;
            self.left = *self.words.get(self.at)?;
        }
        let bit = self.left.trailing_zeros();
        self.left &= self.left - 1;
        #[allow(clippy::cast_possible_truncation)] // a batch has at most 4,096 rows
        Some(Row(self.at as u32 * 64 + bit))
    }
}

impl<'m> IntoIterator for &'m Mask {
    type Item = Row;
    type IntoIter = Rows<'m>;

    fn into_iter(self) -> Rows<'m> {
        self.iter()
    }
}

impl BitAndAssign<&Mask> for Mask {
    fn bitand_assign(&mut self, other: &Mask) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word &= other;
        }
    }
}

impl BitOrAssign<&Mask> for Mask {
    fn bitor_assign(&mut self, other: &Mask) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
        self.trim();
    }
}

impl Not for Mask {
    type Output = Mask;

    fn not(mut self) -> Mask {
        for word in &mut self.words {
            *word = !*word;
        }
        self.trim();
        self
    }
}

impl Not for &Mask {
    type Output = Mask;

    fn not(self) -> Mask {
        !self.clone()
    }
}

/// `&` and `|` for owned and borrowed masks in every combination, and their assigning forms for owned ones.
macro_rules! combine {
    ($trait:ident, $method:ident, $assign_trait:ident, $assign:ident) => {
        impl $trait<&Mask> for Mask {
            type Output = Mask;
            fn $method(mut self, other: &Mask) -> Mask {
                self.$assign(other);
                self
            }
        }
        impl $trait<Mask> for Mask {
            type Output = Mask;
            fn $method(self, other: Mask) -> Mask {
                self.$method(&other)
            }
        }
        impl $trait<Mask> for &Mask {
            type Output = Mask;
            fn $method(self, other: Mask) -> Mask {
                other.$method(self)
            }
        }
        impl $trait<&Mask> for &Mask {
            type Output = Mask;
            fn $method(self, other: &Mask) -> Mask {
                self.clone().$method(other)
            }
        }
        impl $assign_trait<Mask> for Mask {
            fn $assign(&mut self, other: Mask) {
                self.$assign(&other);
            }
        }
    };
}
combine!(BitAnd, bitand, BitAndAssign, bitand_assign);
combine!(BitOr, bitor, BitOrAssign, bitor_assign);

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::Mask;

    fn mask(bits: &[bool]) -> Mask {
        let slots: Vec<u32> = bits.iter().map(|bit| u32::from(*bit)).collect();
        Mask::of_slots(&slots, &[false, true])
    }

    fn bits(mask: &Mask) -> Vec<bool> {
        let mut out = vec![false; mask.rows];
        mask.iter().for_each(|row| out[row.index()] = true);
        out
    }

    proptest! {
        #[test]
        fn masks_are_sets(pairs in proptest::collection::vec(any::<(bool, bool)>(), 0..300)) {
            let (left, right): (Vec<bool>, Vec<bool>) = pairs.iter().copied().unzip();
            let (a, b) = (mask(&left), mask(&right));
            prop_assert_eq!(bits(&a), left.clone());
            prop_assert_eq!(bits(&(&a & &b)), pairs.iter().map(|(l, r)| l & r).collect::<Vec<_>>());
            prop_assert_eq!(bits(&(&a | &b)), pairs.iter().map(|(l, r)| l | r).collect::<Vec<_>>());
            prop_assert_eq!(bits(&!&a), left.iter().map(|l| !l).collect::<Vec<_>>());
            prop_assert_eq!(&!&!&a, &a);
            prop_assert_eq!(!(&a & &b), !&a | !&b);
            prop_assert_eq!(a.clone() & b.clone(), &a & b.clone());
            prop_assert_eq!(a.clone() | &b, &a | b.clone());
            prop_assert_eq!(a.count(), left.iter().filter(|l| **l).count());
            prop_assert_eq!(a.any(), left.contains(&true));
            prop_assert_eq!(&a | !&a, Mask::all(left.len()));
            prop_assert!((&a & !&a).is_empty());
            prop_assert!(a.iter().all(|row| a.contains(row)));
        }
    }
}
