//! What an evidence file says. Plain data, and how it is taken from a run.
//!
//! A new field, or another meaning of one, is a new [`VERSION`](super::VERSION): this reader refuses what it does not know.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::events::{Batch, EventOrigin, Recorded};
use crate::findings::Finding;
use crate::ids::{Digest, event_identity};
use crate::lists::Versions;
use crate::model::{Force, SourceName};
use crate::registry::Loaded;
use crate::sandbox::{Caps, Sandbox, StateAnswer, row_of};

/// Evidence of one finding. `F`: a [`Finding`] where it is made, JSON where it was read.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence<F = Value> {
    /// The version of the format.
    pub cordon_evidence: u32,
    /// The finding as `--format ndjson` writes it.
    pub finding: F,
    /// Whose events they are.
    pub force: String,
    /// What found it.
    pub plugin: PluginRecord,
    /// The operator's caps: a run that hits one gives no finding.
    pub caps: CapsRecord,
    /// What ran it.
    pub engine: EngineRecord,
    /// The event that triggered it.
    pub trigger: EventRecord,
    /// The events that it cites, in its order.
    pub cited: Vec<CitedRecord>,
    /// What state, windows and lists answered the trigger's row.
    pub answers: Vec<StateAnswer>,
    /// The versions that its lists were of. Version 0 is a file that was given with the run.
    pub lists: BTreeMap<String, Versions>,
}

/// A plugin, with what it was given at load and at each batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PluginRecord {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of its component.
    pub sha256: Digest,
    /// `load` settings with defaults filled in: the text of a JSON object.
    pub load_settings: String,
    /// SHA-256 of that text.
    pub load_settings_sha256: Digest,
    /// `run` settings exactly as the plugin was given them: the text of a JSON object.
    pub run_settings: String,
    /// SHA-256 of that text.
    pub run_settings_sha256: Digest,
}

/// Caps and grants that can change what a run gives. Units as in [`Caps`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(missing_docs)]
pub struct CapsRecord {
    pub whole_events: bool,
    pub cpu_ms: u32,
    pub cpu_us_per_row: u32,
    pub memory_mib: u32,
    pub table_elements: u32,
    pub host_calls: u32,
}

/// The host that ran it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EngineRecord {
    /// Version of Cordon.
    pub cordon: String,
    /// Digest of wasmtime's version and settings and of the CPU's features.
    pub sha256: Digest,
}

/// An event, and what its batch said of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EventRecord {
    /// What kind of log it is.
    pub source: String,
    /// The shape that it was recognised by; none for sources that are taken as they are.
    pub shape: Option<String>,
    /// Its time, microseconds since 1970 UTC.
    pub time_us: i64,
    /// Bit 0: no time of its own; bit 1: received more than an hour after it.
    pub marks: u8,
    /// When its request was accepted, microseconds since 1970 UTC.
    pub received_us: i64,
    /// Offset of the force's time zone at its time, minutes east of UTC.
    pub local_minutes: i16,
    /// Its number in its force's stream.
    pub sequence: u64,
    /// The file that it stood in, as the user named it.
    pub file: String,
    /// The line, or the element of a document, from 1.
    pub line: u64,
    /// What `line` counts.
    pub unit: String,
    /// Its identity: SHA-256 of source and exact bytes.
    pub digest: Digest,
    /// The event exactly as received, as text: JSON within JSON.
    pub event: String,
}

/// A reference that a finding cites.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct CitedRecord {
    /// As the plugin gave it.
    pub reference: String,
    /// The event; none where the reference means no event of the batch that the finding was made from.
    pub event: Option<EventRecord>,
}

impl<'f> Evidence<&'f Finding> {
    /// Of a finding that this plugin made from this row, which state, windows and lists gave these answers. None for a row
    /// that the batch does not have.
    #[must_use]
    pub fn of(
        finding: &'f Finding,
        (batch, row): (&Batch, usize),
        answers: &[StateAnswer],
        loaded: &Loaded,
        sandbox: &Sandbox,
    ) -> Option<Self> {
        let cited = finding.cited.iter().map(|reference| CitedRecord {
            reference: reference.clone(),
            event: row_of(batch, reference).and_then(|row| EventRecord::of(batch, row)),
        });
        Some(Self {
            cordon_evidence: super::VERSION,
            finding,
            force: batch.force().to_string(),
            plugin: PluginRecord::of(loaded),
            caps: CapsRecord::of(sandbox.caps(), loaded),
            engine: EngineRecord::of(sandbox),
            trigger: EventRecord::of(batch, row)?,
            cited: cited.collect(),
            answers: answers.to_vec(),
            lists: loaded.lists.versions(loaded.plugin.manifest().lists.keys()),
        })
    }
}

impl PluginRecord {
    pub(super) fn of(loaded: &Loaded) -> Self {
        let plugin = &loaded.plugin;
        let load_settings = Value::Object(plugin.load_settings().clone()).to_string();
        let run_settings = loaded.settings.to_string();
        Self {
            id: plugin.manifest().plugin.id.clone(),
            version: plugin.manifest().plugin.version.to_string(),
            sha256: plugin.digest(),
            load_settings_sha256: Digest::of(load_settings.as_bytes()),
            load_settings,
            run_settings_sha256: Digest::of(run_settings.as_bytes()),
            run_settings,
        }
    }
}

impl CapsRecord {
    pub(super) fn of(caps: &Caps, loaded: &Loaded) -> Self {
        Self {
            whole_events: caps.whole_events.to(&loaded.plugin.manifest().plugin.id),
            cpu_ms: caps.cpu_ms,
            cpu_us_per_row: caps.cpu_us_per_row,
            memory_mib: caps.memory_mib,
            table_elements: caps.table_elements,
            host_calls: caps.host_calls,
        }
    }

    /// To run under, none of them above what `most` allows: whoever wrote the file does not decide what this machine gives.
    pub(super) fn caps(&self, most: &Caps) -> Caps {
        Caps {
            cpu_ms: self.cpu_ms.min(most.cpu_ms),
            cpu_us_per_row: self.cpu_us_per_row.min(most.cpu_us_per_row),
            memory_mib: self.memory_mib.min(most.memory_mib),
            table_elements: self.table_elements.min(most.table_elements),
            host_calls: self.host_calls.min(most.host_calls),
            // Of the moment, not of the finding: nothing that completed depends on them.
            column_ms: most.column_ms,
            column_us_per_row: most.column_us_per_row,
            wall_factor: most.wall_factor,
            wall_floor_ms: most.wall_floor_ms,
            prepare_seconds: most.prepare_seconds,
            prepare_mib: most.prepare_mib,
            state_keys: most.state_keys,
            state_mib: most.state_mib,
            whole_events: self.whole_events.into(),
        }
    }
}

impl EngineRecord {
    pub(super) fn of(sandbox: &Sandbox) -> Self {
        Self { cordon: env!("CARGO_PKG_VERSION").to_owned(), sha256: sandbox.engine_digest() }
    }
}

impl EventRecord {
    fn of(batch: &Batch, row: usize) -> Option<Self> {
        Some(Self { event: batch.event(row)?.to_owned(), ..Self::without_bytes(batch, row)? })
    }

    /// What its batch says of it; its bytes are left out.
    pub(super) fn without_bytes(batch: &Batch, row: usize) -> Option<Self> {
        let origin = batch.origin(row)?;
        Some(Self {
            source: batch.source().to_string(),
            shape: batch.shape(row).map(str::to_owned),
            time_us: *batch.times().get(row)?,
            marks: *batch.marks().get(row)?,
            received_us: *batch.received().get(row)?,
            local_minutes: *batch.local_minutes().get(row)?,
            sequence: batch.sequence(row),
            file: origin.file.to_string(),
            line: origin.line,
            unit: origin.unit.to_owned(),
            digest: batch.identity(row)?,
            event: String::new(),
        })
    }

    /// The identity of the bytes that are there.
    pub(super) fn identity(&self) -> Digest {
        event_identity(&self.source, self.event.as_bytes())
    }

    /// As the only row of a batch of this force.
    ///
    /// # Errors
    /// What the record says that no batch can say.
    pub(super) fn batch(&self, force: &str) -> Result<Batch, String> {
        Batch::alone(self.recorded(force)?).map_err(|error| error.to_string())
    }

    /// As a row of a batch of this force.
    ///
    /// # Errors
    /// What the record says that no batch can say.
    pub(super) fn recorded(&self, force: &str) -> Result<Recorded, String> {
        let unit = match self.unit.as_str() {
            "line" => "line",
            "element" => "element",
            "event" => "event",
            other => return Err(format!("an event's unit is `{other}`, not line, element or event")),
        };
        Ok(Recorded {
            force: Force::new(force).map_err(|error| error.to_string())?,
            source: SourceName::new(&self.source).map_err(|error| error.to_string())?,
            shape: self.shape.clone(),
            event: self.event.clone(),
            time: self.time_us,
            marks: self.marks,
            received: self.received_us,
            local_minutes: self.local_minutes,
            sequence: self.sequence,
            origin: EventOrigin { file: self.file.as_str().into(), line: self.line, unit },
        })
    }
}
