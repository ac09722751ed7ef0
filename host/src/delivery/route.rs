//! Who of a force's contacts an alert is for, and why the others are not told. Pure.

use super::contacts::Contact;
use crate::alerts::Alert;

/// Why a contact is not told of an alert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Unheard {
    /// It has confirmed no test message.
    Unconfirmed,
    /// The alert is less grave than it wants.
    Severity,
    /// The alert is about itself: whom an alert is about never gets it.
    Subject,
}

/// Whether a contact of the alert's force is told of it.
///
/// # Errors
/// Why not.
pub(super) fn hears(contact: &Contact, alert: &Alert) -> Result<(), Unheard> {
    let is_own = |value: &str| contact.own.iter().any(|own| own.trim().eq_ignore_ascii_case(value.trim()));
    if alert.entities.iter().any(|entity| is_own(&entity.value)) {
        return Err(Unheard::Subject);
    }
    if contact.confirmed.is_none() {
        return Err(Unheard::Unconfirmed);
    }
    if alert.severity < contact.severity {
        return Err(Unheard::Severity);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::ids::Digest;

    fn contact(confirmed: Option<i64>, own: &[&str]) -> Contact {
        serde_json::from_value(json!({
            "id": "soc", "force": "avon", "name": "SOC", "channel": { "kind": "file", "path": "/x" }, "level": "full",
            "marking": "", "severity": "medium", "own": own, "confirmed": confirmed,
        }))
        .unwrap()
    }

    fn alert(severity: &str) -> Alert {
        let digest = Digest::of(b"x");
        serde_json::from_value(json!({
            "reference": "avon-1", "force": "avon", "number": 1, "revision": 1, "fingerprint": digest, "plugin": "p",
            "version": "1.0.0", "component": digest, "rule": "r", "key": "k", "title": "T", "summary": "S",
            "severity": severity, "confidence": "high", "attack": [], "next-steps": [], "false-positives": [],
            "entities": [{ "kind": "user", "value": "Harper@avon.example" }], "references": [], "state": "new",
            "created": 0, "updated": 0, "first-seen": 0, "last-seen": 0, "count": 1, "findings": [], "late": false,
        }))
        .unwrap()
    }

    #[test]
    fn a_contact_hears_what_is_grave_enough_once_it_has_confirmed_and_never_what_is_about_itself() {
        assert_eq!(hears(&contact(Some(1), &[]), &alert("high")), Ok(()));
        assert_eq!(hears(&contact(Some(1), &[]), &alert("low")), Err(Unheard::Severity));
        assert_eq!(hears(&contact(None, &[]), &alert("critical")), Err(Unheard::Unconfirmed));
        assert_eq!(hears(&contact(Some(1), &[" harper@AVON.example"]), &alert("critical")), Err(Unheard::Subject));
    }
}
