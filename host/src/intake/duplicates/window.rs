//! The window: the latest events that said which one they are, by their fingerprints. Pure.
//!
//! Bounded in entries and in time. An entry takes 40 bytes in a ring and 10 in each of two tables of positions, at most
//! 20 while these are half empty: 60 to 80 bytes.

use std::collections::VecDeque;
use std::hash::BuildHasher as _;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::events::Fingerprint;

/// How much is remembered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WindowLimits {
    /// Events; the oldest are forgotten first.
    pub entries: usize,
    /// Microseconds since an event was received.
    pub micros: i64,
}

impl Default for WindowLimits {
    /// 1,048,576 events (60 to 80 MB when all are there), one day.
    fn default() -> Self {
        Self { entries: 1 << 20, micros: 86_400_000_000 }
    }
}

/// What an event is to those in the window.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// None of them says that it is the same.
    New,
    /// The same event, byte for byte.
    Duplicate,
    /// One says that it is the same, and none has the same bytes.
    Changed,
}

/// See the module.
#[derive(Debug)]
pub struct Window {
    limits: WindowLimits,
    /// Oldest first.
    entries: VecDeque<Entry>,
    /// The number of the first entry; numbers begin again after the highest.
    first: u32,
    /// Numbers of entries, by their event.
    events: HashTable<u32>,
    /// By what they say that they are, of several the latest.
    identities: HashTable<u32>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    of: Fingerprint,
    received: i64,
}

impl Window {
    /// An empty one. At least one entry, and no more than there are numbers for.
    #[must_use]
    pub fn new(limits: WindowLimits) -> Self {
        let entries = limits.entries.clamp(1, 1 << 30);
        Self {
            limits: WindowLimits { entries, ..limits },
            entries: VecDeque::new(),
            first: 0,
            events: HashTable::new(),
            identities: HashTable::new(),
            hasher: RandomState::default(),
        }
    }

    /// What the event is. Changes nothing.
    #[must_use]
    pub fn look(&self, of: &Fingerprint) -> Seen {
        let same = |number: &u32, part: fn(&Fingerprint) -> [u8; 16]| {
            self.entry(*number).is_some_and(|entry| part(&entry.of) == part(of))
        };
        if self.events.find(self.hash(&of.event), |number| same(number, |of| of.event)).is_some() {
            return Seen::Duplicate;
        }
        match self.identities.find(self.hash(&of.identity), |number| same(number, |of| of.identity)) {
            None => Seen::New,
            Some(_) => Seen::Changed,
        }
    }

    /// Remembers an event unless it is a duplicate; answers what it was.
    pub fn take(&mut self, of: Fingerprint, received: i64) -> Seen {
        self.forget(received);
        let seen = self.look(&of);
        if seen == Seen::Duplicate {
            return seen;
        }
        if self.entries.len() >= self.limits.entries {
            self.forget_first();
        }
        let number = self.first.wrapping_add(self.entries.len() as u32);
        self.entries.push_back(Entry { of, received });
        let Self { entries, first, events, identities, hasher, .. } = self;
        let of_number = |number: &u32| entries.get(number.wrapping_sub(*first) as usize).map(|entry| entry.of);
        let event = |number: &u32| of_number(number).map_or(0, |of| hasher.hash_one(of.event));
        events.insert_unique(hasher.hash_one(of.event), number, event);
        let identity = |number: &u32| of_number(number).map_or(0, |of| hasher.hash_one(of.identity));
        let is_it = |number: &u32| of_number(number).is_some_and(|other| other.identity == of.identity);
        match identities.find_mut(hasher.hash_one(of.identity), is_it) {
            Some(latest) => *latest = number,
            None => {
                identities.insert_unique(hasher.hash_one(of.identity), number, identity);
            }
        }
        seen
    }

    /// Forgets the oldest entries that were received so long before `now`, in microseconds since 1970 UTC.
    pub fn forget(&mut self, now: i64) {
        while self.entries.front().is_some_and(|entry| entry.received.saturating_add(self.limits.micros) <= now) {
            self.forget_first();
        }
    }

    /// Entries.
    #[must_use]
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it has none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    fn forget_first(&mut self) {
        let Some(entry) = self.entries.front().copied() else { return };
        let number = self.first;
        let (event, identity) = (self.hash(&entry.of.event), self.hash(&entry.of.identity));
        if let Ok(found) = self.events.find_entry(event, |other| *other == number) {
            found.remove();
        }
        // A later entry of the same identity stands there in its place.
        if let Ok(found) = self.identities.find_entry(identity, |other| *other == number) {
            found.remove();
        }
        self.entries.pop_front();
        self.first = number.wrapping_add(1);
    }

    fn entry(&self, number: u32) -> Option<&Entry> {
        self.entries.get(number.wrapping_sub(self.first) as usize)
    }

    fn hash(&self, part: &[u8; 16]) -> u64 {
        self.hasher.hash_one(part)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(identity: u8, variant: u8) -> Fingerprint {
        let mut event = [identity; 16];
        event[0] = variant;
        Fingerprint { identity: [identity; 16], event }
    }

    /// The same by a plain list, looked through from end to end.
    #[derive(Default)]
    struct Plain(Vec<(Fingerprint, i64)>);

    impl Plain {
        fn take(&mut self, limits: WindowLimits, of: Fingerprint, received: i64) -> Seen {
            while self.0.first().is_some_and(|(_, at)| at + limits.micros <= received) {
                self.0.remove(0);
            }
            if self.0.iter().any(|(other, _)| other.event == of.event) {
                return Seen::Duplicate;
            }
            let changed = self.0.iter().any(|(other, _)| other.identity == of.identity);
            if self.0.len() == limits.entries {
                self.0.remove(0);
            }
            self.0.push((of, received));
            if changed { Seen::Changed } else { Seen::New }
        }
    }

    #[test]
    fn the_window_answers_as_a_plain_list_does() {
        let mut random = fastrand::Rng::with_seed(7);
        for _ in 0..400 {
            let limits = WindowLimits { entries: random.usize(1..12), micros: random.i64(1..40) };
            let (mut window, mut plain, mut now) = (Window::new(limits), Plain::default(), 0);
            // Numbers go over their highest in the middle of it.
            window.first = u32::MAX - 20;
            for _ in 0..300 {
                // The clock may go back.
                now += random.i64(-2..6);
                let of = of(random.u8(0..6), random.u8(0..4));
                assert_eq!(window.take(of, now), plain.take(limits, of, now), "{limits:?}");
                assert_eq!((window.len(), window.events.len()), (plain.0.len(), plain.0.len()));
            }
        }
    }

    #[test]
    fn a_full_window_takes_no_more_than_eighty_bytes_an_event() {
        let limits = WindowLimits { entries: 1 << 16, ..WindowLimits::default() };
        let mut window = Window::new(limits);
        for n in 0..200_000_u32 {
            let mut event = [0; 16];
            event[..4].copy_from_slice(&n.to_le_bytes());
            assert_eq!(window.take(Fingerprint { identity: event, event }, 0), Seen::New);
        }
        let tables = window.events.allocation_size() + window.identities.allocation_size();
        let bytes = window.entries.capacity() * size_of::<Entry>() + tables;
        assert!(window.len() == 1 << 16 && bytes <= 80 << 16, "{bytes}");
    }
}
