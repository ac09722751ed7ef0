//! A column the other way round: which rows each value stands on.

use crate::engine::column::Column;
use crate::engine::rows::Rows;

/// One entry for each slot on a row in play.
#[derive(Default)]
pub(super) struct Pairs {
    /// Rows of each dictionary entry, end to end.
    rows: Vec<u32>,
    /// Where the rows of an entry end, after sorting.
    ends: Vec<u32>,
}

impl Pairs {
    /// Each dictionary entry that stands on a row in play, with those rows.
    pub(super) fn each(&self) -> impl Iterator<Item = (usize, &[u32])> {
        let mut from = 0;
        self.ends.iter().enumerate().filter_map(move |(entry, end)| {
            let rows = self.rows.get(from..*end as usize).unwrap_or_default();
            from = *end as usize;
            (!rows.is_empty()).then_some((entry, rows))
        })
    }

    /// Sorts the rows in play by the dictionary entries of their slots.
    pub(super) fn gather<I: IntoIterator<Item = u32>>(
        &mut self,
        column: &Column,
        rows: &Rows,
        mut slots_of: impl FnMut(u32) -> I,
    ) {
        let mut pairs: Vec<(u32, u32)> = Vec::with_capacity(rows.count());
        self.ends.clear();
        self.ends.resize(column.distinct(), 0);
        rows.each(|row| {
            for slot in slots_of(row) {
                if let Some(entry) = slot.checked_sub(1)
                    && let Some(count) = self.ends.get_mut(entry as usize)
                {
                    *count += 1;
                    pairs.push((entry, row));
                }
            }
        });
        // From counts to where each begins, then to where it ends by filling.
        let mut start = 0;
        for count in &mut self.ends {
            start += std::mem::replace(count, start);
        }
        self.rows.clear();
        self.rows.resize(pairs.len(), 0);
        for (entry, row) in pairs {
            if let Some(at) = self.ends.get_mut(entry as usize)
                && let Some(place) = self.rows.get_mut(*at as usize)
            {
                *place = row;
                *at += 1;
            }
        }
    }
}
