//! A replay file: the events of a faulting run, cut to the fields that the plugin's manifest declares, with everything else
//! that the run was given. An operator releases it; at the author's desk the same run ends the same way.
//!
//! The same records and the same seal as evidence; it holds a fault where evidence holds a finding. An event's digest here is
//! that of its cut bytes: nothing of the file tells what was cut off.

use std::sync::Arc;

use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;
use serde::{Deserialize, Serialize};

use super::record::{CapsRecord, EngineRecord, EventRecord, PluginRecord};
use super::reproduce::{MOST, not_loaded, object};
use super::seal::{self, Sealed};
use super::{EvidenceError, Terms};
use crate::events::Batch;
use crate::ids::event_identity;
use crate::sandbox::{Outcome, RunInput, Sandbox, SandboxOptions};

/// Of the format.
const VERSION: u32 = 1;

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Replay {
    /// The version of the format.
    pub cordon_replay: u32,
    /// How the run ended.
    pub fault: FaultRecord,
    /// Whose events they are.
    pub force: String,
    /// What faulted.
    pub plugin: PluginRecord,
    /// The operator's caps.
    pub caps: CapsRecord,
    /// What ran it.
    pub engine: EngineRecord,
    /// The batch's rows, each cut.
    pub events: Vec<EventRecord>,
}

/// How a run ended.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultRecord {
    /// `trapped`, `out-of-time`, ...
    pub outcome: String,
    /// The limit that was hit, where one was.
    pub limit: Option<String>,
    /// For people.
    pub reason: String,
}

impl Sealed for Replay {
    const NAME: &'static str = "cordon_replay";
    const VERSION: u32 = VERSION;

    fn not_one() -> EvidenceError {
        EvidenceError::NotReplay
    }
}

impl Replay {
    /// Of a run on this batch. A plugin that was granted whole events has them whole here, too.
    #[must_use]
    pub fn of(fault: FaultRecord, batch: &Batch, manifest: &Manifest, terms: Terms) -> Self {
        let source = manifest.sources.get(batch.source().as_str());
        let paths: Vec<&Path> = source.map_or(Vec::new(), |source| source.fields.values().map(|f| &f.path).collect());
        let whole = manifest.grants.whole_events && terms.caps.whole_events;
        let event = |row| {
            let record = EventRecord::without_bytes(batch, row)?;
            let event = if whole { batch.event(row)?.to_owned() } else { batch.cut(row, &paths)? };
            let digest = event_identity(&record.source, event.as_bytes());
            Some(EventRecord { digest, event, ..record })
        };
        let events = (0..batch.len()).filter_map(event).collect();
        let Terms { plugin, caps, engine } = terms;
        Self { cordon_replay: VERSION, fault, force: batch.force().to_string(), plugin, caps, engine, events }
    }

    /// The file's bytes.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EvidenceError> {
        seal::seal(self)
    }

    /// Reads what [`Replay::to_bytes`] wrote, and nothing else.
    ///
    /// # Errors
    /// Too large, no replay file, altered, of another version, or sealed but not understood.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        seal::open(bytes)
    }

    /// Runs it again with a component: how that ends.
    ///
    /// # Errors
    /// The component cannot be loaded with its settings, or the events make no batch.
    pub fn run(&self, component: &[u8], options: SandboxOptions) -> Result<Outcome, EvidenceError> {
        let mut recorded = Vec::with_capacity(self.events.len());
        for event in &self.events {
            recorded.push(event.recorded(&self.force).map_err(EvidenceError::NotUnderstood)?);
        }
        let batch = Batch::recorded(recorded).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))?;
        let options = SandboxOptions { workers: 1, caps: self.caps.caps(&MOST), ..options };
        let sandbox = Sandbox::new(options).map_err(not_loaded)?;
        let plugin = sandbox.load(component, &object(&self.plugin.load_settings)?).map_err(not_loaded)?;
        let settings = Arc::from(self.plugin.run_settings.as_str());
        let input = RunInput { settings, ..RunInput::default() };
        let batch = Arc::new(batch);
        let outcome = sandbox.run(&plugin, &batch, &input).outcome;
        // As on the host: run once more before it counts.
        Ok(if outcome == Outcome::Completed { outcome } else { sandbox.run(&plugin, &batch, &input).outcome })
    }
}
