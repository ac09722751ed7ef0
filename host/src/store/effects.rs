//! Effects: what one commit changes, all of it or nothing. Plain data.

use super::{KEY_BYTES, StoreError, VALUE_BYTES};

/// A keyspace. The number is on disk: it is never given to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Space {
    /// How far each lane has come.
    Cursor = 1,
    /// Numbers of findings by force and id.
    Finding = 2,
    /// What findings show of the events that they cite, by force and id.
    FindingCited = 55,
    /// Findings by force and number, in the order in which they were committed; and which events they need.
    FindingOrder = 3,
    /// Events that a lane passed without a result, by force.
    Skip = 4,
    /// Forces by name.
    Force = 5,
    /// Tokens by the digest of their text.
    Token = 6,
    /// The audit's chain.
    Audit = 7,
    /// Refused lines, by force.
    RefusedLine = 8,
    /// How far files were taken.
    FileMark = 9,
    /// What became of every event, counted by force, source and hour.
    Ledger = 11,
    /// How long each source is usually quiet.
    Quiet = 12,
    /// Which conditions of health last.
    Health = 15,
    /// Faults of plugins by force, plugin, source and kind.
    Fault = 13,
    /// Replays of faults that were released, by force and fault.
    Released = 14,
    /// Legal holds by id.
    Hold = 10,
    /// Versions of plugins that are loaded, by id and digest.
    Plugin = 20,
    /// Generations of the set of deployments, by number.
    Generation = 21,
    /// From which event on which version ran, by lane.
    LaneChange = 22,
    /// What shadow lanes and hunts found, by lane.
    Apart = 23,
    /// What hunts found that people are told of, by force: each act once, however many hunts find it.
    Hunted = 25,
    /// Up to which event what a lane finds is of its back-fill.
    BackFill = 27,
    /// Hunts by number.
    Hunt = 24,
    /// Versions of lists, by force and name.
    List = 26,
    /// Alerts by force and number.
    Alert = 30,
    /// The newest alert of each fingerprint, by force.
    AlertMark = 31,
    /// What became of each alert, by revision.
    AlertHistory = 32,
    /// All changes of alerts, in order.
    AlertLog = 33,
    /// How far findings have become alerts, by force.
    AlertCursor = 34,
    /// What becomes no alert, by force and word.
    Exception = 35,
    /// What each exception hid.
    ExceptionHid = 36,
    /// Alerts that are one story, by force and the number of the first.
    Incident = 37,
    /// The incident of the newest alert about each entity, by force.
    IncidentMark = 38,
    /// Alerts by force and whom they are about.
    AlertAbout = 39,
    /// Alerts that are not resolved, by force.
    AlertOpen = 50,
    /// Events that are of an exercise, by force and identity.
    Exercise = 51,
    /// When each contact got the message of an exercise, by force and exercise.
    ExerciseSent = 52,
    /// How each exercise ended, by force and when it began.
    ExerciseRun = 54,
    /// When alerts page nobody, by force and word.
    Maintenance = 53,
    /// Who is told of alerts, by force.
    Contact = 40,
    /// Messages that wait, by contact.
    Outbox = 41,
    /// Messages that could not be sent, by contact.
    DeadLetter = 42,
    /// How far the log of alerts has become messages.
    DeliveryCursor = 43,
    /// Alerts that wait for an acknowledgement, by when.
    Escalation = 44,
    /// Which step of its ladder each alert waits for.
    Climb = 49,
    /// Who was told of each alert.
    Told = 45,
    /// Links of messages by the digest of their code.
    Link = 46,
    /// What codes of links are made with.
    LinkKey = 47,
    /// Up to when each contact had its weekly note, and of how many alerts it was told since.
    Weekly = 48,
    /// What lanes remember: windows and values, by force, plugin and lane.
    Remembered = 16,
    /// Where each lane keeps what it remembers.
    RememberedPlace = 17,
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Effects {
    pub(super) expected: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    pub(super) changes: Vec<Change>,
}

#[derive(Debug, Clone)]
pub(super) enum Change {
    Set { key: Vec<u8>, value: Option<Vec<u8>> },
    Number { prefix: Vec<u8>, value: Vec<u8> },
    Once { key: Vec<u8>, value: Vec<u8>, then: Vec<Change> },
    Listed { key: Vec<u8>, prefix: Vec<u8>, value: Vec<u8>, then: Vec<Change> },
    Add { key: Vec<u8>, delta: u64 },
}

pub(super) fn key(space: Space, key: &[u8]) -> Vec<u8> {
    let mut whole = Vec::with_capacity(1 + key.len());
    whole.push(space as u8);
    whole.extend_from_slice(key);
    whole
}

impl Effects {
    /// None yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets a key.
    #[must_use]
    pub fn put(mut self, space: Space, at: &[u8], value: Vec<u8>) -> Self {
        self.changes.push(Change::Set { key: key(space, at), value: Some(value) });
        self
    }

    /// Removes a key.
    #[must_use]
    pub fn delete(mut self, space: Space, at: &[u8]) -> Self {
        self.changes.push(Change::Set { key: key(space, at), value: None });
        self
    }

    /// Sets `prefix` and the next number (8 bytes, big endian, from 1) to a value: a list that grows.
    #[must_use]
    pub fn append(mut self, space: Space, prefix: &[u8], value: Vec<u8>) -> Self {
        self.changes.push(Change::Number { prefix: key(space, prefix), value });
        self
    }

    /// Sets a key that is not set yet, and makes other changes with it; where it is set, nothing of both.
    #[must_use]
    pub fn once(mut self, space: Space, at: &[u8], value: Vec<u8>, then: Effects) -> Self {
        self.changes.push(Change::Once { key: key(space, at), value, then: then.changes });
        self
    }

    /// Appends a value to a list that grows, as [`Effects::append`] does, sets a key that is not set yet to the number that it
    /// got, and makes other changes with it; where the key is set, nothing of all. For large values whose keys are digests:
    /// they lie beside each other in the order in which they come, and only their numbers anywhere.
    #[must_use]
    pub fn list_once(mut self, key_at: (Space, &[u8]), list: (Space, &[u8]), value: Vec<u8>, then: Effects) -> Self {
        let (key, prefix) = (key(key_at.0, key_at.1), key(list.0, list.1));
        self.changes.push(Change::Listed { key, prefix, value, then: then.changes });
        self
    }

    /// Adds to a counter: 8 bytes, little endian, 0 where the key is not set. It stays at the highest number.
    #[must_use]
    pub fn add(mut self, space: Space, at: &[u8], delta: u64) -> Self {
        self.changes.push(Change::Add { key: key(space, at), delta });
        self
    }

    /// Makes none of the effects unless a key has this value (none: is not set) when they are committed.
    #[must_use]
    pub fn expect(mut self, space: Space, at: &[u8], value: Option<Vec<u8>>) -> Self {
        self.expected.push((key(space, at), value));
        self
    }

    /// These, and others with them.
    #[must_use]
    pub fn and(mut self, mut others: Effects) -> Self {
        self.expected.append(&mut others.expected);
        self.changes.append(&mut others.changes);
        self
    }

    pub(super) fn check(&self) -> Result<(), StoreError> {
        check(&self.changes)
    }
}

fn check(changes: &[Change]) -> Result<(), StoreError> {
    for change in changes {
        let (key, value) = match change {
            Change::Set { key, value } => (key, value.as_deref().unwrap_or_default()),
            Change::Number { prefix, value } => (prefix, value.as_slice()),
            Change::Once { key, value, then } => {
                check(then)?;
                (key, value.as_slice())
            }
            Change::Listed { key, prefix, value, then } => {
                check(then)?;
                (if key.len() > prefix.len() { key } else { prefix }, value.as_slice())
            }
            Change::Add { key, .. } => (key, [].as_slice()),
        };
        if key.len() + 8 > KEY_BYTES {
            return Err(StoreError::TooLarge(format!("a key of {} bytes, the limit is {KEY_BYTES}", key.len() + 8)));
        }
        if value.len() > VALUE_BYTES {
            return Err(StoreError::TooLarge(format!(
                "a value of {} bytes, the limit is {VALUE_BYTES}: keep it as a file and store its digest",
                value.len()
            )));
        }
    }
    Ok(())
}
