//! Findings into alerts. Pure: an alert as it was and a finding in, the alert as it is out, and whether that is news.
//!
//! Findings of one fingerprint join the open alert that was last found within seven days: its count and last-seen rise, and
//! nobody is told again, but where a finding is graver than those before, or the first that is not late. An alert that returns
//! after it was resolved, or after longer, is a new one that names the earlier.

use cordon_contract::manifest::{Confidence, Severity};
use serde::Deserialize;

use super::alert::{Alert, Evidence, Kind, State, reference};
use super::texts::Texts;
use crate::ids::Digest;
use crate::model::{Entity, Force};
use crate::results::CitedEvent;

/// How long after its last finding an open alert takes another: seven days, in microseconds.
const JOINS: i64 = 7 * 86_400_000_000;
/// Entities and ids of findings that an alert keeps.
const KEPT: usize = 64;
/// Events that it shows.
const EVENTS: usize = 3;
/// Bytes of an event's fields that it shows, as they are written in the store.
const EVENT_BYTES: usize = 4 << 10;
/// Bytes of the entities that it keeps, as they are written in the store.
const ENTITY_BYTES: usize = 24 << 10;

/// What of a finding makes an alert.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Found {
    pub(super) id: Digest,
    pub(super) plugin: OfPlugin,
    pub(super) rule: String,
    pub(super) severity: Severity,
    pub(super) confidence: Confidence,
    pub(super) title: String,
    pub(super) summary: String,
    pub(super) attack: Vec<String>,
    pub(super) entities: Vec<Entity>,
    pub(super) key: String,
    pub(super) event: OfEvent,
    /// Its declared fields, by handle.
    #[serde(default)]
    pub(super) evidence: serde_json::Map<String, serde_json::Value>,
    /// References of other events.
    #[serde(default)]
    pub(super) cited: Vec<String>,
    /// What is kept of the first of them.
    #[serde(skip)]
    pub(super) others: Vec<CitedEvent>,
    #[serde(default)]
    pub(super) late: bool,
    /// The hunt that found it, through stored events.
    #[serde(default)]
    pub(super) hunt: Option<u64>,
    /// The exercise that its event is of.
    #[serde(default)]
    pub(super) exercise: Option<String>,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct OfPlugin {
    pub(super) id: String,
    pub(super) version: String,
    pub(super) digest: Digest,
}

#[derive(Debug, Clone, Deserialize)]
pub(super) struct OfEvent {
    pub(super) time: String,
    #[serde(default)]
    pub(super) source: String,
    pub(super) digest: Digest,
}

impl OfEvent {
    /// Microseconds since 1970 UTC.
    fn micros(&self) -> i64 {
        self.time.parse().map_or(0, |time: jiff::Timestamp| time.as_microsecond())
    }
}

impl Found {
    /// Its own event, and the first of those that it cites.
    fn evidence(&self) -> Vec<Evidence> {
        let OfEvent { time, source, digest } = self.event.clone();
        let own = Evidence { source, time, sha256: digest, fields: shown(&self.evidence) };
        let other = |CitedEvent { source, time, digest, fields }: &CitedEvent| {
            let fields = shown(fields);
            Evidence { source: source.clone(), time: time.clone(), sha256: *digest, fields }
        };
        std::iter::once(own).chain(self.others.iter().map(other)).collect()
    }

    /// Digest of plugin, rule, and key; where there is no key, of whom it is about.
    pub(super) fn fingerprint(&self) -> Digest {
        let mut parts: Vec<&[u8]> = vec![self.plugin.id.as_bytes(), self.rule.as_bytes(), self.key.as_bytes()];
        if self.key.is_empty() {
            let mut about: Vec<(&str, &str)> =
                self.entities.iter().map(|entity| (entity.kind.as_str(), entity.value.as_str())).collect();
            about.sort_unstable();
            about.dedup();
            parts.extend(about.into_iter().flat_map(|(kind, value)| [kind.as_bytes(), value.as_bytes()]));
        }
        // An exercise joins no attack.
        parts.extend(self.exercise.iter().flat_map(|id| [b"exercise", id.as_bytes()]));
        Digest::of_parts(&parts)
    }
}

/// Fields as an alert keeps them.
fn shown(fields: &serde_json::Map<String, serde_json::Value>) -> String {
    let mut text = serde_json::Value::Object(fields.clone()).to_string();
    // Written as JSON within JSON: quotes take two bytes, control characters up to seven.
    while serde_json::to_string(&text).map_or(0, |text| text.len()) > EVENT_BYTES {
        let mut end = text.len() * 3 / 4;
        while !text.is_char_boundary(end) {
            end -= 1;
        }
        text.truncate(end);
        text.push('…');
    }
    text
}

/// Adds what an alert does not show yet, as far as it has room.
fn add_evidence(alert: &mut Alert, found: &Found) {
    for event in found.evidence() {
        let is_shown = alert.evidence.iter().any(|shown| shown.sha256 == event.sha256);
        if alert.evidence.len() < EVENTS && !is_shown {
            alert.evidence.push(event);
        }
    }
}

/// Whether an alert takes another finding, made now.
pub(super) fn joins(alert: &Alert, now: i64) -> bool {
    alert.state != State::Resolved && now.saturating_sub(alert.updated) <= JOINS
}

/// A new alert of a force, in the maintenance window `quiet`.
pub(super) fn begun(
    force: &Force,
    number: u64,
    found: &Found,
    texts: &Texts,
    quiet: Option<String>,
    earlier: Option<&Alert>,
    now: i64,
) -> Alert {
    let time = found.event.micros();
    let mut alert = Alert {
        reference: reference(force, number),
        force: force.clone(),
        number,
        revision: 1,
        fingerprint: found.fingerprint(),
        plugin: found.plugin.id.clone(),
        version: found.plugin.version.clone(),
        component: found.plugin.digest,
        rule: found.rule.clone(),
        key: found.key.clone(),
        title: match &found.exercise {
            Some(_) => format!("EXERCISE: {}", found.title),
            None => found.title.clone(),
        },
        exercise: found.exercise.clone(),
        maintenance: quiet,
        summary: found.summary.clone(),
        severity: found.severity,
        confidence: found.confidence,
        attack: found.attack.clone(),
        entities: Vec::new(),
        next_steps: texts.next_steps.clone(),
        false_positives: texts.false_positives.clone(),
        references: texts.references.clone(),
        state: State::New,
        verdict: None,
        owner: None,
        created: now,
        updated: now,
        first_seen: time,
        last_seen: time,
        count: 1,
        findings: vec![found.id],
        evidence: Vec::new(),
        late: found.late && !texts.page_when_late,
        hunt: found.hunt,
        acknowledged: None,
        contained: None,
        resolved: None,
        incident: None,
        earlier: earlier.map(|alert| alert.reference.clone()),
    };
    add_evidence(&mut alert, found);
    add_entities(&mut alert, &found.entities);
    alert
}

/// One more finding of an alert, in the maintenance window `quiet`; whether others are told.
pub(super) fn joined(alert: &mut Alert, found: &Found, quiet: Option<String>, now: i64) -> Option<Kind> {
    let time = found.event.micros();
    alert.count += 1;
    alert.updated = now;
    (alert.first_seen, alert.last_seen) = (alert.first_seen.min(time), alert.last_seen.max(time));
    if alert.findings.len() < KEPT {
        alert.findings.push(found.id);
    }
    add_evidence(alert, found);
    add_entities(alert, &found.entities);
    found.summary.clone_into(&mut alert.summary);
    let waited = alert.waits();
    let graver = found.severity > alert.severity;
    alert.severity = alert.severity.max(found.severity);
    alert.late &= found.late;
    // What pages after all is not quiet any more.
    alert.maintenance = quiet.filter(|_| alert.maintenance.is_some() || graver);
    let raised = graver || (waited && !alert.waits());
    raised.then(|| {
        alert.revision += 1;
        Kind::Raised
    })
}

fn add_entities(alert: &mut Alert, entities: &[Entity]) {
    for entity in entities {
        if alert.entities.len() >= KEPT || alert.entities.contains(entity) {
            continue;
        }
        let bytes: usize = alert.entities.iter().map(kept_bytes).sum();
        if bytes + kept_bytes(entity) <= ENTITY_BYTES {
            alert.entities.push(entity.clone());
        }
    }
}

/// Bytes of an entity as it is kept: a control character of an event's text is six, and an alert has to fit the store.
fn kept_bytes(entity: &Entity) -> usize {
    serde_json::to_string(entity).map_or(ENTITY_BYTES, |text| text.len())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;

    fn found(key: &str, severity: &str, late: bool) -> Found {
        serde_json::from_value(json!({
            "id": Digest::of(key.as_bytes()), "plugin": { "id": "p", "version": "1.0.0", "digest": Digest::of(b"p") },
            "rule": "r", "severity": severity, "confidence": "high", "title": "T", "summary": "S", "attack": ["T1078"],
            "entities": [{ "kind": "user", "value": key }, { "kind": "ip", "value": "192.0.2.1" }], "key": key,
            "event": { "time": "2026-03-02T09:00:00Z", "digest": Digest::of(b"e") }, "late": late,
        }))
        .unwrap()
    }

    #[test]
    fn repeats_are_counted_and_only_a_graver_one_or_the_first_that_is_not_late_is_news() {
        let force = Force::new("avon").unwrap();
        let mut alert = begun(&force, 1, &found("a", "low", true), &Texts::default(), None, None, 1_000);
        assert_eq!(joined(&mut alert, &found("a", "low", true), None, 2_000), None);
        assert_eq!(joined(&mut alert, &found("a", "low", false), None, 3_000), Some(Kind::Raised));
        assert_eq!(joined(&mut alert, &found("a", "high", false), None, 4_000), Some(Kind::Raised));
        assert_eq!(joined(&mut alert, &found("a", "medium", true), None, 5_000), None);
        assert_eq!((alert.count, alert.revision, alert.severity, alert.late), (5, 3, Severity::High, false));
        assert_eq!(alert.entities.len(), 2);
        assert!(joins(&alert, 5_000 + JOINS) && !joins(&alert, 5_001 + JOINS));
        alert.state = State::Resolved;
        assert!(!joins(&alert, 5_000));
    }

    #[test]
    fn what_comes_in_a_maintenance_window_pages_once_it_is_over_or_graver() {
        let (force, quiet) = (Force::new("avon").unwrap(), || Some("upgrade".to_owned()));
        let mut alert = begun(&force, 1, &found("a", "low", false), &Texts::default(), quiet(), None, 1_000);
        assert!(alert.waits());
        assert_eq!(joined(&mut alert, &found("a", "low", false), quiet(), 2_000), None);
        assert!(alert.waits());
        assert_eq!(joined(&mut alert, &found("a", "low", false), None, 3_000), Some(Kind::Raised));
        assert!(!alert.waits());
        // One that paged already stays one that pages, unless it gets graver within a window: then that waits.
        assert_eq!(joined(&mut alert, &found("a", "low", false), quiet(), 4_000), None);
        assert!(!alert.waits());
        assert_eq!(joined(&mut alert, &found("a", "high", false), quiet(), 5_000), Some(Kind::Raised));
        assert!(alert.waits());
    }

    #[test]
    fn an_exercise_joins_no_attack_and_a_rule_may_page_when_late() {
        let mut exercise = found("a", "low", true);
        exercise.exercise = Some("x1".into());
        assert_ne!(exercise.fingerprint(), found("a", "low", true).fingerprint());
        let force = Force::new("avon").unwrap();
        let texts = Texts { page_when_late: true, ..Texts::default() };
        let alert = begun(&force, 1, &exercise, &texts, None, None, 1_000);
        assert!(alert.title.starts_with("EXERCISE: ") && !alert.waits());
    }

    #[test]
    fn an_alert_fits_the_store_whatever_text_an_attacker_writes() {
        let force = Force::new("avon").unwrap();
        let hostile = |turn: usize| {
            let mut finding = found("a", "low", false);
            finding.summary = "\u{1}".repeat(4_096);
            finding.evidence.insert("field".into(), "\u{1}\"é".repeat(9_000).into());
            finding.entities[0].value = format!("{turn}{}", "\u{1}".repeat(1_000));
            finding.event.digest = Digest::of(&turn.to_be_bytes());
            finding
        };
        let mut alert = begun(&force, 1, &hostile(0), &Texts::default(), None, None, 1_000);
        for turn in 1..200 {
            joined(&mut alert, &hostile(turn), None, 2_000);
        }
        // Next steps and the other texts of a manifest take three times 12 KiB beside it.
        let bytes = serde_json::to_vec(&alert).unwrap().len();
        assert!(bytes + (36 << 10) < crate::store::VALUE_BYTES, "{bytes}");
        assert!(alert.entities.len() > 1 && alert.evidence.len() == 3 && alert.evidence[0].fields.ends_with('…'));
    }

    #[test]
    fn an_alert_shows_its_event_and_the_first_that_its_finding_cites_each_once() {
        let mut finding = found("a", "low", false);
        let other = |name: &str| CitedEvent {
            source: "m365.audit".into(),
            time: "2026-03-02T09:00:00Z".into(),
            digest: Digest::of(name.as_bytes()),
            fields: serde_json::Map::new(),
        };
        finding.others = vec![other("b"), other("c")];
        let mut alert = begun(&Force::new("avon").unwrap(), 1, &finding, &Texts::default(), None, None, 1_000);
        let of = |alert: &Alert| alert.evidence.iter().map(|event| event.sha256).collect::<Vec<_>>();
        let expected = vec![finding.event.digest, Digest::of(b"b"), Digest::of(b"c")];
        assert_eq!(of(&alert), expected);
        joined(&mut alert, &finding, None, 2_000);
        assert_eq!(of(&alert), expected);
    }

    #[test]
    fn without_a_key_whom_it_is_about_is_the_fingerprint_in_any_order() {
        let (mut one, mut other) = (found("", "low", false), found("", "low", false));
        other.entities.reverse();
        assert_eq!(one.fingerprint(), other.fingerprint());
        one.entities[1].value.push('7');
        assert_ne!(one.fingerprint(), other.fingerprint());
        assert_ne!(found("a", "low", false).fingerprint(), found("b", "low", false).fingerprint());
    }
}
