//! The records of what a plugin faulted on.

use super::StreamKey;
use super::deployed::Deployed;
use crate::clock::now_micros;
use crate::events::Batch;
use crate::model::{LogLevel, LogLine};
use crate::results::{FAULT_LOG_BYTES, FAULT_REASON_BYTES, Fault, Skip};
use crate::sandbox::Outcome;

/// How a run ended, with its log. Two are alike by outcome and limit.
#[derive(Debug, Clone)]
pub(super) struct Faulted {
    pub(super) outcome: Outcome,
    pub(super) log: Vec<LogLine>,
}

impl PartialEq for Faulted {
    fn eq(&self, other: &Self) -> bool {
        self.outcome.word() == other.outcome.word() && self.outcome.limit() == other.outcome.limit()
    }
}

/// A skip that does not say yet why.
pub(super) fn blank(deployed: &Deployed, key: &StreamKey, first: u64, last: u64, rows: u64) -> Skip {
    Skip {
        plugin: deployed.id().to_owned(),
        lane: deployed.lane,
        version: deployed.version(),
        digest: deployed.digest().to_string(),
        source: key.1.to_string(),
        first,
        last,
        rows,
        outcome: String::new(),
        limit: None,
        reason: String::new(),
    }
}

/// A fault on these rows, `skipped` of which are passed without a result.
pub(super) fn fault(deployed: &Deployed, key: &StreamKey, batch: &Batch, faulted: &Faulted, skipped: u64) -> Fault {
    let outcome = &faulted.outcome;
    let now = now_micros();
    Fault {
        id: String::new(),
        force: key.0.to_string(),
        plugin: deployed.id().to_owned(),
        lane: deployed.lane,
        version: deployed.version(),
        digest: deployed.digest(),
        terms: deployed.terms,
        source: key.1.to_string(),
        outcome: outcome.word().to_owned(),
        limit: outcome.limit().map(|limit| limit.to_string()),
        reason: shortened(outcome.reason(), FAULT_REASON_BYTES).to_owned(),
        log: last_lines(&faulted.log),
        first: batch.sequence(0),
        last: batch.sequence(batch.len().saturating_sub(1)),
        rows: batch.len() as u64,
        skipped,
        since: now,
        latest: now,
        count: 1,
    }
}

pub(super) fn shortened(text: &str, bytes: usize) -> &str {
    let mut end = text.len().min(bytes);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    text.get(..end).unwrap_or_default()
}

/// The last lines of a log, as many as are kept.
fn last_lines(log: &[LogLine]) -> Vec<String> {
    let mut left = FAULT_LOG_BYTES;
    let mut lines: Vec<String> = Vec::new();
    for line in log.iter().rev() {
        let Some(rest) = left.checked_sub(line.message.len()) else { break };
        left = rest;
        let level = match line.level {
            LogLevel::Debug => "debug",
            LogLevel::Info => "info",
            LogLevel::Warn => "warn",
            LogLevel::Error => "error",
        };
        lines.push(format!("{level}: {}", line.message));
    }
    lines.reverse();
    lines
}
