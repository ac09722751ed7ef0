//! Filters for mail, links and attachments that are removed, weakened or bypassed.
//!
//! Reads cmdlets of Exchange in `m365.audit`. An act that failed, and what the service does by itself, is no finding. Not
//! covered, because the record does not hold it: how a switch stood before, so that one which was off already is reported when
//! it is set again; and policies' scope, so that a policy for one mailbox counts like any other.

mod bypass;
mod policy;
mod trusted;

use cordon_sdk::microsoft::{Parameters, is_service, object_name, operation, succeeded};
use cordon_sdk::prelude::*;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct MailProtectionWeakened;

#[detector]
impl MailProtectionWeakened {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let touched = |name: &str| {
            let name = operation(name);
            policy::is_about(name) || trusted::is_about(name) || bypass::is_about(name)
        };
        let acts = fields.operation.matches(touched)
            & !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let fields = &fields.among(&acts);
        for row in &acts {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let parameters = Parameters::of(fields.parameters.text(row).unwrap_or(""));
            let command = Command {
                name: operation(fields.operation.text(row).unwrap_or("")),
                target: named(&parameters).or(fields.object.text(row).map(object_name)).unwrap_or(""),
                parameters: &parameters,
            };
            let all = [policy::judge(&command), trusted::judge(&command, settings)?, bypass::judge(&command, settings)];
            for found in all.iter().flatten() {
                findings.emit(finding(fields, row, &command, found))?;
            }
        }
        Ok(())
    }
}

/// A cmdlet that ran.
struct Command<'a> {
    name: &'a str,
    /// The policy, rule or list that it worked on.
    target: &'a str,
    parameters: &'a Parameters,
}

impl Command<'_> {
    /// `Set-SafeLinksPolicy` is `set` and `safelinkspolicy`.
    fn verb_and_noun(&self) -> (String, String) {
        let (verb, noun) = self.name.split_once('-').unwrap_or(("", self.name));
        (verb.to_ascii_lowercase(), noun.to_ascii_lowercase())
    }
}

/// What one cmdlet did to the protection of mail.
struct Found {
    rule: Rule,
    severity: Option<Severity>,
    /// For the summary, after the actor's name.
    act: String,
    /// Parameters that say so.
    set_to: String,
    /// What tells it from another act on the same target.
    key: String,
}

fn named(parameters: &Parameters) -> Option<&str> {
    parameters.first("Identity").or_else(|| parameters.first("Name")).map(object_name)
}

fn finding(fields: &Fields, row: Row, command: &Command<'_>, found: &Found) -> Finding {
    let actor = fields.actor.text(row).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let target = if command.target.is_empty() { String::new() } else { format!(" '{}'", command.target) };
    let finding = found
        .rule
        .on(row)
        .summary(format!("{who} {}{target}.", found.act))
        .entity("user", actor)
        .entity("resource", command.target)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", command.name)
        .context("Set to", &found.set_to)
        .key(format!("{}|{}", found.key, command.target).to_lowercase());
    match found.severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
