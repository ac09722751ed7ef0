//! A request's events as batches, within the budget, and what was refused of them.

use std::collections::BTreeMap;

use super::budget::Lease;
use super::framed::Sorter;
use super::refused::{Lines, New};
use super::{IntakeError, Post, RefusedLine};
use crate::events::{Batch, EventOrigin, Refusal};
use crate::model::SourceName;

/// Refused lines that an answer names; the others are counted.
const NAMED: usize = 100;

/// See the module.
pub(super) struct Gather {
    sorter: Sorter,
    batches: Vec<Batch>,
    pub(super) refused: Refused,
    received: i64,
}

impl Gather {
    pub(super) fn new(post: &Post) -> Self {
        let sorter = Sorter::new(post.force.clone());
        Self { sorter, batches: Vec::new(), refused: Refused::default(), received: post.received }
    }

    /// Takes one event as this source, or recognises it; counts it as refused, and says so to `told`, where it is no event.
    pub(super) fn event(
        &mut self,
        bytes: &[u8],
        origin: EventOrigin,
        source: Option<SourceName>,
        lease: &mut Lease<'_>,
        told: &mut dyn FnMut(&Refusal),
    ) -> Result<(), IntakeError> {
        if !lease.grow(bytes.len() as u64) {
            return Err(IntakeError::Memory { limit: lease.limit() });
        }
        match self.sorter.push(bytes, origin, source, self.received) {
            Ok(full) => self.batches.extend(full),
            Err(refusal) => {
                told(&refusal);
                self.refused.take(refusal, Some(bytes.to_vec()));
            }
        }
        Ok(())
    }

    pub(super) fn finish(mut self) -> (Vec<Batch>, Refused) {
        self.batches.extend(self.sorter.finish());
        (self.batches, self.refused)
    }
}

/// The events of a request that were refused.
#[derive(Default)]
pub(super) struct Refused {
    pub(super) kinds: BTreeMap<&'static str, u64>,
    pub(super) named: Vec<RefusedLine>,
    pub(super) lines: Lines,
}

impl Refused {
    pub(super) fn len(&self) -> u64 {
        self.kinds.values().sum()
    }

    /// Takes a refused event with its bytes, where it was read to its end.
    pub(super) fn take(&mut self, refusal: Refusal, bytes: Option<Vec<u8>>) {
        let Refusal { origin, kind, reason } = refusal;
        *self.kinds.entry(kind).or_default() += 1;
        if self.named.len() < NAMED {
            self.named.push(RefusedLine { line: origin.line, unit: origin.unit, kind, reason: reason.clone() });
        }
        self.lines.take(New { line: origin.line, unit: origin.unit, kind, reason, bytes });
    }
}
