//! One look: gathers what the rules need, has them judge, keeps and tells what changed.

use std::collections::{BTreeMap, BTreeSet};

use super::book::{self, Book};
use super::condition::{Kind, Look, compare};
use super::disk::{Disk, Samples, low};
use super::expiry::expiring;
use super::lanes::{Lane, Lanes, lanes};
use super::quiet::Quiet;
use super::refusals::{Arrived, refusals};
use super::silence::{Expected, silent};
use super::skew::skewed;
use super::{HealthError, HealthSetup, Shared};
use crate::identity::{ForceRecord, Stage};
use crate::ids::Digest;
use crate::intake::Post;
use crate::model::{Force, SourceName};
use crate::results::ledger;
use crate::scheduler::LaneStatus;
use crate::store::{Effects, Space, Store};

/// Microseconds of a minute.
const MINUTE: i64 = 60_000_000;
/// Between two writes of what was learned.
const LEARNED: i64 = 10 * MINUTE;
/// Learned quiet times read at start.
const MOST: usize = 100_000;

/// What is known from one look to the next.
pub(super) struct Known {
    pub(super) book: Book,
    pub(super) disk: Option<Disk>,
    pub(super) quiet: BTreeMap<(Force, SourceName), Quiet>,
    /// When each lane that waits was first seen to wait.
    pub(super) lanes: Lanes,
    samples: Samples,
    /// Since when the host listens.
    listening: i64,
    /// Since when each expected source is known to be.
    expected: BTreeMap<(Force, SourceName), i64>,
    paused: BTreeMap<(Force, String), i64>,
    /// When events of each source came, at the last look.
    last: BTreeMap<(Force, SourceName), i64>,
    learned: BTreeSet<(Force, SourceName)>,
    written: i64,
}

impl Known {
    pub(super) fn read(setup: &HealthSetup) -> Result<Self, HealthError> {
        let now = (setup.now)();
        Ok(Self {
            book: Book::read(&setup.store)?,
            disk: None,
            quiet: read_quiet(&setup.store)?,
            lanes: Lanes::new(),
            samples: Samples::default(),
            listening: now,
            expected: BTreeMap::new(),
            paused: BTreeMap::new(),
            last: setup.counter.last(),
            learned: BTreeSet::new(),
            written: now,
        })
    }
}

impl Shared {
    /// Looks once.
    pub(super) fn look(&self) -> Result<(), HealthError> {
        let setup = &self.setup;
        let now = (setup.now)();
        let forces: Vec<ForceRecord> = setup.identity.forces();
        let disk = self.disk(now)?;
        let running = setup.scheduler.status();
        let mut look = Look::default();
        let arrived = self.arrived(&forces, now)?;
        refusals(&arrived, ledger::hour(now), &mut look);
        skewed(&setup.counter.clocks(now), now, &mut look);
        look.complete.extend([Kind::TokenExpiring, Kind::LaneResting, Kind::LanePaused, Kind::LagHigh]);
        look.complete.insert(Kind::PluginFaulted);
        if disk.seen {
            look.complete.insert(Kind::DiskLow);
        }
        look.bad.extend(expiring(&setup.identity.tokens(), now));
        look.bad.extend(low(&disk, setup.options.disk_hours, now));
        let mut known = self.known();
        known.disk = Some(disk);
        let last = setup.counter.last();
        self.learn(&mut known, &last, now)?;
        let expected = expected(&mut known, &forces, setup.options.quiet, now);
        silent(&expected, &last, known.listening, now, &mut look);
        known.lanes = self.lanes(&mut known.paused, &running, &forces, now)?;
        look.bad.extend(lanes(&known.lanes, setup.options.lag, now));
        let changes = compare(&known.book.open, look, now);
        if !changes.is_empty() {
            known.book.change(&setup.store, changes, now)?;
        }
        drop(known);
        // What cannot be told now (a full disk) stays on the list.
        if let Err(error) = self.tell(now) {
            tracing::error!("health: {error}");
        }
        self.forget(&forces, now)
    }

    fn disk(&self, now: i64) -> Result<Disk, HealthError> {
        let folder = &self.setup.options.data;
        let about = rustix::fs::statvfs(folder)
            .map_err(|error| HealthError::Disk { folder: folder.clone(), reason: error.to_string() })?;
        let free = about.f_bavail.saturating_mul(about.f_frsize);
        Ok(self.known().samples.add(now, free, self.setup.options.disk_floor))
    }

    /// What came of each force in this hour and the one before.
    fn arrived(&self, forces: &[ForceRecord], now: i64) -> Result<BTreeMap<Force, Arrived>, HealthError> {
        let hour = ledger::hour(now);
        let mut arrived = BTreeMap::new();
        for force in forces {
            let mut of = Arrived::default();
            for ((_, at), line) in ledger::lines(&self.setup.store, &force.name, hour - ledger::HOUR, hour)? {
                if at == hour {
                    of.received += line.accepted + line.duplicate + line.refused;
                    of.refused += line.refused;
                } else {
                    of.refused_before += line.refused;
                }
            }
            arrived.insert(force.name.clone(), of);
        }
        Ok(arrived)
    }

    /// Learns from what came since the last look.
    fn learn(&self, known: &mut Known, last: &BTreeMap<(Force, SourceName), i64>, now: i64) -> Result<(), HealthError> {
        for (key, received) in last {
            let before = known.last.get(key).copied().unwrap_or(*received);
            let is_new = before < *received || !known.last.contains_key(key);
            if is_new && known.quiet.entry(key.clone()).or_default().came(before, *received) {
                known.learned.insert(key.clone());
            }
        }
        known.last.clone_from(last);
        if now.saturating_sub(known.written) < LEARNED || known.learned.is_empty() {
            return Ok(());
        }
        let mut effects = Effects::new();
        for key in &known.learned {
            let text = known.quiet.get(key).and_then(|quiet| serde_json::to_vec(quiet).ok());
            effects = match text {
                Some(text) => effects.put(Space::Quiet, &quiet_key(key), text),
                None => effects,
            };
        }
        self.setup.store.commit(effects)?;
        known.learned.clear();
        known.written = now;
        Ok(())
    }

    /// How the lanes stand, by force and plugin.
    fn lanes(
        &self,
        paused: &mut BTreeMap<(Force, String), i64>,
        running: &[LaneStatus],
        forces: &[ForceRecord],
        now: i64,
    ) -> Result<Lanes, HealthError> {
        let mut all = Lanes::new();
        // Several lanes often stand at the same place.
        let mut waiting: BTreeMap<(&Force, &SourceName, u64), Option<i64>> = BTreeMap::new();
        for of in running.iter().filter(|of| of.lane.is_live()) {
            let lane: &mut Lane = all.entry((of.force.clone(), of.plugin.clone())).or_default();
            let why = || of.why.clone().unwrap_or_default();
            match of.state {
                "resting" => lane.resting = Some(why()),
                "paused" => {
                    let since = *paused.entry((of.force.clone(), of.plugin.clone())).or_insert(now);
                    lane.paused = Some((why(), since));
                }
                _ => {}
            }
            if of.cursor < of.head {
                let at = (&of.force, &of.source, of.cursor);
                let since = match waiting.get(&at) {
                    Some(since) => *since,
                    None => self.setup.journal.reader(&of.force, &of.source, of.cursor).waiting_since()?,
                };
                waiting.insert(at, since);
                lane.waiting_since = match (lane.waiting_since, since) {
                    (Some(one), Some(other)) => Some(one.min(other)),
                    (one, other) => one.or(other),
                };
            }
        }
        paused.retain(|key, _| all.get(key).is_some_and(|lane| lane.paused.is_some()));
        let hour = ledger::hour(now);
        for force in forces {
            for (_, line) in ledger::lines(&self.setup.store, &force.name, hour - ledger::HOUR, hour)? {
                for (plugin, of) in line.lanes.iter().filter(|(_, of)| of.skipped + of.lost > 0) {
                    let lane = all.entry((force.name.clone(), plugin.clone())).or_default();
                    lane.passed += of.skipped + of.lost;
                }
            }
        }
        Ok(all)
    }

    /// Writes the events that are to be told.
    fn tell(&self, now: i64) -> Result<(), HealthError> {
        let source = SourceName::new("cordon.health").map_err(|error| HealthError::Form(error.to_string()))?;
        for (at, told) in Book::to_tell(&self.setup.store)? {
            if !told.line.is_empty() {
                for force in book::tenants(&told) {
                    let key = Digest::of_parts(&[b"cordon.health", &at, told.line.as_bytes()]).to_string();
                    let post = Post { force, source: Some(source.clone()), received: now, key: Some(key) };
                    self.setup.intake.own(&post, std::slice::from_ref(&told.line))?;
                }
            }
            Book::told(&self.setup.store, &at)?;
        }
        Ok(())
    }

    fn forget(&self, forces: &[ForceRecord], now: i64) -> Result<(), HealthError> {
        let before = now - i64::from(self.setup.options.ledger_days) * 1_440 * MINUTE;
        for force in forces {
            ledger::forget(&self.setup.store, &force.name, before)?;
        }
        Ok(())
    }
}

/// The sources that forces should send; suspended forces are not missed.
fn expected(known: &mut Known, forces: &[ForceRecord], quiet: i64, now: i64) -> Vec<Expected> {
    let mut all = Vec::new();
    for force in forces.iter().filter(|force| force.suspended.is_none()) {
        for (source, minutes) in &force.expects {
            let key = (force.name.clone(), source.clone());
            let since = *known.expected.entry(key).or_insert(now);
            let quiet = minutes.map_or(quiet, |minutes| i64::from(minutes) * MINUTE);
            let (source, live) = (source.clone(), force.stage == Stage::Live);
            all.push(Expected { force: force.name.clone(), source, quiet, live, known: since });
        }
    }
    known.expected.retain(|(force, source), _| all.iter().any(|of| of.force == *force && of.source == *source));
    all
}

fn quiet_key((force, source): &(Force, SourceName)) -> Vec<u8> {
    [force.as_str(), source.as_str()].join("\0").into_bytes()
}

fn read_quiet(store: &Store) -> Result<BTreeMap<(Force, SourceName), Quiet>, HealthError> {
    let read = |key: &[u8], value: &[u8]| {
        let (force, source) = std::str::from_utf8(key).ok()?.split_once('\0')?;
        let key = (Force::new(force).ok()?, SourceName::new(source).ok()?);
        Some((key, serde_json::from_slice(value).ok()?))
    };
    let pairs = store.list(Space::Quiet, &[], None, MOST)?;
    Ok(pairs.iter().filter_map(|(key, value)| read(key, value)).collect())
}
