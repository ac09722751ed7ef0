//! Loss prevention, retention and holds that are removed, weakened or overridden.
//!
//! Reads cmdlets of Purview and Exchange and the matches of loss prevention policies in `m365.audit`. An act that failed, and
//! what the service does by itself, is no finding. Not covered, because the record does not hold it: how a policy stood before
//! (a shorter duration of a retention rule is not told from a longer one).

mod control;
mod override_by_user;

use cordon_sdk::microsoft::{Parameters, Sites, is_same_account, is_service, object_name, operation, succeeded};
use cordon_sdk::prelude::*;

use crate::control::Weakening;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct DataProtectionWeakened;

#[detector]
impl DataProtectionWeakened {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let people = !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let controls = fields.operation.matches(|name| control::is_known(operation(name))) & &people;
        let matches = fields.operation.any_of(&["DlpRuleMatch", "DlpRuleUndo", "DlpInfo"]) & &people;
        let fields = &fields.among(&(&controls | &matches));
        let sites = Sites::new(&settings.sensitive_sites, List::EvidenceSites);
        for row in &controls {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let name = operation(fields.operation.text(row).unwrap_or(""));
            let parameters = Parameters::of(fields.parameters.text(row).unwrap_or(""));
            if let Some(weakening) = control::judge(name, &parameters, settings) {
                let finding = finding(fields, row, name, &parameters, &weakening);
                let raised = if weakening.rule == Rule::DlpWeakened { Severity::High } else { Severity::Critical };
                findings.emit(match sites.in_text(&weakening.places)? {
                    Some(site) => finding.severity(raised).context("Sensitive site", site),
                    None => finding,
                })?;
            }
        }
        for row in &matches {
            override_by_user::judge(fields, settings, row, findings)?;
        }
        Ok(())
    }
}

fn finding(fields: &Fields, row: Row, name: &str, parameters: &Parameters, weakening: &Weakening) -> Finding {
    let actor = fields.actor.text(row).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let object = fields.object.text(row).filter(|object| !object.is_empty());
    let named = parameters.first("Identity").or(object).or(parameters.first("Name"));
    let target = named.map(object_name).unwrap_or("");
    let own = weakening.is_of_mailbox && is_same_account(target, actor);
    let to = if own { "their own mailbox".to_owned() } else { format!("'{target}'") };
    let finding = weakening
        .rule
        .on(row)
        .summary(format!("{who} {} {to}.", weakening.act))
        .entity("user", actor)
        .entity(if weakening.is_of_mailbox { "mailbox" } else { "resource" }, target)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", name)
        .context("Set to", &weakening.set_to)
        .context("Own mailbox", if own { "yes" } else { "" })
        .key(format!("{}|{target}", weakening.what).to_lowercase());
    match weakening.severity {
        _ if own => finding.severity(Severity::Critical),
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
