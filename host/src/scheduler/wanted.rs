//! Which lanes there are to be: of each force, with what they run. Plain data; whoever decides it stands outside.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::{Deployed, DeployedPlugin};
use crate::model::Force;

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// Of every force that has no list of its own, also of those that come later.
    pub all: Vec<Arc<Deployed>>,
    /// Of these forces, instead.
    pub own: BTreeMap<Force, Vec<Arc<Deployed>>>,
    /// Hunts, each of the forces that it ends for.
    pub hunts: Vec<Arc<Deployed>>,
}

impl Wanted {
    /// What runs for a force.
    #[must_use]
    pub fn of<'w>(&'w self, force: &Force) -> Vec<&'w Arc<Deployed>> {
        let hunts = self.hunts.iter().filter(|hunt| hunt.ends.contains_key(force));
        self.own.get(force).unwrap_or(&self.all).iter().chain(hunts).collect()
    }

    /// Each plugin that any lane runs, once for each kind of lane and version.
    #[must_use]
    pub fn plugins(&self) -> Vec<DeployedPlugin> {
        let mut found = BTreeMap::new();
        for deployed in self.all.iter().chain(self.own.values().flatten()) {
            let key = (deployed.id().to_owned(), deployed.lane, deployed.digest());
            found.entry(key).or_insert_with(|| DeployedPlugin {
                id: deployed.id().to_owned(),
                version: deployed.version(),
                digest: deployed.digest(),
                lane: deployed.lane,
                sources: deployed.loaded.plugin.manifest().sources.keys().cloned().collect(),
            });
        }
        found.into_values().collect()
    }
}
