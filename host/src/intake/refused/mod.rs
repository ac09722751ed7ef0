//! Refused lines: what was not taken is kept with its exact bytes, for a person to see, mend and send again.
//!
//! Owns keyspace `RefusedLine`: one bounded list a force. The same line refused again for the same reason stands in it once.
//! What goes over a limit is counted, and said in the request's answer and in the list. Knows no caller: who may read or
//! change the list, and that it is recorded, is the API's.

mod entry;
mod list;

pub use entry::{Held, RefusedEntry};
pub use list::{Gone, RefusedList, Waiting, Whole};

/// What is kept of each force. Beyond lines and bytes the newest are not kept; beyond the time the oldest go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RefusedLimits {
    /// Lines.
    pub lines: u64,
    /// Bytes of them.
    pub bytes: u64,
    /// Microseconds since one was refused.
    pub micros: i64,
}

impl Default for RefusedLimits {
    /// 10,000 lines, 64 MiB, 30 days.
    fn default() -> Self {
        Self { lines: 10_000, bytes: 64 << 20, micros: 30 * 86_400_000_000 }
    }
}

/// Lines of one request that are kept at most; the others are counted.
const LINES: usize = 1_000;
/// Bytes of one request's lines that are kept at most.
const BYTES: usize = 4 << 20;

/// A line that was refused, on its way to the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct New {
    pub(super) line: u64,
    pub(super) unit: &'static str,
    pub(super) kind: &'static str,
    pub(super) reason: String,
    /// None where the line was not read to its end: it was too large.
    pub(super) bytes: Option<Vec<u8>>,
}

/// The lines of one request.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) lines: Vec<New>,
    bytes: usize,
    /// Lines that are not among them.
    pub(super) more: u64,
}

impl Lines {
    pub(super) fn take(&mut self, new: New) {
        let bytes = new.bytes.as_ref().map_or(0, Vec::len);
        if self.lines.len() < LINES && self.bytes + bytes <= BYTES {
            self.bytes += bytes;
            self.lines.push(new);
        } else {
            self.more += 1;
        }
    }
}

#[cfg(test)]
mod tests;
