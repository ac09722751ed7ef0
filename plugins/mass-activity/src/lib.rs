//! Files, mail, sites and mailboxes that one account goes through in bulk, against its own past, in `m365.audit`.
//!
//! Windows count different things, so that what is delivered again or opened twice counts once. A threshold must be passed and,
//! where there is a week of history, a multiple of the account's own largest number too. A day's own number is part of the past
//! from the next day on. Not covered: somebody who takes a little more every day, and what a machine copies by other ways.

mod past;

use cordon_sdk::microsoft::{Sites, first_named, read_by_people};
use cordon_sdk::prelude::*;

use crate::past::Past;

const DOWNLOADS: [&str; 1] = ["FileDownloaded"];
const SYNCHRONISED: [&str; 2] = ["FileSyncDownloadedFull", "FileSyncDownloadedPartial"];
const DELETIONS: [&str; 5] = [
    "FileDeleted",
    "FileRecycled",
    "FileDeletedFirstStageRecycleBin",
    "FileDeletedSecondStageRecycleBin",
    "FileVersionsAllDeleted",
];
const VISITS: [&str; 4] = ["FileAccessed", "FileDownloaded", "FilePreviewed", "FileSyncDownloadedFull"];
const MAIL_READ: [&str; 1] = ["MailItemsAccessed"];
const MAIL_DELETED: [&str; 3] = ["HardDelete", "SoftDelete", "MoveToDeletedItems"];

/// How long an account's past is kept after its last act: 60 days.
const KEPT: u32 = 60 * 86_400;

/// Finds what is done in bulk.
#[derive(Debug, Default)]
pub struct MassActivity;

#[detector]
impl MassActivity {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let operations = [&DOWNLOADS[..], &SYNCHRONISED, &DELETIONS, &VISITS, &MAIL_READ, &MAIL_DELETED].concat();
        let rows = fields.operation.any_of(&operations);
        let fields = &fields.among(&rows);
        let judged = rows & read_by_people(&fields.user, &fields.result, &settings.service_accounts);
        let of = |names: &[&str]| fields.operation.any_of(names) & &judged;

        let mut things = Window::Things.of(batch);
        for (rule, names) in FILES {
            for row in &of(names) {
                things.add(row, key(fields, row, rule), file(fields, row));
            }
        }
        for (rule, names) in MAIL {
            for row in &of(names) {
                things.add(row, key(fields, row, rule), fields.record.text(row).unwrap_or(""));
            }
        }
        let mut sites = Window::Sites.of(batch);
        for row in &(of(&VISITS) & !fields.site.empty()) {
            sites.add(row, key(fields, row, "many-sites"), fields.site.text(row).unwrap_or(""));
        }
        let mut mailboxes = Window::Mailboxes.of(batch);
        for row in &(of(&MAIL_READ) & !fields.owner.empty()) {
            let (user, owner) = (fields.user.text(row), fields.owner.text(row).unwrap_or(""));
            if user != Some(owner) {
                mailboxes.add(row, key(fields, row, "many-mailboxes"), owner);
            }
        }
        let mut seen = things.answers()?;
        seen.extend(sites.answers()?);
        seen.extend(mailboxes.answers()?);
        // State goes through rows in their order.
        seen.sort_by_key(|one| one.row);
        for one in seen {
            compare(batch, fields, settings, &one, findings)?;
        }
        Ok(())
    }
}

/// Rules about files, by id.
const FILES: [(&str, &[&str]); 3] =
    [("mass-download", &DOWNLOADS), ("mass-sync", &SYNCHRONISED), ("mass-delete", &DELETIONS)];
/// Rules about mail, by id. One record names many mails: windows tell records apart, and the past sums up what they name.
const MAIL: [(&str, &[&str]); 2] = [("mass-mail-read", &MAIL_READ), ("mass-mail-delete", &MAIL_DELETED)];

/// Whose window, and of which rule.
fn key(fields: &Fields, row: Row, rule: &str) -> String {
    format!("{rule} {}", fields.user.text(row).unwrap_or(""))
}

/// What tells a file from others.
fn file<'a>(fields: &'a Fields, row: Row) -> &'a str {
    first_named(&[&fields.file, &fields.object, &fields.record], row)
}

/// A rule with its threshold, and what is counted in which time.
fn rule(settings: &Settings, key: &str) -> Option<(Rule, i64, &'static str)> {
    let (id, _) = key.split_once(' ')?;
    Some(match id {
        "mass-download" => (Rule::MassDownload, settings.downloads, "files downloaded within an hour"),
        "mass-sync" => (Rule::MassSync, settings.synchronised, "files brought down within an hour"),
        "mass-delete" => (Rule::MassDelete, settings.deletions, "files deleted within an hour"),
        "mass-mail-read" => (Rule::MassMailRead, settings.mails_read, "mails read within an hour"),
        "mass-mail-delete" => (Rule::MassMailDelete, settings.mails_deleted, "mails deleted within an hour"),
        "many-sites" => (Rule::ManySites, settings.sites, "sites gone through within ten minutes"),
        "many-mailboxes" => (Rule::ManyMailboxes, settings.mailboxes, "mailboxes of others opened within a day"),
        _ => return None,
    })
}

/// Compares a number with the threshold and with the account's past, and takes it into the past.
fn compare(
    batch: &Batch,
    fields: &Fields,
    settings: &Settings,
    seen: &Seen,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some((rule, least, what)) = rule(settings, &seen.key) else { return Ok(()) };
    let (row, time, state) = (seen.row, batch.time(seen.row), batch.state());
    let kept = state.get(&[(row, &seen.key)])?.into_iter().next().flatten();
    let mut past = kept.map(|bytes| Past::read(&bytes)).unwrap_or_default();
    let before = past.before(time);
    let mails = match rule {
        Rule::MassMailRead => Some(fields.mails_read.texts(row).count()),
        Rule::MassMailDelete => Some(fields.mails_deleted.texts(row).count()),
        _ => None,
    };
    // A record that is delivered again names nothing new.
    let new = mails.map(|mails| if seen.first_time { u32::try_from(mails).unwrap_or(u32::MAX) } else { 0 });
    let value = new.map_or(seen.value, |new| past.add(time, new));
    let learnt = past.learn(time, value) || new.is_some_and(|new| new > 0);
    let quiet = matches!(rule, Rule::MassSync) && !before.known();
    let beyond = !before.known() || i64::from(value) >= i64::from(before.largest) * settings.times;
    let many = i64::from(value) >= least;
    let tell = many && beyond && !quiet && past.tell(time, value);
    if tell {
        findings.emit(finding(fields, settings, rule, (least, value), seen, what, before)?)?;
    }
    if learnt || tell { state.set(row, &seen.key, &past.bytes(), KEPT) } else { Ok(()) }
}

fn finding(
    fields: &Fields,
    settings: &Settings,
    rule: Rule,
    (least, value): (i64, u32),
    seen: &Seen,
    what: &str,
    before: past::Verdict,
) -> Result<Finding, Failure> {
    let row = seen.row;
    let user = fields.user.text(row).unwrap_or("");
    let raised = i64::from(value) >= least * 3 && matches!(rule, Rule::MassDownload | Rule::MassDelete);
    let many = if value == seen.value { seen.many() } else { value.to_string() };
    let past = match before.history {
        0 => "nothing is known of the account's past yet".to_owned(),
        days => format!("the most on one of the {days} days before on which it did so was {}", before.largest),
    };
    let address = first_named(&[&fields.client_ip, &fields.mailbox_ip], row);
    let finding = rule
        .on(row)
        .summary(format!("{user}: {many} {what}; {past}."))
        .entity("user", user)
        .entity("ip", address)
        .context("How many", many)
        .context("Days of history", before.history.to_string())
        .context("Most before", before.largest.to_string())
        .cite_all(seen.contributors()?)
        .key(user);
    let sites = Sites::new(&settings.sensitive_sites, List::EvidenceSites);
    let site = sites.of(fields.object.text(row).unwrap_or(""), "")?;
    let finding = match site {
        Some(site) => finding.severity(Severity::Critical).context("Sensitive site", site),
        None if raised => finding.severity(Severity::High),
        None => finding,
    };
    Ok(if before.known() { finding } else { finding.confidence(Confidence::Low) })
}
