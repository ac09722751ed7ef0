//! Windows: how often, or by how many, something happened within a length of time.
//!
//! An answer is the largest value of any window of that length that contains the row's time. So for rules that only add and
//! compare with a threshold, late and reordered events lead to the same keys: whichever event comes last completes the window.

mod entries;
#[cfg(test)]
mod tests;

pub(crate) use entries::{Entries, Entry};

use crate::time::AHEAD;

/// Entries of a count, or members of a distinct count, that are kept for one key at most.
pub const CAP: u32 = 1_024;

/// Bytes of the entries of one key at most.
pub const KEY_BYTES: u64 = 96 << 10;

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Events; one that is delivered again counts once.
    Count,
    /// Different members.
    Distinct,
}

/// One window of a lane, as the manifest declares it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// What it counts.
    pub kind: Kind,
    /// Its length in microseconds; more than nothing.
    pub length: i64,
    /// How long after its own time an event may be received and still be counted with others, in microseconds.
    pub lateness: i64,
    /// The largest value that is told apart; 1 to [`CAP`]. The oldest go first, also where one key's entries have more than
    /// [`KEY_BYTES`].
    pub cap: u32,
    /// Keys that are kept at most; then the one goes whose latest entry is oldest.
    pub keys: u64,
    /// Bytes that are kept at most; likewise.
    pub bytes: u64,
}

impl Window {
    /// How long an entry matters: a row may be `lateness` late and look back by `length`, and an event dated ahead moves the
    /// lane's clock by so much.
    pub(crate) fn keeps(&self) -> i64 {
        self.length.saturating_add(self.lateness).saturating_add(AHEAD)
    }
}

/// One look at a window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fed<'t> {
    /// The row that looks.
    pub row: u32,
    /// Whose window.
    pub key: &'t str,
    /// What is told apart by a distinct count; ignored by a count.
    pub member: &'t str,
    /// Count this row's event, or only ask.
    pub add: bool,
}

/// What a window answers one row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Answer {
    /// The largest value of any window of the declared length that contains the row's time; at most the cap.
    pub value: u32,
    /// The value reached the cap: it may be larger.
    pub capped: bool,
    /// Nothing was kept of this key (and, in a distinct count, of this member) before this row.
    pub first_time: bool,
}
