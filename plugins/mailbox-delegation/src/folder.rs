//! Rule `folder-open-to-everybody`: a folder that `Default` or `Anonymous` may read, set by a cmdlet or in Outlook.

use cordon_sdk::microsoft::has_word;
use cordon_sdk::prelude::*;

use crate::{Record, Rule, alias};

/// How a folder's permissions are set: by cmdlet, and as the mailbox itself logs it.
pub(crate) const OPERATIONS: [&str; 4] =
    ["Add-MailboxFolderPermission", "Set-MailboxFolderPermission", "AddFolderPermissions", "ModifyFolderPermissions"];

/// Rights by which everything in a folder may be read: roles of the cmdlets, and what Outlook logs.
const READ: [&str; 8] =
    ["Owner", "PublishingEditor", "Editor", "PublishingAuthor", "Author", "Reviewer", "ReadItems", "ReadAny"];
/// Security identifiers of `Default` and `Anonymous`.
const DEFAULT: [&str; 3] = ["Default", "Everyone", "S-1-1-0"];
const ANONYMOUS: [&str; 3] = ["Anonymous", "Anonymous Logon", "S-1-5-7"];

pub(crate) fn judge(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, row) = (record.fields, record.row);
    let by_cmdlet = record.operation().contains('-');
    let (member, sid, rights) = if by_cmdlet {
        (fields.user.text(row), None, fields.rights.text(row))
    } else {
        (fields.member.text(row), fields.member_sid.text(row), fields.member_rights.text(row))
    };
    let is =
        |names: &[&str]| [member, sid].iter().flatten().any(|m| names.iter().any(|n| n.eq_ignore_ascii_case(m.trim())));
    let (everybody, called) = match (is(&DEFAULT), is(&ANONYMOUS)) {
        (_, true) => ("anybody, without signing in", "anonymous"),
        (true, false) => ("everybody in the organisation", "default"),
        (false, false) => return Ok(()),
    };
    let rights = rights.unwrap_or("");
    if !READ.iter().any(|right| has_word(rights, right)) {
        return Ok(());
    }
    let place = fields.identity.text(row).or(fields.object.text(row)).filter(|_| by_cmdlet).unwrap_or("");
    // `ada@force.example:\Inbox`; without a path it is the top of the mailbox.
    let (mailbox, path) = place.split_once(":\\").unwrap_or((place.trim_end_matches(':'), ""));
    let mailbox = if by_cmdlet { mailbox } else { fields.mailbox_owner.text(row).unwrap_or(record.actor()) };
    let path = if by_cmdlet { path } else { fields.folder.text(row).unwrap_or("") }.trim_matches('\\');
    let calendar = is_calendar(path);
    if calendar && called == "default" {
        return Ok(());
    }
    let folder = if path.is_empty() { "the top of the mailbox" } else { path };
    let finding = record
        .finding(Rule::FolderOpenToEverybody, mailbox)
        .summary(format!("{folder} of {mailbox} may now be read by {everybody}."))
        .context("Folder", path)
        .context("Rights", rights)
        .key(format!("{}|{}|{called}", alias(mailbox), path.to_lowercase()));
    findings.emit(if calendar { finding.severity(Severity::Medium) } else { finding })
}

/// Whether a path is the calendar or below it, in the languages of forces' partners too. Holiday calendars lie there.
fn is_calendar(path: &str) -> bool {
    let first = path.split('\\').next().unwrap_or("").trim();
    ["Calendar", "Calendars", "Calendrier", "Kalender", "Calendario"]
        .iter()
        .any(|name| first.eq_ignore_ascii_case(name))
}
