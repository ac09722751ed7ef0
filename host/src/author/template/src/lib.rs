//! Somebody gave somebody else access to a mailbox.

use cordon_sdk::prelude::*;

/// The plugin. Reads `cordon.toml`: `fields`, `settings` and `Rule` are made from it.
#[derive(Debug, Default)]
pub struct {type};

#[detector]
impl {type} {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        for row in &fields.operation.equals("Add-MailboxPermission") {
            let user = fields.user.text(row).unwrap_or("Somebody");
            if settings.expected_users.iter().any(|expected| expected.eq_ignore_ascii_case(user)) {
                continue;
            }
            let mailbox = fields.mailbox.text(row).unwrap_or("a mailbox");
            findings.emit(
                Rule::MailboxAccess
                    .on(row)
                    .summary(format!("{user} gave access to {mailbox}."))
                    .entity("user", user)
                    .entity("mailbox", mailbox)
                    .key(mailbox),
            )?;
        }
        Ok(())
    }
}
