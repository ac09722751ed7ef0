//! Whom to call about an alert: read from the roster when it is told. Pure.

use serde::{Deserialize, Serialize};

use super::contacts::Contact;
use super::message::plain;
use super::route::About;
use crate::model::{Force, is_named};

/// Somebody who can be called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Reach {
    /// Who answers.
    pub name: String,
    /// A number or an address.
    pub call: String,
}

/// Whom the reader of a message is to call: of the force's contacts with a number the one of the next step of its ladder, else of
/// the first; then the desk of the National Management Centre, or a contact there. Never whom it is about, never the reader.
pub(super) fn whom(
    about: About<'_>,
    contacts: &[Contact],
    desk: Option<&Reach>,
    reader: Option<&Contact>,
) -> Vec<Reach> {
    let national = Force::national();
    let step = reader.filter(|reader| reader.force == *about.force).map_or(0, |reader| reader.duty.step);
    let may = |contact: &&Contact| {
        !contact.call.is_empty()
            && contact.confirmed.is_some()
            && !contact.is_subject_of(about.entities)
            && reader.is_none_or(|reader| reader.key() != contact.key() && reader.call != contact.call)
    };
    let first = |force: &Force| {
        let of = contacts.iter().filter(|contact| contact.force == *force).filter(may);
        let found = of.min_by_key(|contact| (contact.duty.step <= step, contact.duty.step))?;
        Some(Reach { name: found.name.clone(), call: found.call.clone() })
    };
    let own = first(about.force);
    let desk = desk.filter(|desk| !is_named(&desk.call, about.entities)).cloned();
    let centre = desk.or_else(|| first(&national)).filter(|centre| own.as_ref() != Some(centre));
    own.into_iter().chain(centre).collect()
}

/// In a line; none where there is nobody.
pub(super) fn line(reaches: &[Reach]) -> Option<String> {
    let all: Vec<String> =
        reaches.iter().map(|reach| format!("{}, {}", plain(&reach.name), plain(&reach.call))).collect();
    if all.is_empty() { None } else { Some(format!("Whom to call: {}", all.join("; or "))) }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use cordon_contract::manifest::Severity;
    use serde_json::json;

    use super::*;
    use crate::model::Entity;

    fn contact(force: &str, id: &str, step: u8, call: &str) -> Contact {
        serde_json::from_value(json!({
            "id": id, "force": force, "name": id, "channel": { "kind": "file", "path": "/x" }, "level": "full",
            "marking": "", "severity": "medium", "own": [format!("{id}@avon.example")], "confirmed": 1, "call": call,
            "duty": { "step": step },
        }))
        .unwrap()
    }

    #[test]
    fn whom_to_call_is_the_next_step_and_the_national_desk_and_never_the_reader_or_whom_it_is_about() {
        let force = Force::new("avon").unwrap();
        let contacts = [
            contact("avon", "desk", 1, "0117 496 0001"),
            contact("avon", "call", 2, "07700 900002"),
            contact("avon", "head", 3, "07700 900003"),
            contact("nmc", "watch", 1, "020 7946 0009"),
        ];
        let desk = Reach { name: "NMC desk".into(), call: "0300 555 0100".into() };
        let calls = |value: &str, reader: Option<&Contact>, desk: Option<&Reach>| -> Vec<String> {
            let entities = [Entity { kind: "user".into(), value: value.into() }];
            let about =
                About { force: &force, severity: Severity::High, entities: &entities, attack: &[], late: false };
            whom(about, &contacts, desk, reader).into_iter().map(|reach| reach.name).collect()
        };
        let [first, second, third, watch] = &contacts;
        assert_eq!(calls("x", Some(first), Some(&desk)), ["call", "NMC desk"]);
        assert_eq!(calls("x", Some(second), Some(&desk)), ["head", "NMC desk"]);
        assert_eq!(calls("x", Some(third), Some(&desk)), ["desk", "NMC desk"], "nobody is behind the last");
        assert_eq!(calls("x", Some(watch), Some(&desk)), ["desk", "NMC desk"]);
        assert_eq!(calls("x", None, Some(&desk)), ["desk", "NMC desk"]);
        assert_eq!(calls("x", Some(first), None), ["call", "watch"]);
        assert_eq!(calls("CALL@avon.example", Some(first), Some(&desk)), ["head", "NMC desk"]);
        assert_eq!(calls("+44 7700 900002", Some(first), Some(&desk)), ["head", "NMC desk"]);
        assert_eq!(calls("tel:+44300-555-0100", Some(first), Some(&desk)), ["call", "watch"]);
    }
}
