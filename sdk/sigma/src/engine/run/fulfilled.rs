//! What the values of a column fulfil, and on which rows they stand: values first, since most fulfil nothing, and then nobody asks
//! for their rows.

use crate::engine::column::Column;
use crate::engine::index::Leaf;
use crate::engine::rows::Rows;

/// So many values that fulfil something get a set of rows each; where there are more, each row is put where it belongs.
const SETS: usize = 32;

/// Where the slots of a row are.
pub(super) enum Slots<'s> {
    /// One for each row of the batch.
    Every,
    /// One for each row in play, in their order.
    Chosen,
    /// Those of row i are `starts[i]..starts[i + 1]`.
    Many(&'s [u32]),
}

impl Slots<'_> {
    /// Each dictionary entry on each row in play.
    fn each(&self, column: &Column, rows: &Rows, mut stands: impl FnMut(u32, usize)) {
        let slots = column.slots();
        let mut stand = |row: u32, slot: usize| {
            if let Some(entry) = slots.get(slot).and_then(|slot| slot.checked_sub(1)) {
                stands(row, entry as usize);
            }
        };
        match self {
            Slots::Every => rows.each(|row| stand(row, row as usize)),
            Slots::Chosen => {
                let mut slot = 0;
                rows.each(|row| {
                    stand(row, slot);
                    slot += 1;
                });
            }
            Slots::Many(starts) => {
                let at = |row: usize| starts.get(row).copied().unwrap_or(0) as usize;
                rows.each(|row| (at(row as usize)..at(row as usize + 1)).for_each(|slot| stand(row, slot)));
            }
        }
    }
}

/// Stands on no row in play.
const ABSENT: u32 = 0;
/// Fulfils nothing that is known yet.
const NOTHING: u32 = 1;
/// The first that fulfils something.
const FIRST: u32 = 2;

/// See the module. Its memory serves one column after the other.
#[derive(Default)]
pub(super) struct Fulfilled {
    /// Of each dictionary entry.
    of_entry: Vec<u32>,
    /// Entries and what they fulfil.
    told: Vec<(u32, Leaf)>,
}

impl Fulfilled {
    /// For a column.
    pub(super) fn start(&mut self, column: &Column, rows: &Rows, slots: &Slots<'_>) {
        self.told.clear();
        self.of_entry.clear();
        self.of_entry.resize(column.distinct(), ABSENT);
        slots.each(column, rows, |_, entry| {
            if let Some(of) = self.of_entry.get_mut(entry) {
                *of = NOTHING;
            }
        });
    }

    /// Each entry that stands on a row in play, with where to note what it fulfils.
    pub(super) fn each(&mut self, mut entry: impl FnMut(u32, &mut Vec<(u32, Leaf)>)) {
        for (number, of) in (0u32..).zip(&self.of_entry) {
            if *of != ABSENT {
                entry(number, &mut self.told);
            }
        }
    }

    /// Notes what entries fulfil.
    pub(super) fn tell(&mut self, more: impl IntoIterator<Item = (u32, Leaf)>) {
        self.told.extend(more);
    }

    /// Calls `fulfilled` with each test that a value fulfils, and rows on which such values stand.
    pub(super) fn rows(
        &mut self,
        column: &Column,
        rows: &Rows,
        slots: &Slots<'_>,
        count: usize,
        mut fulfilled: impl FnMut(Leaf, On<'_>),
    ) {
        if self.told.is_empty() {
            return;
        }
        // They come entry by entry; those that lists tell, after them.
        self.told.sort_unstable_by_key(|(entry, _)| *entry);
        let groups: Vec<&[(u32, Leaf)]> = self.told.chunk_by(|(one, _), (next, _)| one == next).collect();
        for (number, group) in (FIRST..).zip(&groups) {
            let entry = group.first().map_or(0, |(entry, _)| *entry as usize);
            if let Some(of) = self.of_entry.get_mut(entry) {
                *of = number;
            }
        }
        let of_entry = &self.of_entry;
        let group = |entry: usize| of_entry.get(entry).and_then(|of| of.checked_sub(FIRST)).map(|group| group as usize);
        if groups.len() > SETS {
            slots.each(column, rows, |row, entry| {
                let leaves = group(entry).and_then(|group| groups.get(group)).into_iter().copied().flatten();
                leaves.for_each(|(_, leaf)| fulfilled(*leaf, On::Row(row)));
            });
            return;
        }
        let mut sets = vec![Rows::none(count); groups.len()];
        slots.each(column, rows, |row, entry| {
            if let Some(set) = group(entry).and_then(|group| sets.get_mut(group)) {
                set.insert(row);
            }
        });
        for (group, set) in groups.iter().zip(&sets) {
            group.iter().for_each(|(_, leaf)| fulfilled(*leaf, On::Rows(set)));
        }
    }
}

/// Some rows of a batch.
pub(super) enum On<'r> {
    Row(u32),
    Rows(&'r Rows),
}

/// Marks the rows in play on which something stands that is not null.
pub(super) fn present(column: &Column, rows: &Rows, slots: &Slots<'_>, present: &mut Rows) {
    slots.each(column, rows, |row, entry| {
        if !column.is_null(entry) {
            present.insert(row);
        }
    });
}
