//! What the live host keeps so that evidence of a finding, or a replay of a fault, can be made later: what a plugin ran under,
//! once for all that it leads to, and what the batch said of an event. The events' bytes are in the journal.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::record::{CapsRecord, CitedRecord, EngineRecord, EventRecord, PluginRecord};
use super::{Evidence, EvidenceError};
use crate::events::Batch;
use crate::findings::Finding;
use crate::ids::Digest;
use crate::lists::Versions;
use crate::registry::Loaded;
use crate::sandbox::{Sandbox, StateAnswer, row_of};

/// What a plugin ran under. Kept as a file by its digest.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Terms {
    /// The plugin and its settings.
    pub plugin: PluginRecord,
    /// The operator's caps.
    pub caps: CapsRecord,
    /// The host.
    pub engine: EngineRecord,
}

/// Beside a finding: what its batch said of its events, their bytes left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Basis {
    /// Digest of the [`Terms`].
    pub terms: Digest,
    /// The event that triggered it.
    pub trigger: EventRecord,
    /// The events that it cites, in its order.
    pub cited: Vec<CitedRecord>,
    /// What state, windows and lists answered the trigger's row.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answers: Vec<StateAnswer>,
    /// The versions that its lists were of.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub lists: BTreeMap<String, Versions>,
}

impl Terms {
    /// Of a plugin as it is loaded into this sandbox.
    #[must_use]
    pub fn of(loaded: &Loaded, sandbox: &Sandbox) -> Self {
        Self {
            plugin: PluginRecord::of(loaded),
            caps: CapsRecord::of(sandbox.caps(), loaded),
            engine: EngineRecord::of(sandbox),
        }
    }

    /// As a file.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// From a file.
    ///
    /// # Errors
    /// What this version does not understand.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        serde_json::from_slice(bytes).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))
    }
}

impl Basis {
    /// Of a finding made from this row, with what state, windows and lists answered it. `elsewhere` answers a batch of the one event of a reference that is not in this one.
    /// None for a row that the batch does not have.
    #[must_use]
    pub fn of(
        finding: &Finding,
        (batch, row): (&Batch, usize),
        (answers, lists): (Vec<StateAnswer>, BTreeMap<String, Versions>),
        terms: Digest,
        elsewhere: impl Fn(&str) -> Option<Batch>,
    ) -> Option<Self> {
        let record = |reference: &str| match row_of(batch, reference) {
            Some(row) => EventRecord::without_bytes(batch, row),
            None => {
                let batch = elsewhere(reference)?;
                EventRecord::without_bytes(&batch, row_of(&batch, reference)?)
            }
        };
        let cited = finding
            .cited
            .iter()
            .map(|reference| CitedRecord { reference: reference.clone(), event: record(reference) });
        Some(Self { terms, trigger: EventRecord::without_bytes(batch, row)?, cited: cited.collect(), answers, lists })
    }

    /// As it is kept.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// As it was kept.
    ///
    /// # Errors
    /// What this version does not understand.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        serde_json::from_slice(bytes).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))
    }

    /// Sequence numbers of the events that it needs.
    pub fn sequences(&self) -> impl Iterator<Item = u64> {
        let cited = self.cited.iter().filter_map(|cited| Some(cited.event.as_ref()?.sequence));
        std::iter::once(self.trigger.sequence).chain(cited)
    }

    /// The evidence of a finding. `event` answers the bytes of one of its events.
    ///
    /// # Errors
    /// An event that is not there any more; what `event` says.
    pub fn evidence<E: From<EvidenceError>>(
        self,
        finding: Value,
        force: String,
        terms: Terms,
        mut event: impl FnMut(&EventRecord) -> Result<Option<String>, E>,
    ) -> Result<Evidence, E> {
        let mut fill = |record: EventRecord| -> Result<EventRecord, E> {
            match event(&record)? {
                Some(bytes) => Ok(EventRecord { event: bytes, ..record }),
                None => Err(E::from(EvidenceError::Gone { sequence: record.sequence })),
            }
        };
        let trigger = fill(self.trigger)?;
        let mut cited = Vec::with_capacity(self.cited.len());
        for CitedRecord { reference, event } in self.cited {
            cited.push(CitedRecord { reference, event: event.map(&mut fill).transpose()? });
        }
        let (Terms { plugin, caps, engine }, answers, lists) = (terms, self.answers, self.lists);
        let cordon_evidence = super::VERSION;
        Ok(Evidence { cordon_evidence, finding, force, plugin, caps, engine, trigger, cited, answers, lists })
    }
}
