//! What a plugin's runs are allowed: its manifest's wishes under the operator's caps. Counts nothing: that is `meter.rs`.

use std::time::Duration;

use cordon_contract::manifest::Manifest;

use super::Caps;

/// CPU time for one batch where the manifest asks for none, in milliseconds.
const CPU_MS: u32 = 200;
/// Linear memory where the manifest asks for none, in MiB.
const MEMORY_MIB: u32 = 64;

/// A plugin's limits: its manifest's wishes under the operator's caps.
#[derive(Debug, Clone, Copy)]
pub(super) struct Allowance {
    /// CPU time of one run ...
    pub(super) cpu: Duration,
    /// ... and for each row.
    pub(super) cpu_per_row: Duration,
    /// CPU time for building shared columns ...
    pub(super) columns: Duration,
    /// ... and for each row.
    pub(super) columns_per_row: Duration,
    /// Wall clock, in CPU times ...
    pub(super) wall_factor: u32,
    /// ... and at least.
    pub(super) wall_floor: Duration,
    /// Host calls, without those for each row.
    pub(super) host_calls: u32,
    /// Bytes of all linear memories of one instance.
    pub(super) memory: usize,
    /// Elements of all tables of one instance.
    pub(super) table_elements: usize,
}

impl Allowance {
    pub(super) fn of(manifest: &Manifest, caps: &Caps) -> Self {
        let wish = |wish: Option<u32>, default: u32, cap: u32| wish.unwrap_or(default).min(cap);
        Self {
            cpu: Duration::from_millis(u64::from(wish(manifest.limits.cpu_ms, CPU_MS, caps.cpu_ms))),
            cpu_per_row: Duration::from_micros(u64::from(caps.cpu_us_per_row)),
            columns: Duration::from_millis(u64::from(caps.column_ms)),
            columns_per_row: Duration::from_micros(u64::from(caps.column_us_per_row)),
            wall_factor: caps.wall_factor,
            wall_floor: Duration::from_millis(u64::from(caps.wall_floor_ms)),
            host_calls: caps.host_calls,
            memory: (wish(manifest.limits.memory_mib, MEMORY_MIB, caps.memory_mib) as usize) << 20,
            table_elements: caps.table_elements as usize,
        }
    }
}
