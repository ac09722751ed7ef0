//! State time: what the events say, but never far ahead of when they came; and how far a lane's sources have come by it.

use std::collections::{BTreeMap, BTreeSet};

use crate::StateError;
use crate::bytes::Bytes;

/// How far an event's own time may stand ahead of its receipt: ten minutes, in microseconds.
pub(crate) const AHEAD: i64 = 600_000_000;

/// A source that nothing came from for so long holds nothing back any more: seven days of receipt, in microseconds.
const SILENT: i64 = 7 * 86_400_000_000;

/// The state time of an event: its own, but at most ten minutes behind its receipt, so that one dated 2099 ends nothing.
#[must_use]
pub fn state_time(event: i64, received: i64) -> i64 {
    event.min(received.saturating_add(AHEAD))
}

/// One row, by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct At {
    /// Its state time.
    pub(crate) time: i64,
    /// The latest state time of its source so far, itself included.
    pub(crate) clock: i64,
    /// What is to be forgotten is counted from here: the clock of the source that is furthest behind. One source's events are
    /// not late because another's come sooner, or were read first.
    pub(crate) horizon: i64,
}

/// How far a lane has come. Depends on the rows so far, on nothing else; the horizon never goes back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Clocks {
    /// When its first row was received.
    began: Option<i64>,
    horizon: i64,
    sources: BTreeMap<String, Seen>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    clock: i64,
    received: i64,
}

impl Clocks {
    pub(crate) fn new() -> Self {
        Self { began: None, horizon: i64::MIN, sources: BTreeMap::new() }
    }

    pub(crate) fn horizon(&self) -> i64 {
        self.horizon
    }

    /// The next row is of this source. `declared` are the sources that the lane's plugin reads.
    pub(crate) fn row(&mut self, declared: &BTreeSet<String>, source: &str, time: i64, received: i64) -> At {
        let began = *self.began.get_or_insert(received);
        let first = Seen { clock: i64::MIN, received: i64::MIN };
        if !self.sources.contains_key(source) {
            self.sources.insert(source.to_owned(), first);
        }
        let own = self.sources.get_mut(source).map_or(time, |seen| {
            *seen = Seen { clock: seen.clock.max(time), received: seen.received.max(received) };
            seen.clock
        });
        let others = declared.iter().filter(|name| *name != source).filter_map(|name| {
            let seen = self.sources.get(name).copied().unwrap_or(Seen { received: began, ..first });
            (received.saturating_sub(seen.received) < SILENT).then_some(seen.clock)
        });
        self.horizon = self.horizon.max(others.min().map_or(own, |least| least.min(own)));
        At { time, clock: own, horizon: self.horizon }
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = self.horizon.to_le_bytes().to_vec();
        bytes.extend_from_slice(&self.began.unwrap_or(i64::MIN).to_le_bytes());
        for (name, seen) in &self.sources {
            // A source's name is shorter than 255 bytes: the manifest sees to that.
            let name = name.as_bytes().get(..name.len().min(255)).unwrap_or_default();
            bytes.push(u8::try_from(name.len()).unwrap_or(u8::MAX));
            bytes.extend_from_slice(name);
            bytes.extend_from_slice(&seen.clock.to_le_bytes());
            bytes.extend_from_slice(&seen.received.to_le_bytes());
        }
        bytes
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, StateError> {
        let mut bytes = Bytes(bytes);
        let mut clocks = Self { horizon: bytes.i64()?, began: Some(bytes.i64()?), sources: BTreeMap::new() };
        while !bytes.is_empty() {
            let len = bytes.byte()?;
            let name = std::str::from_utf8(bytes.take(usize::from(len))?).map_err(|_| crate::bytes::broken())?;
            let seen = Seen { clock: bytes.i64()?, received: bytes.i64()? };
            clocks.sources.insert(name.to_owned(), seen);
        }
        Ok(clocks)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_source_that_is_furthest_behind_holds_the_horizon_until_it_is_silent() {
        let both = BTreeSet::from(["fast".to_owned(), "slow".to_owned()]);
        let mut clocks = Clocks::new();
        assert_eq!(clocks.row(&both, "fast", 100, 1_000).horizon, i64::MIN, "the slow one may still begin anywhere");
        assert_eq!(clocks.row(&both, "slow", 10, 1_000), At { time: 10, clock: 10, horizon: 10 });
        assert_eq!(clocks.row(&both, "fast", 90, 1_001), At { time: 90, clock: 100, horizon: 10 });
        assert_eq!(Clocks::read(&clocks.write()).unwrap(), clocks);
        assert_eq!(clocks.row(&both, "fast", 200, 1_000 + SILENT).horizon, 200);
        assert_eq!(clocks.row(&both, "slow", 11, 1_001 + SILENT).horizon, 200, "it never goes back");
    }

    #[test]
    fn a_source_that_never_came_holds_it_for_seven_days() {
        let both = BTreeSet::from(["fast".to_owned(), "never".to_owned()]);
        let mut clocks = Clocks::new();
        assert_eq!(clocks.row(&both, "fast", 1, 0).horizon, i64::MIN);
        assert_eq!(clocks.row(&both, "fast", 2, SILENT).horizon, 2);
    }
}
