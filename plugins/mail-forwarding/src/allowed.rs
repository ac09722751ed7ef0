//! Rule `forwarding-allowed`: the organisation's own switches for automatic forwarding, set to let it through.

use cordon_sdk::microsoft::{is_partner, is_true, object_name};
use cordon_sdk::prelude::*;

use crate::record::Record;
use crate::{List, Rule};

pub(crate) const OPERATIONS: [&str; 4] = [
    "New-RemoteDomain",
    "Set-RemoteDomain",
    "New-HostedOutboundSpamFilterPolicy",
    "Set-HostedOutboundSpamFilterPolicy",
];

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, row) = (record.fields, record.row);
    let domains = fields.auto_forward_enabled.text(row).is_some_and(is_true);
    let policies = fields.auto_forwarding_mode.text(row).is_some_and(|mode| mode.trim().eq_ignore_ascii_case("On"));
    if !domains && !policies {
        return Ok(());
    }
    let name = fields.identity.text(row).or(fields.object.text(row)).or(fields.rule_name.text(row));
    let name = object_name(name.unwrap_or(""));
    let domain = fields.domain_name.text(row).unwrap_or(name).trim_start_matches("*.");
    if domains && is_partner(domain, &record.settings.trusted_domains, List::TrustedDomains)? {
        return Ok(());
    }
    // The remote domain of all others is called so; a policy of that name is everybody's.
    let every =
        [name, domain].iter().any(|name| name.is_empty() || *name == "*" || name.eq_ignore_ascii_case("Default"));
    let what = if domains { format!("to the domain '{domain}'") } else { format!("by the outbound policy '{name}'") };
    let finding = record
        .finding(Rule::ForwardingAllowed, None, &std::collections::BTreeSet::new())
        .summary(format!("{} allowed automatic forwarding of mail {what}.", record.who()))
        .key(format!(
            "{}|{}",
            if domains { "domain" } else { "policy" },
            if domains { domain } else { name }.to_lowercase()
        ));
    findings.emit(if every { finding.severity(Severity::High) } else { finding })
}
