//! Code that runs on machines, or is made ready to, by Azure's own means.
//!
//! Reads `azure.activity`. A command that was accepted runs already, so its acceptance is reported, and its end under the same
//! key. Scripts are not read: the log does not hold them.

mod table;

use cordon_sdk::microsoft::azure::{Outcome, ancestor, resource_name};
use cordon_sdk::microsoft::{is_listed, is_marked};
use cordon_sdk::prelude::*;

use crate::table::Act;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct AzureExecution;

#[detector]
impl AzureExecution {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(table::is_read);
        let fields = &fields.among(&acts);
        for row in &acts {
            let callers = [fields.caller.text(row), fields.caller_name.text(row), fields.caller_app.text(row)];
            if callers.into_iter().flatten().any(|caller| is_listed(caller, &settings.service_accounts)) {
                continue;
            }
            let operation = fields.operation.text(row).unwrap_or("");
            let resource = fields.resource.text(row).unwrap_or("");
            if !matches!(Outcome::of(fields.result.text(row)), Outcome::Done | Outcome::Accepted) {
                continue;
            }
            let kind = bodies(fields, row).find_map(table::kind);
            if let Some(act) = table::act(operation, resource, kind.as_deref()) {
                findings.emit(finding(fields, row, &act, settings)?)?;
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

/// How grave it is: the act's own weight, more where the resource is watched.
fn severity(weight: u8) -> Severity {
    match weight {
        0 => Severity::Low,
        1 => Severity::Medium,
        2 => Severity::High,
        _ => Severity::Critical,
    }
}

fn finding(fields: &Fields, row: Row, act: &Act, settings: &Settings) -> Result<Finding, Failure> {
    let names = [fields.caller_name.text(row), fields.caller.text(row), fields.caller_app.text(row)];
    let caller = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("");
    let who = if caller.is_empty() { "Somebody" } else { caller };
    let resource = fields.resource.text(row).unwrap_or("");
    let machine =
        ["virtualMachines", "virtualMachineScaleSets", "machines"].iter().find_map(|kind| ancestor(resource, kind));
    let name = machine.unwrap_or_else(|| resource_name(resource));
    let watched = is_marked(resource, &settings.watched_resources, List::EvidenceResources)?;
    let weight = act.weight + if watched { act.watched } else { 0 };
    Ok(act
        .rule
        .on(row)
        .severity(severity(weight))
        .summary(format!("{who} {}: '{name}'.", act.what))
        .entity("resource", name)
        .entity("actor", caller)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Resource", resource)
        .context("Watched", if watched { "yes" } else { "" })
        .key(if resource.is_empty() { caller } else { resource }.to_lowercase()))
}
