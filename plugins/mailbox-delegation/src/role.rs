//! Rule `mailbox-role-assigned`: one of Exchange's own roles that reach everybody's mail.

use cordon_sdk::microsoft::{is_listed, is_same_account, object_name};
use cordon_sdk::prelude::*;

use crate::{Record, Rule, names};

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let role = fields.role.text(row).map(object_name).unwrap_or("");
    if !is_listed(role, &settings.mailbox_roles) {
        return Ok(());
    }
    let holders = [(fields.user.text(row), "user"), (fields.group.text(row), "group"), (fields.app.text(row), "app")];
    let holder = holders.into_iter().find_map(|(name, kind)| Some((object_name(name?), kind)));
    let (holder, kind) = holder.filter(|(name, _)| !name.is_empty()).unwrap_or(("", "user"));
    if names(&settings.trusted_delegates, holder) {
        return Ok(());
    }
    let actor = record.actor();
    let who = if actor.is_empty() { "Somebody" } else { actor };
    let themselves = is_same_account(holder, actor);
    let to = if themselves { "themselves".to_owned() } else { format!("'{holder}'") };
    let scope = fields.scope.text(row).unwrap_or("");
    let reach = if scope.is_empty() { "It reaches every mailbox." } else { "It reaches the mailboxes of its scope." };
    let finding = record
        .finding(Rule::MailboxRoleAssigned, "")
        .summary(format!("{who} gave the Exchange role '{role}' to {to}. {reach}"))
        .entity(kind, holder)
        .entity("role", role)
        .context("Scope", scope)
        .context("Assignment", fields.name.text(row).unwrap_or(""))
        .key(format!("{role}>{holder}").to_lowercase());
    findings.emit(if themselves { finding.severity(Severity::Critical) } else { finding })
}
