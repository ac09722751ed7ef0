//! Hunts: a loaded version runs once over stored events, in a lane of its own, without being deployed. What it finds is kept
//! apart; alerts follow it, as late. A hunt goes on after a restart where it stood; one that is through, or stopped, leaves its findings and what it cost.
//!
//! Owns the records of hunts.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};

use super::act::{Said, not_built_in};
use super::set::Run;
use super::{Current, DeployError, Deployments, Scope, Start, prepare, versions};
use crate::audit::Act;
use crate::model::{Force, SourceName};
use crate::results::{self, Inherit, Lane, LaneSource, apart};
use crate::scheduler::{Deployed, LaneStatus, Scheduler};
use crate::store::{Effects, Space, StoreError};

/// Hunts that run at the same time.
const AT_ONCE: usize = 16;
/// Hunts that are listed.
const MOST: usize = 10_000;

/// A hunt, as it is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Hunt {
    /// From 1.
    pub number: u64,
    /// The plugin's id.
    pub plugin: String,
    /// The version that runs, with its settings.
    pub run: Run,
    /// For whom: a force's name, or `all`.
    #[serde(rename = "for")]
    pub scope: String,
    /// Of each force the sequence numbers behind which it begins, and up to which it goes.
    pub forces: BTreeMap<Force, (u64, u64)>,
    /// The times that were asked for.
    pub from: String,
    /// And until when.
    pub to: String,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
    /// The token of who asked for it.
    pub by: String,
    /// Why.
    pub reason: String,
    /// `running`, `done` or `stopped`.
    pub state: String,
    /// What it came to, when it ended; while it runs, since the host started.
    pub cost: Cost,
}

/// What a hunt came to.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Cost {
    /// Events that it was given.
    pub events: u64,
    /// CPU time in microseconds.
    pub cpu_us: u64,
    /// Runs that did not complete.
    pub faults: u64,
}

/// A hunt, and how far it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Progress {
    /// The hunt.
    #[serde(flatten)]
    pub hunt: Hunt,
    /// Sequence numbers that it has passed, and that there are.
    pub passed: u64,
    /// See above.
    pub of: u64,
    /// Findings by force.
    pub found: BTreeMap<Force, u64>,
    /// Its lanes that are paused or rest, and why.
    pub standing: Vec<String>,
}

/// A hunt as it is asked for.
#[derive(Debug, Clone)]
pub struct Asked {
    /// The plugin's id.
    pub plugin: String,
    /// Which version; none for the newest.
    pub version: Option<String>,
    /// For whom.
    pub scope: Scope,
    /// From when on.
    pub from: Start,
    /// Until when; without it, up to what there is at that moment.
    pub to: Option<i64>,
    /// `run` settings.
    pub run: Map<String, Value>,
}

impl Deployments {
    /// Begins a hunt.
    ///
    /// # Errors
    /// See [`DeployError`]; also where nothing came in that time.
    pub fn hunt(&self, asked: &Asked, said: &Said) -> Result<Hunt, DeployError> {
        not_built_in(&asked.plugin)?;
        let (store, journal) = (&self.setup.store, &self.setup.journal);
        let mut current = self.current();
        if current.wanted.hunts.len() >= AT_ONCE {
            return Err(DeployError::Busy(format!(
                "{AT_ONCE} hunts are running: stop one, or come again when one is done"
            )));
        }
        let version = versions::find(&versions::all(store)?, &asked.plugin, asked.version.as_deref(), &asked.scope)?;
        let Start::At(from) = asked.from else { return Err(DeployError::Bad("from: say from when on".into())) };
        let settings = store.put_file(Value::Object(asked.run.clone()).to_string().as_bytes())?;
        let run = Run {
            digest: version.digest,
            version: version.version,
            load: self.none,
            settings,
            inherits: Inherit::default(),
        };
        let number = number_of(store.last(Space::Hunt, &[])?.as_ref().map(|(key, _)| key.as_slice())) + 1;
        let ready = prepare::hunt(self.with(), Lane::Hunt(number), &run)?;
        let forces = self.places((&asked.scope, from, asked.to), &ready)?;
        if forces.is_empty() {
            return Err(DeployError::Refused("no events came in that time of the sources that it reads".into()));
        }
        let to = asked.to.map_or_else(|| "now".to_owned(), |time| Start::At(time).word());
        let hunt = Hunt {
            number,
            plugin: asked.plugin.clone(),
            run,
            scope: asked.scope.to_string(),
            forces,
            from: asked.from.word(),
            to,
            since: said.time,
            by: said.who.clone(),
            reason: said.reason.clone(),
            state: "running".to_owned(),
            cost: Cost::default(),
        };
        let deployed = ending(ready, &hunt);
        let (mut effects, mut cursors) = (put(&hunt)?, BTreeMap::new());
        let heads = journal.heads();
        for (lane, after) in lanes(&hunt, &deployed, &heads) {
            effects = effects.and(results::passed(&lane, after));
            cursors.insert(lane, after);
        }
        let details = json!({
            "hunt": number, "plugin": hunt.plugin, "version": hunt.run.version, "digest": hunt.run.digest,
            "from": hunt.from, "to": hunt.to, "reason": said.reason,
        });
        self.setup.audit.commit(store, said.act(&asked.scope, "hunt-begun", details), effects)?;
        current.wanted.hunts.push(deployed);
        self.hand_over(current.wanted.clone(), cursors);
        Ok(hunt)
    }

    /// Ends a hunt that runs.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn stop_hunt(&self, number: u64, seen_by: Option<&Force>, said: &Said) -> Result<Hunt, DeployError> {
        let mut current = self.current();
        let mut hunt = self.seen(number, seen_by)?;
        if hunt.state != "running" {
            return Err(DeployError::Refused(format!("hunt {number} is {} already", hunt.state)));
        }
        let details = json!({ "hunt": number, "plugin": hunt.plugin, "reason": said.reason });
        let scope = hunt.forces.keys().next().filter(|_| hunt.scope != "all").cloned();
        let scope = scope.map_or(Scope::All, Scope::Force);
        self.end(&mut current, &mut hunt, "stopped", Some(said.act(&scope, "hunt-stopped", details)))?;
        Ok(hunt)
    }

    /// Hunts and how far they are, the newest last; those of a force where one is named. What is through ends here.
    ///
    /// # Errors
    /// The store's.
    pub fn hunts(&self, seen_by: Option<&Force>) -> Result<Vec<Progress>, DeployError> {
        // Nothing begins meanwhile: a hunt without lanes is one that is through.
        let mut current = self.current();
        let store = &self.setup.store;
        let pairs = store.list(Space::Hunt, &[], None, MOST)?;
        let all = pairs.iter().filter_map(|(_, value)| serde_json::from_slice::<Hunt>(value).ok());
        let status = self.scheduler.get().map(status_of).unwrap_or_default();
        let mut found = Vec::new();
        for hunt in all.filter(|hunt| is_seen(hunt, seen_by)) {
            found.push(self.progress(&mut current, hunt, &status)?);
        }
        Ok(found)
    }

    /// A page of what a hunt found for a force.
    ///
    /// # Errors
    /// The store's; no such hunt.
    pub fn hunted(
        &self,
        number: u64,
        seen_by: Option<&Force>,
        force: &Force,
        (after, limit): (u64, usize),
    ) -> Result<results::Page, DeployError> {
        let hunt = self.seen(number, seen_by)?;
        Ok(apart::page(&self.setup.store, force, &hunt.plugin, Lane::Hunt(number), after, limit)?)
    }

    /// Those that were running when the host stopped go on. Before a scheduler starts.
    pub(super) fn resume_hunts(&self) -> Result<(), DeployError> {
        let mut current = self.current();
        for (_, value) in self.setup.store.list(Space::Hunt, &[], None, MOST)? {
            let Ok(hunt) = serde_json::from_slice::<Hunt>(&value) else { continue };
            if hunt.state != "running" {
                continue;
            }
            match prepare::hunt(self.with(), Lane::Hunt(hunt.number), &hunt.run) {
                Ok(ready) => current.wanted.hunts.push(ending(ready, &hunt)),
                Err(error) => tracing::error!("hunt {} does not go on: {error}", hunt.number),
            }
        }
        Ok(())
    }

    fn progress(&self, current: &mut Current, mut hunt: Hunt, status: &[LaneStatus]) -> Result<Progress, DeployError> {
        let store = &self.setup.store;
        let lane = Lane::Hunt(hunt.number);
        let mine: Vec<&LaneStatus> =
            status.iter().filter(|one| one.lane == lane && one.plugin == hunt.plugin).collect();
        let (mut passed, mut of) = (0, 0);
        for one in &mine {
            let Some((after, _)) = hunt.forces.get(&one.force) else { continue };
            passed += one.cursor.saturating_sub(*after);
            of += one.head.saturating_sub(*after);
        }
        if hunt.state == "running" {
            hunt.cost = cost(&mine);
            if mine.iter().all(|one| one.cursor >= one.head) && self.scheduler.get().is_some() {
                self.end(current, &mut hunt, "done", None)?;
            }
        }
        let standing = mine.iter().filter(|one| matches!(one.state, "paused" | "resting"));
        let standing = standing.map(|one| format!("{}/{} is {}", one.force, one.source, one.state)).collect();
        let mut found = BTreeMap::new();
        for force in hunt.forces.keys() {
            found.insert(force.clone(), apart::count(store, force, &hunt.plugin, lane)?);
        }
        Ok(Progress { hunt, passed, of, found, standing })
    }

    /// A hunt's lanes end, and its record says how.
    fn end(&self, current: &mut Current, hunt: &mut Hunt, state: &str, act: Option<Act>) -> Result<(), DeployError> {
        let store = &self.setup.store;
        if state == "stopped" {
            let status = self.scheduler.get().map(status_of).unwrap_or_default();
            let mine: Vec<&LaneStatus> = status.iter().filter(|one| one.lane == Lane::Hunt(hunt.number)).collect();
            hunt.cost = cost(&mine);
        }
        state.clone_into(&mut hunt.state);
        match act {
            Some(act) => self.setup.audit.commit(store, act, put(hunt)?)?,
            None => store.commit(put(hunt)?)?,
        }
        current.wanted.hunts.retain(|one| one.lane != Lane::Hunt(hunt.number));
        self.hand_over(current.wanted.clone(), BTreeMap::new());
        Ok(())
    }

    /// Where it begins and ends, of each force that has events of its sources between.
    fn places(
        &self,
        (scope, from, to): (&Scope, i64, Option<i64>),
        ready: &Deployed,
    ) -> Result<BTreeMap<Force, (u64, u64)>, DeployError> {
        let journal = &self.setup.journal;
        let mut places = BTreeMap::new();
        for (force, heads) in journal.heads() {
            if matches!(scope, Scope::Force(one) if *one != force) {
                continue;
            }
            let sources = &ready.loaded.plugin.manifest().sources;
            let own = heads.iter().filter(|(source, _)| sources.contains_key(source.as_str()));
            let head = own.map(|(_, head)| *head).max().unwrap_or(0);
            let end = match to {
                Some(time) => head.min(journal.before(&force, time)?),
                None => head,
            };
            let after = journal.before(&force, from)?;
            if after < end {
                places.insert(force, (after, end));
            }
        }
        Ok(places)
    }

    fn seen(&self, number: u64, seen_by: Option<&Force>) -> Result<Hunt, DeployError> {
        let value = self.setup.store.get(Space::Hunt, &number.to_be_bytes())?;
        let hunt = value.and_then(|value| serde_json::from_slice::<Hunt>(&value).ok());
        let absent = || DeployError::Absent(format!("there is no hunt {number}: see `cordon hunt list`"));
        hunt.filter(|hunt| is_seen(hunt, seen_by)).ok_or_else(absent)
    }
}

/// Ready, up to where the hunt ends.
fn ending(ready: Deployed, hunt: &Hunt) -> Arc<Deployed> {
    let ends = hunt.forces.iter().map(|(force, (_, end))| (force.clone(), *end)).collect();
    Arc::new(ready.ending(ends))
}

/// A force sees the hunts that are for it alone.
fn is_seen(hunt: &Hunt, seen_by: Option<&Force>) -> bool {
    seen_by.is_none_or(|force| hunt.scope == force.as_str())
}

fn cost(lanes: &[&LaneStatus]) -> Cost {
    let sum = |of: fn(&LaneStatus) -> u64| lanes.iter().map(|lane| of(lane)).sum();
    Cost { events: sum(|lane| lane.events), cpu_us: sum(|lane| lane.cpu_us), faults: sum(|lane| lane.faults) }
}

/// A hunt's lanes, and where each begins.
fn lanes(
    hunt: &Hunt,
    deployed: &Deployed,
    heads: &BTreeMap<Force, BTreeMap<SourceName, u64>>,
) -> Vec<(LaneSource, u64)> {
    let reads = &deployed.loaded.plugin.manifest().sources;
    let mut found = Vec::new();
    for (force, (after, _)) in &hunt.forces {
        for source in heads.get(force).into_iter().flat_map(BTreeMap::keys) {
            if reads.contains_key(source.as_str()) {
                let (force, plugin, source) = (force.clone(), hunt.plugin.clone(), source.clone());
                found.push((LaneSource { force, plugin, kind: deployed.lane, source }, *after));
            }
        }
    }
    found
}

fn put(hunt: &Hunt) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(hunt).map_err(|error| StoreError::TooLarge(format!("a hunt: {error}")))?;
    Ok(Effects::new().put(Space::Hunt, &hunt.number.to_be_bytes(), text))
}

fn number_of(key: Option<&[u8]>) -> u64 {
    key.and_then(|key| key.try_into().ok()).map_or(0, u64::from_be_bytes)
}

fn status_of(scheduler: &Arc<Scheduler>) -> Vec<LaneStatus> {
    scheduler.status()
}
