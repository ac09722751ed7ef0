//! Which versions of plugins are loaded: prepared once, kept by digest, ready to be deployed. Owns their records.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{DeployError, Scope};
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Versions that are looked at, at most: more are never loaded.
pub(super) const MOST: usize = 10_000;
/// Hex digits of a digest that name it at least.
const SHORT: usize = 8;

/// A version that is loaded.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct Version {
    /// The plugin's id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component, which the store keeps.
    pub digest: Digest,
    /// Bytes of its component.
    pub bytes: u64,
    /// The sources that it reads.
    pub sources: Vec<String>,
    /// Whether it is for all.
    pub national: bool,
    /// Forces that loaded it for themselves.
    pub forces: BTreeSet<Force>,
    /// When it was loaded first, microseconds since 1970 UTC.
    pub loaded: i64,
    /// The token of who loaded it first.
    pub by: String,
}

impl Version {
    /// Whether it may be deployed there.
    #[must_use]
    pub fn is_for(&self, scope: &Scope) -> bool {
        self.national || matches!(scope, Scope::Force(force) if self.forces.contains(force))
    }

    /// `1.0.0 (0123456789ab)`
    #[must_use]
    pub fn name(&self) -> String {
        format!("{} ({})", self.version, self.digest.short())
    }
}

/// The effect that it is loaded.
pub(super) fn put(version: &Version) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(version).map_err(|error| StoreError::TooLarge(format!("a version: {error}")))?;
    Ok(Effects::new().put(Space::Plugin, &key(&version.id, version.digest), text))
}

/// The effect that it is not.
pub(super) fn delete(version: &Version) -> Effects {
    Effects::new().delete(Space::Plugin, &key(&version.id, version.digest))
}

/// All of them, by id and digest.
pub(super) fn all(store: &Store) -> Result<Vec<Version>, StoreError> {
    let pairs = store.list(Space::Plugin, &[], None, MOST)?;
    Ok(pairs.iter().filter_map(|(_, value)| serde_json::from_slice(value).ok()).collect())
}

/// The version that `asked` names, by number or by the beginning of its digest; where it is none, the newest.
pub(super) fn find(all: &[Version], id: &str, asked: Option<&str>, scope: &Scope) -> Result<Version, DeployError> {
    let mut of_id: Vec<&Version> = all.iter().filter(|one| one.id == id && one.is_for(scope)).collect();
    of_id.sort_by_cached_key(|one| (semver::Version::parse(&one.version).ok(), one.loaded));
    let Some(newest) = of_id.last() else {
        return Err(DeployError::Absent(format!("no version of `{id}` is loaded: `cordon plugin load FILE` first")));
    };
    let Some(asked) = asked else { return Ok((*newest).clone()) };
    let is_short = |one: &Version| asked.len() >= SHORT && one.digest.to_string().starts_with(asked);
    let found: Vec<&&Version> = of_id.iter().filter(|one| one.version == asked || is_short(one)).collect();
    let names = |of: &[&Version]| of.iter().map(|one| one.name()).collect::<Vec<_>>().join(", ");
    match found[..] {
        [one] => Ok((*one).clone()),
        [] => Err(DeployError::Absent(format!("`{id}@{asked}` is not loaded; loaded are {}", names(&of_id)))),
        _ => {
            let found: Vec<&Version> = found.into_iter().copied().collect();
            Err(DeployError::Refused(format!("`{id}@{asked}` names several: {}; give the digest", names(&found))))
        }
    }
}

fn key(id: &str, digest: Digest) -> Vec<u8> {
    [id.as_bytes(), &[0], &digest.0].concat()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn version(number: &str, content: &str, loaded: i64) -> Version {
        Version {
            id: "p".into(),
            version: number.into(),
            digest: Digest::of(content.as_bytes()),
            bytes: 1,
            sources: Vec::new(),
            national: true,
            forces: BTreeSet::new(),
            loaded,
            by: "t".into(),
        }
    }

    #[test]
    fn a_version_is_named_by_number_or_digest_and_what_is_not_said_is_the_newest() {
        let all = [version("1.10.0", "a", 1), version("1.9.0", "b", 2), version("1.9.0", "c", 3)];
        let find = |asked| find(&all, "p", asked, &Scope::All);
        assert_eq!(find(None).unwrap().version, "1.10.0");
        assert_eq!(find(Some("1.10.0")).unwrap(), all[0]);
        let several = find(Some("1.9.0")).unwrap_err().to_string();
        assert!(several.contains(&all[1].digest.short()) && several.contains("give the digest"), "{several}");
        let short = all[2].digest.short();
        assert_eq!(find(Some(&short)).unwrap(), all[2]);
        assert!(find(Some("2.0.0")).unwrap_err().to_string().contains("1.10.0"));
    }

    #[test]
    fn what_a_force_loaded_is_found_for_that_force_only() {
        let force = |name| Scope::Force(Force::new(name).unwrap());
        let own = Version { national: false, forces: [Force::new("avon").unwrap()].into(), ..version("1.0.0", "a", 1) };
        let own = [own];
        assert!(find(&own, "p", None, &force("avon")).is_ok());
        assert!(find(&own, "p", None, &force("kent")).is_err());
        assert!(find(&own, "p", None, &Scope::All).is_err());
    }
}
