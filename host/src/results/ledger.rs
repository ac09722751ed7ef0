//! The ledger: what became of every event, counted by force, source and hour of its arrival.
//!
//! *Accepted* is counted from the journal, together with the mark up to which it is counted; what a lane *processed*,
//! *skipped* or *lost* is counted in the commit that moves its cursor. So both are exact whatever happens to the process, and
//! for a lane that is up to date accepted = processed + skipped + lost. *Late*, *duplicate* and *refused* events are told by
//! intake and committed every second: a crash may lose the last second's counts of those three.
//!
//! A lane that begins behind events that were there before does not ask for them: their number is kept as *before*.
//! Hour 0 is for events of which damage on disk left nobody the time.

use std::collections::BTreeMap;

use serde::Serialize;

use super::LaneSource;
use crate::model::{Force, SourceName};
use crate::store::{Effects, Space, Store, StoreError};

/// Microseconds of an hour.
pub const HOUR: i64 = 3_600_000_000;
/// Pairs read at a time.
const PAGE: usize = 4_096;
/// First part of keys: counts, marks, last arrivals.
const COUNTS: &str = "c";
const MARKS: &str = "m";
const LAST: &str = "s";

/// What is counted of a source, whoever reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Came {
    Accepted,
    Late,
    Duplicate,
    Refused,
}

/// What a lane made of events.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Became {
    Processed,
    Skipped,
    Lost,
    Before,
}

/// One hour of one source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Line {
    /// Events in the journal.
    pub accepted: u64,
    /// Of these, received more than an hour after their own time.
    pub late: u64,
    /// Not taken again: they were there already.
    pub duplicate: u64,
    /// Not taken.
    pub refused: u64,
    /// By plugin.
    pub lanes: BTreeMap<String, OfLane>,
}

/// What a lane made of the accepted events of one line.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct OfLane {
    /// Given to the plugin, which completed.
    pub processed: u64,
    /// Passed with a record.
    pub skipped: u64,
    /// Passed with a record, because they could not be read.
    pub lost: u64,
    /// There before the lane began: it did not ask for them.
    pub before: u64,
}

impl OfLane {
    /// All events that the lane is done with.
    #[must_use]
    pub fn done(&self) -> u64 {
        self.processed + self.skipped + self.lost + self.before
    }

    /// Both together.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self {
            processed: self.processed + other.processed,
            skipped: self.skipped + other.skipped,
            lost: self.lost + other.lost,
            before: self.before + other.before,
        }
    }
}

/// A force's lines by source and hour (its beginning, microseconds since 1970 UTC).
pub type Lines = BTreeMap<(String, i64), Line>;

/// The hour that a time is in: its beginning.
#[must_use]
pub fn hour(time: i64) -> i64 {
    time.div_euclid(HOUR) * HOUR
}

impl Came {
    fn word(self) -> &'static str {
        match self {
            Came::Accepted => "accepted",
            Came::Late => "late",
            Came::Duplicate => "duplicate",
            Came::Refused => "refused",
        }
    }
}

impl Became {
    fn word(self) -> &'static str {
        match self {
            Became::Processed => "processed",
            Became::Skipped => "skipped",
            Became::Lost => "lost",
            Became::Before => "before",
        }
    }
}

/// The effect that so many events of a source came. `source` is a source's name, or a word where it is not known.
#[must_use]
pub fn came(force: &Force, source: &str, hour: i64, what: Came, events: u64) -> Effects {
    Effects::new().add(Space::Ledger, &count_key(force, source, hour, what.word(), ""), events)
}

/// The effect that a lane is done with events, which were received at these times.
#[must_use]
pub fn judged(lane: &LaneSource, received: &[i64], what: Became) -> Effects {
    by_hour(lane, &hours(received), what)
}

/// The same, where the events were counted by the hour in which they were received.
#[must_use]
pub fn by_hour(lane: &LaneSource, hours: &BTreeMap<i64, u64>, what: Became) -> Effects {
    hours.iter().fold(Effects::new(), |all, (hour, events)| all.and(became(lane, *hour, what, *events)))
}

/// How many of these times lie in each hour.
#[must_use]
pub fn hours(received: &[i64]) -> BTreeMap<i64, u64> {
    let mut hours: BTreeMap<i64, u64> = BTreeMap::new();
    for time in received {
        *hours.entry(hour(*time)).or_default() += 1;
    }
    hours
}

/// The effect that a lane passed so many events that could not be read.
#[must_use]
pub fn lost(lane: &LaneSource, events: u64) -> Effects {
    became(lane, 0, Became::Lost, events)
}

/// Of live lanes only: nobody relies on the others.
fn became(lane: &LaneSource, hour: i64, what: Became, events: u64) -> Effects {
    if !lane.kind.is_live() {
        return Effects::new();
    }
    let at = count_key(&lane.force, lane.source.as_str(), hour, what.word(), &lane.plugin);
    Effects::new().add(Space::Ledger, &at, events)
}

/// The effect that a force's events are counted up to sequence number `to`, where they were up to `from`. It is refused where
/// somebody else counted them meanwhile.
#[must_use]
pub fn counted(force: &Force, from: u64, to: u64) -> Effects {
    let at = key(MARKS, &[force.as_str()]);
    let before = (from > 0).then(|| from.to_le_bytes().to_vec());
    Effects::new().expect(Space::Ledger, &at, before).put(Space::Ledger, &at, to.to_le_bytes().to_vec())
}

/// Up to where a force's events are counted.
///
/// # Errors
/// The store's.
pub fn counted_up_to(store: &Store, force: &Force) -> Result<u64, StoreError> {
    let value = store.get(Space::Ledger, &key(MARKS, &[force.as_str()]))?;
    Ok(value.as_deref().and_then(number).unwrap_or(0))
}

/// The effect that events of a source last came at this time, microseconds since 1970 UTC.
#[must_use]
pub fn came_last(force: &Force, source: &SourceName, received: i64) -> Effects {
    let at = key(LAST, &[force.as_str(), source.as_str()]);
    Effects::new().put(Space::Ledger, &at, received.to_le_bytes().to_vec())
}

/// When events of each source last came, microseconds since 1970 UTC.
///
/// # Errors
/// The store's.
pub fn last(store: &Store) -> Result<BTreeMap<(Force, SourceName), i64>, StoreError> {
    let mut found = BTreeMap::new();
    each(store, &key(LAST, &[]), None, |at, value| {
        found.extend(last_of(at, value));
        true
    })?;
    Ok(found)
}

fn last_of(at: &[u8], value: &[u8]) -> Option<((Force, SourceName), i64)> {
    let mut words = std::str::from_utf8(at).ok()?.split('\0').skip(1);
    let (force, source) = (Force::new(words.next()?).ok()?, SourceName::new(words.next()?).ok()?);
    Some(((force, source), i64::from_le_bytes(value.try_into().ok()?)))
}

/// A force's lines of the hours from `from` up to `to`, both included.
///
/// # Errors
/// The store's.
pub fn lines(store: &Store, force: &Force, from: i64, to: i64) -> Result<Lines, StoreError> {
    let mut found = Lines::new();
    let prefix = key(COUNTS, &[force.as_str()]);
    let first = [prefix.as_slice(), &number_of(from)].concat();
    each(store, &prefix, Some(first), |at, value| {
        // What cannot be read is no count of ours.
        let (Some((hour, source, what, plugin)), Some(events)) = (parts(&prefix, at), number(value)) else {
            return true;
        };
        if hour <= to {
            found.entry((source.to_owned(), hour)).or_default().set(what, plugin, events);
        }
        hour <= to
    })?;
    Ok(found)
}

impl Line {
    fn set(&mut self, what: &str, plugin: &str, events: u64) {
        if plugin.is_empty() {
            match what {
                "accepted" => self.accepted = events,
                "late" => self.late = events,
                "duplicate" => self.duplicate = events,
                "refused" => self.refused = events,
                _ => {}
            }
            return;
        }
        let lane = self.lanes.entry(plugin.to_owned()).or_default();
        match what {
            "processed" => lane.processed = events,
            "skipped" => lane.skipped = events,
            "lost" => lane.lost = events,
            "before" => lane.before = events,
            _ => {}
        }
    }
}

/// Removes the lines of hours before `hour`, at most a few thousand counts; how many counts went.
///
/// # Errors
/// The store's.
pub fn forget(store: &Store, force: &Force, before: i64) -> Result<usize, StoreError> {
    let prefix = key(COUNTS, &[force.as_str()]);
    let mut gone = Vec::new();
    // Hour 0 stays: it is no time.
    each(store, &prefix, Some([prefix.as_slice(), &number_of(HOUR)].concat()), |at, _| {
        let is_old = parts(&prefix, at).is_some_and(|(hour, ..)| hour < before) && gone.len() < PAGE;
        gone.extend(is_old.then(|| at.to_vec()));
        is_old
    })?;
    if !gone.is_empty() {
        store.commit(gone.iter().fold(Effects::new(), |all, at| all.delete(Space::Ledger, at)))?;
    }
    Ok(gone.len())
}

/// What is counted of a force at one moment.
#[derive(Debug)]
pub struct Counted {
    force: Force,
    /// Up to which sequence number.
    pub mark: u64,
    lines: Lines,
}

impl Counted {
    /// Now.
    ///
    /// # Errors
    /// The store's.
    pub fn read(store: &Store, force: &Force) -> Result<Self, StoreError> {
        let mark = counted_up_to(store, force)?;
        Ok(Self { force: force.clone(), mark, lines: lines(store, force, 0, i64::MAX)? })
    }

    /// The effects that a lane does not ask for those of these events that it is not done with, but for `ahead`, which by hour
    /// are still to come to it; and how many they are. They must be committed together with [`Counted::still`].
    #[must_use]
    pub fn rest(&self, lane: &LaneSource, what: Became, ahead: &BTreeMap<i64, u64>) -> (Effects, u64) {
        let (mut effects, mut events) = (Effects::new(), 0);
        // Nobody counts what the others do.
        let lines = self.lines.iter().filter(|_| lane.kind.is_live());
        for ((source, hour), line) in lines {
            let done = line.lanes.get(&lane.plugin).map_or(0, OfLane::done);
            let ahead = ahead.get(hour).copied().unwrap_or(0);
            let left = line.accepted.saturating_sub(done).saturating_sub(ahead);
            if source == lane.source.as_str() && left > 0 {
                effects = effects.and(became(lane, *hour, what, left));
                events += left;
            }
        }
        (effects, events)
    }

    /// The effect that nothing is committed where more was counted meanwhile.
    #[must_use]
    pub fn still(&self) -> Effects {
        let value = (self.mark > 0).then(|| self.mark.to_le_bytes().to_vec());
        Effects::new().expect(Space::Ledger, &key(MARKS, &[self.force.as_str()]), value)
    }
}

fn key(kind: &str, words: &[&str]) -> Vec<u8> {
    let mut key = kind.as_bytes().to_vec();
    for word in words {
        key.push(0);
        key.extend_from_slice(word.as_bytes());
    }
    // Ends the last word, so that no name begins another's keys.
    key.push(0);
    key
}

/// The hour comes before the source: the hours of a force that somebody asks for lie together.
fn count_key(force: &Force, source: &str, hour: i64, what: &str, plugin: &str) -> Vec<u8> {
    let mut at = key(COUNTS, &[force.as_str()]);
    at.extend_from_slice(&number_of(hour));
    at.extend_from_slice([source, what, plugin].join("\0").as_bytes());
    at
}

/// An hour's number since 1970.
fn number_of(hour: i64) -> [u8; 4] {
    u32::try_from((hour / HOUR).max(0)).unwrap_or(u32::MAX).to_be_bytes()
}

/// Hour, source, what, plugin of a key behind this prefix.
fn parts<'a>(prefix: &[u8], at: &'a [u8]) -> Option<(i64, &'a str, &'a str, &'a str)> {
    let (hour, rest) = at.strip_prefix(prefix)?.split_at_checked(4)?;
    let mut words = std::str::from_utf8(rest).ok()?.split('\0');
    let hour = i64::from(u32::from_be_bytes(hour.try_into().ok()?)) * HOUR;
    Some((hour, words.next()?, words.next()?, words.next()?))
}

fn number(value: &[u8]) -> Option<u64> {
    value.try_into().map(u64::from_le_bytes).ok()
}

/// Goes through pairs in the order of their keys, as long as `take` says so.
fn each(
    store: &Store,
    prefix: &[u8],
    mut after: Option<Vec<u8>>,
    mut take: impl FnMut(&[u8], &[u8]) -> bool,
) -> Result<(), StoreError> {
    loop {
        let pairs = store.list(Space::Ledger, prefix, after.as_deref(), PAGE)?;
        let Some((last, _)) = pairs.last() else { return Ok(()) };
        after = Some(last.clone());
        if !pairs.iter().all(|(key, value)| take(key, value)) {
            return Ok(());
        }
    }
}
