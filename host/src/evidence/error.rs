//! Why evidence cannot be kept or used.

use std::path::PathBuf;

/// See the module. Whether it says that somebody changed something is [`EvidenceError::is_alteration`].
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum EvidenceError {
    #[error("not an evidence file (`cordon run --evidence DIR` writes them), or its first bytes were altered")]
    NotEvidence,
    #[error("not a replay file (`cordon plugin release` writes them), or its first bytes were altered")]
    NotReplay,
    #[error("altered: its bytes are not those that were sealed; take the file from a copy")]
    Altered,
    #[error("evidence of more than {} MiB is neither written nor read", super::EVIDENCE_BYTES >> 20)]
    TooLarge,
    #[error(
        "its format is version {found}, this cordon reads version {known}: use the cordon that wrote it, or a newer one"
    )]
    OtherVersion { found: u32, known: u32 },
    #[error("its seal holds, but it says what no cordon of this version writes: {0}")]
    NotUnderstood(String),
    #[error("event {sequence} is not in the journal any more, and was not kept beside it")]
    Gone { sequence: u64 },
    #[error("{}: {reason}", path.display())]
    Disk { path: PathBuf, reason: String },
    #[error("{}: something else is there under the name of this finding's evidence ({reason}); nothing is overwritten: move it away, or give another folder", path.display())]
    Occupied { path: PathBuf, reason: String },
    #[error("{}: the component kept here was altered; take it from a copy, or remove it", path.display())]
    ComponentAltered { path: PathBuf },
    #[error("{}: the plugin's component is not kept here; give it with -p", path.display())]
    ComponentAbsent { path: PathBuf },
    #[error("none of the plugins given with -p has the id `{0}`")]
    NotGiven(String),
    #[error("the plugin cannot be loaded: {0}")]
    NotLoaded(String),
    #[error("it could not be judged now ({0}): try again")]
    OfTheMoment(String),
}

impl EvidenceError {
    /// A failed file operation.
    pub(super) fn disk(path: impl Into<PathBuf>, what: &str, error: &std::io::Error) -> Self {
        Self::Disk { path: path.into(), reason: format!("{what}: {error}") }
    }

    /// Whether evidence was changed since it was kept: an answer, where the rest is a reason to have none.
    #[must_use]
    pub fn is_alteration(&self) -> bool {
        matches!(self, Self::Altered | Self::ComponentAltered { .. })
    }
}
