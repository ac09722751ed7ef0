//! The acts: deploy, disable, enable, roll back. Each edits the set, makes it ready, commits it as a generation with its audit
//! record, and hands it to the scheduler.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use serde::Serialize;
use serde_json::{Map, Value, json};

use super::begin::{self, Beginning, Skipped, Start, There};
use super::difference::{self, Difference};
use super::edit::{self, Pick};
use super::generations::{self, Generation};
use super::inherit::{self, OnSchema, Whose};
use super::set::{Mode, Set};
use super::{Current, DeployError, Deployments, Scope, versions};
use crate::audit::Act;
use crate::model::Force;
use crate::results::{self, Inherit, LaneSource};
use crate::scheduler::Wanted;
use crate::store::{Effects, StoreError};

/// How long lanes that leave may take to end their batch, before the answer says that they have not yet.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a commit is tried that others came before.
const TRIES: usize = 50;

/// Who says what, and why.
#[derive(Debug, Clone)]
pub struct Said {
    /// When, microseconds since 1970 UTC.
    pub time: i64,
    /// The token's id, or `host`.
    pub who: String,
    /// Its role.
    pub role: String,
    /// For people, later.
    pub reason: String,
    /// Forces that are named in what differs, besides those with anything of their own.
    pub forces: Vec<Force>,
    /// Only what would change is asked.
    pub dry_run: bool,
}

impl Said {
    /// What is done, for the audit.
    pub(super) fn act(&self, scope: &Scope, what: &'static str, details: Value) -> Act {
        Act {
            time: self.time,
            who: self.who.clone(),
            role: self.role.clone(),
            force: scope.force().cloned(),
            what,
            details,
        }
    }
}

/// A deployment as it is asked for.
#[derive(Debug, Clone)]
pub struct Deploy {
    /// The plugin's id.
    pub plugin: String,
    /// Which version: a number, or the beginning of a digest; none for the newest, and for all of them where it ends.
    pub version: Option<String>,
    /// For whom.
    pub scope: Scope,
    /// How.
    pub mode: Mode,
    /// `run` settings; none keeps those from before.
    pub run: Option<Map<String, Value>>,
    /// `load` settings; the same.
    pub load: Option<Map<String, Value>>,
    /// Where lanes begin that do not run yet.
    pub from: Start,
    /// Whose memory it goes on with where it becomes live; none for what goes without saying.
    pub state: Option<Whose>,
    /// Where the live version's memory cannot be carried over.
    pub on_schema: OnSchema,
}

/// What a change came to.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Changed {
    /// The generation that it made; none where it was only asked, or nothing differs.
    pub generation: Option<u64>,
    /// What differs, by force.
    pub changes: Vec<Difference>,
    /// Events that lanes pass, because they did not run.
    pub skipped: Vec<Skipped>,
    /// Whether every lane that ends has ended its last batch.
    pub settled: bool,
}

/// A change, as it is recorded.
pub(super) struct Change<'a> {
    pub(super) what: &'static str,
    pub(super) plugin: Option<&'a str>,
    pub(super) scope: &'a Scope,
    pub(super) details: Value,
    pub(super) from: Start,
    /// Committed with it.
    pub(super) also: Effects,
}

impl Deployments {
    /// Deploys a version, or ends what runs.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn deploy(&self, asked: &Deploy, said: &Said) -> Result<Changed, DeployError> {
        let Deploy { plugin, version, scope, mode, run, load, from, state, on_schema } = asked;
        not_built_in(plugin)?;
        if load.is_some() && matches!(scope, Scope::Force(_)) && said.role == "force-author" {
            return Err(DeployError::Refused("load settings are the NMC's: give run settings only".into()));
        }
        let mut current = self.current();
        let pick = self.pick(&current.set, asked, said.time)?;
        if *state == Some(Whose::Shadow)
            && let Some(pick) = &pick
            && (*mode != Mode::Live || !inherit::has_shadow(&current.set, plugin, scope.force(), pick.digest))
        {
            let reason = format!(
                "no shadow of `{plugin}` {} runs for {scope}: there is no memory of it to go on with",
                pick.version
            );
            return Err(DeployError::Refused(reason));
        }
        let mut set = current.set.clone();
        if *mode == Mode::Off && !set.plugins.contains_key(plugin) {
            return Err(DeployError::Absent(format!("`{plugin}` is not deployed: see `cordon plugin list`")));
        }
        edit::deploy(set.plugin(plugin), scope, *mode, pick.as_ref(), self.none, &said.reason)?;
        if let Some(pick) = pick.as_ref().filter(|_| *mode == Mode::Live) {
            self.stand_up(plugin, pick, scope)?;
        }
        self.can_inherit(&current.set, &set)?;
        let details = json!({
            "version": pick.as_ref().map(|pick| &pick.version), "digest": pick.as_ref().map(|pick| pick.digest),
            "asked": version, "mode": mode, "settings": run, "load": load, "begins": from.word(),
            "state": state, "on-schema": on_schema,
        });
        let (from, also) = (*from, Effects::new());
        let change = Change { what: "plugin-deployed", plugin: Some(plugin), scope, details, from, also };
        self.change(&mut current, set, change, said)
    }

    /// Stops a plugin within one batch.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn disable(&self, plugin: &str, scope: &Scope, said: &Said) -> Result<Changed, DeployError> {
        not_built_in(plugin)?;
        let mut current = self.current();
        let mut set = current.set.clone();
        edit::disable(known(&mut set, plugin)?, scope, &said.reason)?;
        let (details, from, also) = (json!({}), Start::Now, Effects::new());
        let change = Change { what: "plugin-disabled", plugin: Some(plugin), scope, details, from, also };
        self.change(&mut current, set, change, said)
    }

    /// Lets it go on: where it stood, or behind what there is now; what it then passes is counted.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn enable(&self, plugin: &str, scope: &Scope, from: Start, said: &Said) -> Result<Changed, DeployError> {
        let mut current = self.current();
        let mut set = current.set.clone();
        edit::enable(known(&mut set, plugin)?, scope)?;
        let details = json!({ "from": if from == Start::Now { "now" } else { "cursor" } });
        let change =
            Change { what: "plugin-enabled", plugin: Some(plugin), scope, details, from, also: Effects::new() };
        self.change(&mut current, set, change, said)
    }

    /// Makes the set of a generation the newest again.
    ///
    /// # Errors
    /// See [`DeployError`]; also where a version of it was unloaded.
    pub fn roll_back_to(&self, number: u64, said: &Said) -> Result<Changed, DeployError> {
        let mut current = self.current();
        let mut set = generations::set(&self.setup.store, &generations::get(&self.setup.store, number)?)?;
        self.are_loaded(&set)?;
        set.plugins.values_mut().for_each(super::OfPlugin::inherit_as_usual);
        let details = json!({ "to": number });
        let (scope, from, also) = (&Scope::All, Start::Now, Effects::new());
        let change = Change { what: "rolled-back", plugin: None, scope, details, from, also };
        self.change(&mut current, set, change, said)
    }

    /// Makes a plugin's deployments again what they were before they changed last.
    ///
    /// # Errors
    /// See [`DeployError`]; also where they never changed.
    pub fn roll_back(&self, plugin: &str, said: &Said) -> Result<Changed, DeployError> {
        let mut current = self.current();
        let now = current.set.plugins.get(plugin);
        let mut number = current.number;
        let (to, before) = loop {
            number = number.checked_sub(1).filter(|number| *number > 0).ok_or_else(|| {
                DeployError::Refused(format!(
                    "`{plugin}` was never anything else: see `cordon plugin history {plugin}`"
                ))
            })?;
            let set = generations::set(&self.setup.store, &generations::get(&self.setup.store, number)?)?;
            if set.plugins.get(plugin) != now {
                break (number, set.plugins.get(plugin).cloned());
            }
        };
        let mut set = current.set.clone();
        match before {
            Some(mut before) => {
                before.inherit_as_usual();
                *set.plugin(plugin) = before;
            }
            None => drop(set.plugins.remove(plugin)),
        }
        self.are_loaded(&set)?;
        let (details, scope, from, also) = (json!({ "to": to }), &Scope::All, Start::Now, Effects::new());
        let change = Change { what: "rolled-back", plugin: Some(plugin), scope, details, from, also };
        self.change(&mut current, set, change, said)
    }

    /// The version that is asked for; none where all of a plugin ends.
    fn pick(&self, set: &Set, asked: &Deploy, now: i64) -> Result<Option<Pick>, DeployError> {
        if asked.mode == Mode::Off && asked.version.is_none() {
            return Ok(None);
        }
        let store = &self.setup.store;
        let all = versions::all(store)?;
        // What a force says without a version is said of the national one, where there is one.
        let national = set.plugins.get(&asked.plugin).and_then(|of| of.live.as_ref());
        let national = national.filter(|_| asked.version.is_none() && asked.scope != Scope::All);
        let (digest, version) = match national {
            Some(run) => (run.digest, run.version.clone()),
            None => {
                let found = versions::find(&all, &asked.plugin, asked.version.as_deref(), &asked.scope)?;
                (found.digest, found.version)
            }
        };
        let file = |given: &Option<Map<String, Value>>| -> Result<_, StoreError> {
            given.as_ref().map(|given| store.put_file(Value::Object(given.clone()).to_string().as_bytes())).transpose()
        };
        let inherits = inherit::asked(asked.state, asked.on_schema)?.map(|what| Inherit { what, asked: now });
        Ok(Some(Pick { digest, version, load: file(&asked.load)?, settings: file(&asked.run)?, inherits }))
    }

    /// A shadow is not promoted while it rests: whoever promotes it has seen how it does.
    fn stand_up(&self, plugin: &str, pick: &Pick, scope: &Scope) -> Result<(), DeployError> {
        let Some(scheduler) = self.scheduler.get() else { return Ok(()) };
        let kind = results::Lane::Shadow(pick.digest);
        let concerns = |force: &Force| matches!(scope, Scope::All) || *scope == Scope::Force(force.clone());
        let mut shadows = scheduler.status().into_iter().filter(|lane| lane.plugin == plugin && lane.lane == kind);
        let Some(lane) = shadows.find(|lane| lane.state == "resting" && concerns(&lane.force)) else { return Ok(()) };
        let (force, why) = (&lane.force, lane.why.unwrap_or_default());
        Err(DeployError::Refused(format!(
            "its shadow rests for {force} ({why}): skip or retry it first (`cordon plugin list`), or end it with `--mode off`"
        )))
    }

    fn are_loaded(&self, set: &Set) -> Result<(), DeployError> {
        let all = versions::all(&self.setup.store)?;
        let is_loaded = |id: &str, digest| all.iter().any(|one| one.id == id && one.digest == digest);
        for (id, of) in &set.plugins {
            if let Some(run) = of.runs().find(|run| !is_loaded(id, run.digest)) {
                let (version, short) = (&run.version, run.digest.short());
                let reason = format!("`{id}` {version} ({short}) was unloaded meanwhile: load it again first");
                return Err(DeployError::Refused(reason));
            }
        }
        Ok(())
    }

    /// The one way in which the set changes.
    pub(super) fn change(
        &self,
        current: &mut Current,
        mut set: Set,
        change: Change<'_>,
        said: &Said,
    ) -> Result<Changed, DeployError> {
        set.tidy();
        let changes = difference::between(&current.set, &set, &said.forces);
        self.settle(current)?;
        let (mut wanted, broken) = current.prepared.lanes(self.with(), &set, &self.built_in)?;
        wanted.hunts.clone_from(&current.wanted.hunts);
        // Only what cannot run now and could before: what is broken already stops nobody.
        let was = |one: &super::Broken| {
            current.broken.iter().any(|old| old.plugin == one.plugin && old.version == one.version)
        };
        if let Some(one) = broken.iter().find(|one| !was(one)) {
            let reason = one.reason.clone();
            current.prepared.keep(&current.wanted);
            return Err(DeployError::Refused(reason));
        }
        if said.dry_run || set == current.set {
            current.prepared.keep(&current.wanted);
            return Ok(Changed { generation: None, changes, skipped: Vec::new(), settled: true });
        }
        let begun = self.commit(current, &set, &wanted, change, said)?;
        let Beginning { cursors, skipped, .. } = begun;
        current.prepared.keep(&wanted);
        (current.set, current.wanted, current.broken) = (set, wanted.clone(), broken);
        current.number += 1;
        let settled = self.hand_over(wanted, cursors);
        current.unsettled = !settled;
        if let Err(error) = self.wake(&current.wanted) {
            tracing::error!("lanes that rest are not woken: {error}");
        }
        Ok(Changed { generation: Some(current.number), changes, skipped, settled })
    }

    fn commit(
        &self,
        current: &Current,
        set: &Set,
        wanted: &Wanted,
        change: Change<'_>,
        said: &Said,
    ) -> Result<Beginning, DeployError> {
        let (store, journal) = (&self.setup.store, &self.setup.journal);
        let text = serde_json::to_vec(set).map_err(|error| DeployError::Host(error.to_string()))?;
        let Change { what, plugin, scope, mut details, from, also } = change;
        let generation = Generation {
            number: current.number + 1,
            time: said.time,
            who: said.who.clone(),
            role: said.role.clone(),
            what: what.to_owned(),
            plugin: plugin.map(str::to_owned),
            scope: scope.to_string(),
            reason: said.reason.clone(),
            details: details.clone(),
            set: store.put_file(&text)?,
        };
        if let Some(details) = details.as_object_mut() {
            details.insert("generation".into(), json!(generation.number));
            details.insert("plugin".into(), json!(plugin));
            details.insert("set".into(), json!(generation.set));
            details.insert("reason".into(), json!(said.reason));
        }
        for attempt in 1..=TRIES {
            let there = self.there(current, wanted)?;
            let mut begun = begin::begin((store, journal), &there, wanted, from, &said.reason)?;
            if matches!(from, Start::At(_)) && begun.cursors.is_empty() {
                let reason = "no lane begins with this: what runs goes on where it stands; leave `from` out";
                return Err(DeployError::Refused(reason.into()));
            }
            let effects = std::mem::take(&mut begun.effects).and(generations::put(&generation)?);
            let act = said.act(scope, what, details.clone());
            match self.setup.audit.commit(store, act, effects.and(also.clone())) {
                Ok(()) => return Ok(begun),
                Err(StoreError::Conflict) => tracing::debug!(attempt, "events were counted meanwhile"),
                Err(error) => return Err(error.into()),
            }
        }
        Err(DeployError::Busy("events come too fast just now: try again".into()))
    }

    /// Lanes that are there already, and go on where they are.
    fn there<'c>(&self, current: &'c Current, wanted: &Wanted) -> Result<There<'c>, DeployError> {
        let heads = self.setup.journal.heads();
        let mut lanes: BTreeSet<LaneSource> = begin::lanes(&current.wanted, &heads).into_keys().collect();
        if current.number == 0 {
            // A host that knew no generations ran them already.
            for lane in begin::lanes(wanted, &heads).into_keys() {
                if results::was_deployed(&self.setup.store, &lane.plugin)? {
                    lanes.insert(lane);
                }
            }
        }
        Ok(There { lanes, set: &current.set })
    }

    /// Where lanes of the last change still end their batch: waits for them.
    fn settle(&self, current: &mut Current) -> Result<(), DeployError> {
        if current.unsettled {
            current.unsettled = !self.hand_over(current.wanted.clone(), BTreeMap::new());
        }
        if current.unsettled {
            let reason = "lanes of the last change still end their batch: come again in a moment";
            return Err(DeployError::Busy(reason.into()));
        }
        Ok(())
    }

    /// Whether all that ends has ended.
    pub(super) fn hand_over(&self, wanted: Wanted, cursors: BTreeMap<LaneSource, u64>) -> bool {
        let Some(scheduler) = self.scheduler.get() else { return true };
        scheduler.take(wanted, cursors, PATIENCE)
    }

    /// Wakes lanes that came to rest with the version before while the change was made.
    fn wake(&self, wanted: &Wanted) -> Result<(), StoreError> {
        let Some(scheduler) = self.scheduler.get() else { return Ok(()) };
        let store = &self.setup.store;
        for (lane, resting) in results::resting(store)? {
            let mut of_force = wanted.of(&lane.force).into_iter();
            let runs = of_force.find(|of| of.lane == lane.kind && of.loaded.plugin.manifest().plugin.id == lane.plugin);
            if runs.is_some_and(|runs| runs.loaded.plugin.digest() != resting.digest) {
                store.commit(results::wake(&lane, &resting)?)?;
                scheduler.resume(lane, None);
            }
        }
        Ok(())
    }
}

/// What the host carries in itself is not anybody's to change.
pub(super) fn not_built_in(plugin: &str) -> Result<(), DeployError> {
    if super::is_built_in(plugin) {
        return Err(DeployError::Refused(format!("`{plugin}` is the host's own: it runs for all forces, always")));
    }
    Ok(())
}

fn known<'s>(set: &'s mut Set, plugin: &str) -> Result<&'s mut super::OfPlugin, DeployError> {
    let absent = || DeployError::Absent(format!("`{plugin}` is not deployed: see `cordon plugin list`"));
    set.plugins.get_mut(plugin).ok_or_else(absent)
}
