//! What one run carries in its store: what it was given, which never changes, and what it used and said.
//!
//! Made for one run and dropped with it; nothing in here is shared with another run or set from outside while it lasts.

use std::sync::Arc;

use cordon_contract::limits;
use cordon_contract::manifest::Manifest;
use cordon_state::Remembering;

use super::Limit;
use super::access::Access;
use super::allowance::Allowance;
use super::emit::Emissions;
use super::lists::Lookups;
use super::memory::Memory;
use super::meter::{Meter, Stop};
use crate::events::Batch;
use crate::model::{Explanation, LogLevel, LogLine};

/// How the SDK's panic hook begins its last line.
const PANIC_PREFIX: &str = "panic at ";

/// What holds for a plugin in every run.
#[derive(Debug)]
pub(super) struct Terms {
    pub(super) manifest: Manifest,
    pub(super) access: Access,
    pub(super) allowance: Allowance,
    pub(super) remembering: Arc<Remembering>,
}

/// What one run was given.
#[derive(Debug)]
pub(super) struct Given {
    pub(super) terms: Arc<Terms>,
    /// None while an instance is only tried at load.
    pub(super) batch: Option<Arc<Batch>>,
    /// `run` settings as JSON.
    pub(super) settings: Arc<str>,
    pub(super) explain: bool,
}

/// What one run said.
#[derive(Debug, Default)]
pub(super) struct Said {
    pub(super) emissions: Emissions,
    pub(super) log: Log,
    pub(super) explanations: Explanations,
}

/// A store's data.
#[derive(Debug)]
pub(super) struct RunState {
    pub(super) given: Given,
    pub(super) meter: Meter,
    pub(super) said: Said,
    pub(super) memory: Memory,
    pub(super) lookups: Lookups,
}

impl RunState {
    pub(super) fn new(given: Given, memory: Memory) -> Self {
        let (rows, bytes) = given.batch.as_ref().map_or((0, 0), |batch| (batch.len(), batch.bytes()));
        let mut meter = Meter::start(&given.terms.allowance, rows, bytes);
        if given.explain {
            meter.explaining();
        }
        Self { given, meter, said: Said::default(), memory, lookups: Lookups::default() }
    }

    /// Counts a host call and answers the batch.
    ///
    /// # Errors
    /// Too many host calls, or a call where there is no batch.
    pub(super) fn call(&mut self) -> Result<Arc<Batch>, Stop> {
        self.meter.host_call()?;
        match &self.given.batch {
            Some(batch) => Ok(Arc::clone(batch)),
            None => Err(Stop::limit(Limit::HostCalls, "asked for events before it was given a batch")),
        }
    }
}

/// Bytes of all explanations of one run; a plugin explains itself on single events.
const EXPLANATION_BYTES: usize = 16 << 20;

/// What a plugin explained, within its limit.
#[derive(Debug, Default)]
pub(super) struct Explanations {
    steps: Vec<Explanation>,
    bytes: usize,
}

impl Explanations {
    /// Takes a step.
    ///
    /// # Errors
    /// When they are over their limit.
    pub(super) fn push(&mut self, step: Explanation) -> Result<(), Stop> {
        let texts = step.field.len() + step.predicate.len() + step.value.as_ref().map_or(0, String::len);
        self.bytes += texts + size_of::<Explanation>();
        if self.bytes > EXPLANATION_BYTES {
            let reason = format!("explained itself in more than {EXPLANATION_BYTES} bytes");
            return Err(Stop::limit(Limit::ExplanationBytes, reason));
        }
        self.steps.push(step);
        Ok(())
    }

    pub(super) fn into_steps(self) -> Vec<Explanation> {
        self.steps
    }
}

/// What a plugin logged, within its limits.
#[derive(Debug, Default)]
pub(super) struct Log {
    lines: Vec<LogLine>,
    bytes: usize,
}

impl Log {
    /// Takes a line.
    ///
    /// # Errors
    /// When it, or the log with it, is over its limit.
    pub(super) fn write(&mut self, level: LogLevel, message: &str) -> Result<(), Stop> {
        let (len, limit) = (message.len(), limits::LOG_MESSAGE_BYTES);
        if len > limit {
            return Err(Stop::limit(Limit::LogBytes, format!("logged a message of more than {limit} bytes")));
        }
        let (bytes, limit) = (self.bytes + len, limits::LOG_BYTES);
        if bytes > limit {
            return Err(Stop::limit(Limit::LogBytes, format!("logged more than {limit} bytes in one call")));
        }
        self.bytes = bytes;
        self.lines.push(LogLine { level, message: message.to_owned() });
        Ok(())
    }

    /// The last line, where it is what the SDK's panic hook writes before the guest traps.
    pub(super) fn panic_message(&self) -> Option<&str> {
        let last = self.lines.last()?;
        (last.level == LogLevel::Error && last.message.starts_with(PANIC_PREFIX)).then_some(last.message.as_str())
    }

    pub(super) fn into_lines(self) -> Vec<LogLine> {
        self.lines
    }
}
