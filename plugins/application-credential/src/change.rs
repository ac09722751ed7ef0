//! What an act changed on an application, in either log: their records have the same parts under different paths. Reads
//! fields; knows no settings and emits nothing.

use std::borrow::Cow;

use cordon_sdk::microsoft::{operation, unquoted};
use cordon_sdk::prelude::*;

use crate::credentials::{self, Kind};
use crate::{Fields, Rule};

/// An act after which somebody more can act as the application.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// Properties of a registration changed.
    Application,
    /// Properties of a service principal changed.
    ServicePrincipal,
    OwnerOfApplication,
    OwnerOfServicePrincipal,
}

impl Act {
    /// The act of an operation. The portal logs a new secret twice, once under a name with a long dash.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = operation(name).to_lowercase();
        Some(match name.as_str() {
            "update application" | "add application credentials" => Self::Application,
            "add service principal credentials" | "update service principal" => Self::ServicePrincipal,
            "add owner to application" => Self::OwnerOfApplication,
            "add owner to service principal" => Self::OwnerOfServicePrincipal,
            other if other.starts_with("update application") && other.contains("certificates and secrets") => {
                Self::Application
            }
            _ => return None,
        })
    }
}

/// Something that lets somebody more act as an application.
#[derive(Debug)]
pub(crate) struct Change<'a> {
    pub(crate) rule: Rule,
    /// Directory id of the application or service principal.
    pub(crate) object: Cow<'a, str>,
    pub(crate) name: Cow<'a, str>,
    /// What it got, in words.
    pub(crate) detail: String,
    /// What tells this change from another of the same object.
    pub(crate) ids: Vec<String>,
    /// More than the rule's own severity.
    pub(crate) grave: bool,
}

/// What the act of this row changed; nothing where nobody won anything.
pub(crate) fn read<'a>(act: Act, fields: &'a Fields, row: Row) -> Vec<Change<'a>> {
    match act {
        Act::Application => {
            let secret = credential(Rule::ApplicationCredentialAdded, fields, row);
            secret.into_iter().chain(federated(fields, row)).collect()
        }
        Act::ServicePrincipal => credential(Rule::ServicePrincipalCredentialAdded, fields, row).into_iter().collect(),
        Act::OwnerOfApplication | Act::OwnerOfServicePrincipal => owner(act, fields, row).into_iter().collect(),
    }
}

fn credential<'a>(rule: Rule, fields: &'a Fields, row: Row) -> Option<Change<'a>> {
    let before = fields.keys_before.text(row).unwrap_or("");
    let added = credentials::added(Kind::Key, fields.keys.text(row)?, before);
    let kinds = added.iter().map(|entry| entry.what.as_str()).find(|kind| !kind.is_empty());
    Some(Change {
        detail: kinds.unwrap_or("credential").to_owned(),
        ..of_target(rule, fields, row, added.into_iter().map(|entry| entry.id).collect())?
    })
}

fn federated<'a>(fields: &'a Fields, row: Row) -> Option<Change<'a>> {
    let before = fields.federated_before.text(row).unwrap_or("");
    let added = credentials::added(Kind::Federated, fields.federated.text(row)?, before);
    let issuers: Vec<String> = added.iter().map(|entry| entry.what.clone()).filter(|what| !what.is_empty()).collect();
    let detail = if issuers.is_empty() { "another system".to_owned() } else { issuers.join(", ") };
    let ids = added.into_iter().map(|entry| entry.id).collect();
    Some(Change { detail, ..of_target(Rule::FederatedCredentialAdded, fields, row, ids)? })
}

/// A change of the record's target.
fn of_target<'a>(rule: Rule, fields: &'a Fields, row: Row, ids: Vec<String>) -> Option<Change<'a>> {
    if ids.is_empty() {
        return None;
    }
    let named = fields.target_object.text(row).unwrap_or("");
    let object = fields.target_id.text(row).unwrap_or(named.split_once('_').map_or(named, |(_, id)| id));
    let name = fields.target_name.text(row).unwrap_or("");
    Some(Change { rule, object: object.into(), name: name.into(), detail: String::new(), ids, grave: false })
}

fn owner<'a>(act: Act, fields: &'a Fields, row: Row) -> Option<Change<'a>> {
    let (object, name, app) = if act == Act::OwnerOfApplication {
        (&fields.owned_application, &fields.owned_application_name, &fields.owned_application_app)
    } else {
        (&fields.owned_principal, &fields.owned_principal_name, &fields.owned_principal_app)
    };
    let text = |field: &'a Field<'_>| field.text(row).map(unquoted).filter(|text| !text.is_empty());
    let object = text(object).or_else(|| text(app))?;
    let id = fields.target_id.text(row).unwrap_or("");
    let owner = fields.target_object.text(row).filter(|name| !name.is_empty());
    let owner = owner.or(fields.target_name.text(row)).unwrap_or(id);
    let mut actors =
        fields.audit_actors.slots(row).chain([fields.actor_id.text(row), fields.actor.text(row)]).flatten();
    if owner.is_empty() || actors.any(|actor| [id, owner].iter().any(|name| name.eq_ignore_ascii_case(actor))) {
        return None;
    }
    let ours = owner.contains('@') && !owner.to_ascii_uppercase().contains("#EXT#");
    Some(Change {
        rule: Rule::ApplicationOwnerAdded,
        object,
        name: text(name).unwrap_or_default(),
        detail: owner.to_owned(),
        ids: vec![if id.is_empty() { owner } else { id }.to_owned()],
        grave: !ours,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_from_other_changes_of_applications() {
        for (name, act) in [
            ("Update application – Certificates and secrets management ", Some(Act::Application)),
            ("Update application - Certificates and secrets management", Some(Act::Application)),
            ("Update application.", Some(Act::Application)),
            ("Add service principal credentials.", Some(Act::ServicePrincipal)),
            ("UPDATE SERVICE PRINCIPAL", Some(Act::ServicePrincipal)),
            ("Add owner to application.", Some(Act::OwnerOfApplication)),
            ("Add owner to service principal", Some(Act::OwnerOfServicePrincipal)),
            ("Add owner to group.", None),
            ("Add service principal.", None),
            ("Remove service principal credentials.", None),
            ("Remove owner from application.", None),
            ("", None),
        ] {
            assert_eq!(Act::of(name), act, "{name}");
        }
    }
}
