//! Consents and grants as the unified audit log (`m365.audit`) writes them. Reads fields; judges nothing.

use std::borrow::Cow;

use cordon_sdk::microsoft::{is_true, unquoted};
use cordon_sdk::prelude::*;

use crate::Fields;
use crate::grant::{Given, Grant};
use crate::permissions::{added, client, entries, scopes};
use crate::shape::{self, Act};

/// What this row's act gave to an application.
pub(crate) fn grant<'a>(act: Act, fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    match act {
        Act::Consent => consent(fields, row),
        Act::DelegatedGrant => delegated(fields, row),
        Act::ApplicationGrant => application(fields, row),
    }
}

fn consent<'a>(fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let text = unquoted(fields.audit_permissions.text(row)?);
    let all = fields.audit_on_behalf_of_all.text(row).is_some_and(|all| is_true(&unquoted(all)));
    let entries = entries(&text);
    let target = || fields.audit_targets.texts(row).find_map(|id| id.strip_prefix("ServicePrincipal_"));
    Some(Grant {
        client: client(&entries).map_or_else(|| target().unwrap_or("").into(), Cow::Owned),
        client_app: fields.audit_object.text(row).unwrap_or("").into(),
        // After the application's id and kind, the target names it.
        client_name: fields.audit_targets.texts(row).nth(3).unwrap_or("").into(),
        given: shape::consented(&entries, all, actor(fields, row)),
    })
}

fn delegated<'a>(fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let after = unquoted(fields.audit_scope.text(row)?);
    let before = unquoted(fields.audit_scope_before.text(row).unwrap_or(""));
    let (after, before) = (scopes(&after), scopes(&before));
    let kind = unquoted(fields.audit_consent_type.text(row).unwrap_or(""));
    let stated = fields.audit_principal.text(row).map(unquoted).filter(|principal| !principal.is_empty());
    Some(Grant {
        client: fields.audit_client_id.text(row).map(unquoted).unwrap_or_default(),
        client_app: fields.audit_client_app.text(row).map(unquoted).unwrap_or_default(),
        client_name: fields.audit_client_name.text(row).map(unquoted).unwrap_or_default(),
        given: shape::granted(
            &kind,
            stated.unwrap_or_else(|| actor(fields, row).into()),
            &after,
            &added(&after, &before),
        ),
    })
}

fn application<'a>(fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let permission = unquoted(fields.audit_app_role.text(row)?);
    Some(Grant {
        client: fields.audit_client_id.text(row).map(unquoted).unwrap_or_default(),
        client_app: fields.audit_client_app.text(row).map(unquoted).unwrap_or_default(),
        client_name: fields.audit_client_name.text(row).map(unquoted).unwrap_or_default(),
        given: vec![Given::Application { permission }],
    })
}

/// The directory id of the user who acted, or the name where the record has no id.
fn actor<'a>(fields: &'a Fields, row: Row) -> &'a str {
    let id = fields.audit_actors.texts(row).find_map(|id| id.strip_prefix("User_"));
    id.or(fields.actor.text(row)).unwrap_or("")
}
