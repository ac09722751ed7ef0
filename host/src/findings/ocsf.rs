//! A finding as OCSF 1.8.0 Detection Finding (class 2004). Pure.

use cordon_contract::manifest::{Confidence, Severity};
use serde_json::{Value, json};

use super::Finding;

/// The schema that the output follows.
const SCHEMA: &str = "1.8.0";

/// One object, as SIEMs take it.
#[must_use]
pub fn to_ocsf(finding: &Finding) -> Value {
    let event = &finding.event;
    let time = event.time_us.div_euclid(1_000);
    let (severity_id, severity) = severity(finding.severity);
    let (confidence_id, confidence) = confidence(finding.confidence);
    json!({
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": 2004,
        "class_name": "Detection Finding",
        "activity_id": 1,
        "activity_name": "Create",
        "type_uid": 200_401,
        "type_name": "Detection Finding: Create",
        "time": time,
        "severity_id": severity_id,
        "severity": severity,
        "confidence_id": confidence_id,
        "confidence": confidence,
        "status_id": 1,
        "status": "New",
        "is_alert": finding.severity >= Severity::Medium,
        "message": finding.summary,
        "finding_info": {
            "uid": finding.id,
            "title": finding.title,
            "desc": finding.summary,
            "created_time": time,
            "first_seen_time": time,
            "last_seen_time": time,
            "types": [finding.rule],
            "data_sources": [event.source],
            "analytic": {
                "type_id": 1,
                "type": "Rule",
                "uid": format!("{}/{}", finding.plugin.id, finding.rule),
                "name": finding.rule,
                "version": finding.plugin.version,
            },
            "attacks": finding.attack.iter().map(|id| technique(id, &|_| None)).collect::<Vec<_>>(),
        },
        "evidences": [{
            "name": format!("{} {} {}", event.file, event.unit, event.line),
            "uid": event.digest,
            "data": {
                "source": event.source,
                "time": event.time,
                "received": event.received,
                "file": event.file,
                event.unit: event.line,
                "fields": finding.evidence,
                "context": finding.context,
                "cited": finding.cited,
            },
        }],
        "observables": finding.entities.iter().map(observable).collect::<Vec<_>>(),
        "metadata": {
            "version": SCHEMA,
            "uid": finding.id,
            "tenant_uid": finding.force,
            "correlation_uid": finding.key,
            "original_time": event.time,
            "log_name": event.source,
            "product": {
                "name": "Cordon",
                "vendor_name": "Cordon",
                "version": env!("CARGO_PKG_VERSION"),
                "feature": {
                    "name": finding.plugin.id,
                    "version": finding.plugin.version,
                    "uid": finding.plugin.digest,
                },
            },
        },
    })
}

/// Number and caption.
pub(crate) fn severity(severity: Severity) -> (u8, &'static str) {
    match severity {
        Severity::Informational => (1, "Informational"),
        Severity::Low => (2, "Low"),
        Severity::Medium => (3, "Medium"),
        Severity::High => (4, "High"),
        Severity::Critical => (5, "Critical"),
    }
}

/// Number and caption.
pub(crate) fn confidence(confidence: Confidence) -> (u8, &'static str) {
    match confidence {
        Confidence::Low => (1, "Low"),
        Confidence::Medium => (2, "Medium"),
        Confidence::High => (3, "High"),
    }
}

/// `T1114.003` is a sub-technique of `T1114`. `name`: what each is called, where that is known.
pub(crate) fn technique(id: &str, name: &dyn Fn(&str) -> Option<String>) -> Value {
    let one = |id: &str| match name(id) {
        Some(name) => json!({ "uid": id, "name": name }),
        None => json!({ "uid": id }),
    };
    match id.split_once('.') {
        Some((technique, _)) => json!({ "technique": one(technique), "sub_technique": one(id) }),
        None => json!({ "technique": one(id) }),
    }
}

/// OCSF's observable types; what it has no number for is 99, Other, with our word.
pub(crate) fn observable(entity: &crate::model::Entity) -> Value {
    let is_mail = entity.value.contains('@');
    let (type_id, kind) = match entity.kind.as_str() {
        "host" => (1, "Hostname"),
        "domain" => (1, "Hostname"),
        "ip" => (2, "IP Address"),
        "user" | "mailbox" | "mail-address" if is_mail => (5, "Email Address"),
        "user" => (4, "User Name"),
        "file" => (7, "File Name"),
        "url" => (6, "URL String"),
        "process" => (9, "Process Name"),
        "resource" => (10, "Resource UID"),
        other => (99, other),
    };
    json!({ "name": entity.kind, "type_id": type_id, "type": kind, "value": entity.value })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sub_technique_names_its_technique() {
        let attack = |id: &str| technique(id, &|id| Some(format!("name of {id}")));
        assert_eq!(attack("T1114.003")["technique"]["uid"], "T1114");
        assert_eq!(attack("T1114.003")["sub_technique"], json!({ "uid": "T1114.003", "name": "name of T1114.003" }));
        assert_eq!(attack("T1114")["technique"]["uid"], "T1114");
        assert_eq!(attack("T1114").get("sub_technique"), None);
    }

    #[test]
    fn an_entity_of_a_kind_that_ocsf_does_not_number_keeps_its_word() {
        let entity = crate::model::Entity { kind: "role".into(), value: "Global Administrator".into() };
        assert_eq!(
            observable(&entity),
            json!({"name": "role", "type_id": 99, "type": "role", "value": "Global Administrator"})
        );
    }
}
