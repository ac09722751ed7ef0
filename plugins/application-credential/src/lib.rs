//! New secrets, certificates, federated trusts and owners of applications and service principals: whoever has one can act as
//! the application.
//!
//! Reads `m365.audit` and `entra.audit`. One act is logged in both, by the portal under two operations: all give the same rule
//! and key, made of the object id and of the key's or owner's id. A failed act is no finding, nor a secret that was taken
//! away, nor the owner that somebody becomes of what they register themselves.

mod change;
mod credentials;

use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::change::{Act, Change};

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct ApplicationCredential;

#[detector]
impl ApplicationCredential {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(|name| Act::of(name).is_some());
        let fields = &fields.among(&acts);
        for row in &acts {
            let Some(act) = fields.operation.text(row).and_then(Act::of) else { continue };
            if !succeeded(fields.result.text(row)) || is_expected(fields, settings, row) {
                continue;
            }
            for change in change::read(act, fields, row) {
                if !is_listed(&change.object, &settings.trusted_apps) {
                    findings.emit(finding(fields, row, &change))?;
                }
            }
        }
        Ok(())
    }
}

/// Whether one of Microsoft's services, or an account that the force named, did it as part of its work.
fn is_expected(fields: &Fields, settings: &Settings, row: Row) -> bool {
    let apps = [fields.actor_app.text(row), fields.actor_app_id.text(row), fields.actor_app_object.text(row)];
    let mut names = fields.audit_actors.slots(row).chain(apps).flatten();
    names.any(|name| is_listed(name, &settings.trusted_initiators))
        || fields.actor.text(row).is_some_and(|actor| is_listed(actor, &settings.service_accounts))
}

fn finding(fields: &Fields, row: Row, change: &Change<'_>) -> Finding {
    let actor = fields.actor.text(row).or(fields.actor_app.text(row)).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let app = if change.name.is_empty() { change.object.as_ref() } else { change.name.as_ref() };
    let summary = match change.rule {
        Rule::ApplicationCredentialAdded => format!("{who} gave the application '{app}' a new {}.", change.detail),
        Rule::ServicePrincipalCredentialAdded => {
            format!("{who} put a new {} on the service principal '{app}'.", change.detail)
        }
        Rule::FederatedCredentialAdded => {
            format!("{who} made the application '{app}' trust tokens of {}.", change.detail)
        }
        Rule::ApplicationOwnerAdded => format!("{who} made '{}' owner of '{app}'.", change.detail),
    };
    let owner = if change.rule == Rule::ApplicationOwnerAdded { change.detail.as_str() } else { "" };
    let finding = change
        .rule
        .on(row)
        .summary(summary)
        .entity("app", app)
        .entity("actor", actor)
        .entity("user", owner)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Object id", change.object.as_ref())
        .context("Credential", change.ids.join(", "))
        .key(format!("{}|{}", change.object, change.ids.join(",")).to_lowercase());
    if change.grave { finding.severity(Severity::High) } else { finding }
}
