//! Rules `anonymous-link` and `shared-outside`: files, folders and sites that people outside may open.

use cordon_sdk::prelude::*;

use crate::guest::{address, is_in, is_named_guest, is_trusted};
use crate::{Record, Rule};

pub(crate) fn anonymous(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let data = record.fields.event_data.text(record.row).unwrap_or("");
    let edits = data.contains("<Type>Edit") || data.contains("<Type>Write");
    let object = record.object();
    let finding = record
        .finding(Rule::AnonymousLink)
        .summary(format!(
            "{} made a link by which anybody may {} {}.",
            record.who(),
            if edits { "open and change" } else { "open" },
            if object.is_empty() { "a file" } else { object },
        ))
        .entity("file", object)
        .key(format!("{}|{}", record.actor(), record.site()).to_lowercase());
    findings.emit(match (record.is_sensitive, edits) {
        (true, _) => finding.severity(Severity::Critical),
        (false, true) => finding.severity(Severity::High),
        (false, false) => finding,
    })
}

pub(crate) fn with_guest(record: &Record<'_>, findings: &mut Findings) -> Result<(), Failure> {
    let (fields, settings, row) = (record.fields, record.settings, record.row);
    let target = fields.target.text(row).unwrap_or("");
    let guest = fields.target_type.text(row).is_some_and(|kind| kind.trim().eq_ignore_ascii_case("Guest"));
    if !guest && !is_named_guest(target) {
        return Ok(());
    }
    let guest = address(target).unwrap_or_else(|| target.to_lowercase());
    if is_trusted(&guest, settings)? {
        return Ok(());
    }
    let private = is_in(&guest, &settings.private_domains);
    let object = record.object();
    let finding = record
        .finding(Rule::SharedOutside)
        .summary(format!(
            "{} shared {} with {}{}.",
            record.who(),
            if object.is_empty() { "a file" } else { object },
            if guest.is_empty() { "a guest" } else { &guest },
            if private { ", a private mailbox" } else { "" },
        ))
        .entity("file", object)
        .entity("guest", &guest)
        .key(format!("{}>{guest}", record.actor().to_lowercase()));
    findings.emit(match (record.is_sensitive, private) {
        (true, _) => finding.severity(Severity::High),
        (false, true) => finding.severity(Severity::Medium),
        (false, false) => finding,
    })
}
