//! Storage, disks, databases and networks in Azure that somebody opens to the outside.
//!
//! Reads `azure.activity`. An operation has several records: what its name tells is reported by the one that says that it
//! is done; what only its body tells, by the one that has the body, unless it failed. One resource is one key.

mod network;
mod table;

use cordon_sdk::microsoft::azure::{Outcome, ancestor, resource_name};
use cordon_sdk::microsoft::{is_listed, is_marked};
use cordon_sdk::prelude::*;

use crate::table::Act;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct AzureExposure;

#[detector]
impl AzureExposure {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(|name| table::act(name).is_some() || table::has_body(name));
        let fields = &fields.among(&acts);
        for row in &acts {
            let callers = [fields.caller.text(row), fields.caller_name.text(row), fields.caller_app.text(row)];
            if callers.into_iter().flatten().any(|caller| is_listed(caller, &settings.service_accounts)) {
                continue;
            }
            let operation = fields.operation.text(row).unwrap_or("");
            let outcome = Outcome::of(fields.result.text(row));
            let act = match table::act(operation) {
                Some(act) => {
                    (outcome == Outcome::Done && !(act.people_only && is_application(fields, row))).then_some(act)
                }
                // What was asked for stands in one of the operation's records, most often the first.
                None if outcome != Outcome::Failed => {
                    bodies(fields, row).find_map(|text| table::judge(operation, text, settings))
                }
                None => None,
            };
            if let Some(act) = act {
                let finding = finding(fields, row, &act, settings)?;
                findings.emit(if outcome == Outcome::Started { only_asked_for(finding) } else { finding })?;
            }
        }
        Ok(())
    }
}

/// What was asked for and answered, as far as the record has it.
fn bodies<'a>(fields: &'a Fields, row: Row) -> impl Iterator<Item = &'a str> {
    let requests = [fields.request.text(row), fields.request_in_text.text(row)];
    requests.into_iter().chain([fields.response.text(row), fields.response_in_text.text(row)]).flatten()
}

/// Whether no person did it: applications have no user principal name.
fn is_application(fields: &Fields, row: Row) -> bool {
    let names = [fields.caller_name.text(row), fields.caller.text(row)];
    !names.into_iter().flatten().any(|name| name.contains('@'))
}

/// Nobody knows yet whether it came about.
fn only_asked_for(finding: Finding) -> Finding {
    finding.confidence(Confidence::Low).context("So far", "asked for; whether it came about, a later record tells")
}

/// How grave it is: the act's own weight, more where the resource is watched.
fn severity(weight: u8) -> Severity {
    match weight {
        0 => Severity::Low,
        1 => Severity::Medium,
        2 => Severity::High,
        _ => Severity::Critical,
    }
}

/// What a person calls it: what lies in a storage account or vault, with its name before it.
fn name_of(resource: &str) -> String {
    let name = resource_name(resource);
    let outer = ["storageAccounts", "vaults"].iter().find_map(|kind| ancestor(resource, kind));
    match outer.filter(|outer| *outer != name) {
        Some(outer) => format!("{outer}/{name}"),
        None => name.to_owned(),
    }
}

fn finding(fields: &Fields, row: Row, act: &Act, settings: &Settings) -> Result<Finding, Failure> {
    let names = [fields.caller_name.text(row), fields.caller.text(row), fields.caller_app.text(row)];
    let caller = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("");
    let who = if caller.is_empty() { "Somebody" } else { caller };
    let resource = fields.resource.text(row).unwrap_or("");
    let name = name_of(resource);
    let watched = is_marked(resource, &settings.watched_resources, List::EvidenceResources)?;
    let weight = act.weight + if watched { act.watched } else { 0 };
    Ok(act
        .rule
        .on(row)
        .severity(severity(weight))
        .summary(format!("{who} {}: '{name}'.", act.what))
        .entity("resource", &name)
        .entity("actor", caller)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Resource", resource)
        .context("Watched", if watched { "yes" } else { "" })
        .key(if resource.is_empty() { caller } else { resource }.to_lowercase()))
}
