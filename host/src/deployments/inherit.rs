//! What versions remember of each other: whether a change can carry it over, and what it is to do else.

use super::set::{Run, Set};
use super::{DeployError, Deployments, prepare};
use crate::ids::Digest;
use crate::model::Force;
use crate::results::{Inherits, Lane};
use crate::sandbox::MigrateError;

/// What becomes of what the live version remembers, where the values of the new one have another form and cannot be carried
/// over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum OnSchema {
    /// The deployment is refused.
    #[default]
    Refuse,
    /// It is kept aside, for when a version of its schema comes back.
    Keep,
    /// It is let go.
    Reset,
}

/// Whose memory a version goes on with when it becomes live.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whose {
    /// The live version's.
    Live,
    /// Its own, as a shadow.
    Shadow,
}

/// What was asked for, in one word; none where nothing was.
pub(super) fn asked(whose: Option<Whose>, on_schema: OnSchema) -> Result<Option<Inherits>, DeployError> {
    match (whose, on_schema) {
        (Some(Whose::Shadow), OnSchema::Keep | OnSchema::Reset) => {
            let reason =
                "on-schema says what becomes of the live version's memory: leave it out where the shadow's goes on";
            Err(DeployError::Bad(reason.into()))
        }
        (_, OnSchema::Keep) => Ok(Some(Inherits::Aside)),
        (_, OnSchema::Reset) => Ok(Some(Inherits::Nothing)),
        (Some(Whose::Shadow), OnSchema::Refuse) => Ok(Some(Inherits::Shadow)),
        (Some(Whose::Live), OnSchema::Refuse) => Ok(Some(Inherits::Live)),
        (None, OnSchema::Refuse) => Ok(None),
    }
}

impl Deployments {
    /// Whether every live version that replaces one of another schema can carry values over, as it is to.
    ///
    /// # Errors
    /// `Refused`, with the way out; the host's.
    pub(super) fn can_inherit(&self, before: &Set, after: &Set) -> Result<(), DeployError> {
        let mut pairs: Vec<(&str, Run, Run)> = Vec::new();
        let forces: Vec<&Force> = before.forces().into_iter().chain(after.forces()).collect();
        for force in std::iter::once(None).chain(forces.into_iter().map(Some)) {
            for (id, lane, new) in after.of(force).into_iter().filter(|(_, lane, _)| lane.is_live()) {
                let old = before.of(force).into_iter().find(|(old, kind, _)| *old == id && *kind == lane);
                let Some((.., old)) = old.filter(|(.., old)| old.digest != new.digest) else { continue };
                let known = pairs.iter().any(|(_, was, is)| was.digest == old.digest && is.digest == new.digest);
                if new.inherits.what == Inherits::Live && !known {
                    pairs.push((id, old, new));
                }
            }
        }
        pairs.iter().try_for_each(|(id, old, new)| self.carries(id, old, new))
    }

    fn carries(&self, id: &str, old: &Run, new: &Run) -> Result<(), DeployError> {
        let (was, is) = (prepare::load(self.with(), old)?, prepare::load(self.with(), new)?);
        let (from, to) = (was.schema(), is.schema());
        if from == to || from == 0 || to == 0 {
            return Ok(());
        }
        let higher = if to > from { &is } else { &was };
        match self.setup.sandbox.migrate(higher, from, to, &[]) {
            Ok(_) => Ok(()),
            Err(MigrateError::Unsupported(reason)) => Err(DeployError::Refused(format!(
                "`{id}` {} keeps values of schema {to}, the live {} of schema {from}, and they cannot be carried over ({reason}): \
                 say what becomes of them, `--on-schema keep` (kept aside, found again after a roll-back) or `--on-schema reset` (let go)",
                new.version, old.version
            ))),
            Err(MigrateError::Failed(reason)) => Err(DeployError::Refused(format!(
                "`{id}` {}: it cannot say whether values of schema {from} can be carried over to {to}: {reason}",
                new.version
            ))),
            Err(MigrateError::Host(reason)) => Err(DeployError::Host(reason)),
        }
    }
}

/// Whether a shadow of this version runs for everyone or for a force: there is a memory to take over.
pub(super) fn has_shadow(set: &Set, id: &str, force: Option<&Force>, digest: Digest) -> bool {
    let of = set.plugins.get(id).map(|of| of.of(force)).unwrap_or_default();
    of.iter().any(|(lane, _)| *lane == Lane::Shadow(digest))
}
