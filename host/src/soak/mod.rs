//! The same events, over and over, in every way that must not matter: numbers of workers, sizes of batches, random cuts,
//! orders of files, artefacts prepared anew. The findings must be the same.
//!
//! Owns the rounds and their comparison. A round is made from seed and number alone, so that one that failed can be run
//! again by itself. Judges by the production pipeline; knows no evidence, prints nothing.

mod compare;
mod round;

use std::path::PathBuf;
use std::sync::Arc;

use serde_json::Value;

pub use compare::{FINDINGS, Findings};
pub use round::Round;

use crate::events::{BatcherOptions, Input, ReadError};
use crate::registry::{self, Loaded, RegistryError, SettingsFile};
use crate::sandbox::{LoadError, Outcome, Sandbox, SandboxOptions};
use crate::telemetry::Metrics;
use crate::wiring::{Happening, Pipeline, Progress};

/// What is run, the same in every round.
pub struct Soak {
    /// Files of events.
    pub inputs: Vec<Input>,
    /// Components.
    pub plugins: Vec<PathBuf>,
    /// Their settings.
    pub settings: SettingsFile,
    /// How events become batches; the rows are the round's.
    pub options: BatcherOptions,
    /// Cache, caps and preparing binary; the workers are the round's.
    pub sandbox: SandboxOptions,
    /// When the events count as received, microseconds since 1970 UTC.
    pub received: i64,
}

/// Why there is nothing to compare.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SoakError {
    #[error(transparent)]
    Registry(#[from] RegistryError),
    #[error(transparent)]
    Sandbox(#[from] LoadError),
    #[error(transparent)]
    Unreadable(#[from] Arc<ReadError>),
    #[error("plugin `{plugin}` {}: {}: findings of a plugin that faults depend on its batches, mend it first", outcome.word(), outcome.reason())]
    Fault { plugin: String, outcome: Outcome },
    #[error("no event could be read: nothing was run")]
    NoEvents,
    #[error("there are more than {FINDINGS} findings: give fewer events")]
    TooMany,
    #[error("a folder for artefacts cannot be made: {0}")]
    Disk(std::io::Error),
}

impl SoakError {
    /// Whether the machine was too busy for that round: another time it may end.
    #[must_use]
    pub fn is_of_the_moment(&self) -> bool {
        matches!(self, Self::Fault { outcome, .. } if !outcome.is_deterministic())
    }
}

impl Soak {
    /// Runs one round.
    ///
    /// # Errors
    /// See [`SoakError`].
    pub fn run(&self, round: &Round) -> Result<Findings, SoakError> {
        let cold = round.cold.then(tempfile::tempdir).transpose().map_err(SoakError::Disk)?;
        let mut options = SandboxOptions { workers: round.workers, ..self.sandbox.clone() };
        if let Some(folder) = &cold {
            options.cache = folder.path().to_owned();
        }
        let sandbox = Sandbox::new(options)?;
        let loaded = registry::load(&sandbox, &self.plugins, &self.settings, round.workers)?;
        self.judge(round, &sandbox, &loaded)
    }

    fn judge(&self, round: &Round, sandbox: &Sandbox, plugins: &[Loaded]) -> Result<Findings, SoakError> {
        let pipeline = Pipeline {
            sandbox,
            plugins,
            options: BatcherOptions { rows: round.rows, ..self.options.clone() },
            workers: round.workers,
            received: self.received,
            only: None,
            evidence: false,
            cuts: round.cuts,
            progress: Arc::new(Progress::default()),
            metrics: &Metrics::new(),
            duplicates: None,
        };
        // In another order events come later than any lateness: of what is remembered, that promises nothing.
        let remembers = plugins.iter().any(|loaded| loaded.plugin.manifest().remembers());
        let inputs: Vec<Input> = match remembers {
            true => self.inputs.clone(),
            false => round.order.iter().filter_map(|at| self.inputs.get(*at).cloned()).collect(),
        };
        let mut findings = Findings::default();
        let mut wrong = None;
        let ended = pipeline.run(&inputs, |happening| {
            match happening {
                Happening::Finding(found) => {
                    let taken =
                        serde_json::to_value(&found.finding).is_ok_and(|json| findings.take(found.finding.id, json));
                    if !taken {
                        wrong = Some(SoakError::TooMany);
                    }
                }
                Happening::Fault(fault) => {
                    wrong.get_or_insert(SoakError::Fault { plugin: fault.plugin, outcome: fault.outcome });
                }
                Happening::Unreadable(error) => {
                    wrong.get_or_insert(SoakError::Unreadable(error));
                }
                _ => {}
            }
            // Whatever is wrong, the round is lost: the rest of it need not be run.
            if wrong.is_some() { Err(std::io::ErrorKind::Interrupted.into()) } else { Ok(()) }
        });
        match (wrong, ended) {
            (Some(wrong), _) => Err(wrong),
            (None, Err(error)) => Err(SoakError::Disk(error)),
            (None, Ok(summary)) if summary.events == 0 => Err(SoakError::NoEvents),
            (None, Ok(summary)) => {
                findings.count(&summary);
                Ok(findings)
            }
        }
    }

    /// Runs a round and compares it with the first one; an empty answer: the same.
    ///
    /// # Errors
    /// As [`Soak::run`].
    pub fn compare(&self, first: &Findings, round: &Round) -> Result<Vec<String>, SoakError> {
        let found = match self.run(round) {
            // The first round had none, so the fault itself depends on what must not matter.
            Err(error @ SoakError::Fault { .. }) if !error.is_of_the_moment() => return Ok(vec![error.to_string()]),
            found => found?,
        };
        Ok(first.differences(&found, round.in_given_order()))
    }
}

/// A finding without what another order of files changes.
fn placeless(mut finding: Value) -> Value {
    if let Some(event) = finding.get_mut("event").and_then(Value::as_object_mut) {
        for place in ["file", "line", "unit", "sequence"] {
            event.shift_remove(place);
        }
    }
    if let Some(finding) = finding.as_object_mut() {
        finding.shift_remove("cited");
    }
    finding
}
