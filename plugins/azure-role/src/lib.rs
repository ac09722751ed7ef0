//! Rights over whole Azure subscriptions, management groups and the root that somebody is given, and role definitions that
//! may do everything.
//!
//! Reads `azure.activity`. An operation has several records: the one that has the body tells, unless it failed. One grant is
//! one key, made of who got it, the role and where. Rights over single groups and resources are not looked at, nor the use of
//! a role that somebody is eligible for.

mod grant;

use cordon_sdk::microsoft::azure::Outcome;
use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::grant::Given;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct AzureRole;

#[detector]
impl AzureRole {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(grant::is_read);
        let fields = &fields.among(&acts);
        for row in &acts {
            let callers = [fields.caller.text(row), fields.caller_name.text(row), fields.caller_app.text(row)];
            if callers.into_iter().flatten().any(|caller| is_listed(caller, &settings.service_accounts)) {
                continue;
            }
            let operation = fields.operation.text(row).unwrap_or("");
            let scope = fields.resource.text(row).unwrap_or("");
            let outcome = Outcome::of(fields.result.text(row));
            if outcome == Outcome::Failed {
                continue;
            }
            if let Some(given) = bodies(fields, row).find_map(|text| grant::given(operation, scope, text, settings)) {
                let finding = finding(fields, row, &given);
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

/// Nobody knows yet whether it came about.
fn only_asked_for(finding: Finding) -> Finding {
    finding.confidence(Confidence::Low).context("So far", "asked for; whether it came about, a later record tells")
}

fn finding(fields: &Fields, row: Row, given: &Given) -> Finding {
    let names = [fields.caller_name.text(row), fields.caller.text(row), fields.caller_app.text(row)];
    let caller = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("");
    let who = if caller.is_empty() { "Somebody" } else { caller };
    let summary = match given.rule {
        Rule::AzureRoleGranted => {
            format!("{who} gave {} {} the role {} over {}.", given.kind, given.principal, given.role, given.scope)
        }
        Rule::AzureCustomRolePowerful => format!("{who} made the role {} able to {}.", given.role, given.kind),
    };
    given
        .rule
        .on(row)
        .severity(given.severity)
        .summary(summary)
        .entity("principal", &given.principal)
        .entity("role", &given.role)
        .entity("actor", caller)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Scope", &given.scope)
        .key(given.key.to_lowercase())
}
