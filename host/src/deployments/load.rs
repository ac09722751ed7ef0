//! Loading and unloading versions: a component is verified, prepared in a child process and kept by its digest. It runs
//! nowhere yet; one that is refused changes nothing.

use std::sync::TryLockError;

use serde_json::{Map, json};

use super::act::{Said, not_built_in};
use super::versions::{self, Version};
use super::{DeployError, Deployments, Scope};
use crate::lists::Lists;
use crate::model::Force;
use crate::registry::Loaded;
use crate::sandbox::inspect;
use crate::store::Effects;

/// What one force may load for itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ForceLimits {
    /// Versions, of all its plugins together.
    pub versions: usize,
    /// Bytes of their components.
    pub bytes: u64,
}

impl Deployments {
    /// Loads a component for a scope; it is known already: nothing is done again.
    ///
    /// # Errors
    /// See [`DeployError`]: what is wrong with it, in one line.
    pub fn load(&self, wasm: &[u8], scope: &Scope, said: &Said) -> Result<Version, DeployError> {
        // Waiting costs a thread each, and whoever sends many would take them all.
        let _alone = match self.loading.try_lock() {
            Ok(alone) => alone,
            Err(TryLockError::Poisoned(alone)) => alone.into_inner(),
            Err(TryLockError::WouldBlock) => {
                return Err(DeployError::Busy("another plugin is being prepared: come again in a moment".into()));
            }
        };
        let inspection = inspect(wasm)?;
        let id = &inspection.manifest.plugin.id;
        not_built_in(id)?;
        if let Scope::Force(force) = scope {
            self.may_load(force, id, inspection.digest, wasm.len() as u64)?;
        }
        let plugin = self.setup.sandbox.load(wasm, &Map::new())?;
        let loaded = Loaded { path: "loaded".into(), plugin, settings: "{}".into(), lists: Lists::default() };
        self.setup.store.put_file(wasm)?;
        let _current = self.current();
        let effects = self.record(&loaded, wasm.len() as u64, scope, &said.who, said.time)?;
        let (version, digest) = (inspection.manifest.plugin.version.to_string(), inspection.digest);
        let details =
            json!({ "plugin": id, "version": version, "digest": digest, "bytes": wasm.len(), "reason": said.reason });
        self.setup.audit.commit(&self.setup.store, said.act(scope, "plugin-loaded", details), effects)?;
        versions::find(&versions::all(&self.setup.store)?, id, Some(&digest.to_string()), scope)
    }

    /// Forgets a version that is deployed nowhere. What it found stays, and the component with it.
    ///
    /// # Errors
    /// See [`DeployError`].
    pub fn unload(&self, id: &str, asked: &str, scope: &Scope, said: &Said) -> Result<Version, DeployError> {
        let current = self.current();
        let mut version = versions::find(&versions::all(&self.setup.store)?, id, Some(asked), scope)?;
        let owns = match scope {
            Scope::All => std::mem::take(&mut version.national),
            Scope::Force(force) => version.forces.remove(force),
        };
        if !owns {
            return Err(DeployError::Refused(format!("`{id}` {} is the NMC's to unload", version.name())));
        }
        let runs = |of: &super::OfPlugin| of.runs().any(|run| run.digest == version.digest);
        if current.set.plugins.get(id).is_some_and(runs) {
            let reason =
                format!("`{id}` {} is deployed: end that first with `cordon deploy --mode off`", version.name());
            return Err(DeployError::Refused(reason));
        }
        let effects: Effects = match version.national || !version.forces.is_empty() {
            true => versions::put(&version)?,
            false => versions::delete(&version),
        };
        let details = json!({
            "plugin": id, "version": version.version, "digest": version.digest, "reason": said.reason,
        });
        self.setup.audit.commit(&self.setup.store, said.act(scope, "plugin-unloaded", details), effects)?;
        Ok(version)
    }

    /// Whether a force may load one more.
    fn may_load(&self, force: &Force, id: &str, digest: crate::ids::Digest, bytes: u64) -> Result<(), DeployError> {
        let all = versions::all(&self.setup.store)?;
        if all.iter().any(|one| one.id == id && one.national) {
            return Err(DeployError::Refused(format!("`{id}` is a national plugin: give yours an id of its own")));
        }
        let own = || all.iter().filter(|one| one.forces.contains(force) && one.digest != digest);
        let limits = self.setup.limits;
        if own().count() >= limits.versions {
            let reason =
                format!("{force} has {} versions loaded, its limit (`force-versions`): unload one", limits.versions);
            return Err(DeployError::Refused(reason));
        }
        let kept: u64 = own().map(|one| one.bytes).sum();
        if kept + bytes > limits.bytes {
            let most = limits.bytes >> 20;
            let reason = format!("{force} may have {most} MiB of plugins loaded (`force-mib`): unload one");
            return Err(DeployError::Refused(reason));
        }
        Ok(())
    }
}
