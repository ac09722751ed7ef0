//! Access to mailboxes, the right to send in their name, and the roles that reach all of them, given to others.
//!
//! Reads Exchange's records in `m365.audit`: cmdlets, and folder permissions that were set in Outlook. An act that failed, that
//! took a right away, or that the service did by itself, is no finding. Not covered: a folder that is opened to one named person,
//! which people do all day.

mod folder;
mod mailbox;
mod role;

use cordon_sdk::microsoft::{is_listed, is_same_account, is_service, object_name, operation, succeeded};
use cordon_sdk::prelude::*;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct MailboxDelegation;

#[detector]
impl MailboxDelegation {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let people = !fields.actor.matches(|actor| is_service(actor, &settings.service_accounts));
        let grants = fields.operation.any_of(&["Add-MailboxPermission", "Add-RecipientPermission"]);
        let sets = fields.operation.equals("Set-Mailbox") & &people;
        let grants = (grants & &people) | (fields.on_behalf.among(&sets).present());
        let folders = fields.operation.any_of(&folder::OPERATIONS) & &people;
        let roles = fields.operation.equals("New-ManagementRoleAssignment") & &people;
        let fields = &fields.among(&(&grants | &folders | &roles));
        for row in &grants {
            if succeeded(fields.result.text(row)) {
                mailbox::judge(&Record { fields, settings, row }, findings)?;
            }
        }
        for row in &roles {
            if succeeded(fields.result.text(row)) {
                role::judge(&Record { fields, settings, row }, findings)?;
            }
        }
        for row in &folders {
            if succeeded(fields.result.text(row)) {
                folder::judge(&Record { fields, settings, row }, findings)?;
            }
        }
        Ok(())
    }
}

/// One row with what is needed to judge it.
struct Record<'a> {
    fields: &'a Fields<'a>,
    settings: &'a Settings,
    row: Row,
}

impl<'a> Record<'a> {
    fn operation(&self) -> &'a str {
        operation(self.fields.operation.text(self.row).unwrap_or(""))
    }

    fn actor(&self) -> &'a str {
        self.fields.actor.text(self.row).unwrap_or("")
    }

    /// A finding with what every finding of this plugin shows.
    fn finding(&self, rule: Rule, mailbox: &str) -> Finding {
        rule.on(self.row)
            .entity("user", self.actor())
            .entity("mailbox", mailbox)
            .entity("ip", self.fields.client_ip.text(self.row).unwrap_or(""))
            .context("Operation", self.operation())
    }
}

/// Whether a list names this account, by address or alias.
fn names(list: &[String], account: &str) -> bool {
    is_listed(object_name(account), list) || list.iter().any(|listed| is_same_account(listed, account))
}

/// The part of a name by which a mailbox is keyed however it was named: the alias, in lower case.
fn alias(name: &str) -> String {
    let name = object_name(name);
    name.split_once('@').map_or(name, |(alias, _)| alias).to_lowercase()
}
