//! What a run may use, and how much of it it has used. Every limit stops a run through one typed error, [`Stop`].

use std::time::{Duration, Instant};

use wasmtime::ResourceLimiter;

use super::allowance::Allowance;
use super::{Limit, cpu};

/// Host calls for each row, above the base.
const HOST_CALLS_PER_ROW: u32 = 16;
/// Bytes of columns that may cross into a guest whatever the batch's size ...
const COLUMN_BYTES: u64 = 64 << 20;
/// ... and for each byte of the batch. Real batches' columns are smaller than their events; several paths may overlap.
const COLUMN_BYTES_PER_EVENT_BYTE: u64 = 8;
/// Host calls above the usual for a plugin that is asked to explain itself: one for each look at a value.
const EXPLAIN_CALLS: u32 = 65_536;
/// Host calls between two looks at the time: straight-line code passes no look of the guest's own clock.
const CALLS_BETWEEN_LOOKS: u32 = 64;

/// Why a run was stopped by the host.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stop {
    /// A limit was hit.
    #[error("{reason}")]
    Limit {
        /// Which.
        limit: Limit,
        /// With its figures.
        reason: String,
    },
    /// The host could not do its part.
    #[error("{0}")]
    Host(String),
}

impl Stop {
    pub(super) fn limit(limit: Limit, reason: impl Into<String>) -> Self {
        Stop::Limit { limit, reason: reason.into() }
    }
}

/// One run's use of its allowance.
#[derive(Debug)]
pub(super) struct Meter {
    cpu_start: Duration,
    cpu_limit: Duration,
    wall_start: Instant,
    wall_limit: Duration,
    /// CPU time spent building shared columns: the first asker pays for all, so it is not held against it.
    pub(super) columns_cpu: Duration,
    columns_cpu_limit: Duration,
    host_call_limit: u32,
    pub(super) host_calls: u32,
    column_byte_limit: u64,
    pub(super) column_bytes: u64,
    pub(super) columns: u32,
    memory_limit: usize,
    pub(super) memory: usize,
    table_limit: usize,
    tables: usize,
}

impl Meter {
    /// Starts counting for a batch of so many rows and bytes, on the calling thread.
    pub(super) fn start(allowance: &Allowance, rows: usize, bytes: usize) -> Self {
        let rows = u32::try_from(rows).unwrap_or(u32::MAX);
        let cpu_limit = allowance.cpu.saturating_add(allowance.cpu_per_row.saturating_mul(rows));
        Self {
            cpu_start: cpu::thread_time(),
            cpu_limit,
            wall_start: Instant::now(),
            wall_limit: cpu_limit.saturating_mul(allowance.wall_factor).max(allowance.wall_floor),
            columns_cpu: Duration::ZERO,
            columns_cpu_limit: allowance.columns.saturating_add(allowance.columns_per_row.saturating_mul(rows)),
            host_call_limit: allowance.host_calls.saturating_add(rows.saturating_mul(HOST_CALLS_PER_ROW)),
            host_calls: 0,
            column_byte_limit: (bytes as u64).saturating_mul(COLUMN_BYTES_PER_EVENT_BYTE).saturating_add(COLUMN_BYTES),
            column_bytes: 0,
            columns: 0,
            memory_limit: allowance.memory,
            memory: 0,
            table_limit: allowance.table_elements,
            tables: 0,
        }
    }

    /// For `configure`, in the preparing child: one CPU budget, no rows.
    pub(super) fn configuring(cpu_limit: Duration, memory_limit: usize, table_limit: usize) -> Self {
        Self {
            cpu_start: cpu::thread_time(),
            cpu_limit,
            wall_start: Instant::now(),
            wall_limit: Duration::MAX, // the parent has one
            columns_cpu: Duration::ZERO,
            columns_cpu_limit: Duration::ZERO,
            host_call_limit: u32::MAX,
            host_calls: 0,
            column_byte_limit: 0,
            column_bytes: 0,
            columns: 0,
            memory_limit,
            memory: 0,
            table_limit,
            tables: 0,
        }
    }

    /// Leaves room for explanations.
    pub(super) fn explaining(&mut self) {
        self.host_call_limit = self.host_call_limit.saturating_add(EXPLAIN_CALLS);
    }

    /// Lets the memory grow by so much more.
    pub(super) fn raise_memory(&mut self, bytes: usize) {
        self.memory_limit = self.memory_limit.saturating_add(bytes);
    }

    /// CPU time of this run so far, without the building of shared columns.
    pub(super) fn cpu(&self) -> Duration {
        cpu::thread_time().saturating_sub(self.cpu_start).saturating_sub(self.columns_cpu)
    }

    /// # Errors
    /// When the CPU time, that for columns or, far behind them, the wall clock is used up.
    pub(super) fn check_time(&self) -> Result<(), Stop> {
        if self.cpu() > self.cpu_limit {
            let limit = self.cpu_limit.as_millis();
            return Err(Stop::limit(Limit::CpuTime, format!("used more than its {limit} ms of CPU time")));
        }
        if self.columns_cpu > self.columns_cpu_limit {
            let limit = self.columns_cpu_limit.as_millis();
            let reason = format!("had the host build columns for more than its {limit} ms of CPU time");
            return Err(Stop::limit(Limit::ColumnTime, reason));
        }
        if self.wall_start.elapsed() > self.wall_limit {
            let limit = self.wall_limit.as_millis();
            return Err(Stop::limit(
                Limit::WallClock,
                format!(
                    "was not done after {limit} ms of wall clock, though its CPU time was not used up: the host is overloaded"
                ),
            ));
        }
        Ok(())
    }

    /// Counts one host call.
    ///
    /// # Errors
    /// When there were too many, or the time is used up.
    pub(super) fn host_call(&mut self) -> Result<(), Stop> {
        if self.host_calls >= self.host_call_limit {
            let limit = self.host_call_limit;
            return Err(Stop::limit(Limit::HostCalls, format!("made more than its {limit} host calls")));
        }
        self.host_calls += 1;
        if self.host_calls.is_multiple_of(CALLS_BETWEEN_LOOKS) { self.check_time() } else { Ok(()) }
    }

    /// Runs `build`, whose CPU time is the columns', not the plugin's.
    pub(super) fn building<T>(&mut self, build: impl FnOnce() -> T) -> T {
        let before = cpu::thread_time();
        let built = build();
        self.columns_cpu += cpu::thread_time().saturating_sub(before);
        built
    }

    /// Counts bytes that cross into the guest.
    ///
    /// # Errors
    /// When they are too many.
    pub(super) fn crossing(&mut self, bytes: usize) -> Result<(), Stop> {
        self.column_bytes = self.column_bytes.saturating_add(bytes as u64);
        if self.column_bytes > self.column_byte_limit {
            let limit = self.column_byte_limit;
            return Err(Stop::limit(
                Limit::HostCallBytes,
                format!("asked for more than its {limit} bytes of columns and events"),
            ));
        }
        Ok(())
    }
}

impl ResourceLimiter for Meter {
    fn memory_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.memory.saturating_sub(current).saturating_add(desired);
        if total > self.memory_limit {
            let limit = self.memory_limit >> 20;
            return Err(Stop::limit(Limit::Memory, format!("asked for more than its {limit} MiB of memory")).into());
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false); // its own declared maximum: the guest learns that the usual way
        }
        self.memory = total;
        Ok(true)
    }

    fn memory_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Stop::Host(format!("the system gave no memory to an instance within its limit: {error:#}")).into())
    }

    fn table_growing(&mut self, current: usize, desired: usize, maximum: Option<usize>) -> wasmtime::Result<bool> {
        let total = self.tables.saturating_sub(current).saturating_add(desired);
        if total > self.table_limit {
            let limit = self.table_limit;
            return Err(
                Stop::limit(Limit::TableElements, format!("asked for more than its {limit} table elements")).into()
            );
        }
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        self.tables = total;
        Ok(true)
    }

    fn table_grow_failed(&mut self, error: wasmtime::Error) -> wasmtime::Result<()> {
        Err(Stop::Host(format!("the system gave no table to an instance within its limit: {error:#}")).into())
    }
}
