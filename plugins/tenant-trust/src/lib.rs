//! Outsiders whom the tenant lets in: federated domains, identity providers, partner organisations, and guests who become
//! members.
//!
//! Reads `m365.audit` and `entra.audit`. One change is logged in both: both give the same rule and key, made of the domain,
//! the partner's tenant id or the account's directory id. A failed act is no finding, nor a change that lets nobody in.

mod act;
mod property;

use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::act::{Act, Opened};

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct TenantTrust;

#[detector]
impl TenantTrust {
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
            let actor = fields.actor.text(row).or(fields.actor_app.text(row)).unwrap_or("");
            if !succeeded(fields.result.text(row)) || is_listed(actor, &settings.service_accounts) {
                continue;
            }
            let properties = property::read(fields, row);
            let tenant = property::tenant(&properties);
            if tenant.as_ref().is_some_and(|tenant| is_listed(tenant, &settings.trusted_tenants)) {
                continue;
            }
            if let Some(opened) = act.opened(&properties) {
                findings.emit(finding(fields, row, actor, tenant.as_deref(), &opened))?;
            }
        }
        Ok(())
    }
}

fn finding(fields: &Fields, row: Row, actor: &str, tenant: Option<&str>, opened: &Opened) -> Finding {
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let id = fields.target_id.text(row).unwrap_or("");
    let names = [fields.target_user.text(row), fields.target_name.text(row), fields.target_object.text(row)];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or(id);
    let partner = tenant.unwrap_or("organisations that no other setting names");
    let how = &opened.how;
    let summary = match opened.rule {
        Rule::FederationChanged if name.is_empty() => format!("{who} changed how people of a domain sign in: {how}."),
        Rule::FederationChanged => format!("{who} changed how people of the domain '{name}' sign in: {how}."),
        Rule::DomainAdded => format!("{who} added the domain '{name}' to the tenant."),
        Rule::SignInIssuerChanged => format!("{who} changed whose word is taken for who somebody is: {how}."),
        Rule::PartnerTenantAdded => format!("{who} added the organisation {partner} as a partner."),
        Rule::PartnerTrustWidened => format!("{who} lets in more from {partner}: {how}."),
        Rule::DelegatedPartnerAdded => format!("{who} added '{name}' as a partner of the tenant."),
        Rule::GuestTurnedMember => format!("{who} made the guest '{name}' a member."),
    };
    // Domains are known by name in both logs, accounts by directory id, organisations by tenant id.
    let (kind, value, object) = match opened.rule {
        Rule::FederationChanged | Rule::DomainAdded => ("domain", name, name),
        Rule::PartnerTenantAdded | Rule::PartnerTrustWidened => {
            ("tenant", tenant.unwrap_or(""), tenant.unwrap_or("default"))
        }
        Rule::GuestTurnedMember => ("user", name, if id.is_empty() { name } else { id }),
        Rule::SignInIssuerChanged | Rule::DelegatedPartnerAdded => ("resource", name, name),
    };
    let parts = std::iter::once(object).chain(opened.tags.iter().map(String::as_str));
    let key = parts.filter(|part| !part.is_empty()).collect::<Vec<_>>().join("|").to_lowercase();
    opened
        .rule
        .on(row)
        .summary(summary)
        .entity(kind, value)
        .entity("actor", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Changed", how)
        .key(if key.is_empty() { actor.to_lowercase() } else { key })
}
