//! Consents and grants as Entra's audit log (`entra.audit`) writes them. Reads fields; judges nothing.

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
    let text = unquoted(fields.target_permissions.texts(row).next()?);
    let all = fields.target_on_behalf_of_all.texts(row).any(|all| is_true(&unquoted(all)));
    let types = fields.target_types.slots(row);
    let is_client = |kind: Option<&str>| kind.is_some_and(|kind| kind.eq_ignore_ascii_case("ServicePrincipal"));
    let at = types.map(is_client).position(|client| client).unwrap_or(0);
    let names = fields.target_app_names.texts(row).next().map(unquoted).unwrap_or_default();
    let entries = entries(&text);
    let target = || fields.target_ids.slots(row).nth(at).flatten();
    Some(Grant {
        client: client(&entries).map_or_else(|| target().unwrap_or("").into(), Cow::Owned),
        // The application's id is the first of its names.
        client_app: names.split(';').next().unwrap_or("").trim().to_owned().into(),
        client_name: fields.target_names.slots(row).nth(at).flatten().unwrap_or("").into(),
        given: shape::consented(&entries, all, actor(fields, row)),
    })
}

fn delegated<'a>(fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let after = unquoted(fields.target_scope.texts(row).next()?);
    let before = fields.target_scope_before.texts(row).next().map(unquoted).unwrap_or_default();
    let (after, before) = (scopes(&after), scopes(&before));
    let kind = fields.target_consent_type.texts(row).next().map(unquoted).unwrap_or_default();
    let stated = fields.target_principal.texts(row).map(unquoted).find(|principal| !principal.is_empty());
    Some(Grant {
        client: fields.target_client_id.texts(row).next().map(unquoted).unwrap_or_default(),
        client_app: fields.target_client_app.texts(row).next().map(unquoted).unwrap_or_default(),
        client_name: fields.target_client_name.texts(row).next().map(unquoted).unwrap_or_default(),
        given: shape::granted(
            &kind,
            stated.unwrap_or_else(|| actor(fields, row).into()),
            &after,
            &added(&after, &before),
        ),
    })
}

fn application<'a>(fields: &'a Fields, row: Row) -> Option<Grant<'a>> {
    let permission = unquoted(fields.target_app_role.texts(row).next()?);
    Some(Grant {
        client: fields.target_client_id.texts(row).next().map(unquoted).unwrap_or_default(),
        client_app: fields.target_client_app.texts(row).next().map(unquoted).unwrap_or_default(),
        client_name: fields.target_client_name.texts(row).next().map(unquoted).unwrap_or_default(),
        given: vec![Given::Application { permission }],
    })
}

/// The directory id of the user who acted, or the name where the record has no id.
fn actor<'a>(fields: &'a Fields, row: Row) -> &'a str {
    fields.actor_id.text(row).or(fields.actor.text(row)).unwrap_or("")
}
