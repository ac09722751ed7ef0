//! Applications that are given access to mail, files or the directory: by a user's consent, by an administrator's for
//! everybody, and by application permissions that need no user.
//!
//! Reads `m365.audit` and `entra.audit`. One act is logged up to three times in each of them: all give the same rule and key,
//! made of the application's object id and the user's. A failed act is no finding, nor a permission that was there before.

mod audit;
mod entra;
mod grant;
mod permissions;
mod shape;

use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::grant::{Grant, Verdict};
use crate::shape::Act;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct OauthConsent;

#[detector]
impl OauthConsent {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let read = if batch.source() == "entra.audit" { entra::grant } else { audit::grant };
        let acts = fields.operation.any_of(&Act::OPERATIONS);
        let fields = &fields.among(&acts);
        for row in &acts {
            let Some(act) = fields.operation.text(row).and_then(Act::of) else { continue };
            if !succeeded(fields.result.text(row)) || by_a_service(fields, settings, row) {
                continue;
            }
            let Some(grant) = read(act, fields, row) else { continue };
            if let Some(verdict) = grant.verdict(settings) {
                findings.emit(finding(fields, row, &grant, verdict))?;
            }
        }
        Ok(())
    }
}

/// Whether one of Microsoft's services did it, as part of its work.
fn by_a_service(fields: &Fields, settings: &Settings, row: Row) -> bool {
    let entra = [fields.actor_app.text(row), fields.actor_app_id.text(row)];
    let mut names = fields.audit_actors.slots(row).chain(entra).flatten();
    names.any(|name| is_listed(name, &settings.trusted_initiators))
}

fn finding(fields: &Fields, row: Row, grant: &Grant<'_>, verdict: Verdict) -> Finding {
    let actor = fields.actor.text(row).or(fields.actor_app.text(row)).unwrap_or("");
    let app = [&grant.client_name, &grant.client_app, &grant.client].into_iter().find(|name| !name.is_empty());
    let app = app.map_or("an application", |name| name.as_ref());
    let permissions = verdict.permissions.join(", ");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let summary = match verdict.rule {
        Rule::RiskyConsent => format!("{who} gave '{app}' access in their name: {permissions}."),
        Rule::TenantWideConsent => format!("{who} gave '{app}' access in the name of every user: {permissions}."),
        Rule::ApplicationPermissionGranted => {
            format!("{who} gave '{app}' access to everybody's data, without a user: {permissions}.")
        }
        Rule::TakeoverPermissionGranted => {
            format!("{who} gave '{app}' a permission with which it can make itself administrator: {permissions}.")
        }
    };
    verdict
        .rule
        .on(row)
        .severity(verdict.severity)
        .summary(summary)
        .entity("user", fields.actor.text(row).unwrap_or(""))
        .entity("app", app)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Permissions", permissions)
        .context("Application object id", grant.client.as_ref())
        .context("Application id", grant.client_app.as_ref())
        .key(verdict.key)
}
