//! Rule `site-administrator-added`: somebody who may read all of a site, or of another's OneDrive.

use cordon_sdk::microsoft::is_same_account;
use cordon_sdk::prelude::*;

use crate::{Record, Rule};

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let named = record.changes().find(|(name, ..)| name.eq_ignore_ascii_case("SiteAdmin")).map(|(_, _, new)| new);
    let target = record.fields.target.text(record.row).filter(|target| !target.is_empty());
    let who = named.filter(|name| !name.is_empty()).or(target).unwrap_or("");
    let site = record.site();
    let owner = onedrive_owner(site);
    // Everybody's OneDrive begins with its owner as administrator.
    if owner.is_some_and(|owner| is_mangled(owner, who)) {
        return Ok(());
    }
    let themselves = is_same_account(who, record.actor());
    let high = themselves || owner.is_some() || record.is_sensitive;
    let place = if owner.is_some() { "another person's OneDrive" } else { "the site" };
    let given = if themselves { "themselves".to_owned() } else { format!("'{who}'") };
    let finding = record
        .finding(Rule::SiteAdministratorAdded)
        .summary(format!("{} made {given} administrator of {place} {site}.", record.who()))
        .entity("delegate", who)
        .entity("resource", site)
        .key(format!("{site}>{who}").to_lowercase());
    findings.emit(if high { finding.severity(Severity::High) } else { finding })
}

/// `ada_force_example` of `https://force-my.sharepoint.com/personal/ada_force_example/Documents`.
fn onedrive_owner(site: &str) -> Option<&str> {
    let at = site.to_ascii_lowercase().find("/personal/")?;
    site.get(at + "/personal/".len()..)?.split('/').next().filter(|owner| !owner.is_empty())
}

/// Whether a OneDrive's name is made of this account's address: every sign that is no letter or digit became `_`.
fn is_mangled(owner: &str, account: &str) -> bool {
    let mangled: String = account.chars().map(|c| if c.is_alphanumeric() { c } else { '_' }).collect();
    owner.eq_ignore_ascii_case(&mangled)
}
