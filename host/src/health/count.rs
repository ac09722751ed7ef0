//! Counts what came into the ledger: accepted events from the journal, which has them exactly; late, duplicate and refused
//! ones as intake tells of them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use super::HealthError;
use crate::intake::{Clock, Tallies};
use crate::journal::{Journal, Tally};
use crate::model::{Force, SourceName};
use crate::results::ledger::{self, Came};
use crate::store::{Effects, Store};

/// Parts of requests that are counted in one commit.
const AT_ONCE: usize = 4_096;
/// What stands for the source of refused events that nobody recognised.
pub const UNKNOWN: &str = "unknown";

/// Counts of one hour: force, source, hour, what.
type Counts = BTreeMap<(Force, String, i64), [u64; 3]>;
/// What [`Counts`] holds, in order.
const TOLD: [Came; 3] = [Came::Late, Came::Duplicate, Came::Refused];

/// See the module.
pub struct Counter {
    journal: Arc<Journal>,
    store: Arc<Store>,
    /// Told by intake, not committed yet.
    told: Mutex<Counts>,
    /// By hour, of this one and the one before.
    clocks: Mutex<BTreeMap<(Force, SourceName), BTreeMap<i64, Clock>>>,
    /// When events of each source last came.
    last: Mutex<BTreeMap<(Force, SourceName), i64>>,
    /// One at a time counts the journal.
    counting: Mutex<()>,
}

impl Counter {
    /// Counts what the journal holds and nobody counted yet.
    ///
    /// # Errors
    /// The journal's and the store's.
    pub fn open(journal: Arc<Journal>, store: Arc<Store>) -> Result<Self, HealthError> {
        let last = Mutex::new(ledger::last(&store)?);
        let (told, clocks, counting) = (Mutex::default(), Mutex::default(), Mutex::default());
        let counter = Self { journal, store, told, clocks, last, counting };
        counter.catch_up()?;
        Ok(counter)
    }

    /// Takes note of what a request brought.
    pub fn told(&self, tallies: &Tallies) {
        let hour = ledger::hour(tallies.received);
        {
            let mut clocks = lock(&self.clocks);
            for (source, tally) in tallies.of.iter().filter_map(|tally| Some((tally.source.as_ref()?, tally))) {
                let hours = clocks.entry((tallies.force.clone(), source.clone())).or_default();
                let of = hours.entry(hour).or_default();
                *of = of.and(tally.clock);
            }
        }
        let mut told = lock(&self.told);
        for tally in &tallies.of {
            let counts = [tally.late, tally.duplicates, tally.refused];
            if counts == [0; 3] {
                continue;
            }
            let source = tally.source.as_ref().map_or(UNKNOWN, SourceName::as_str).to_owned();
            let of = told.entry((tallies.force.clone(), source, hour)).or_default();
            of.iter_mut().zip(counts).for_each(|(sum, more)| *sum += more);
        }
    }

    /// Commits what was told, and counts what is new in the journal: then the ledger is up to date.
    ///
    /// # Errors
    /// The journal's and the store's. What was told is then kept for the next time.
    pub fn catch_up(&self) -> Result<(), HealthError> {
        let _alone = lock(&self.counting);
        self.commit_told()?;
        for force in self.journal.heads().into_keys() {
            let mut mark = ledger::counted_up_to(&self.store, &force)?;
            while let Some(tally) = self.journal.count(&force, mark, AT_ONCE)? {
                let last = self.count(&force, mark, &tally)?;
                lock(&self.last).extend(last);
                mark = tally.end;
            }
        }
        Ok(())
    }

    fn commit_told(&self) -> Result<(), HealthError> {
        let told = std::mem::take(&mut *lock(&self.told));
        if told.is_empty() {
            return Ok(());
        }
        let mut effects = Effects::new();
        for ((force, source, hour), counts) in &told {
            for (what, events) in TOLD.into_iter().zip(counts).filter(|(_, events)| **events > 0) {
                effects = effects.and(ledger::came(force, source, *hour, what, *events));
            }
        }
        if let Err(error) = self.store.commit(effects) {
            let mut again = lock(&self.told);
            for (key, counts) in told {
                again.entry(key).or_default().iter_mut().zip(counts).for_each(|(sum, more)| *sum += more);
            }
            return Err(error.into());
        }
        Ok(())
    }

    /// Commits one tally; when each of its sources last came.
    fn count(
        &self,
        force: &Force,
        mark: u64,
        tally: &Tally,
    ) -> Result<BTreeMap<(Force, SourceName), i64>, HealthError> {
        let mut by_hour: BTreeMap<(&SourceName, i64), u64> = BTreeMap::new();
        let mut last: BTreeMap<(Force, SourceName), i64> = BTreeMap::new();
        for part in &tally.parts {
            let hour = part.received.map_or(0, ledger::hour);
            *by_hour.entry((&part.source, hour)).or_default() += u64::from(part.rows);
            if let Some(received) = part.received {
                let of = last.entry((force.clone(), part.source.clone())).or_insert(received);
                *of = received.max(*of);
            }
        }
        let known = self.last();
        for (key, received) in &mut last {
            *received = known.get(key).copied().unwrap_or(*received).max(*received);
        }
        let mut effects = ledger::counted(force, mark, tally.end);
        for ((source, hour), events) in by_hour {
            effects = effects.and(ledger::came(force, source.as_str(), hour, Came::Accepted, events));
        }
        for ((force, source), received) in &last {
            effects = effects.and(ledger::came_last(force, source, *received));
        }
        self.store.commit(effects)?;
        Ok(last)
    }

    /// When events of each source last came, microseconds since 1970 UTC.
    #[must_use]
    pub fn last(&self) -> BTreeMap<(Force, SourceName), i64> {
        lock(&self.last).clone()
    }

    /// The clocks of all sources in this hour and the one before; what is older is forgotten. `now` in microseconds since 1970
    /// UTC.
    #[must_use]
    pub fn clocks(&self, now: i64) -> BTreeMap<(Force, SourceName), Clock> {
        let oldest = ledger::hour(now) - ledger::HOUR;
        let mut clocks = lock(&self.clocks);
        clocks.retain(|_, hours| {
            hours.retain(|hour, _| *hour >= oldest);
            !hours.is_empty()
        });
        let sum = |hours: &BTreeMap<i64, Clock>| hours.values().fold(Clock::default(), |all, one| all.and(*one));
        clocks.iter().map(|(key, hours)| (key.clone(), sum(hours))).collect()
    }
}

fn lock<T>(of: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    of.lock().unwrap_or_else(PoisonError::into_inner)
}
