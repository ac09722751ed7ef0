//! What the sender of a request is told: what became of it, or why nothing of it was taken.

use serde::Serialize;

use crate::journal::AppendError;
use crate::model::Force;

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Sequence number of its first event; none where no event was taken.
    pub sequence: Option<u64>,
    /// Events taken: durable now.
    pub accepted: u64,
    /// Events left out: the same ones, byte for byte, were durable already.
    pub duplicates: u64,
    /// Of the events taken, those of which another with other bytes was there.
    pub changed: u64,
    /// The same request was taken before, by its key or its body: this one was not, and the numbers are the first one's.
    pub repeated: bool,
    /// Events refused.
    pub refused: u64,
    /// Of these, those that are not in the list of refused lines: it is full, or there were too many in one request.
    pub refused_not_kept: u64,
    /// The first of them.
    pub refused_lines: Vec<RefusedLine>,
}

/// An event that was not taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedLine {
    /// Line, or element of a document, from 1.
    pub line: u64,
    /// What `line` counts.
    pub unit: &'static str,
    /// A short word: `not-json`, `unknown-source`, ...
    pub kind: &'static str,
    /// For people, with the way out.
    pub reason: String,
}

/// Why a whole request is refused. Nothing of it was taken.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntakeError {
    /// The sender's: too large.
    #[error("the request has more than {limit} bytes of text (`request-mib`): send it in smaller pieces")]
    TooLarge {
        /// Bytes that one request may have.
        limit: u64,
    },
    /// The sender's: too many of what takes memory or an answer each.
    #[error("the request has more than {limit} {what}: send it in smaller pieces")]
    TooMany {
        /// Of what.
        what: &'static str,
        /// How many one request may have.
        limit: u64,
    },
    /// The sender's: no format that is known, or cut off.
    #[error("{0}")]
    Unreadable(String),
    /// One event of a text that is taken whole or not at all.
    #[error("{unit} {line}: {reason}")]
    Unsound {
        /// Line, or element of a document, from 1.
        line: u64,
        /// What `line` counts.
        unit: &'static str,
        /// For people, with the way out.
        reason: String,
    },
    /// The force's quota is used up.
    #[error("force {force} has sent more than its quota (`quota.{limit} = {value}`): send again in {seconds} s")]
    Quota {
        /// Whose.
        force: Force,
        /// The setting.
        limit: &'static str,
        /// Its value.
        value: u64,
        /// Until the next request is taken.
        seconds: u64,
    },
    /// Of the moment: other requests fill the memory that there is for them.
    #[error(
        "the requests that are read at this moment hold {limit} bytes of events (`intake.memory-mib`): send again later"
    )]
    Memory {
        /// Bytes of events of all requests.
        limit: u64,
    },
    /// The journal's.
    #[error(transparent)]
    Journal(#[from] AppendError),
}

impl IntakeError {
    /// Whether it is not the sender's: the same request, sent again later, may be taken.
    #[must_use]
    pub fn of_the_moment(&self) -> bool {
        match self {
            Self::Quota { .. } | Self::Memory { .. } => true,
            Self::Journal(error) => !matches!(error, AppendError::Request(_)),
            Self::TooLarge { .. } | Self::TooMany { .. } | Self::Unreadable(_) | Self::Unsound { .. } => false,
        }
    }

    /// In how many seconds the same request may be taken, where that is a question of time only.
    #[must_use]
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::Quota { seconds, .. } => Some((*seconds).max(1)),
            Self::Memory { .. } | Self::Journal(AppendError::Full { .. }) => Some(1),
            Self::TooLarge { .. }
            | Self::TooMany { .. }
            | Self::Unreadable(_)
            | Self::Unsound { .. }
            | Self::Journal(_) => None,
        }
    }

    /// A word for counting.
    pub(super) fn word(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } | Self::TooMany { .. } | Self::Journal(AppendError::Request(_)) => "too-large",
            Self::Unreadable(_) | Self::Unsound { .. } => "unreadable",
            Self::Quota { .. } => "quota",
            Self::Memory { .. } => "memory",
            Self::Journal(AppendError::Full { .. }) => "journal-full",
            Self::Journal(AppendError::DiskFloor { .. }) => "disk-floor",
            Self::Journal(AppendError::Disk { .. }) => "disk",
            Self::Journal(AppendError::Stopped) => "stopping",
        }
    }
}
