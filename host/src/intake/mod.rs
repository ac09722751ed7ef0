//! Intake: one request's events, checked and recognised, into the journal; all that are sound, or none.
//!
//! Answers after the journal has made them durable. Reads in bounded memory: the request's accepted events and one chunk of
//! its text. Knows no HTTP: whoever reads bytes may use it. Which force they belong to is the caller's to say.

mod clocks;
mod counts;

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cordon_contract::limits::BATCH_ROWS;
use jiff::tz::TimeZone;
use serde::Serialize;

pub use clocks::{AHEAD, Clock};
pub use counts::{Counts, Tallies, Tally};

use crate::events::{Batch, Batcher, BatcherOptions, EventReader, Refusal};
use crate::ids::Digest;
use crate::journal::{AppendError, Journal, Part, Request};
use crate::model::{Force, SourceName};

/// Refused lines that an answer names; the others are counted.
const NAMED: usize = 100;

/// A request.
#[derive(Debug, Clone)]
pub struct Post {
    /// Whose events; from the caller's token.
    pub force: Force,
    /// Takes every event as this source; without it each is recognised by its shape.
    pub source: Option<SourceName>,
    /// When it came, microseconds since 1970 UTC.
    pub received: i64,
    /// What names the request when it is sent again (`Idempotency-Key`).
    pub key: Option<String>,
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Accepted {
    /// Sequence number of its first event; none where no event was taken.
    pub sequence: Option<u64>,
    /// Events taken: durable now.
    pub accepted: u64,
    /// A request with the same key was taken before: this one was not, and the numbers are the first one's.
    pub repeated: bool,
    /// Events refused.
    pub refused: u64,
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
    /// The sender's: no format that is known, or cut off.
    #[error("{0}")]
    Unreadable(String),
    /// The journal's.
    #[error(transparent)]
    Journal(#[from] AppendError),
}

/// Told what each request brought, once that is durable, on its own thread.
type Hook = Box<dyn Fn(&Tallies) + Send + Sync>;

/// See the module.
pub struct Intake {
    journal: Arc<Journal>,
    limit: u64,
    told: Option<Hook>,
    /// See [`Counts`].
    pub counts: Counts,
}

impl Intake {
    /// Into this journal, with so many bytes of text a request.
    #[must_use]
    pub fn new(journal: Arc<Journal>, limit: u64) -> Self {
        Self { journal, limit, told: None, counts: Counts::default() }
    }

    /// With someone who is told what each request brought.
    #[must_use]
    pub fn telling(self, hook: impl Fn(&Tallies) + Send + Sync + 'static) -> Self {
        Self { told: Some(Box::new(hook)), ..self }
    }

    /// Reads a request to its end and answers once it is durable. Blocks: not for an async thread.
    ///
    /// # Errors
    /// See [`IntakeError`].
    pub fn accept(&self, post: &Post, body: impl Read + Send + 'static) -> Result<Accepted, IntakeError> {
        let (batches, refused) = self.read(post, body)?;
        let mut accepted = Accepted {
            sequence: None,
            repeated: false,
            accepted: batches.iter().map(|batch| batch.len() as u64).sum(),
            refused: refused.len,
            refused_lines: refused.named.clone(),
        };
        let mut tallies = Tallies { force: post.force.clone(), received: post.received, of: tally(&batches) };
        if accepted.refused > 0 {
            tallies.of.push(Tally { source: post.source.clone(), refused: accepted.refused, ..Tally::default() });
        }
        let bytes: usize = batches.iter().map(Batch::bytes).sum();
        let parts = parts(&batches).map_err(AppendError::Request)?;
        drop(batches);
        if !parts.is_empty() {
            let key = post.key.as_ref().map_or(Digest([0; 32]), |key| Digest::of(key.as_bytes()));
            let appended = self.journal.append(&post.force, Request { key, received: post.received, parts })?;
            accepted.sequence = Some(appended.first);
            accepted.accepted = appended.rows;
            accepted.repeated = appended.repeated;
            if appended.repeated {
                return Ok(accepted);
            }
        }
        self.counts.took(&tallies, 0, bytes as u64);
        refused.kinds.iter().for_each(|(kind, events)| self.counts.refused(kind, *events));
        if let Some(told) = &self.told {
            told(&tallies);
        }
        Ok(accepted)
    }

    /// Takes events that the host itself makes, each one line of JSON, on the path of all others.
    ///
    /// # Errors
    /// See [`IntakeError`]; also when one of them is refused, which is a fault of ours.
    pub fn own(&self, post: &Post, events: &[String]) -> Result<Accepted, IntakeError> {
        let accepted = self.accept(post, io::Cursor::new(events.join("\n").into_bytes()))?;
        match accepted.refused_lines.first() {
            None => Ok(accepted),
            Some(line) => Err(IntakeError::Unreadable(format!("an event of the host's own: {}", line.reason))),
        }
    }

    fn read(&self, post: &Post, body: impl Read + Send + 'static) -> Result<(Vec<Batch>, Refused), IntakeError> {
        let over = Arc::new(AtomicBool::new(false));
        let failed = |reason: String| match over.load(Ordering::Relaxed) {
            true => IntakeError::TooLarge { limit: self.limit },
            false => IntakeError::Unreadable(reason),
        };
        let mut reader = EventReader::bounded("request", body, self.limit, Arc::clone(&over))
            .map_err(|error| failed(error.reason))?;
        let mut batcher = Batcher::new(BatcherOptions {
            force: post.force.clone(),
            source: post.source.clone(),
            time_field: None,
            // Local time is of no concern here: batches are formed again when they run.
            zone: TimeZone::UTC,
            rows: BATCH_ROWS,
        });
        let mut batches = Vec::new();
        let mut refused = Refused::default();
        while let Some(piece) = reader.next().map_err(|error| failed(error.reason))? {
            match piece.and_then(|event| batcher.push(event, post.received)) {
                Ok(full) => batches.extend(full),
                Err(refusal) => refused.take(refusal),
            }
        }
        batches.extend(batcher.finish());
        Ok((batches, refused))
    }
}

#[derive(Default)]
struct Refused {
    len: u64,
    kinds: BTreeMap<&'static str, u64>,
    named: Vec<RefusedLine>,
}

impl Refused {
    fn take(&mut self, refusal: Refusal) {
        self.len += 1;
        *self.kinds.entry(refusal.kind).or_default() += 1;
        if self.named.len() < NAMED {
            let Refusal { origin, kind, reason } = refusal;
            self.named.push(RefusedLine { line: origin.line, unit: origin.unit, kind, reason });
        }
    }
}

/// What the batches bring, by source.
fn tally(batches: &[Batch]) -> Vec<Tally> {
    let mut by_source: BTreeMap<&SourceName, Tally> = BTreeMap::new();
    for batch in batches {
        let new = || Tally { source: Some(batch.source().clone()), ..Tally::default() };
        let of = by_source.entry(batch.source()).or_insert_with(new);
        of.received += batch.len() as u64;
        of.late += batch.marks().iter().filter(|marks| **marks & 2 != 0).count() as u64;
        of.clock = of.clock.and(Clock::of(batch));
    }
    by_source.into_values().collect()
}

/// The events of all batches, by source, in their order.
fn parts(batches: &[Batch]) -> Result<Vec<Part>, String> {
    let mut by_source: BTreeMap<&SourceName, Vec<&Batch>> = BTreeMap::new();
    for batch in batches {
        by_source.entry(batch.source()).or_default().push(batch);
    }
    let mut parts = Vec::with_capacity(by_source.len());
    for (source, of) in by_source {
        let events = of.iter().flat_map(|batch| (0..batch.len()).filter_map(|row| batch.event(row)).map(str::as_bytes));
        parts.extend(Part::pack(source, events)?);
    }
    Ok(parts)
}
