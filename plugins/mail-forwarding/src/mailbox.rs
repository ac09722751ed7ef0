//! Rule `mailbox-forwarding`: a mailbox that forwards all it receives.

use cordon_sdk::microsoft::is_false;
use cordon_sdk::prelude::*;

use crate::Rule;
use crate::record::{Record, key, sentence};

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, row) = (record.fields, record.row);
    let to = [fields.forwarding_smtp_address.text(row), fields.forwarding_address.text(row)];
    let outside = record.outside(to.into_iter().flatten())?;
    if outside.is_empty() {
        return Ok(());
    }
    let mailbox = record.mailbox();
    let diverted = fields.deliver_and_forward.text(row).is_some_and(is_false);
    let effect = if diverted { "The owner no longer receives it." } else { "The owner still receives it." };
    findings.emit(
        record
            .finding(Rule::MailboxForwarding, Some(&mailbox), &outside)
            .summary(format!("All mail to {mailbox} is now forwarded to {}. {effect}", sentence(&outside)))
            .context("Kept in the mailbox", if diverted { "no" } else { "yes" })
            .key(key(&mailbox, &outside)),
    )
}
