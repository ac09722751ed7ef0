//! Auditing that is switched off, shortened or bypassed, and alert policies that are switched off.
//!
//! Reads cmdlets of Exchange and Purview in `m365.audit`. An act that failed, and what the service does by itself, is no
//! finding. Not covered, because the record does not hold it: how it was set before, so that a policy which is only renamed is
//! judged by what the command says, and one that was short already is reported when it is set again.

mod weakening;

use cordon_sdk::microsoft::{Parameters, is_same_account, is_service, object_name, operation, succeeded};
use cordon_sdk::prelude::*;

use crate::weakening::{OPERATIONS, Weakening};

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct AuditWeakened;

#[detector]
impl AuditWeakened {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        // `Set-Mailbox` is a third of all records, nearly all of it by the service: what was set is read for the rest only.
        let acts = fields.operation.any_of(&OPERATIONS)
            & !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let fields = &fields.among(&acts);
        for row in &acts {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let name = operation(fields.operation.text(row).unwrap_or(""));
            let parameters = Parameters::of(fields.parameters.text(row).unwrap_or(""));
            if let Some(weakening) = Weakening::of(name, &parameters, settings) {
                findings.emit(finding(fields, row, name, &parameters, &weakening))?;
            }
        }
        Ok(())
    }
}

fn finding(fields: &Fields, row: Row, name: &str, parameters: &Parameters, weakening: &Weakening) -> Finding {
    let actor = fields.actor.text(row).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let identity = parameters
        .first("Identity")
        .or_else(|| parameters.first("Name"))
        .or(fields.object.text(row))
        .map(object_name)
        .unwrap_or("");
    // The organisation's own settings are named after the organisation, or not at all.
    let target = if weakening.is_of_organisation { "" } else { identity };
    let own = weakening.is_of_mailbox && is_same_account(target, actor);
    let to = match (own, weakening.rule) {
        (true, Rule::AuditBypassed) => "their own account",
        (true, _) => "their own mailbox",
        (false, _) => target,
    };
    let mut finding = weakening
        .rule
        .on(row)
        .summary(format!("{}.", format!("{who} {} {to}", weakening.act).trim_end()))
        .entity("user", actor)
        .entity(if weakening.is_of_mailbox { "mailbox" } else { "resource" }, target)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", name)
        .context("Set to", weakening.set_to.as_str())
        .key(format!("{}|{}", weakening.what, target.to_lowercase()));
    if own {
        finding = finding.severity(weakening.severity_if_own()).context("Own mailbox", "yes");
    }
    finding
}
