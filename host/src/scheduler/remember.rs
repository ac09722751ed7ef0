//! What a lane remembers while it runs on a wave, and where to find what it remembers from earlier ones.
//!
//! A lane that remembers runs one wave at a time over all of its sources (`dispatch`), from one durable commit to the next:
//! what a wave changes stands over what the store holds until it is committed together with the cursor, or is dropped.

use std::sync::Arc;

use cordon_state::{Counts, Over};

use super::inherit::{Found, found};
use super::{Deployed, Setup, StreamKey, form};
use crate::events::Batch;
use crate::model::SourceName;
use crate::results::LaneMemory;
use crate::sandbox::{Past, RunReport};
use crate::store::Effects;

/// See the module.
pub(super) struct Remembers {
    kept: Arc<LaneMemory>,
    over: Arc<Over>,
    /// Of where it is kept.
    effects: Effects,
}

impl Remembers {
    /// Of a lane; none where its plugin remembers nothing.
    ///
    /// # Errors
    /// In words: what it remembers cannot be found, or not be carried over from the version before.
    pub(super) fn begin(setup: &Setup, deployed: &Deployed, key: &StreamKey) -> Result<Option<Self>, String> {
        if !deployed.remembers() {
            return Ok(None);
        }
        let Found { memory, effects } = found(setup, deployed, &deployed.lane(key))?;
        let kept = Arc::new(memory);
        Ok(Some(Self { over: Arc::new(Over::new(Arc::clone(&kept) as _)), kept, effects }))
    }

    pub(super) fn past(&self) -> Past {
        Past::Lane(Arc::clone(&self.over) as _)
    }

    /// A run that completed, and is not run again.
    pub(super) fn keep(&self, report: &RunReport) {
        if let Some(changes) = &report.remembered {
            self.over.apply(changes.clone());
        }
    }

    /// To be committed with the cursor.
    pub(super) fn finish(self) -> (Effects, Counts) {
        let changes = self.over.changes();
        let counts = changes.counts;
        (self.effects.and(self.kept.keep(changes)), counts)
    }
}

/// A batch of the one event that a reference means, from the journal; none where it is not there, or of another force.
pub(super) fn cited(setup: &Setup, key: &StreamKey, reference: &str) -> Option<Batch> {
    let (rest, sequence) = reference.rsplit_once('/')?;
    let (rest, source) = rest.rsplit_once('/')?;
    let (_, force) = rest.rsplit_once('/')?;
    let sequence: u64 = sequence.parse().ok()?;
    let source = SourceName::new(source).ok().filter(|_| force == key.0.as_str())?;
    let mut reader = setup.journal.reader(&key.0, &source, sequence.checked_sub(1)?);
    let formed = form::form(&mut reader, &key.0, &source, (setup.zone)(&key.0), sequence, 1);
    let formed = formed.inspect_err(|error| tracing::warn!("an event that a finding cites cannot be read: {error}"));
    let batch = formed.ok()?.batches.into_iter().next()?;
    Some(batch.select(0..1))
}
