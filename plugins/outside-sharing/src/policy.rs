//! Rule `sharing-policy-widened`: what a site, or the organisation, allows.

use cordon_sdk::microsoft::is_true;
use cordon_sdk::prelude::*;

use crate::{Record, Rule};

/// What the sharing capability of a site or tenant is called, from none to links for anybody.
const CAPABILITIES: [(&str, &str); 4] = [
    ("Disabled", "0"),
    ("ExistingExternalUserSharingOnly", "3"),
    ("ExternalUserSharingOnly", "1"),
    ("ExternalUserAndGuestSharing", "2"),
];
const ANYBODY: usize = 3;

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let mut widened: Vec<String> = Vec::new();
    let mut anybody = false;
    for (name, old, new) in record.changes() {
        let links = name.to_ascii_lowercase().contains("anonymous");
        let more = match (capability(old), capability(new)) {
            (_, Some(after)) if name.eq_ignore_ascii_case("SharingCapability") => {
                anybody |= after == ANYBODY;
                capability(old).is_some_and(|before| after > before)
            }
            _ => (links || is_about_guests(name)) && is_on(new) && !is_on(old),
        };
        if more {
            anybody |= links;
            widened.push(format!("{name}: {} to {new}", if old.is_empty() { "unset" } else { old }));
        }
    }
    if widened.is_empty() {
        return Ok(());
    }
    let kind = record.fields.item_type.text(record.row).unwrap_or("");
    // The tenant is changed in its administration site.
    let tenant =
        kind.eq_ignore_ascii_case("Tenant") || record.object().to_ascii_lowercase().contains("-admin.sharepoint.");
    let place = if tenant { "the whole organisation" } else { record.site() };
    let finding = record
        .finding(Rule::SharingPolicyWidened)
        .summary(format!("{} allowed more sharing with outside for {place}: {}.", record.who(), widened.join(", ")))
        .entity("resource", record.object())
        .context("Changed", widened.join("; "))
        .key(place.to_lowercase());
    findings.emit(match (tenant || record.is_sensitive, anybody) {
        (true, true) => finding.severity(Severity::Critical),
        (true, false) => finding.severity(Severity::High),
        (false, _) => finding,
    })
}

fn capability(value: &str) -> Option<usize> {
    CAPABILITIES.iter().position(|(name, number)| name.eq_ignore_ascii_case(value) || *number == value)
}

fn is_about_guests(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("guest") || name.contains("external")
}

fn is_on(value: &str) -> bool {
    is_true(value) || value.eq_ignore_ascii_case("Enabled") || value.eq_ignore_ascii_case("On")
}
