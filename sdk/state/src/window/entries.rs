//! The entries of one key of one window, in the order of time.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use super::{KEY_BYTES, Kind, Window};
use crate::StateError;
use crate::bytes::Bytes;
use crate::key::Short;

type Members = HashMap<Short, u32, FixedState>;

/// One event that was counted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) time: i64,
    /// Of the event: one that is delivered again is known by it.
    pub(crate) identity: Short,
    pub(crate) member: Short,
    /// To cite it.
    pub(crate) reference: Box<str>,
}

/// See the module. Sorted by time, then identity.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Entries {
    all: Vec<Entry>,
    /// Of distinct counts: how many entries each member has.
    members: Members,
    distinct: bool,
}

/// Bytes of an entry besides its reference.
const FIXED: usize = 8 + 16 + 16 + 1;
/// So many entries are never too large.
const FEW: usize = KEY_BYTES as usize / (FIXED + 255);

impl Entry {
    fn size(&self) -> u64 {
        (FIXED + self.reference.len()) as u64
    }
}

impl Entries {
    pub(crate) fn new(kind: Kind) -> Self {
        Self { distinct: kind == Kind::Distinct, ..Self::default() }
    }

    /// The time of the latest; none where there is none.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.all.last().map(|entry| entry.time)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Bytes of it as kept.
    pub(crate) fn size(&self) -> u64 {
        self.all.iter().map(Entry::size).sum()
    }

    pub(crate) fn knows(&self, member: &Short) -> bool {
        self.members.contains_key(member)
    }

    /// Forgets what lies before a time.
    pub(crate) fn forget_before(&mut self, time: i64) {
        let old = self.all.partition_point(|entry| entry.time < time);
        for entry in self.all.drain(..old) {
            less(&mut self.members, &entry.member);
        }
    }

    /// Counts an event, unless it was counted before.
    pub(crate) fn add(&mut self, window: &Window, entry: Entry) {
        let order = |known: &Entry| (known.time, known.identity).cmp(&(entry.time, entry.identity));
        let Err(at) = self.all.binary_search_by(order) else { return };
        let member = entry.member;
        self.all.insert(at, entry);
        if self.distinct {
            *self.members.entry(member).or_insert(0) += 1;
            self.thin(window, &member);
        }
    }

    /// Lets the oldest go where there is more than the window's cap. True where there was.
    pub(crate) fn trim(&mut self, window: &Window) -> bool {
        let cap = window.cap as usize;
        let full = if self.distinct {
            self.members.len() > cap && self.drop_oldest_member()
        } else {
            let over = self.all.len().saturating_sub(cap);
            self.all.drain(..over);
            over > 0
        };
        self.shorten() || full
    }

    /// Lets the oldest entries go where one key's have too many bytes. True where they had.
    fn shorten(&mut self) -> bool {
        if self.all.len() <= FEW || self.size() <= KEY_BYTES {
            return false;
        }
        let (mut size, mut over) = (self.size(), 0);
        for entry in &self.all {
            if size <= KEY_BYTES {
                break;
            }
            size -= entry.size();
            over += 1;
        }
        for entry in self.all.drain(..over) {
            less(&mut self.members, &entry.member);
        }
        true
    }

    /// Of three entries of one member within one length the middle one decides nothing: a window that holds it holds
    /// another one. So a member that comes a thousand times costs as much as one that comes thrice.
    fn thin(&mut self, window: &Window, member: &Short) {
        if self.members.get(member).is_none_or(|count| *count < 3) {
            return;
        }
        let places: Vec<usize> =
            (0..self.all.len()).filter(|at| self.all.get(*at).is_some_and(|e| e.member == *member)).collect();
        let time = |at: usize| self.all.get(at).map_or(0, |entry| entry.time);
        let mut kept = places.first().copied().map_or(0, time);
        let mut gone = Vec::new();
        for three in places.windows(3) {
            let &[_, middle, last] = three else { continue };
            if time(last).saturating_sub(kept) <= window.length {
                gone.push(middle);
            } else {
                kept = time(middle);
            }
        }
        for at in gone.into_iter().rev() {
            self.all.remove(at);
            less(&mut self.members, member);
        }
    }

    /// The member that was not seen for longest goes, with all of its entries.
    fn drop_oldest_member(&mut self) -> bool {
        let mut latest: HashMap<Short, i64, FixedState> = HashMap::default();
        for entry in &self.all {
            latest.insert(entry.member, entry.time);
        }
        let Some((member, _)) = latest.into_iter().min_by_key(|(member, time)| (*time, *member)) else { return false };
        self.all.retain(|entry| entry.member != member);
        self.members.remove(&member);
        true
    }

    /// The largest value of any window that contains this time.
    pub(crate) fn value(&self, window: &Window, time: i64) -> u32 {
        self.best(window, time).0
    }

    /// References of what the best window holds, the latest `limit` of them, in the order of time; one for each member of a
    /// distinct count.
    pub(crate) fn cited(&self, window: &Window, time: i64, own: &Short, limit: usize) -> Vec<Box<str>> {
        let (_, from) = self.best(window, time);
        let until = from.saturating_add(window.length);
        let inside = self.all.iter().rev().filter(|entry| entry.time >= from && entry.time < until);
        let mut seen: HashMap<Short, (), FixedState> = HashMap::default();
        let mut cited: Vec<Box<str>> = Vec::new();
        for entry in inside.filter(|entry| entry.identity != *own && !entry.reference.is_empty()) {
            if cited.len() == limit {
                break;
            }
            if !self.distinct || seen.insert(entry.member, ()).is_none() {
                cited.push(entry.reference.clone());
            }
        }
        cited.reverse();
        cited
    }

    /// The largest value, and where the window begins that has it (the earliest of them).
    fn best(&self, window: &Window, time: i64) -> (u32, i64) {
        let (after, before) = (time.saturating_sub(window.length), time.saturating_add(window.length));
        let from = self.all.partition_point(|entry| entry.time <= after);
        let until = self.all.partition_point(|entry| entry.time < before);
        let near = self.all.get(from..until).unwrap_or_default();
        // A window may begin at any entry up to this time, or at this time itself: moved right until then, it loses nothing.
        let starts = near.iter().map(|entry| entry.time).take_while(|start| *start < time).chain([time]);
        let (mut left, mut right) = (0, 0);
        let (mut held, mut best) = (Members::default(), (0, time));
        for start in starts {
            let end = start.saturating_add(window.length);
            while let Some(entry) = near.get(right).filter(|entry| entry.time < end) {
                if self.distinct {
                    *held.entry(entry.member).or_insert(0) += 1;
                }
                right += 1;
            }
            while let Some(entry) = near.get(left).filter(|entry| entry.time < start) {
                if self.distinct {
                    less(&mut held, &entry.member);
                }
                left += 1;
            }
            let value = if self.distinct { held.len() } else { right - left };
            if value > best.0 {
                best = (value, start);
            }
            if right == near.len() {
                // Later starts hold only less.
                break;
            }
        }
        (u32::try_from(best.0).unwrap_or(u32::MAX), best.1)
    }

    pub(crate) fn write(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(usize::try_from(self.size()).unwrap_or(0));
        for entry in &self.all {
            // A reference has at most 255 bytes: whoever adds one sees to that.
            let reference = entry.reference.as_bytes();
            bytes.extend_from_slice(&entry.time.to_le_bytes());
            bytes.extend_from_slice(&entry.identity);
            bytes.extend_from_slice(&entry.member);
            bytes.push(u8::try_from(reference.len()).unwrap_or(0));
            bytes.extend_from_slice(reference.get(..usize::from(u8::MAX).min(reference.len())).unwrap_or_default());
        }
        bytes
    }

    pub(crate) fn read(kind: Kind, bytes: &[u8]) -> Result<Self, StateError> {
        let mut entries = Self::new(kind);
        let mut bytes = Bytes(bytes);
        while !bytes.is_empty() {
            let (time, identity, member) = (bytes.i64()?, bytes.array()?, bytes.array()?);
            let len = bytes.byte()?;
            let reference = std::str::from_utf8(bytes.take(usize::from(len))?).map_err(|_| crate::bytes::broken())?;
            if entries.distinct {
                *entries.members.entry(member).or_insert(0) += 1;
            }
            entries.all.push(Entry { time, identity, member, reference: reference.into() });
        }
        Ok(entries)
    }
}

fn less(members: &mut Members, member: &Short) {
    if let Some(count) = members.get_mut(member) {
        *count -= 1;
        if *count == 0 {
            members.remove(member);
        }
    }
}
