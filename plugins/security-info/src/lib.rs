//! Second factors, temporary passes and passwords by which somebody may take an account over, and users who report a sign-in
//! request that was not theirs.
//!
//! Reads `entra.audit`, and `m365.audit` where it has the same act (a changed account, a reset password): both give the same
//! rule and key, made of the account's directory id. A failed act is no finding. Ordinary people who register their own
//! telephone are none either: they do it every day.

mod act;
mod phone;

use cordon_sdk::microsoft::{is_listed, succeeded};
use cordon_sdk::prelude::*;

use crate::act::Act;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct SecurityInfo;

#[detector]
impl SecurityInfo {
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
            // A report of fraud is logged as whatever became of the request.
            let counts = act == Act::Reported || succeeded(fields.result.text(row));
            if counts && let Some(seen) = judge(act, fields, settings, row) {
                findings.emit(finding(fields, row, &seen))?;
            }
        }
        Ok(())
    }
}

/// What is reported of a row.
struct Seen {
    rule: Rule,
    severity: Option<Severity>,
    /// In words.
    what: String,
    /// What follows the account in the key.
    key: String,
}

fn judge(act: Act, fields: &Fields, settings: &Settings, row: Row) -> Option<Seen> {
    let names = [fields.target_id.text(row), fields.target_user.text(row)];
    let sensitive = names.into_iter().flatten().any(|name| is_listed(name, &settings.sensitive_accounts));
    let by_helpdesk = fields.actor.text(row).is_some_and(|actor| is_listed(actor, &settings.helpdesk_accounts));
    let reason = fields.reason.text(row).or(fields.description.text(row)).unwrap_or("");
    let seen = |rule, grave: bool, what: &str| {
        let severity = (grave && sensitive).then_some(Severity::High);
        Some(Seen { rule, severity, what: what.to_owned(), key: String::new() })
    };
    match act {
        Act::Reported => seen(Rule::SignInRequestReported, false, reason),
        Act::ByAdministrator if by_helpdesk && !sensitive => None,
        Act::ByAdministrator if reason.to_ascii_lowercase().contains("temporary access pass") => {
            seen(Rule::TemporaryAccessPassCreated, true, reason)
        }
        Act::ByAdministrator => seen(Rule::SecondFactorAddedByAdministrator, true, reason),
        Act::Account => {
            let before = fields.details_before.text(row).unwrap_or("");
            let prefix = phone::foreign(fields.details.text(row)?, before, &settings.home_prefixes)?;
            let severity = sensitive.then_some(Severity::High);
            let what = format!("a number that begins with {prefix}");
            Some(Seen { rule: Rule::ForeignPhoneAdded, severity, what, key: format!("|{prefix}") })
        }
        Act::ByUser | Act::PasswordReset if !sensitive => None,
        Act::ByUser => seen(Rule::SensitiveAccountSecurityInfoChanged, false, reason),
        Act::PasswordReset => seen(Rule::SensitiveAccountSecurityInfoChanged, false, "its password was reset"),
    }
}

fn finding(fields: &Fields, row: Row, seen: &Seen) -> Finding {
    let actor = fields.actor.text(row).or(fields.actor_app.text(row)).unwrap_or("");
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let id = fields.target_id.text(row).unwrap_or("");
    let user = fields.target_user.text(row).filter(|user| !user.is_empty()).unwrap_or(id);
    let user = if user.is_empty() { actor } else { user };
    let summary = match seen.rule {
        Rule::TemporaryAccessPassCreated => format!("{who} made a temporary access pass for '{user}'."),
        Rule::SecondFactorAddedByAdministrator => format!("{who} added a second factor to the account '{user}'."),
        Rule::ForeignPhoneAdded => format!("Sign-ins of '{user}' are confirmed by {} now.", seen.what),
        Rule::SensitiveAccountSecurityInfoChanged => {
            format!("{who} changed what protects the sensitive account '{user}'.")
        }
        Rule::SignInRequestReported => format!("'{user}' reported a sign-in request that was not theirs."),
    };
    let account = if id.is_empty() { user } else { id };
    let finding = seen
        .rule
        .on(row)
        .summary(summary)
        .entity("user", user)
        .entity("actor", actor)
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("What", &seen.what)
        .key(format!("{account}{}", seen.key).to_lowercase());
    match seen.severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
