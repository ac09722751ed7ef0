//! What of a sign-in should not have come through. Reads fields and settings; emits nothing.

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::{Fields, Rule, Settings};

/// Entra's code for a disabled account.
pub(crate) const DISABLED: &str = "50057";

/// States in which somebody has looked at the risk, or the user has remedied it.
const SETTLED: [&str; 3] = ["dismissed", "remediated", "confirmedSafe"];

/// One thing that was seen.
pub(crate) struct Seen {
    pub(crate) rule: Rule,
    /// `None`: the rule's own.
    pub(crate) severity: Option<Severity>,
    /// Nobody came in.
    pub(crate) failed: bool,
    pub(crate) key: String,
}

/// All that this row's sign-in has of it.
pub(crate) fn row(fields: &Fields, settings: &Settings, row: Row) -> Vec<Seen> {
    let user = fields.user.text(row).unwrap_or("");
    let failed = !came_in(fields, row);
    let mut all = Vec::new();
    let mut see = |rule, severity, key: String| all.push(Seen { rule, severity, failed, key: key.to_lowercase() });
    if is_listed(user, &settings.break_glass_accounts) {
        let end = if failed { "|failed" } else { "" };
        see(Rule::BreakGlassSignIn, failed.then_some(Severity::Medium), format!("{}{end}", user.trim()));
    }
    if failed {
        // Only at a screen: a telephone that asks every hour with an old token tells nothing.
        let asked = fields.category.text(row).is_some_and(|log| log.eq_ignore_ascii_case("SignInLogs"));
        if is_disabled(fields, row) && asked {
            see(Rule::DisabledAccountTried, None, person(fields, row));
        }
        return all;
    }
    if is_listed(user, &settings.closed_accounts) {
        see(Rule::ClosedAccountSignIn, None, user.trim().to_owned());
    }
    if is_risky(fields, settings, row) {
        let asked = fields.requirement.text(row).unwrap_or("");
        let second = asked.eq_ignore_ascii_case("multiFactorAuthentication");
        see(Rule::RiskySignInPassed, second.then_some(Severity::Medium), person(fields, row));
    }
    let guest = fields.user_type.text(row).is_some_and(|kind| kind.eq_ignore_ascii_case("Guest"));
    let app = fields.application_id.text(row).unwrap_or("");
    let administers = settings.admin_apps.keys().any(|id| id.trim().eq_ignore_ascii_case(app.trim()));
    let expected =
        [user, fields.user_id.text(row).unwrap_or("")].iter().any(|name| is_listed(name, &settings.expected_guests));
    if guest && administers && !expected {
        see(Rule::GuestInAdministration, None, person(fields, row));
    }
    all
}

/// Whether the sign-in succeeded: its code is 0, in whichever place the log has it. One without a code did not fail.
fn came_in(fields: &Fields, row: Row) -> bool {
    let good = |code: &str| ["0", "success", "succeeded"].iter().any(|word| code.trim().eq_ignore_ascii_case(word));
    let failed = fields.operation.text(row).is_some_and(|name| name.eq_ignore_ascii_case("UserLoginFailed"));
    let codes = [fields.error.text(row), fields.code.text(row)];
    !failed && codes.into_iter().flatten().filter(|code| !code.trim().is_empty()).all(good)
}

fn is_disabled(fields: &Fields, row: Row) -> bool {
    [fields.error.text(row), fields.code.text(row)].into_iter().flatten().any(|code| code.trim() == DISABLED)
}

fn is_risky(fields: &Fields, settings: &Settings, row: Row) -> bool {
    let state = fields.risk_state.text(row).unwrap_or("");
    let stopped = fields.conditional_access.text(row).is_some_and(|result| result.eq_ignore_ascii_case("failure"));
    fields.risk.text(row).is_some_and(|risk| is_listed(risk, &settings.risk_levels))
        && !stopped
        && !SETTLED.iter().any(|word| state.eq_ignore_ascii_case(word))
}

/// Who it was, by directory id where the record has one.
fn person(fields: &Fields, row: Row) -> String {
    let names = [fields.user_id.text(row), fields.principal_id.text(row), fields.user.text(row)];
    names.into_iter().flatten().find(|name| !name.trim().is_empty()).unwrap_or("").to_owned()
}
