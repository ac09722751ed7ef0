//! From what a plugin emitted to a finding: force, plugin, times, place of the event and the id.
//!
//! The id is a hash of force, lane kind, plugin id, rule, key and the trigger event's identity: the same id again is the
//! same finding, whatever the batches were and on whatever machine it ran.

use cordon_contract::manifest::{Confidence, Severity};
use serde::Serialize;
use serde_json::{Map, Value};

use super::Lane;
use super::declared::Declared;
use crate::events::Batch;
use crate::ids::Digest;
use crate::model::{Emitted, Entity, Force, SourceName};
use crate::sandbox::Plugin;

/// A finding as it is written, shown and compared. Field order is the order in NDJSON.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Finding {
    /// See the module.
    pub id: Digest,
    /// The tenant.
    pub force: Force,
    /// The lane's kind.
    pub lane: Lane,
    /// What found it.
    pub plugin: PluginRef,
    /// The rule of its manifest.
    pub rule: String,
    /// The finding's own, or the rule's.
    pub severity: Severity,
    /// The finding's own, or the rule's.
    pub confidence: Confidence,
    /// The finding's own, or the rule's.
    pub title: String,
    /// What happened.
    pub summary: String,
    /// ATT&CK techniques of the rule.
    pub attack: Vec<String>,
    /// Whom or what it is about.
    pub entities: Vec<Entity>,
    /// Shown with it, in order.
    pub context: Map<String, Value>,
    /// Alerts group by it.
    pub key: String,
    /// References of other events.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub cited: Vec<String>,
    /// The trigger event.
    pub event: EventRef,
    /// The trigger event's declared fields, by handle; absent ones are left out.
    pub evidence: Map<String, Value>,
}

/// A plugin, exactly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct PluginRef {
    /// Its id.
    pub id: String,
    /// Its version.
    pub version: String,
    /// SHA-256 of the component.
    pub digest: Digest,
}

/// The event that triggered a finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EventRef {
    /// Its source.
    pub source: SourceName,
    /// When it happened; when it was received, where it has no time of its own.
    pub time: String,
    /// The same in microseconds since 1970 UTC.
    #[serde(skip)]
    pub time_us: i64,
    /// Whether `time` is the event's own.
    pub has_own_time: bool,
    /// When it was received.
    pub received: String,
    /// Where it stood.
    pub file: String,
    /// The line, or the element of a document, from 1.
    pub line: u64,
    /// What `line` counts.
    pub unit: &'static str,
    /// Its number in its force's stream.
    pub sequence: u64,
    /// Its identity: SHA-256 of source and exact bytes.
    pub digest: Digest,
}

/// The id that [`Stamping::stamp`] gives, for less: whoever knows it already needs no more. None as there.
#[must_use]
pub fn finding_id(emitted: &Emitted, batch: &Batch, plugin: &Plugin, lane: Lane) -> Option<Digest> {
    let event = batch.identity(emitted.row as usize)?;
    Some(id(batch.force(), lane, &plugin.manifest().plugin.id, &emitted.rule, &emitted.key, event))
}

/// Stamps one finding of one batch, made in the live lane. None for a row that the batch does not have: the sandbox lets none
/// through.
#[must_use]
pub fn stamp(emitted: &Emitted, batch: &Batch, plugin: &Plugin) -> Option<Finding> {
    Stamping::of([emitted], batch, plugin).stamp(emitted, Lane::Live)
}

/// Stamps several findings of one batch for less: their events' declared fields are read together.
pub struct Stamping<'a> {
    batch: &'a Batch,
    plugin: &'a Plugin,
    declared: Declared<'a>,
}

impl<'a> Stamping<'a> {
    /// Of these findings.
    pub fn of<'e>(found: impl IntoIterator<Item = &'e Emitted>, batch: &'a Batch, plugin: &'a Plugin) -> Self {
        let rows = found.into_iter().map(|emitted| emitted.row).filter(|row| (*row as usize) < batch.len()).collect();
        Self { batch, plugin, declared: Declared::of(batch, rows, plugin.manifest()) }
    }

    /// Stamps one of them. None for a row that the batch does not have.
    #[must_use]
    pub fn stamp(&self, emitted: &Emitted, lane: Lane) -> Option<Finding> {
        stamped(emitted, self.batch, self.plugin, lane, &self.declared)
    }
}

fn stamped(emitted: &Emitted, batch: &Batch, plugin: &Plugin, lane: Lane, declared: &Declared<'_>) -> Option<Finding> {
    let row = emitted.row as usize;
    let manifest = plugin.manifest();
    let rule = manifest.rule(&emitted.rule)?;
    let event = event(batch, row)?;
    let force = batch.force().clone();
    Some(Finding {
        id: id(&force, lane, &manifest.plugin.id, &emitted.rule, &emitted.key, event.digest),
        force,
        lane,
        plugin: PluginRef {
            id: manifest.plugin.id.clone(),
            version: manifest.plugin.version.to_string(),
            digest: plugin.digest(),
        },
        rule: emitted.rule.clone(),
        severity: emitted.severity.unwrap_or(rule.severity),
        confidence: emitted.confidence.unwrap_or(rule.confidence),
        title: emitted.title.clone().unwrap_or_else(|| rule.title.clone()),
        summary: emitted.summary.clone(),
        attack: rule.attack.clone(),
        entities: emitted.entities.clone(),
        context: emitted.context.iter().map(|(key, value)| (key.clone(), Value::String(value.clone()))).collect(),
        key: emitted.key.clone(),
        cited: emitted.cited.clone(),
        evidence: declared.row(row),
        event,
    })
}

/// What a finding says of an event.
pub(crate) fn event(batch: &Batch, row: usize) -> Option<EventRef> {
    let origin = batch.origin(row)?;
    let time_us = *batch.times().get(row)?;
    Some(EventRef {
        source: batch.source().clone(),
        time: rfc3339(time_us),
        time_us,
        has_own_time: batch.marks().get(row)? & 1 == 0,
        received: rfc3339(*batch.received().get(row)?),
        file: origin.file.to_string(),
        line: origin.line,
        unit: origin.unit,
        sequence: batch.sequence(row),
        digest: batch.identity(row)?,
    })
}

/// The id of what a plugin finds under a rule with a key in an event of this identity.
#[must_use]
pub fn id(force: &Force, lane: Lane, plugin: &str, rule: &str, key: &str, event: Digest) -> Digest {
    let lane = lane.to_string();
    let texts = [force.as_str(), &lane, plugin, rule, key];
    let mut parts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).collect();
    parts.push(&event.0);
    Digest::of_parts(&parts)
}

/// Microseconds since 1970 UTC as RFC 3339; the number itself where no calendar reaches.
#[must_use]
pub fn rfc3339(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).map_or_else(|_| micros.to_string(), |time| time.to_string())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn the_id_depends_on_each_of_its_parts_and_on_nothing_else() {
        let force = |name| Force::new(name).unwrap();
        let event = Digest::of(b"event");
        let base = id(&force("a"), Lane::Live, "plugin", "rule", "key", event);
        assert_eq!(base, id(&force("a"), Lane::Live, "plugin", "rule", "key", event));
        let others = [
            id(&force("b"), Lane::Live, "plugin", "rule", "key", event),
            id(&force("a"), Lane::Hunt(1), "plugin", "rule", "key", event),
            id(&force("a"), Lane::Shadow(event), "plugin", "rule", "key", event),
            id(&force("a"), Lane::Live, "plugin2", "rule", "key", event),
            id(&force("a"), Lane::Live, "plugin", "rule2", "key", event),
            id(&force("a"), Lane::Live, "plugin", "rule", "key2", event),
            id(&force("a"), Lane::Live, "plugin", "rulek", "ey", event),
            id(&force("a"), Lane::Live, "plugin", "rule", "key", Digest::of(b"other")),
        ];
        assert!(others.iter().all(|other| *other != base));
        // Kept for ever: a change here makes every finding a new one.
        assert_eq!(base.short(), "8c2143100d95");
    }
}
