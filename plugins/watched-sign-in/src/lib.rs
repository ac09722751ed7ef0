//! Sign-ins that should not have come through: of high risk, by emergency and closed accounts, by guests in tools of
//! administration; and attempts at disabled accounts.
//!
//! Reads `entra.signin`, and `m365.audit` for accounts on a list, which both logs name alike: both give the same rule and key.
//! What failed is no finding, but for emergency and disabled accounts, where the attempt tells.

mod judge;

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::judge::Seen;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct WatchedSignIn;

#[detector]
impl WatchedSignIn {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let watched = fields.user.matches(|user| {
            is_listed(user, &settings.break_glass_accounts) || is_listed(user, &settings.closed_accounts)
        });
        let suspects = if batch.source() == "m365.audit" {
            fields.operation.any_of(&["UserLoggedIn", "UserLoginFailed"]) & watched
        } else {
            watched
                | fields.risk.matches(|risk| is_listed(risk, &settings.risk_levels))
                | fields.code.equals(judge::DISABLED)
                | fields.error.equals(judge::DISABLED)
                | fields.user_type.equals("Guest")
        };
        let fields = &fields.among(&suspects);
        for row in &suspects {
            for seen in judge::row(fields, settings, row) {
                findings.emit(finding(fields, row, &seen))?;
            }
        }
        Ok(())
    }
}

fn finding(fields: &Fields, row: Row, seen: &Seen) -> Finding {
    let text = |field: &Field<'_>| field.text(row).unwrap_or("").to_owned();
    let first = |names: [String; 3]| names.into_iter().find(|name| !name.is_empty()).unwrap_or_default();
    let who = first([text(&fields.user), text(&fields.principal), text(&fields.principal_id)]);
    let app = first([text(&fields.application), text(&fields.application_id), String::new()]);
    let from = text(&fields.client_ip);
    let country = text(&fields.country);
    let place = match (from.is_empty(), country.is_empty()) {
        (true, _) => String::new(),
        (false, true) => format!(" from {from}"),
        (false, false) => format!(" from {from} ({country})"),
    };
    let to = if app.is_empty() { String::new() } else { format!(" to '{app}'") };
    let summary = match (seen.rule, seen.failed) {
        (Rule::RiskySignInPassed, _) => format!("A sign-in of {who}{to}{place} had a high risk and came through."),
        (Rule::BreakGlassSignIn, false) => format!("The emergency account {who} signed in{to}{place}."),
        (Rule::BreakGlassSignIn, true) => format!("Somebody tried the emergency account {who}{place}."),
        (Rule::ClosedAccountSignIn, _) => format!("The closed account {who} signed in{to}{place}."),
        (Rule::DisabledAccountTried, _) => format!("Somebody tried the disabled account {who}{place}."),
        (Rule::GuestInAdministration, _) => format!("The guest {who} signed in{to}{place}."),
    };
    let kind = if text(&fields.user).is_empty() { "app" } else { "user" };
    let finding = seen
        .rule
        .on(row)
        .summary(summary)
        .entity(kind, &who)
        .entity("ip", &from)
        .context("Application", &app)
        .context("Asked for", text(&fields.requirement))
        .context("Conditional access", text(&fields.conditional_access))
        .context("Risk", text(&fields.risk_events))
        .key(&seen.key);
    match seen.severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
