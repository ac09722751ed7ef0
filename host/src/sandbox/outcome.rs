//! How one run of a plugin on a batch ended. Classified once, here, by type.

use std::time::Duration;

use cordon_state::Changes;
use serde::Serialize;
use wasmtime::{Trap, WasmBacktrace};

use super::Limit;
use super::StateAnswer;
use super::contract::shortened;
use super::meter::Stop;
use crate::model::{Emitted, Explanation, LogLine};

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    /// `detect` answered `failure`.
    Refused {
        reason: String,
    },
    /// A trap, a panic (with message, file and line where the SDK's hook gave them), or a host-call budget exceeded.
    Trapped {
        reason: String,
        limit: Option<Limit>,
    },
    OutOfMemory {
        reason: String,
        limit: Limit,
    },
    /// An emit refused, or output or log over its limit.
    BadOutput {
        reason: String,
        limit: Option<Limit>,
    },
    /// Of the moment, never final.
    OutOfTime {
        reason: String,
        limit: Limit,
    },
    /// The host's own trouble, of the moment: pool exhausted, instantiation failed.
    HostTrouble {
        reason: String,
    },
}

impl Outcome {
    /// Whether the same run would end the same way again.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        !matches!(self, Outcome::OutOfTime { .. } | Outcome::HostTrouble { .. })
    }

    /// Its word: `completed`, `refused`, `trapped`, ...
    #[must_use]
    pub fn word(&self) -> &'static str {
        match self {
            Outcome::Completed => "completed",
            Outcome::Refused { .. } => "refused",
            Outcome::Trapped { .. } => "trapped",
            Outcome::OutOfMemory { .. } => "out-of-memory",
            Outcome::BadOutput { .. } => "bad-output",
            Outcome::OutOfTime { .. } => "out-of-time",
            Outcome::HostTrouble { .. } => "host-trouble",
        }
    }

    /// Why, for people; empty where it completed.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Outcome::Completed => "",
            Outcome::Refused { reason }
            | Outcome::Trapped { reason, .. }
            | Outcome::OutOfMemory { reason, .. }
            | Outcome::BadOutput { reason, .. }
            | Outcome::OutOfTime { reason, .. }
            | Outcome::HostTrouble { reason } => reason,
        }
    }

    /// The limit that was hit, where one was.
    #[must_use]
    pub fn limit(&self) -> Option<Limit> {
        match self {
            Outcome::Trapped { limit, .. } | Outcome::BadOutput { limit, .. } => *limit,
            Outcome::OutOfMemory { limit, .. } | Outcome::OutOfTime { limit, .. } => Some(*limit),
            Outcome::Completed | Outcome::Refused { .. } | Outcome::HostTrouble { .. } => None,
        }
    }

    /// A host's [`Stop`], as an outcome.
    pub(super) fn of_stop(stop: &Stop) -> Self {
        let (limit, reason) = match stop {
            Stop::Limit { limit, reason } => (*limit, reason.clone()),
            Stop::Host(reason) => return Outcome::HostTrouble { reason: reason.clone() },
        };
        match limit {
            Limit::CpuTime | Limit::ColumnTime | Limit::WallClock => Outcome::OutOfTime { reason, limit },
            Limit::Memory | Limit::TableElements => Outcome::OutOfMemory { reason, limit },
            Limit::FindingsPerRow
            | Limit::FindingBytesPerRow
            | Limit::FindingBytes
            | Limit::LogBytes
            | Limit::ExplanationBytes => Outcome::BadOutput { reason, limit: Some(limit) },
            _ => Outcome::Trapped { reason, limit: Some(limit) },
        }
    }

    /// How a call that failed with `error` ended. By the error's type, never by its text; `panic` is what the SDK's hook
    /// said last.
    pub(super) fn of_error(error: &wasmtime::Error, panic: Option<&str>) -> Self {
        if let Some(stop) = error.downcast_ref::<Stop>() {
            return Self::of_stop(stop);
        }
        if error.downcast_ref::<wasmtime::OutOfMemory>().is_some() {
            return Outcome::HostTrouble { reason: "the host ran out of memory".into() };
        }
        let Some(trap) = error.downcast_ref::<Trap>() else {
            // What is left is an argument or answer that breaks the canonical ABI: the guest's doing.
            return Outcome::Trapped { reason: shortened(&error.root_cause().to_string(), 1024), limit: None };
        };
        let limit = (*trap == Trap::StackOverflow).then_some(Limit::Stack);
        if let (Trap::UnreachableCodeReached, Some(panic)) = (trap, panic) {
            return Outcome::Trapped { reason: panic.to_owned(), limit };
        }
        let place = error
            .downcast_ref::<WasmBacktrace>()
            .and_then(|trace| trace.frames().iter().find_map(|frame| frame.func_name()))
            .map(|name| format!(" in `{}`", shortened(name, 200)))
            .unwrap_or_default();
        Outcome::Trapped { reason: format!("{trap}{place}"), limit }
    }
}

/// What one run gave and cost. Findings are empty unless the outcome is `Completed`.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Ordered by (row, rule, key).
    pub findings: Vec<Emitted>,
    /// What the lane is to keep, with its findings or not at all; none where the plugin remembers nothing.
    pub remembered: Option<Changes>,
    /// What state and windows answered the rows of its findings.
    pub answers: Vec<(u32, StateAnswer)>,
    /// What lists answered, of a run on recorded answers that was given lists.
    pub listed: Vec<StateAnswer>,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Asked for by `RunInput::explain`.
    pub explanations: Vec<Explanation>,
    /// Cost.
    pub cost: Cost,
}

impl RunReport {
    /// What state and windows answered a row with findings.
    #[must_use]
    pub fn answers_of(&self, row: u32) -> Vec<StateAnswer> {
        self.answers.iter().filter(|(of, _)| *of == row).map(|(_, answer)| answer.clone()).collect()
    }
}

/// What a run cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Cost {
    /// CPU time of the worker thread, column building excluded.
    pub cpu: Duration,
    /// CPU time spent building columns that this run was the first to ask for.
    pub columns_cpu: Duration,
    /// Time to make the instance.
    pub start: Duration,
    /// Linear memory at the end, bytes.
    pub memory: usize,
    /// Columns given.
    pub columns: u32,
    /// Bytes of columns copied into the guest.
    pub column_bytes: u64,
    /// Host calls.
    pub host_calls: u32,
}
