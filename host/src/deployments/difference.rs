//! What two sets of deployments do not share, by force and plugin. Pure.

use std::collections::BTreeSet;

use serde::Serialize;

use super::set::{Run, Set};
use crate::ids::Digest;
use crate::model::Force;
use crate::results::Lane;

/// One plugin's difference for one force.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Difference {
    /// The force; `all` for those that come later.
    #[serde(rename = "for")]
    pub scope: String,
    /// The plugin's id.
    pub plugin: String,
    /// What ran.
    pub before: Vec<Shown>,
    /// What runs.
    pub after: Vec<Shown>,
}

/// A version in a lane.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Shown {
    /// `live` or `shadow`.
    pub mode: &'static str,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub digest: Digest,
    /// Digest of its `run` settings as given.
    pub settings: Digest,
    /// The same of its `load` settings.
    pub load: Digest,
}

/// For all, and for each of these forces and those that have anything of their own.
#[must_use]
pub(super) fn between(before: &Set, after: &Set, forces: &[Force]) -> Vec<Difference> {
    let mut named: BTreeSet<&Force> = forces.iter().collect();
    named.extend(before.forces());
    named.extend(after.forces());
    let plugins: BTreeSet<&String> = before.plugins.keys().chain(after.plugins.keys()).collect();
    let mut found = Vec::new();
    for id in plugins {
        let of = |set: &Set, force| set.plugins.get(id).map(|of| of.of(force)).unwrap_or_default();
        for force in std::iter::once(None).chain(named.iter().copied().map(Some)) {
            let (before, after) = (of(before, force), of(after, force));
            if before != after {
                let scope = force.map_or_else(|| "all".to_owned(), ToString::to_string);
                let shown = |runs: Vec<(Lane, Run)>| runs.into_iter().map(shown).collect();
                found.push(Difference { scope, plugin: id.clone(), before: shown(before), after: shown(after) });
            }
        }
    }
    found
}

fn shown((lane, run): (Lane, Run)) -> Shown {
    let Run { digest, version, load, settings, inherits: _ } = run;
    Shown { mode: lane.word(), version, digest, settings, load }
}
