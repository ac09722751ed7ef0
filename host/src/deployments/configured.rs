//! Plugins of the configuration. What is new in it, or differs from what it was at the last start, is deployed live for all
//! forces; what is as it was changes nothing: whatever an operator did since then stays. What is in it no more goes on until
//! an operator ends it.

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::act::{Change, Said};
use super::edit::{self, Pick};
use super::set::{Mode, Run};
use super::{DeployError, Deployments, Scope, Start, versions};
use crate::registry::Loaded;
use crate::results::Inherit;
use crate::store::{Effects, Space, StoreError};

/// Before the id of a plugin that was in the configuration. No plugin's id begins with it.
const CONFIGURED: &[u8] = b"\0configured\0";

/// What the configuration had.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Before {
    run: Run,
}

impl Deployments {
    /// Takes what the configuration names, before a scheduler starts. `now` in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn configure(&self, plugins: &[Loaded], now: i64) -> Result<(), DeployError> {
        let store = &self.setup.store;
        let mut current = self.current();
        let (mut set, mut also) = (current.set.clone(), Effects::new());
        let mut news = Vec::new();
        for loaded in plugins {
            let manifest = loaded.plugin.manifest();
            let id = &manifest.plugin.id;
            let wasm = loaded.component().map_err(|error| DeployError::Host(error.to_string()))?;
            let load = Value::Object(loaded.plugin.load_settings().clone()).to_string();
            let run = Run {
                digest: store.put_file(&wasm)?,
                version: manifest.plugin.version.to_string(),
                load: store.put_file(load.as_bytes())?,
                settings: store.put_file(loaded.settings.as_bytes())?,
                inherits: Inherit::default(),
            };
            let before = Before { run };
            let key = [CONFIGURED, id.as_bytes()].concat();
            let was = store.get(Space::Plugin, &key)?;
            if was.and_then(|was| serde_json::from_slice::<Before>(&was).ok()).as_ref() == Some(&before) {
                continue;
            }
            let text = serde_json::to_vec(&before).map_err(|error| StoreError::TooLarge(error.to_string()))?;
            also = also.put(Space::Plugin, &key, text);
            also = also.and(self.record(loaded, wasm.len() as u64, &Scope::All, "host", now)?);
            let Before { run } = before;
            let pick = Pick {
                digest: run.digest,
                version: run.version,
                load: Some(run.load),
                settings: Some(run.settings),
                inherits: None,
            };
            edit::deploy(set.plugin(id), &Scope::All, Mode::Live, Some(&pick), self.none, "")?;
            news.push(format!("{id} {}", pick.version));
        }
        if news.is_empty() {
            return Ok(());
        }
        let said = Said {
            time: now,
            who: "host".into(),
            role: "host".into(),
            reason: "the configuration names them, as new or in another version than at the last start".into(),
            forces: Vec::new(),
            dry_run: false,
        };
        let (what, details) = ("plugins-configured", json!({ "plugins": news }));
        let change = Change { what, plugin: None, scope: &Scope::All, details, from: Start::Now, also };
        self.change(&mut current, set, change, &said)?;
        Ok(())
    }

    /// The effect that a version is loaded, for one more where it is already.
    pub(super) fn record(
        &self,
        loaded: &Loaded,
        bytes: u64,
        scope: &Scope,
        by: &str,
        now: i64,
    ) -> Result<Effects, DeployError> {
        let manifest = loaded.plugin.manifest();
        let known = versions::all(&self.setup.store)?;
        let digest = loaded.plugin.digest();
        let known = known.into_iter().find(|one| one.id == manifest.plugin.id && one.digest == digest);
        let mut version = known.unwrap_or_else(|| versions::Version {
            id: manifest.plugin.id.clone(),
            version: manifest.plugin.version.to_string(),
            digest,
            bytes,
            sources: manifest.sources.keys().cloned().collect(),
            national: false,
            forces: std::collections::BTreeSet::new(),
            loaded: now,
            by: by.to_owned(),
        });
        match scope {
            Scope::All => version.national = true,
            Scope::Force(force) => {
                version.forces.insert(force.clone());
            }
        }
        Ok(versions::put(&version)?)
    }
}
