//! What is asked about deployments: what is loaded, the set, its history, what differs between two of them. A force sees what is
//! for all and what is its own.

use super::difference::{self, Difference};
use super::generations::{self, Generation};
use super::prepare::Broken;
use super::set::Set;
use super::versions::{self, Version};
use super::{DeployError, Deployments, Scope};
use crate::model::Force;

/// Generations that are looked at for one page of a plugin's history.
const LOOKED_AT: usize = 10_000;

impl Deployments {
    /// The number of the newest generation (0: none yet) and its set, as a force sees it; whole where it is none.
    #[must_use]
    pub fn newest(&self, seen_by: Option<&Force>) -> (u64, Set) {
        let current = self.current();
        let set = seen_by.map_or_else(|| current.set.clone(), |force| current.set.seen_by(force));
        (current.number, set)
    }

    /// What is deployed and cannot run.
    #[must_use]
    pub fn broken(&self) -> Vec<Broken> {
        self.current().broken.clone()
    }

    /// The versions that a force may deploy; all where it is none.
    ///
    /// # Errors
    /// The store's.
    pub fn loaded(&self, seen_by: Option<&Force>) -> Result<Vec<Version>, DeployError> {
        let mut all = versions::all(&self.setup.store)?;
        if let Some(force) = seen_by {
            let scope = Scope::Force(force.clone());
            all.retain(|one| one.is_for(&scope));
            // Who else loaded the same is theirs to know.
            all.iter_mut().for_each(|one| one.forces.retain(|name| name == force));
        }
        Ok(all)
    }

    /// Up to `limit` generations behind number `after`, ascending: of a plugin, and as a force sees them.
    ///
    /// # Errors
    /// The store's.
    pub fn history(
        &self,
        plugin: Option<&str>,
        seen_by: Option<&Force>,
        after: u64,
        limit: usize,
    ) -> Result<Vec<Generation>, DeployError> {
        let mut found = generations::list(&self.setup.store, after, LOOKED_AT)?;
        found.retain(|one| plugin.is_none_or(|plugin| one.plugin.as_deref().is_none_or(|of| of == plugin)));
        found.retain(|one| seen_by.is_none_or(|force| one.scope == "all" || one.scope == force.as_str()));
        found.truncate(limit);
        // What the NMC says of a change for all may name another force.
        let others = found.iter_mut().filter(|one| seen_by.is_some_and(|force| one.scope != force.as_str()));
        others.for_each(|one| (one.reason, one.who) = (String::new(), String::new()));
        Ok(found)
    }

    /// What differs from one generation to another.
    ///
    /// # Errors
    /// The store's; a generation that is not there. Number 0 is the empty set.
    pub fn diff(
        &self,
        from: u64,
        to: u64,
        seen_by: Option<&Force>,
        forces: &[Force],
    ) -> Result<Vec<Difference>, DeployError> {
        let set = |number| -> Result<Set, DeployError> {
            if number == 0 {
                return Ok(Set::default());
            }
            let set = generations::set(&self.setup.store, &generations::get(&self.setup.store, number)?)?;
            Ok(seen_by.map_or_else(|| set.clone(), |force| set.seen_by(force)))
        };
        Ok(difference::between(&set(from)?, &set(to)?, forces))
    }
}
