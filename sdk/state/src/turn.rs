//! A turn: one batch's calls on a lane's state, in row order, and what is to be kept of them.

use std::collections::{BTreeMap, BTreeSet, btree_map};
use std::sync::Arc;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::key::{Short, short};
use crate::shelf::{Kept, Room, Shelf};
use crate::time::{At, Clocks};
use crate::value::{LATE, TTL_SECONDS, VALUE_BYTES, Value, Values};
use crate::window::{Answer, Entries, Entry, Fed, Kind, Window};
use crate::{Base, StateError};

/// Where the lane's clocks are kept.
const CLOCK: &[u8] = b"c";
/// The name of the shelf of values: no window has it.
pub(crate) const VALUES: &str = "";
/// Bytes of a reference at most.
const REFERENCE: usize = 255;

/// What a plugin remembers, as its manifest declares it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remembering {
    /// The sources that it reads.
    pub sources: BTreeSet<String>,
    /// By name: kebab-case, not empty.
    pub windows: BTreeMap<String, Window>,
    /// None where it keeps no values.
    pub values: Option<Values>,
}

/// What a batch says of its rows.
pub trait Rows {
    /// Their source: one of [`Remembering::sources`].
    fn source(&self) -> &str;
    /// When each row was received, microseconds since 1970 UTC.
    fn received(&self) -> &[i64];
    /// State time of each row, see [`crate::state_time`].
    fn times(&self) -> &[i64];
    /// Identity of a row's event: digest of its source and bytes.
    fn identity(&self, row: u32) -> [u8; 32];
    /// What cites a row's event; at most 255 bytes.
    fn reference(&self, row: u32) -> String;
}

/// What was dropped or came too late, in one batch.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Keys that ended by their time and were cleared away.
    pub expired: u64,
    /// Keys that had to go for others, over the lane's room.
    pub evicted: u64,
    /// Entries that had to go for others of their key, over the window's cap.
    pub capped: u64,
    /// Entries that came later than the declared lateness.
    pub late: u64,
}

impl Counts {
    /// Counts these, too.
    pub fn add(&mut self, other: &Self) {
        self.expired += other.expired;
        self.evicted += other.evicted;
        self.capped += other.capped;
        self.late += other.late;
    }
}

/// What is to be kept: keys to be set, or removed where there is no value.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Changes {
    /// In no order; each key once.
    pub keys: Vec<(Vec<u8>, Option<Vec<u8>>)>,
    /// See [`Counts`].
    pub counts: Counts,
}

/// A window that was fed.
struct Open {
    shelf: Shelf<Entries>,
    /// What happened to each key in this batch, by row.
    steps: HashMap<Short, Vec<(u32, Step)>, FixedState>,
    /// Of keys whose contributors were asked for: what stood behind so many of those steps.
    again: HashMap<Short, (usize, Entries), FixedState>,
}

enum Step {
    Looked {
        member: Short,
        add: bool,
    },
    /// It had to go for others.
    Gone,
}

/// See the module.
pub struct Turn<R> {
    base: Arc<dyn Base + Send + Sync>,
    rows: R,
    declared: Arc<Remembering>,
    /// Each row, by time.
    times: Vec<At>,
    /// How far the lane has come with the last of them.
    clocks: Clocks,
    windows: BTreeMap<String, Open>,
    fed: BTreeSet<String>,
    values: Option<Shelf<Value>>,
    /// The last row that touched each value.
    last: HashMap<Short, u32, FixedState>,
    counts: Counts,
}

impl Kept for Entries {
    fn order(&self) -> Option<i64> {
        self.newest()
    }
    fn size(&self) -> u64 {
        Entries::size(self)
    }
    fn write(&self) -> Vec<u8> {
        Entries::write(self)
    }
}

impl Kept for Value {
    fn order(&self) -> Option<i64> {
        Some(self.ends)
    }
    fn size(&self) -> u64 {
        8 + self.bytes.len() as u64
    }
    fn write(&self) -> Vec<u8> {
        Value::write(self)
    }
}

impl<R: Rows> Turn<R> {
    /// A batch's turn on what was kept.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    pub fn begin(base: Arc<dyn Base + Send + Sync>, declared: Arc<Remembering>, rows: R) -> Result<Self, StateError> {
        let mut clocks = base.get(CLOCK)?.map_or_else(|| Ok(Clocks::new()), |kept| Clocks::read(&kept))?;
        let of_rows = rows.times().iter().zip(rows.received());
        let row = |(time, received): (&i64, &i64)| clocks.row(&declared.sources, rows.source(), *time, *received);
        let times = of_rows.map(row).collect();
        Ok(Self {
            base,
            rows,
            declared,
            times,
            clocks,
            windows: BTreeMap::new(),
            fed: BTreeSet::new(),
            values: None,
            last: HashMap::default(),
            counts: Counts::default(),
        })
    }

    /// Feeds a window: once a batch, rows ascending (several entries may be of one row). One answer for each entry.
    ///
    /// # Errors
    /// [`StateError`], nothing of it is then to be kept.
    pub fn feed(&mut self, window: &str, entries: &[Fed<'_>]) -> Result<Vec<Answer>, StateError> {
        let remembering = Arc::clone(&self.declared);
        let declared = declared_window(&remembering, window)?;
        if !self.fed.insert(window.to_owned()) {
            let reason = format!("the window `{window}` was fed in this batch: hand it all entries in one call");
            return Err(StateError::FedAlready(reason));
        }
        if !entries.is_sorted_by_key(|entry| entry.row) {
            return Err(StateError::BadRows(format!("the window `{window}` was fed rows that go backwards")));
        }
        entries.iter().map(|entry| self.feed_one(window, declared, entry)).collect()
    }

    fn feed_one(&mut self, name: &str, declared: &Window, fed: &Fed<'_>) -> Result<Answer, StateError> {
        let At { time, clock, horizon } = self.at(fed.row)?;
        let (key, member) = (short(fed.key), short(fed.member));
        let forgotten = horizon.saturating_sub(declared.keeps());
        let (base, rows) = (&*self.base, &self.rows);
        let open = open_window(&mut self.windows, base, name, declared)?;
        let entries = open.shelf.take(base, key, |bytes| Entries::read(declared.kind, bytes))?;
        let mut entries = entries.unwrap_or_else(|| Entries::new(declared.kind));
        entries.forget_before(forgotten);
        let first_time = match declared.kind {
            Kind::Count => entries.is_empty(),
            Kind::Distinct => !entries.knows(&member),
        };
        if fed.add {
            entries.add(declared, entry(rows, fed.row, time, member));
        }
        // What is older than all that is kept is answered with the others of its time before it goes.
        let value = entries.value(declared, time).min(declared.cap);
        let capped = entries.trim(declared);
        entries.forget_before(forgotten);
        let steps = &mut open.steps;
        steps.entry(key).or_default().push((fed.row, Step::Looked { member, add: fed.add }));
        let mut evicted = 0;
        open.shelf.put(base, key, Some(entries), |latest, key| {
            evicted += u64::from(latest >= forgotten);
            steps.entry(key).or_default().push((fed.row, Step::Gone));
        })?;
        self.counts.evicted += evicted;
        self.counts.capped += u64::from(capped);
        self.counts.late += u64::from(fed.add && time < clock.saturating_sub(declared.lateness));
        Ok(Answer { value, capped: value == declared.cap, first_time })
    }

    /// References of the events that one row's answer counted, without its own: the latest `limit` of the best window, in
    /// the order of time; one for each member of a distinct count. Only for what that row fed in this batch.
    ///
    /// # Errors
    /// [`StateError::BadRows`] where the row did not feed this key.
    pub fn contributors(
        &mut self,
        window: &str,
        row: u32,
        key: &str,
        limit: usize,
    ) -> Result<Vec<Box<str>>, StateError> {
        let remembering = Arc::clone(&self.declared);
        let declared = declared_window(&remembering, window)?;
        let time = self.at(row)?.time;
        let key = short(key);
        let not_fed = || {
            let reason = format!("row {row} did not feed this key to the window `{window}`: ask for what it fed");
            StateError::BadRows(reason)
        };
        let (times, rows) = (&self.times, &self.rows);
        let Open { shelf, steps, again } = self.windows.get_mut(window).ok_or_else(not_fed)?;
        let steps = steps.get(&key).map_or(&[][..], Vec::as_slice);
        let looked = |(at, step): &(u32, Step)| *at == row && matches!(step, Step::Looked { .. });
        let from = steps.partition_point(|(at, _)| *at < row);
        let until = steps.partition_point(|(at, _)| *at <= row);
        if !steps.get(from..until).unwrap_or_default().iter().any(looked) {
            return Err(not_fed());
        }
        // Later rows of the batch may have been counted since: what stood at this row is made again, going on from the row
        // that was asked for last.
        let before = || shelf.before(&key).cloned().unwrap_or_else(|| Entries::new(declared.kind));
        let (done, mut entries) =
            again.remove(&key).filter(|(done, _)| *done <= until).unwrap_or_else(|| (0, before()));
        for (at, step) in steps.get(done..until).unwrap_or_default() {
            let At { time, horizon, .. } = times.get(*at as usize).copied().ok_or_else(not_fed)?;
            let forgotten = horizon.saturating_sub(declared.keeps());
            match step {
                Step::Gone => entries = Entries::new(declared.kind),
                Step::Looked { member, add } => {
                    entries.forget_before(forgotten);
                    if *add {
                        entries.add(declared, entry(rows, *at, time, *member));
                    }
                    entries.trim(declared);
                    entries.forget_before(forgotten);
                }
            }
        }
        let own = entry(rows, row, time, key).identity;
        let cited = entries.cited(declared, time, &own, limit);
        again.insert(key, (until, entries));
        Ok(cited)
    }

    /// The values of keys, each as its row finds it: with what rows up to it have set.
    ///
    /// # Errors
    /// [`StateError::BadRows`] where a key's rows go backwards; `NotDeclared`, `Kept`.
    pub fn get(&mut self, asked: &[(u32, &str)]) -> Result<Vec<Option<Vec<u8>>>, StateError> {
        asked.iter().map(|(row, key)| self.get_one(*row, key)).collect()
    }

    fn get_one(&mut self, row: u32, key: &str) -> Result<Option<Vec<u8>>, StateError> {
        let now = now(self.at(row)?);
        let key = self.touch(row, key)?;
        let base = Arc::clone(&self.base);
        let shelf = self.values()?;
        let value = shelf.take(&*base, key, Value::read)?;
        let found = value.as_ref().filter(|value| value.ends > now).map(|value| value.bytes.clone());
        shelf.put(&*base, key, value, |_, _| {})?;
        Ok(found)
    }

    /// Sets a key's value for a time to live in seconds, or removes it where there is none.
    ///
    /// # Errors
    /// `TooLarge`: the value, or the time to live; `BadRows`, `NotDeclared`, `Kept`.
    pub fn set(&mut self, row: u32, key: &str, value: Option<(&[u8], u32)>) -> Result<(), StateError> {
        if let Some((bytes, _)) = value.filter(|(bytes, _)| bytes.len() > VALUE_BYTES) {
            return Err(StateError::TooLarge(format!(
                "a value of {} bytes: at most {VALUE_BYTES} are kept",
                bytes.len()
            )));
        }
        if let Some((_, ttl)) = value.filter(|(_, ttl)| !(1..=TTL_SECONDS).contains(ttl)) {
            return Err(StateError::TooLarge(format!("a time to live of {ttl} s: give 1 to {TTL_SECONDS}")));
        }
        let now = now(self.at(row)?);
        let key = self.touch(row, key)?;
        let base = Arc::clone(&self.base);
        let shelf = self.values()?;
        shelf.take(&*base, key, Value::read)?;
        let ends = |ttl: u32| now.saturating_add(i64::from(ttl) * 1_000_000);
        let set = value.map(|(bytes, ttl)| Value { ends: ends(ttl), bytes: bytes.to_vec() });
        let mut evicted = 0;
        shelf.put(&*base, key, set, |ends, _| evicted += u64::from(ends > now))?;
        self.counts.evicted += evicted;
        Ok(())
    }

    /// A row's touch of a value: rows of one key go forward, or a row would see what a later one left.
    fn touch(&mut self, row: u32, key: &str) -> Result<Short, StateError> {
        let short = short(key);
        let last = self.last.entry(short).or_insert(row);
        if row < *last {
            let reason = format!("row {row} came to a value after row {last} did: go through rows in their order");
            return Err(StateError::BadRows(reason));
        }
        *last = row;
        Ok(short)
    }

    fn values(&mut self) -> Result<&mut Shelf<Value>, StateError> {
        let Some(declared) = &self.declared.values else {
            return Err(StateError::NotDeclared("the manifest declares no values: add [state]".into()));
        };
        match &mut self.values {
            Some(shelf) => Ok(shelf),
            none => {
                let room = Room { keys: declared.keys, bytes: declared.bytes };
                Ok(none.insert(Shelf::open(VALUES.to_owned(), room, &*self.base)?))
            }
        }
    }

    /// What is to be kept, also where nothing was called: time went on.
    ///
    /// # Errors
    /// [`StateError::Kept`].
    pub fn finish(self) -> Result<Changes, StateError> {
        let Self { base, declared, clocks, windows, values, mut counts, .. } = self;
        let horizon = clocks.horizon();
        let mut keys = Vec::new();
        for (name, open) in windows {
            let keeps = declared.windows.get(&name).map_or(0, Window::keeps);
            counts.expired += open.shelf.finish(&*base, horizon.saturating_sub(keeps), &mut keys)?;
        }
        if let Some(shelf) = values {
            // What no row can see any more, see `now`.
            counts.expired += shelf.finish(&*base, horizon.saturating_sub(LATE).saturating_add(1), &mut keys)?;
        }
        keys.push((CLOCK.to_vec(), Some(clocks.write())));
        Ok(Changes { keys, counts })
    }

    fn at(&self, row: u32) -> Result<At, StateError> {
        let bad = || StateError::BadRows(format!("row {row}: the batch has {}", self.times.len()));
        self.times.get(row as usize).copied().ok_or_else(bad)
    }
}

/// When values end is looked at by a row's own time, so that an event dated ahead ends nothing for others; but no more than
/// a day behind the lane, which need not keep what ended longer ago.
fn now(at: At) -> i64 {
    at.time.max(at.horizon.saturating_sub(LATE))
}

fn declared_window<'d>(declared: &'d Remembering, window: &str) -> Result<&'d Window, StateError> {
    declared.windows.get(window).ok_or_else(|| {
        StateError::NotDeclared(format!("the manifest declares no window `{window}`: add [windows.{window}]"))
    })
}

fn open_window<'o>(
    windows: &'o mut BTreeMap<String, Open>,
    base: &dyn Base,
    name: &str,
    declared: &Window,
) -> Result<&'o mut Open, StateError> {
    match windows.entry(name.to_owned()) {
        btree_map::Entry::Occupied(open) => Ok(open.into_mut()),
        btree_map::Entry::Vacant(vacant) => {
            let room = Room { keys: declared.keys, bytes: declared.bytes };
            let shelf = Shelf::open(name.to_owned(), room, base)?;
            Ok(vacant.insert(Open { shelf, steps: HashMap::default(), again: HashMap::default() }))
        }
    }
}

fn entry(rows: &impl Rows, row: u32, time: i64, member: Short) -> Entry {
    let mut identity = [0; 16];
    identity.copy_from_slice(&rows.identity(row)[..16]);
    let reference = rows.reference(row);
    let reference = if reference.len() > REFERENCE { String::new() } else { reference };
    Entry { time, identity, member, reference: reference.into() }
}
