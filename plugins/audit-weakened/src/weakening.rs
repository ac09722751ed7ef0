//! What a cmdlet takes away from auditing. Judges its name and parameters against the settings; reads no fields and emits
//! nothing.

use cordon_sdk::microsoft::{Parameters, is_false, is_listed, is_true, object_name};
use cordon_sdk::prelude::Severity;

use crate::{Rule, Settings};

/// Every cmdlet that can.
pub(crate) const OPERATIONS: [&str; 11] = [
    "Set-AdminAuditLogConfig",
    "Set-OrganizationConfig",
    "Set-Mailbox",
    "Set-MailboxAuditBypassAssociation",
    "New-UnifiedAuditLogRetentionPolicy",
    "Set-UnifiedAuditLogRetentionPolicy",
    "Remove-UnifiedAuditLogRetentionPolicy",
    "Set-ProtectionAlert",
    "Remove-ProtectionAlert",
    "Disable-ActivityAlert",
    "Remove-ActivityAlert",
];

/// Auditing, or an alert, that is less than before.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Weakening {
    pub(crate) rule: Rule,
    /// What was weakened, for the key.
    pub(crate) what: &'static str,
    /// For the summary, between the actor's name and what it was done to.
    pub(crate) act: String,
    /// The parameter and its value.
    pub(crate) set_to: String,
    pub(crate) is_of_mailbox: bool,
    pub(crate) is_of_organisation: bool,
}

impl Weakening {
    fn new(rule: Rule, what: &'static str, act: impl Into<String>, set_to: String) -> Self {
        let is_of_mailbox = matches!(rule, Rule::MailboxAuditReduced | Rule::AuditBypassed);
        let is_of_organisation = rule == Rule::AuditLogDisabled;
        Self { rule, what, act: act.into(), set_to, is_of_mailbox, is_of_organisation }
    }

    fn of_mailbox(self) -> Self {
        Self { is_of_mailbox: true, ..self }
    }

    fn of_organisation(self) -> Self {
        Self { is_of_organisation: true, ..self }
    }

    /// Of one's own mailbox it is worse: nobody else could have wanted it.
    pub(crate) fn severity_if_own(&self) -> Severity {
        if self.rule == Rule::AuditBypassed { Severity::Critical } else { Severity::High }
    }

    pub(crate) fn of(operation: &str, parameters: &Parameters, settings: &Settings) -> Option<Self> {
        let is = |name: &str| operation.eq_ignore_ascii_case(name);
        if is("Set-AdminAuditLogConfig") {
            administrators_log(parameters, settings)
        } else if is("Set-OrganizationConfig") {
            let off = parameters.says("AuditDisabled", is_true);
            let act = "switched off mailbox auditing for the whole organisation";
            off.then(|| Self::new(Rule::AuditLogDisabled, "mailboxes", act, "AuditDisabled: True".into()))
        } else if is("Set-Mailbox") {
            mailbox(parameters, settings)
        } else if is("Set-MailboxAuditBypassAssociation") {
            let on = parameters.says("AuditBypassEnabled", is_true);
            let identity = parameters.first("Identity").unwrap_or("");
            let expected = [identity, object_name(identity)].iter().any(|n| is_listed(n, &settings.bypassed_accounts));
            let act = "switched off the auditing of mailbox accesses by";
            let found = || Self::new(Rule::AuditBypassed, "bypass", act, "AuditBypassEnabled: True".into());
            (on && !expected).then(found)
        } else if operation.to_ascii_lowercase().ends_with("unifiedauditlogretentionpolicy") {
            retention(operation, parameters, settings)
        } else {
            alert(operation, parameters)
        }
    }
}

fn administrators_log(parameters: &Parameters, settings: &Settings) -> Option<Weakening> {
    for (name, act) in [
        ("UnifiedAuditLogIngestionEnabled", "switched off the unified audit log"),
        ("AdminAuditLogEnabled", "switched off the log of administrators' commands"),
    ] {
        if parameters.says(name, is_false) {
            return Some(Weakening::new(Rule::AuditLogDisabled, "log", act, format!("{name}: False")));
        }
    }
    if let Some(limit) = shorter(parameters, "AdminAuditLogAgeLimit", settings.least_days) {
        let act = "shortened how long administrators' commands stay in the log";
        return Some(
            Weakening::new(
                Rule::AuditLogShortened,
                "administrators-age",
                act,
                format!("AdminAuditLogAgeLimit: {limit}"),
            )
            .of_organisation(),
        );
    }
    let narrowed = |name: &str| parameters.first(name).filter(|value| !value.contains('*')).map(str::to_owned);
    let excluded = parameters.first("AdminAuditLogExcludedCmdlets").map(str::to_owned);
    let left_out = excluded.map(|value| ("AdminAuditLogExcludedCmdlets", value)).or_else(|| {
        ["AdminAuditLogCmdlets", "AdminAuditLogParameters"].into_iter().find_map(|name| Some((name, narrowed(name)?)))
    });
    let (name, value) = left_out?;
    let act = "left administrators' commands out of the log";
    Some(Weakening::new(Rule::AuditLogShortened, "administrators", act, format!("{name}: {value}")).of_organisation())
}

fn mailbox(parameters: &Parameters, settings: &Settings) -> Option<Weakening> {
    let reduced = |act: &str, set_to| Some(Weakening::new(Rule::MailboxAuditReduced, "mailbox", act, set_to));
    if parameters.says("AuditEnabled", is_false) {
        return reduced("switched off the auditing of", "AuditEnabled: False".into());
    }
    for name in ["AuditOwner", "AuditDelegate", "AuditAdmin"] {
        if let Some(value) = parameters.all(name).find(|value| takes_away(value, &settings.needed_actions)) {
            return reduced("took actions out of the auditing of", format!("{name}: {value}"));
        }
    }
    let limit = shorter(parameters, "AuditLogAgeLimit", settings.least_days)?;
    let act = "shortened how long audit records are kept of";
    let set_to = format!("AuditLogAgeLimit: {limit}");
    Some(Weakening::new(Rule::AuditLogShortened, "mailbox-age", act, set_to).of_mailbox())
}

/// Whether a list of audited actions removes some, is empty, or lacks one that is needed. What only adds takes nothing away.
fn takes_away(value: &str, needed: &[String]) -> bool {
    let value = value.to_ascii_lowercase();
    if value.contains("remove") {
        return true;
    }
    let adds = value.contains("add=") || value.contains("add:") || value.contains("+");
    !adds && needed.iter().any(|action| !value.contains(&action.trim().to_ascii_lowercase()))
}

/// A duration that is less than so many days: `90.00:00:00`, `90`, `90:00:00`. What cannot be read is not shorter.
fn shorter<'a>(parameters: &'a Parameters, name: &'a str, least_days: i64) -> Option<&'a str> {
    parameters.all(name).find(|value| days(value).is_some_and(|days| days < least_days))
}

fn days(value: &str) -> Option<i64> {
    let value = value.trim();
    match value.split_once('.') {
        Some((days, _)) => days.parse().ok(),
        None => match value.split_once(':') {
            Some((hours, _)) => hours.parse::<i64>().ok().map(|hours| hours / 24),
            None => value.parse().ok(),
        },
    }
}

fn retention(operation: &str, parameters: &Parameters, settings: &Settings) -> Option<Weakening> {
    let found = |act: &str, set_to| Some(Weakening::new(Rule::AuditLogShortened, "retention", act, set_to));
    if operation.to_ascii_lowercase().starts_with("remove-") {
        return found("removed the audit retention policy", String::new());
    }
    let short = parameters.all("RetentionDuration").find(|duration| is_listed(duration, &settings.short_retentions))?;
    found("set a short duration for the audit retention policy", format!("RetentionDuration: {short}"))
}

fn alert(operation: &str, parameters: &Parameters) -> Option<Weakening> {
    let found = |act: &str, set_to: &str| Some(Weakening::new(Rule::AlertPolicyDisabled, "alert", act, set_to.into()));
    let name = operation.to_ascii_lowercase();
    if name.starts_with("remove-") {
        found("removed the alert policy", "")
    } else if name.starts_with("disable-") {
        found("switched off the alert policy", "")
    } else if parameters.says("Disabled", is_true) {
        found("switched off the alert policy", "Disabled: True")
    } else if parameters.says("NotificationEnabled", is_false) {
        found("stopped the notifications of the alert policy", "NotificationEnabled: False")
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_every_dress() {
        for (value, expected) in [
            ("90.00:00:00", Some(90)),
            ("30", Some(30)),
            ("48:00:00", Some(2)),
            ("", None),
            ("x.y", None),
            ("-1", Some(-1)),
        ] {
            assert_eq!(days(value), expected, "{value}");
        }
    }

    #[test]
    fn a_list_without_a_needed_action_takes_away_and_one_that_adds_does_not() {
        let needed = ["MailItemsAccessed".to_owned()];
        for value in ["", "None", "HardDelete;SoftDelete", "@{Remove=MailItemsAccessed}"] {
            assert!(takes_away(value, &needed), "{value}");
        }
        for value in ["mailitemsaccessed;HardDelete", "@{Add=\"Send\"}"] {
            assert!(!takes_away(value, &needed), "{value}");
        }
    }
}
