//! What Entra asks of people who sign in, made weaker: conditional access policies, trusted locations, security defaults, and
//! multi-factor authentication of single accounts.
//!
//! Reads `m365.audit` and `entra.audit`. One change is logged in both: both give the same rule and key, made of the object's
//! directory id and what became weaker. A failed act is no finding, nor a change that makes nothing weaker, nor one to a
//! policy that was not in force.

mod act;
mod location;
mod policy;
mod value;

use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::act::Act;
use crate::value::Change;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct SignInPolicy;

#[detector]
impl SignInPolicy {
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
            let changes = value::changes(fields, row);
            if let Some(weaker) = judge(act, &changes, settings, fields, row, actor) {
                findings.emit(finding(fields, row, actor, &weaker))?;
            }
        }
        Ok(())
    }
}

/// What became weaker, for a person and for the key.
pub(crate) struct Weaker {
    rule: Rule,
    /// `None`: the rule's own.
    severity: Option<Severity>,
    /// In words, one a change.
    what: Vec<String>,
    /// What tells this change from another of the same object.
    tags: Vec<String>,
}

fn judge(
    act: Act,
    changes: &[Change<'_>],
    settings: &Settings,
    fields: &Fields,
    row: Row,
    actor: &str,
) -> Option<Weaker> {
    match act {
        Act::Policy => policy::weaker(changes, &settings.expected_exclusions),
        Act::PolicyDeleted => policy::deleted(changes),
        Act::Location => location::weaker(changes),
        Act::SecurityDefaults => changes.iter().any(Change::is_switched_off).then(|| Weaker {
            rule: Rule::SecurityDefaultsOff,
            severity: None,
            what: Vec::new(),
            tags: Vec::new(),
        }),
        Act::User | Act::MfaDisabled => {
            let removed = changes.iter().any(Change::is_mfa_requirement_removed);
            let own = [fields.target_name.text(row), fields.target_user.text(row)];
            let own = own.into_iter().flatten().any(|name| !name.is_empty() && name.eq_ignore_ascii_case(actor));
            (removed || act == Act::MfaDisabled).then(|| Weaker {
                rule: Rule::MfaRequirementRemoved,
                severity: own.then_some(Severity::High),
                what: Vec::new(),
                tags: Vec::new(),
            })
        }
    }
}

fn finding(fields: &Fields, row: Row, actor: &str, weaker: &Weaker) -> Finding {
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let id = fields.target_id.text(row).unwrap_or("");
    let named = fields.target_object.text(row);
    let names = [fields.target_user.text(row), fields.target_name.text(row), named, Some(id)];
    let name = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("");
    let what = weaker.what.join("; ");
    let summary = match weaker.rule {
        Rule::ConditionalAccessDisabled => format!("{who} changed the policy '{name}': {what}."),
        Rule::ConditionalAccessWeakened => format!("{who} made the policy '{name}' weaker: {what}."),
        Rule::TrustedLocationWidened => format!("{who} changed the location '{name}': {what}."),
        Rule::SecurityDefaultsOff => format!("{who} switched security defaults off."),
        Rule::MfaRequirementRemoved => format!("{who} took the second factor off '{name}'."),
    };
    let kind = if weaker.rule == Rule::MfaRequirementRemoved { "user" } else { "policy" };
    let object = if id.is_empty() { name } else { id };
    let parts = std::iter::once(object).chain(weaker.tags.iter().map(String::as_str));
    let key = parts.collect::<Vec<_>>().join("|").to_lowercase();
    let finding = weaker
        .rule
        .on(row)
        .summary(summary)
        .entity(kind, name)
        .entity("actor", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Weaker", what)
        .context("Object id", id)
        .key(key);
    match weaker.severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
