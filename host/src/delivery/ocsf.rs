//! An alert as OCSF 1.8.0 Detection Finding (class 2004), with the profile `incident` for what it was. Pure.

use serde_json::{Value, json};

use super::contacts::{Contact, Level};
use super::message::{Note, mark};
use crate::alerts::{Alert, Kind, State, Verdict};
use crate::findings::ocsf::{SCHEMA, attack, confidence, observable, severity};
use crate::ids::Digest;

/// A change of an alert, at a contact's level of detail. `at`: when, microseconds since 1970 UTC.
pub(super) fn of_alert(
    alert: &Alert,
    kind: Kind,
    contact: &Contact,
    link: Option<&str>,
    key: Digest,
    at: i64,
) -> Value {
    let (activity_id, activity) = match kind {
        Kind::Created => (1, "Create"),
        Kind::Resolved => (3, "Close"),
        _ => (2, "Update"),
    };
    let (status_id, status) = match alert.state {
        State::New => (1, "New"),
        State::Acknowledged | State::InProgress | State::Contained => (2, "In Progress"),
        State::Resolved => (4, "Resolved"),
    };
    let mark = mark(alert);
    let (severity_id, severity) = severity(alert.severity);
    let (confidence_id, confidence) = confidence(alert.confidence);
    let level = contact.level;
    let mut info = json!({
        "uid": alert.reference,
        "title": if level == Level::Reference { &alert.reference } else { &alert.title },
        "created_time": millis(alert.created),
        "modified_time": millis(alert.updated),
    });
    if let Some(link) = link {
        info["src_url"] = json!(link);
    }
    if level >= Level::Summary {
        info["desc"] = json!(alert.summary);
        info["first_seen_time"] = json!(millis(alert.first_seen));
        info["last_seen_time"] = json!(millis(alert.last_seen));
        info["related_events_count"] = json!(alert.count);
        info["types"] = json!([alert.rule]);
        info["attacks"] = alert.attack.iter().map(|id| attack(id)).collect();
        let (uid, version) = (format!("{}/{}", alert.plugin, alert.rule), &alert.version);
        info["analytic"] = json!({ "type_id": 1, "type": "Rule", "uid": uid, "name": alert.rule, "version": version });
    }
    let mut whole = head(contact, &alert.force, (activity_id, activity), key, at);
    let more = json!({
        "severity_id": severity_id, "severity": severity, "confidence_id": confidence_id, "confidence": confidence,
        "status_id": status_id, "status": status, "is_alert": kind != Kind::Resolved, "finding_info": info,
        "message": format!("{mark}{}: {}", alert.reference, if level == Level::Reference { severity } else { &alert.title }),
    });
    add(&mut whole, more);
    if let Some(verdict) = alert.verdict {
        let (id, word) = match verdict {
            Verdict::FalsePositive => (1, "False Positive"),
            Verdict::TruePositive => (2, "True Positive"),
            Verdict::Benign => (5, "Benign"),
            Verdict::Test => (6, "Test"),
            Verdict::Duplicate => (10, "Duplicate"),
        };
        add(&mut whole, json!({ "verdict_id": id, "verdict": word }));
    }
    if level == Level::Full {
        let evidences: Vec<Value> = alert
            .evidence
            .iter()
            .map(|one| {
                // Cut where it is long: then it is text.
                let fields = serde_json::from_str(&one.fields).unwrap_or_else(|_| json!(one.fields));
                json!({ "name": one.source, "uid": one.sha256, "data": { "time": one.time, "fields": fields } })
            })
            .collect();
        add(
            &mut whole,
            json!({
                "observables": alert.entities.iter().map(observable).collect::<Vec<_>>(),
                "evidences": evidences,
                "remediation": { "desc": alert.next_steps.join("\n") },
            }),
        );
    }
    whole
}

/// A message that is about no alert: a test, several alerts together, a weekly note.
pub(super) fn of_note(note: &Note, contact: &Contact, key: Digest, at: i64) -> Value {
    let kind = note.data.get("kind").and_then(Value::as_str).unwrap_or("note");
    let mut whole = head(contact, &contact.force, (99, kind), key, at);
    let info = json!({ "uid": key, "title": note.subject, "created_time": millis(at) });
    let (text, unmapped) = (note.text(), &note.data);
    let more = json!({
        "severity_id": 1, "severity": "Informational", "is_alert": false, "finding_info": info, "message": text,
        "unmapped": unmapped,
    });
    add(&mut whole, more);
    whole
}

fn head(contact: &Contact, force: &crate::model::Force, activity: (u32, &str), key: Digest, at: i64) -> Value {
    let (activity_id, activity) = activity;
    let labels: Vec<&String> = Some(&contact.marking).into_iter().filter(|marking| !marking.is_empty()).collect();
    json!({
        "category_uid": 2, "category_name": "Findings", "class_uid": 2004, "class_name": "Detection Finding",
        "activity_id": activity_id, "activity_name": activity, "type_uid": 200_400 + activity_id,
        "type_name": format!("Detection Finding: {}", if activity_id == 99 { "Other" } else { activity }),
        "time": millis(at),
        "metadata": {
            "version": SCHEMA, "uid": key, "tenant_uid": force, "profiles": ["incident"], "labels": labels,
            "product": { "name": "Cordon", "vendor_name": "Cordon", "version": env!("CARGO_PKG_VERSION") },
        },
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
