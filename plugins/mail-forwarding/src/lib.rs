//! Mail that leaves the organisation by itself (mailbox setting, inbox rule, mail flow rule), the switches that allow it, and
//! inbox rules that hide mail.
//!
//! Reads Exchange's records in `m365.audit`; one file a family of rules. An act that failed, and what the service does by
//! itself, is no finding: nothing changed, or nobody did it. Not covered, because the record does not hold it: forwarding to a
//! directory recipient by name (`ForwardingAddress` of a mail contact), and a rule changed in Outlook, of which only the id
//! is logged.

mod allowed;
mod hiding;
mod inbox_rule;
mod inside;
mod mail_flow;
mod mailbox;
mod record;

use cordon_sdk::microsoft::succeeded;
use cordon_sdk::prelude::*;

use crate::record::Record;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct MailForwarding;

#[detector]
impl MailForwarding {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let mailboxes = fields.operation.equals("Set-Mailbox");
        let inbox_rules = fields.operation.any_of(&["New-InboxRule", "Set-InboxRule", "UpdateInboxRules"]);
        let mail_flow =
            fields.operation.any_of(&["New-TransportRule", "Set-TransportRule", "New-JournalRule", "Set-JournalRule"]);

        let allowing = fields.operation.any_of(&allowed::OPERATIONS);

        // Most of what is logged is the service setting mailboxes: the address decides before anything else is read.
        let forwarding = fields.forwarding_smtp_address.contains("@") | fields.forwarding_address.contains("@");
        let forwarded = mailboxes & forwarding;
        let fields = &fields.among(&(&forwarded | &inbox_rules | &mail_flow | &allowing));
        for row in &forwarded {
            if let Some(record) = acted(fields, settings, row) {
                mailbox::judge(&record, findings)?;
            }
        }
        for row in &inbox_rules {
            if let Some(record) = acted(fields, settings, row) {
                inbox_rule::judge(&record, findings)?;
            }
        }
        for row in &mail_flow {
            if let Some(record) = acted(fields, settings, row) {
                mail_flow::judge(&record, findings)?;
            }
        }
        for row in &allowing {
            if let Some(record) = acted(fields, settings, row) {
                allowed::judge(&record, findings)?;
            }
        }
        Ok(())
    }
}

/// The record of this row, unless the act failed or the service did it.
fn acted<'a>(fields: &'a Fields, settings: &'a Settings, row: Row) -> Option<Record<'a>> {
    let record = Record { fields, settings, row };
    (succeeded(fields.result.text(row)) && !record.is_service()).then_some(record)
}
