//! How one run of a plugin on a batch ended. Classified once, here, by type.

use std::time::Duration;

use serde::Serialize;

use crate::model::{Emitted, Explanation, LogLine};

/// A limit that can be hit; its `Display` is the name used in outcomes, metrics and docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Limit {
    CpuTime,
    WallClock,
    Memory,
    TableElements,
    Stack,
    HostCalls,
    HostCallBytes,
    FindingsPerRow,
    FindingBytesPerRow,
    LogBytes,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "outcome", rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Outcome {
    Completed,
    /// `detect` answered `failure`.
    Refused { reason: String },
    /// A trap, a panic (with message, file and line where the SDK's hook gave them), or a host-call budget exceeded.
    Trapped { reason: String, limit: Option<Limit> },
    OutOfMemory { reason: String, limit: Limit },
    /// An emit refused, or output or log over its limit.
    BadOutput { reason: String, limit: Option<Limit> },
    /// Of the moment, never final.
    OutOfTime { reason: String, limit: Limit },
    /// The host's own trouble, of the moment: pool exhausted, instantiation failed.
    HostTrouble { reason: String },
}

impl Outcome {
    /// Whether the same run would end the same way again.
    #[must_use]
    pub fn is_deterministic(&self) -> bool {
        !matches!(self, Outcome::OutOfTime { .. } | Outcome::HostTrouble { .. })
    }
}

/// What one run gave and cost. Findings are empty unless the outcome is `Completed`.
#[derive(Debug, Clone)]
pub struct RunReport {
    /// How it ended.
    pub outcome: Outcome,
    /// Ordered by (row, rule, key).
    pub findings: Vec<Emitted>,
    /// What the plugin logged.
    pub log: Vec<LogLine>,
    /// Asked for by `RunInput::explain`.
    pub explanations: Vec<Explanation>,
    /// Cost.
    pub cost: Cost,
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
