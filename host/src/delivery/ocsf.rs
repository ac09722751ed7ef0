//! An alert as OCSF Detection Finding (class 2004). Of 1.8.0, with the profile `incident` for what it was; or of 1.1.0, which has
//! neither verdicts nor names of evidence: what it has no attribute for stands under `unmapped`. Pure.

use jiff::tz::TimeZone;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::call::Reach;
use super::contacts::{Contact, Level};
use super::ladder::Deadline;
use super::message::{self, Note, mark};
use super::outbox::Message;
use crate::alerts::{Alert, Evidence, Kind, State, Verdict};
use crate::attack;
use crate::findings::ocsf::{confidence, observable, severity, technique};
use crate::ids::Digest;

/// A version of the schema.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[allow(missing_docs)]
pub enum Version {
    #[serde(rename = "1.1.0")]
    V1_1,
    #[default]
    #[serde(rename = "1.8.0")]
    V1_8,
}

/// What is told beside the alert.
pub(super) struct Told<'a> {
    pub(super) message: &'a Message,
    /// Where its contact says that they have it.
    pub(super) link: Option<&'a str>,
    /// Whom to call.
    pub(super) calls: &'a [Reach],
    /// The force's.
    pub(super) zone: &'a TimeZone,
    /// By when it is to be acknowledged.
    pub(super) deadline: Deadline,
}

/// A change of an alert, at a contact's level of detail.
pub(super) fn of_alert(alert: &Alert, contact: &Contact, version: Version, told: &Told<'_>) -> Value {
    let Told { message, link, calls, zone, deadline } = told;
    let kind = message.kind;
    let activity = match kind {
        Kind::Created => (1, "Create"),
        Kind::Resolved => (3, "Close"),
        _ => (2, "Update"),
    };
    let (status_id, status) = match alert.state {
        State::New => (1, "New"),
        State::Acknowledged | State::InProgress | State::Contained => (2, "In Progress"),
        State::Resolved => (4, "Resolved"),
    };
    let (severity_id, severity) = severity(alert.severity);
    let level = contact.level;
    let title = if level == Level::Reference { &alert.reference } else { &alert.title };
    let mut info = json!({
        "uid": alert.reference,
        "title": title,
        "created_time": millis(alert.created),
        "modified_time": millis(alert.updated),
    });
    if let Some(link) = link {
        info["src_url"] = json!(link);
    }
    let asks = message::asks(alert, *deadline, contact, calls, zone).into_iter().map(|line| line.text);
    let steps = if level == Level::Full { alert.next_steps.as_slice() } else { &[] };
    let advice: Vec<String> = steps.iter().cloned().chain(asks).collect();
    let said = if level == Level::Reference { severity } else { &alert.title };
    let mut whole = head(contact, &alert.force, version, activity, message.key, message.since);
    let more = json!({
        "severity_id": severity_id, "severity": severity, "status_id": status_id, "status": status,
        "message": format!("{}{}: {said}", mark(alert), alert.reference),
    });
    add(&mut whole, more);
    let answer_by = match deadline {
        Deadline::At(by) if alert.state == State::New => Some(json!(millis(*by))),
        _ => None,
    };
    let mut unmapped = json!({ "call": calls, "late": alert.late });
    for (name, value) in [("exercise", alert.exercise.as_ref().map(|id| json!(id))), ("answer_by", answer_by)] {
        if let Some(value) = value {
            unmapped[name] = value;
        }
    }
    if !advice.is_empty() {
        add(&mut whole, json!({ "remediation": { "desc": advice.join("\n") } }));
    }
    if level >= Level::Summary {
        let (confidence_id, confidence) = confidence(alert.confidence);
        add(&mut whole, json!({ "confidence_id": confidence_id, "confidence": confidence }));
        info["desc"] = json!(alert.summary);
        info["first_seen_time"] = json!(millis(alert.first_seen));
        info["last_seen_time"] = json!(millis(alert.last_seen));
        info["types"] = json!([alert.rule]);
        info["attacks"] = alert.attack.iter().map(|id| technique(id, &name)).collect();
        let (uid, of) = (format!("{}/{}", alert.plugin, alert.rule), &alert.version);
        info["analytic"] = json!({ "type_id": 1, "type": "Rule", "uid": uid, "name": alert.rule, "version": of });
        match version {
            Version::V1_8 => info["related_events_count"] = json!(alert.count),
            Version::V1_1 => add(&mut whole, json!({ "count": alert.count })),
        }
    }
    if level == Level::Full {
        let evidences: Vec<Value> = alert.evidence.iter().map(|one| evidence(one, version)).collect();
        add(&mut whole, json!({ "observables": alert.entities.iter().map(observable).collect::<Vec<_>>() }));
        if !evidences.is_empty() {
            add(&mut whole, json!({ "evidences": evidences }));
        }
        unmapped["false_positives"] = json!(alert.false_positives);
    }
    let is_alert = kind != Kind::Resolved;
    let verdict = alert.verdict.map(verdict);
    match version {
        Version::V1_8 => {
            add(&mut whole, json!({ "is_alert": is_alert }));
            if let Some((id, word)) = verdict {
                add(&mut whole, json!({ "verdict_id": id, "verdict": word }));
            }
        }
        Version::V1_1 => {
            unmapped["is_alert"] = json!(is_alert);
            if let Some((_, word)) = verdict {
                add(&mut whole, json!({ "status_detail": word }));
            }
        }
    }
    add(&mut whole, json!({ "finding_info": info, "unmapped": unmapped }));
    whole
}

/// What ATT&CK calls a technique; a sub-technique without what it is one of.
fn name(id: &str) -> Option<String> {
    let name = attack::name(id)?;
    Some(name.rsplit_once(": ").map_or_else(|| name.clone(), |(_, own)| own.to_owned()))
}

/// Number and caption.
fn verdict(verdict: Verdict) -> (u8, &'static str) {
    match verdict {
        Verdict::FalsePositive => (1, "False Positive"),
        Verdict::TruePositive => (2, "True Positive"),
        Verdict::Benign => (5, "Benign"),
        Verdict::Test => (6, "Test"),
        Verdict::Duplicate => (10, "Duplicate"),
    }
}

fn evidence(one: &Evidence, version: Version) -> Value {
    let Evidence { source, time, sha256, fields } = one;
    // Cut where it is long: then it is text.
    let fields = serde_json::from_str(fields).unwrap_or_else(|_| json!(fields));
    let data = json!({ "source": source, "time": time, "sha256": sha256, "fields": fields });
    match version {
        Version::V1_8 => json!({ "name": source, "uid": sha256, "data": data }),
        Version::V1_1 => json!({ "data": data }),
    }
}

/// A message that is about no alert: a test, several alerts together, a weekly note.
pub(super) fn of_note(note: &Note, contact: &Contact, version: Version, key: Digest, at: i64) -> Value {
    let mut whole = head(contact, &contact.force, version, (99, "Note"), key, at);
    let info = json!({ "uid": key, "title": note.subject, "created_time": millis(at) });
    let (text, unmapped) = (note.text(), &note.data);
    let more = json!({
        "severity_id": 1, "severity": "Informational", "finding_info": info, "message": text, "unmapped": unmapped,
    });
    add(&mut whole, more);
    if version == Version::V1_8 {
        add(&mut whole, json!({ "is_alert": false }));
    }
    whole
}

/// Without what may be left out where a collector takes no more: events and whom it is about.
pub(super) fn shortened(mut whole: Value, version: Version) -> Value {
    if let Some(whole) = whole.as_object_mut() {
        whole.remove("evidences");
        whole.remove("observables");
    }
    if version == Version::V1_8 {
        whole["metadata"]["is_truncated"] = json!(true);
    }
    whole
}

fn head(
    contact: &Contact,
    force: &crate::model::Force,
    version: Version,
    activity: (u32, &str),
    key: Digest,
    at: i64,
) -> Value {
    let (activity_id, activity) = activity;
    let mut metadata = json!({
        "version": version, "uid": key, "tenant_uid": force, "log_name": "alerts",
        "product": { "name": "Cordon", "vendor_name": "Cordon", "version": env!("CARGO_PKG_VERSION") },
    });
    if !contact.marking.is_empty() {
        metadata["labels"] = json!([contact.marking]);
    }
    if version == Version::V1_8 {
        metadata["profiles"] = json!(["incident"]);
    }
    json!({
        "category_uid": 2, "category_name": "Findings", "class_uid": 2004, "class_name": "Detection Finding",
        "activity_id": activity_id, "activity_name": activity, "type_uid": 200_400 + activity_id,
        "type_name": format!("Detection Finding: {}", if activity_id == 99 { "Other" } else { activity }),
        "time": millis(at), "metadata": metadata,
    })
}

fn add(whole: &mut Value, more: Value) {
    if let (Some(whole), Value::Object(more)) = (whole.as_object_mut(), more) {
        whole.extend(more);
    }
}

fn millis(micros: i64) -> i64 {
    micros.div_euclid(1_000)
}
