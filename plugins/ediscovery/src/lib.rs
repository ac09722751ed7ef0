//! Searches, exports and holds of eDiscovery, and who may make them.
//!
//! Reads Purview's records in `m365.audit`. One act is logged twice, as a cmdlet (`New-ComplianceSearchAction`) and as what
//! was done (`SearchExported`): both give the same rule and key, made of the actor and the search. An act that failed is no
//! finding. Not covered, because the record does not hold it: how much an export holds, and how a hold was before.

mod act;

use cordon_sdk::microsoft::{
    Parameters, Sites, is_listed, is_same_account, is_service, object_name, operation, succeeded,
};
use cordon_sdk::prelude::*;

use crate::act::Act;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct Ediscovery;

#[detector]
impl Ediscovery {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(|name| act::is_known(operation(name)))
            & !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let fields = &fields.among(&acts);
        for row in &acts {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let name = operation(fields.operation.text(row).unwrap_or(""));
            let parameters = Parameters::of(fields.parameters.text(row).unwrap_or(""));
            if let Some(act) = Act::of(name, &parameters, &settings.power_groups)
                && let Some(finding) = finding(fields, settings, row, name, &parameters, act)?
            {
                findings.emit(finding)?;
            }
        }
        Ok(())
    }
}

fn finding(
    fields: &Fields,
    settings: &Settings,
    row: Row,
    name: &str,
    parameters: &Parameters,
    act: Act,
) -> Result<Option<Finding>, Failure> {
    let actor = fields.actor.text(row).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let staff = is_listed(actor, &settings.ediscovery_staff);
    if staff && act == Act::Searched {
        return Ok(None);
    }
    let named = |name: &'static str| parameters.first(name);
    let object = fields.object.text(row).filter(|object| !object.is_empty());
    // An action is named after its search: `Leavers_Export`.
    let subject = match act {
        Act::Empowered { .. } => named("Member").or(named("Members")).or(named("User")).or(object),
        _ => named("SearchName").or(object).or(named("Identity")).or(named("Name")),
    };
    let subject = subject.map(object_name).unwrap_or("");
    let subject = ["_Export", "_Purge", "_Preview"].iter().find_map(|end| subject.strip_suffix(end)).unwrap_or(subject);
    let case = fields.case.text(row).filter(|case| !case.is_empty()).or(named("Case")).unwrap_or("");
    let everybody = [fields.mailboxes.text(row), named("ExchangeLocation")];
    let everybody = everybody
        .into_iter()
        .flatten()
        .any(|places| places.trim_matches(['[', ']', '"', ' ']).eq_ignore_ascii_case("All"));
    let themselves = matches!(act, Act::Empowered { .. }) && is_same_account(subject, actor);
    let places = fields.sites.text(row).or(named("SharePointLocation")).unwrap_or("");
    let evidence = Sites::new(&[], List::EvidenceSites).in_text(places)?;
    let severity = match act {
        Act::Exported | Act::Purged | Act::HoldReleased | Act::HoldChanged if evidence.is_some() => {
            Some(if staff { Severity::Medium } else { Severity::Critical })
        }
        Act::Empowered { .. } if themselves => Some(Severity::Critical),
        Act::Empowered { high: true } => Some(Severity::High),
        Act::Empowered { high: false } => None,
        _ if staff => Some(Severity::Low),
        Act::Searched if everybody => Some(Severity::Medium),
        Act::HoldChanged => Some(Severity::Medium),
        _ => None,
    };
    let of = if case.is_empty() { String::new() } else { format!(" (case '{case}')") };
    let to = if themselves { "themselves".to_owned() } else { format!("'{subject}'") };
    let finding = act
        .rule()
        .on(row)
        .summary(format!("{who} {} {to}{of}.", act.words()))
        .entity("user", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .entity(if matches!(act, Act::Empowered { .. }) { "delegate" } else { "resource" }, subject)
        .context("Operation", name)
        .context("Case", case)
        .context("Query", fields.query.text(row).or(named("ContentMatchQuery")).unwrap_or(""))
        .context("Mailboxes", fields.mailboxes.text(row).or(named("ExchangeLocation")).unwrap_or(""))
        .context("Sites", places)
        .context("Evidence site", evidence.as_deref().unwrap_or(""))
        .context("Role group", if matches!(act, Act::Empowered { .. }) { named("Identity").unwrap_or("") } else { "" })
        .key(format!("{actor}|{subject}").to_lowercase());
    Ok(Some(match severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }))
}
