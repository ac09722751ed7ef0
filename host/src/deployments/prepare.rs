//! From a set of deployments to lanes that can run: every version loaded once, every combination of version and settings made
//! once, whatever the number of forces.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::{Map, Value};

use super::DeployError;
use super::set::{Run, Set};
use crate::ids::Digest;
use crate::lists::Lists;
use crate::model::Force;
use crate::registry::Loaded;
use crate::results::{Inherit, Lane};
use crate::sandbox::{Plugin, Sandbox};
use crate::scheduler::{Deployed, Wanted};
use crate::store::Store;

/// A component with its `load` settings.
type OfPlugin = (Digest, Digest);
/// And `run` settings, the kind of lane, and what it takes over.
type OfLane = (Digest, Digest, Digest, Lane, Inherit);

/// What is made, so that it is not made again.
#[derive(Debug, Default)]
pub(super) struct Prepared {
    plugins: HashMap<OfPlugin, Plugin>,
    deployed: HashMap<OfLane, Arc<Deployed>>,
}

/// A version that cannot run, and why.
#[derive(Debug, Clone)]
pub struct Broken {
    /// The plugin's id.
    pub plugin: String,
    /// The version.
    pub version: String,
    /// Why, in one line.
    pub reason: String,
}

/// What it is made with.
#[derive(Clone, Copy)]
pub(super) struct With<'a> {
    pub(super) sandbox: &'a Sandbox,
    pub(super) store: &'a Store,
    /// Versions that are prepared at the same time.
    pub(super) at_once: usize,
}

impl Prepared {
    /// The lanes of a set, and what of it cannot run. The host's own plugins, `built_in`, run for all forces.
    pub(super) fn lanes(
        &mut self,
        with: With<'_>,
        set: &Set,
        built_in: &[Arc<Deployed>],
    ) -> Result<(Wanted, Vec<Broken>), DeployError> {
        let mut broken = self.load(with, set);
        // By component and `run` settings.
        let mut failed: HashSet<(Digest, Digest)> = HashSet::new();
        let mut of = |force: Option<&Force>| -> Result<Vec<Arc<Deployed>>, DeployError> {
            let mut lanes = built_in.to_vec();
            for (id, lane, run) in set.of(force) {
                match self.one(with, lane, &run) {
                    Ok(Some(deployed)) => lanes.push(deployed),
                    Ok(None) => {}
                    Err(DeployError::Refused(reason)) if failed.insert((run.digest, run.settings)) => {
                        let whose = force.map_or(String::new(), |force| format!("{force}: "));
                        let reason = format!("{whose}{reason}");
                        broken.push(Broken { plugin: id.to_owned(), version: run.version, reason });
                    }
                    Err(DeployError::Refused(_)) => {}
                    Err(other) => return Err(other),
                }
            }
            Ok(lanes)
        };
        let all = of(None)?;
        let mut own = BTreeMap::new();
        for force in set.forces() {
            own.insert(force.clone(), of(Some(force))?);
        }
        Ok((Wanted { all, own, hunts: Vec::new() }, broken))
    }

    /// Forgets what no lane of these needs.
    pub(super) fn keep(&mut self, wanted: &Wanted) {
        let lanes = || wanted.all.iter().chain(wanted.own.values().flatten());
        let used: HashSet<*const Deployed> = lanes().map(Arc::as_ptr).collect();
        self.deployed.retain(|_, deployed| used.contains(&Arc::as_ptr(deployed)));
        let plugins: HashSet<OfPlugin> = self.deployed.keys().map(|(digest, load, ..)| (*digest, *load)).collect();
        self.plugins.retain(|key, _| plugins.contains(key));
    }

    /// Loads what the set needs and is not loaded, several at a time.
    fn load(&mut self, with: With<'_>, set: &Set) -> Vec<Broken> {
        let mut missing: BTreeMap<OfPlugin, (&str, &Run)> = BTreeMap::new();
        for (id, of) in &set.plugins {
            for run in of.runs().filter(|run| !self.plugins.contains_key(&(run.digest, run.load))) {
                missing.insert((run.digest, run.load), (id, run));
            }
        }
        let missing: Vec<(OfPlugin, (&str, &Run))> = missing.into_iter().collect();
        let (next, loaded) = (AtomicUsize::new(0), Mutex::new(Vec::with_capacity(missing.len())));
        std::thread::scope(|scope| {
            for _ in 0..with.at_once.clamp(1, missing.len().max(1)) {
                scope.spawn(|| {
                    while let Some((key, (id, run))) = missing.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let one = (*key, *id, *run, load(with, run));
                        loaded.lock().unwrap_or_else(PoisonError::into_inner).push(one);
                    }
                });
            }
        });
        let mut broken = Vec::new();
        for (key, id, run, result) in loaded.into_inner().unwrap_or_else(PoisonError::into_inner) {
            match result {
                Ok(plugin) => {
                    self.plugins.insert(key, plugin);
                }
                Err(error) => broken.push(Broken {
                    plugin: id.to_owned(),
                    version: run.version.clone(),
                    reason: error.to_string(),
                }),
            }
        }
        broken
    }

    /// None where the version is not loaded: that is said already.
    fn one(&mut self, with: With<'_>, lane: Lane, run: &Run) -> Result<Option<Arc<Deployed>>, DeployError> {
        let key = (run.digest, run.load, run.settings, lane, run.inherits);
        if let Some(deployed) = self.deployed.get(&key) {
            return Ok(Some(Arc::clone(deployed)));
        }
        let Some(plugin) = self.plugins.get(&(run.digest, run.load)) else { return Ok(None) };
        let deployed = Arc::new(deployed(with, plugin, lane, run)?);
        self.deployed.insert(key, Arc::clone(&deployed));
        Ok(Some(deployed))
    }
}

/// One version in a lane of its own, for a hunt.
pub(super) fn hunt(with: With<'_>, lane: Lane, run: &Run) -> Result<Deployed, DeployError> {
    deployed(with, &load(with, run)?, lane, run)
}

fn deployed(with: With<'_>, plugin: &Plugin, lane: Lane, run: &Run) -> Result<Deployed, DeployError> {
    let loaded = loaded(plugin, run, with.store)?;
    let deployed = Deployed::new(loaded, lane, with.sandbox, with.store);
    Ok(deployed.map_err(|error| DeployError::Host(error.to_string()))?.inheriting(run.inherits))
}

/// A plugin with its `run` settings, checked and with defaults filled in.
fn loaded(plugin: &Plugin, run: &Run, store: &Store) -> Result<Loaded, DeployError> {
    let manifest = plugin.manifest();
    let settings = manifest.run_settings(&settings(store, run.settings)?);
    let settings = settings.map_err(|error| {
        let name = &manifest.plugin;
        DeployError::Refused(format!("the settings do not fit {} {}: {error}", name.id, name.version))
    })?;
    let path = PathBuf::from(format!("loaded:{}", run.digest));
    Ok(Loaded {
        path,
        plugin: plugin.clone(),
        settings: Value::Object(settings).to_string().into(),
        lists: Lists::default(),
    })
}

pub(super) fn load(with: With<'_>, run: &Run) -> Result<Plugin, DeployError> {
    let gone = || DeployError::Damaged(format!("the component {} is not kept any more, or damaged", run.digest));
    let wasm = with.store.file(run.digest)?.ok_or_else(gone)?;
    with.sandbox.load(&wasm, &settings(with.store, run.load)?).map_err(DeployError::from)
}

/// The settings in a file.
pub(super) fn settings(store: &Store, file: Digest) -> Result<Map<String, Value>, DeployError> {
    let gone = || DeployError::Damaged(format!("the settings {file} are not kept any more, or damaged"));
    let bytes = store.file(file)?.ok_or_else(gone)?;
    serde_json::from_slice(&bytes).map_err(|_| gone())
}
