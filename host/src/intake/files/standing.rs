//! How one folder or file stands, for whoever shows it. A problem is logged when it begins and when it ends.

use std::sync::{Mutex, PoisonError};

use serde::Serialize;

use super::FileIntake;
use crate::intake::Accepted;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Stands {
    /// `watch` or `follow`.
    pub kind: &'static str,
    /// Whose events.
    pub force: String,
    /// The folder, or the file.
    pub path: String,
    /// Files that were taken to their end since the start.
    pub files: u64,
    /// Events taken since the start.
    pub accepted: u64,
    /// Events that were there already.
    pub duplicates: u64,
    /// Events refused.
    pub refused: u64,
    /// What keeps it from going on, or did with some file.
    pub problem: Option<String>,
}

pub(super) struct Standing(Mutex<Stands>);

impl Standing {
    pub(super) fn new(of: &FileIntake) -> Self {
        Self(Mutex::new(Stands {
            kind: if of.watch.is_some() { "watch" } else { "follow" },
            force: of.force.to_string(),
            path: of.path.display().to_string(),
            files: 0,
            accepted: 0,
            duplicates: 0,
            refused: 0,
            problem: None,
        }))
    }

    pub(super) fn get(&self) -> Stands {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn took(&self, accepted: &Accepted) {
        let mut stands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        stands.accepted += accepted.accepted;
        stands.duplicates += accepted.duplicates;
        stands.refused += accepted.refused;
    }

    pub(super) fn ended_file(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).files += 1;
    }

    /// What is wrong now; none where nothing is.
    pub(super) fn problem(&self, problem: Option<String>) {
        let mut stands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if stands.problem == problem {
            return;
        }
        match &problem {
            Some(reason) => tracing::error!("{} {}, force {}: {reason}", stands.kind, stands.path, stands.force),
            None => tracing::info!("{} {}, force {}: goes on", stands.kind, stands.path, stands.force),
        }
        stands.problem = problem;
    }
}
