//! How everything stands, for `GET /v1/status`: each force on one line, its sources, what is wrong. Computed when it is asked
//! for. A force's own token sees its own force only, and nothing of the host.

use serde::Serialize;

use super::condition::{Condition, Kind};
use super::lanes::Lane;
use super::{Health, HealthError};
use crate::identity::{ForceRecord, Stage, Suspension};
use crate::model::{Force, SourceName};
use crate::results::{self, ledger};
use crate::scheduler::LaneStatus;

/// See the module. Times are in microseconds since 1970 UTC.
#[derive(Debug, Clone, Serialize)]
pub struct Status {
    /// When it was computed.
    pub now: i64,
    /// Since when arrivals are summed: the beginning of the hour before this one.
    pub since: i64,
    /// Whether anything is red.
    pub red: bool,
    /// By name.
    pub forces: Vec<ForceStatus>,
    /// What lasts and is not as it should be.
    pub conditions: Vec<Shown>,
    /// How every lane stands.
    pub lanes: Vec<LaneStatus>,
    /// None for a force's own token.
    pub host: Option<HostStatus>,
}

/// A condition, and whether it is red: the others are for this week, not for this night.
#[derive(Debug, Clone, Serialize)]
pub struct Shown {
    /// The condition.
    #[serde(flatten)]
    pub condition: Condition,
    /// See above.
    pub red: bool,
}

/// One force.
#[derive(Debug, Clone, Serialize)]
pub struct ForceStatus {
    /// Its name.
    pub name: Force,
    /// Its name for people.
    pub display: String,
    /// Whether it is being set up.
    pub stage: Stage,
    /// Whether its events are refused, and why.
    pub suspended: Option<Suspension>,
    /// Whether anything of it is red.
    pub red: bool,
    /// Events taken since [`Status::since`].
    pub accepted: u64,
    /// Of these, more than an hour late.
    pub late: u64,
    /// Events left out, because they were there already.
    pub duplicates: u64,
    /// Events refused.
    pub refused: u64,
    /// Events that plugins passed without a result, counted once for each plugin.
    pub skipped: u64,
    /// Sequence numbers between the journal's end and the lane that is furthest behind.
    pub behind: u64,
    /// Seconds for which the oldest event waits that some lane is not done with.
    pub lag_seconds: u64,
    /// Findings that are kept.
    pub findings: u64,
    /// Lanes that are paused or rest.
    pub standing: u64,
    /// What it sends and should send.
    pub sources: Vec<SourceStatus>,
}

/// One source of a force.
#[derive(Debug, Clone, Serialize)]
pub struct SourceStatus {
    /// Its name.
    pub source: SourceName,
    /// When events of it last came; none where none ever did.
    pub last: Option<i64>,
    /// Whether the force should send it.
    pub expected: bool,
    /// Seconds for which it may be quiet, where it is expected.
    pub quiet_seconds: Option<i64>,
    /// Whether it is silent, or was never seen.
    pub silent: bool,
    /// Minutes for which it is usually quiet at most, once a week was seen.
    pub suggested_minutes: Option<u32>,
}

/// The host itself.
#[derive(Debug, Clone, Serialize)]
pub struct HostStatus {
    /// Bytes that are free on the disk of the data folder; none before the first look.
    pub disk_free: Option<u64>,
    /// Bytes of it that must stay free.
    pub disk_floor: u64,
    /// Hours that it lasts at the rate of the last hours; none where nothing fills it.
    pub disk_hours: Option<f64>,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Seconds without a look at health, where that is too long.
    pub stalled: Option<u64>,
}

impl Health {
    /// How everything stands, or one force.
    ///
    /// # Errors
    /// See [`HealthError`].
    pub fn status(&self, of: Option<&Force>) -> Result<Status, HealthError> {
        let setup = &self.shared.setup;
        setup.counter.catch_up()?;
        let now = (setup.now)();
        let since = ledger::hour(now) - ledger::HOUR;
        let concerns = |name: &str| of.is_none_or(|own| own.as_str() == name);
        let mut running = setup.scheduler.status();
        running.retain(|lane| concerns(lane.force.as_str()));
        let conditions: Vec<Shown> = self
            .shared
            .known()
            .book
            .open
            .values()
            .filter(|open| of.is_none() || open.condition.about.force.as_deref().is_some_and(concerns))
            .map(|open| Shown { red: is_red(&open.condition), condition: open.condition.clone() })
            .collect();
        let mut forces = Vec::new();
        for record in setup.identity.forces().into_iter().filter(|record| concerns(record.name.as_str())) {
            forces.push(self.force(record, &running, &conditions, since, now)?);
        }
        let host = of.is_none().then(|| self.host());
        let red = forces.iter().any(|force| force.red)
            || conditions.iter().any(|one| one.red)
            || host.as_ref().is_some_and(|host| host.stalled.is_some());
        Ok(Status { now, since, red, forces, conditions, lanes: running, host })
    }

    fn force(
        &self,
        record: ForceRecord,
        running: &[LaneStatus],
        conditions: &[Shown],
        since: i64,
        now: i64,
    ) -> Result<ForceStatus, HealthError> {
        let setup = &self.shared.setup;
        let ForceRecord { name, display, stage, suspended, expects, .. } = record;
        // What nobody relies on is nobody's emergency.
        let own = || running.iter().filter(|lane| lane.force == name && lane.lane.is_live());
        let of_force = |shown: &&Shown| shown.condition.about.force.as_deref() == Some(name.as_str());
        let standing = own().filter(|lane| matches!(lane.state, "paused" | "resting")).count() as u64;
        let mut status = ForceStatus {
            red: standing > 0 || conditions.iter().filter(of_force).any(|shown| shown.red),
            accepted: 0,
            late: 0,
            duplicates: 0,
            refused: 0,
            skipped: 0,
            behind: own().map(|lane| lane.head.saturating_sub(lane.cursor)).max().unwrap_or(0),
            lag_seconds: 0,
            findings: results::findings_of(&setup.store, &name)?,
            standing,
            sources: Vec::new(),
            name: name.clone(),
            display,
            stage,
            suspended,
        };
        for ((source, _), line) in ledger::lines(&setup.store, &name, since, now)? {
            status.skipped += line.lanes.values().map(|lane| lane.skipped + lane.lost).sum::<u64>();
            // What the host itself writes is no sign of a sender.
            if is_own(&source) {
                continue;
            }
            status.accepted += line.accepted;
            status.late += line.late;
            status.duplicates += line.duplicate;
            status.refused += line.refused;
        }
        let last = setup.counter.last();
        let known = self.shared.known();
        if status.behind > 0 {
            let waits =
                |lane: &Lane| lane.waiting_since.map_or(0, |since| now.saturating_sub(since).max(0) / 1_000_000);
            let of_force = known.lanes.iter().filter(|((force, _), _)| *force == name);
            status.lag_seconds = of_force.map(|(_, lane)| waits(lane) as u64).max().unwrap_or(0);
        }
        let came = last.keys().filter(|(force, _)| *force == name).map(|(_, source)| source);
        let mut sources: Vec<&SourceName> = expects.keys().chain(came).collect();
        sources.sort();
        sources.dedup();
        for source in sources {
            let key = (name.clone(), source.clone());
            let expected = expects.get(source);
            let silent = conditions.iter().filter(of_force).any(|shown| {
                matches!(shown.condition.kind, Kind::SourceSilent | Kind::SourceNeverSeen)
                    && shown.condition.about.source.as_deref() == Some(source.as_str())
            });
            status.sources.push(SourceStatus {
                last: last.get(&key).copied(),
                expected: expected.is_some(),
                quiet_seconds: expected
                    .map(|minutes| minutes.map_or(setup.options.quiet / 1_000_000, |minutes| i64::from(minutes) * 60)),
                silent,
                suggested_minutes: known.quiet.get(&key).and_then(super::quiet::Quiet::suggestion),
                source: source.clone(),
            });
        }
        Ok(status)
    }

    fn host(&self) -> HostStatus {
        let disk = self.shared.known().disk;
        let setup = &self.shared.setup;
        HostStatus {
            disk_free: disk.map(|disk| disk.free),
            disk_floor: setup.options.disk_floor,
            disk_hours: disk.and_then(|disk| disk.hours),
            journal_bytes: setup.journal.bytes(),
            stalled: self.stalled(),
        }
    }
}

/// Whether events of a source are made by the host.
fn is_own(source: &str) -> bool {
    source.starts_with("cordon.")
}

/// A token that ends in a week or a month is nobody's emergency.
fn is_red(condition: &Condition) -> bool {
    condition.kind != Kind::TokenExpiring || condition.level >= 3
}
