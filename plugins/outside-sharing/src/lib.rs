//! Files, sites and teams that are opened to people outside.
//!
//! Reads SharePoint's, OneDrive's and Teams' records in `m365.audit`. An act that failed, and what the service does by itself,
//! is no finding. Not covered: links that only the organisation, or named people of it, may open; guests who are put into a
//! group (that is in the directory's records); how many files a shared folder holds, which no record tells.

mod guest;
mod policy;
mod sharing;
mod site;
mod team;

use cordon_sdk::microsoft::{Sites, is_service, operation, succeeded};
use cordon_sdk::prelude::*;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct OutsideSharing;

#[detector]
impl OutsideSharing {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(|name| Kind::of(operation(name)).is_some())
            & !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let fields = &fields.among(&acts);
        let sites = Sites::new(&settings.sensitive_sites, List::EvidenceSites);
        for row in &acts {
            if !succeeded(fields.result.text(row)) {
                continue;
            }
            let (object, site) = (fields.object.text(row).unwrap_or(""), fields.site.text(row).unwrap_or(""));
            let is_sensitive = sites.of(object, site)?.is_some();
            let record = Record { fields, settings, row, is_sensitive };
            match Kind::of(record.operation()) {
                Some(Kind::AnonymousLink) => sharing::anonymous(&record, findings)?,
                Some(Kind::Share) => sharing::with_guest(&record, findings)?,
                Some(Kind::Policy) => policy::judge(&record, findings)?,
                Some(Kind::SiteAdministrator) => site::judge(&record, findings)?,
                Some(Kind::Team) => team::judge(&record, findings)?,
                None => {}
            }
        }
        Ok(())
    }
}

/// What kind of act an operation is.
#[derive(Debug, Clone, Copy)]
enum Kind {
    AnonymousLink,
    Share,
    Policy,
    SiteAdministrator,
    Team,
}

impl Kind {
    fn of(name: &str) -> Option<Self> {
        const ALL: [(&str, Kind); 8] = [
            ("AnonymousLinkCreated", Kind::AnonymousLink),
            ("AnonymousLinkUpdated", Kind::AnonymousLink),
            ("SharingSet", Kind::Share),
            ("SharingInvitationCreated", Kind::Share),
            ("AddedToSecureLink", Kind::Share),
            ("SharingPolicyChanged", Kind::Policy),
            ("SiteCollectionAdminAdded", Kind::SiteAdministrator),
            ("MemberAdded", Kind::Team),
        ];
        ALL.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, kind)| *kind)
    }
}

/// One row with what is needed to judge it.
struct Record<'a> {
    fields: &'a Fields<'a>,
    settings: &'a Settings,
    row: Row,
    /// Whether it lies on a sensitive site.
    is_sensitive: bool,
}

impl<'a> Record<'a> {
    fn operation(&self) -> &'a str {
        operation(self.fields.operation.text(self.row).unwrap_or(""))
    }

    fn actor(&self) -> &'a str {
        self.fields.actor.text(self.row).unwrap_or("")
    }

    /// The actor, for the beginning of a sentence.
    fn who(&self) -> &'a str {
        Some(self.actor()).filter(|actor| !actor.is_empty()).unwrap_or("Somebody")
    }

    /// What was shared or changed.
    fn object(&self) -> &'a str {
        self.fields.object.text(self.row).unwrap_or("")
    }

    /// The site's address, without a slash at its end.
    fn site(&self) -> &'a str {
        self.fields.site.text(self.row).unwrap_or_else(|| self.object()).trim_end_matches('/')
    }

    /// A finding with what every finding of this plugin shows.
    fn finding(&self, rule: Rule) -> Finding {
        rule.on(self.row)
            .entity("user", self.actor())
            .entity("ip", self.fields.client_ip.text(self.row).unwrap_or(""))
            .context("Operation", self.operation())
            .context("Sensitive site", if self.is_sensitive { "yes" } else { "" })
    }

    /// Names of changed properties with their old and new values.
    fn changes(&self) -> impl Iterator<Item = (&str, &str, &str)> {
        let (fields, row) = (self.fields, self.row);
        let values = fields.old_values.slots(row).zip(fields.new_values.slots(row));
        fields
            .changed
            .slots(row)
            .zip(values)
            .filter_map(|(name, (old, new))| Some((name?.trim(), old.unwrap_or("").trim(), new.unwrap_or("").trim())))
    }
}
