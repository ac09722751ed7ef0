//! The limits that can be hit, by name. What each one is lies with whoever applies it.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A limit that can be hit; its `Display` is the name used in outcomes, refusals, metrics and docs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Limit {
    CpuTime,
    /// Time of building columns that others may use too.
    ColumnTime,
    WallClock,
    Memory,
    TableElements,
    Stack,
    HostCalls,
    HostCallBytes,
    FindingsPerRow,
    FindingBytesPerRow,
    FindingBytes,
    LogBytes,
    ExplanationBytes,
    /// At load.
    ComponentBytes,
    /// At load.
    ManifestBytes,
    /// At load, of the settings that a component carries.
    LoadSettingsBytes,
    /// At load, of the whole preparation.
    PrepareCpuTime,
    /// At load, of the whole preparation.
    PrepareMemory,
}

impl Limit {
    /// Its name.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Limit::CpuTime => "cpu-time",
            Limit::ColumnTime => "column-time",
            Limit::WallClock => "wall-clock",
            Limit::Memory => "memory",
            Limit::TableElements => "table-elements",
            Limit::Stack => "stack",
            Limit::HostCalls => "host-calls",
            Limit::HostCallBytes => "host-call-bytes",
            Limit::FindingsPerRow => "findings-per-row",
            Limit::FindingBytesPerRow => "finding-bytes-per-row",
            Limit::FindingBytes => "finding-bytes",
            Limit::LogBytes => "log-bytes",
            Limit::ExplanationBytes => "explanation-bytes",
            Limit::ComponentBytes => "component-bytes",
            Limit::ManifestBytes => "manifest-bytes",
            Limit::LoadSettingsBytes => "load-settings-bytes",
            Limit::PrepareCpuTime => "prepare-cpu-time",
            Limit::PrepareMemory => "prepare-memory",
        }
    }
}

impl fmt::Display for Limit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}
