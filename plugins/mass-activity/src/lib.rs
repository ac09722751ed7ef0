//! Files, mail, sites and mailboxes that one account goes through in bulk, against its own past, in `m365.audit`.
//!
//! Windows count different things, so that what is delivered again or opened twice counts once. A threshold must be passed, and a
//! multiple of the account's own largest number too. A day's own number is part of the past from the next day on. An account's
//! first week is quiet: what is usual for it is learnt, and only a multiple of the threshold is told, or what touches evidence.
//! Not covered: somebody who takes a little more every day, and what a machine copies by other ways.

mod past;

use cordon_sdk::microsoft::{Sites, first_named, read_by_people};
use cordon_sdk::prelude::*;

use crate::past::{Past, Verdict};

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
/// Days from which an account is known.
const WEEK: i64 = 7;
/// Days on which an account must have synchronised before it is told of.
const SYNCHRONISED_ON: usize = 7;

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
        let judged =
            rows & read_by_people(&fields.user, &fields.result, &settings.service_accounts, List::ServiceAccounts)?;
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
        let evidence = Sites::new(&settings.sensitive_sites, List::EvidenceSites);
        for one in seen {
            compare(batch, fields, settings, &evidence, &one, findings)?;
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

/// So many times a number. Where that is more than the window counts, all that it counts will do, if it is twice the number.
fn counted(rule: Rule, number: i64, times: i64) -> i64 {
    let counts = match rule {
        Rule::MassMailRead | Rule::MassMailDelete => i64::MAX, // summed up in the past
        Rule::ManySites | Rule::ManyMailboxes => 256,
        Rule::MassDownload | Rule::MassSync | Rule::MassDelete => 1_024,
    };
    number.saturating_mul(times).min(counts.max(number.saturating_mul(2)))
}

/// What is known of an account and one kind of act, before the day of a record.
struct History {
    /// Days since the account was seen first, with whichever kind of act.
    days: i64,
    /// Of this kind of act.
    before: Verdict,
}

impl History {
    fn known(&self) -> bool {
        self.days >= WEEK
    }
}

/// Compares a number with the threshold and with the account's past, and takes it into the past.
fn compare(
    batch: &Batch,
    fields: &Fields,
    settings: &Settings,
    evidence: &Sites<'_>,
    seen: &Seen,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let Some((rule, least, what)) = rule(settings, &seen.key) else { return Ok(()) };
    let (row, time, state) = (seen.row, batch.time(seen.row), batch.state());
    let since_key = format!("since {}", fields.user.text(row).unwrap_or(""));
    let mut kept = state.get(&[(row, &seen.key), (row, &since_key)])?.into_iter();
    let mut past = kept.next().flatten().map(|bytes| Past::read(&bytes)).unwrap_or_default();
    let since = kept.next().flatten().and_then(|bytes| Since::read(&bytes));
    let days = since.map_or(0, |since| since.days(time)).max(past.known_for(time));
    let history = History { days, before: past.before(time) };
    let mails = match rule {
        Rule::MassMailRead => Some(fields.mails_read.texts(row).count()),
        Rule::MassMailDelete => Some(fields.mails_deleted.texts(row).count()),
        _ => None,
    };
    // A record that is delivered again names nothing new.
    let new = mails.map(|mails| if seen.first_time { u32::try_from(mails).unwrap_or(u32::MAX) } else { 0 });
    let value = new.map_or(seen.value, |new| past.add(time, new));
    let mut changed = past.learn(time, value) || new.is_some_and(|new| new > 0);
    let number = i64::from(value);
    if number >= least {
        let site = evidence.of(fields.object.text(row).unwrap_or(""), "")?;
        let beyond = match rule {
            // A new machine brings down everything, whoever's it is.
            Rule::MassSync if history.before.days < SYNCHRONISED_ON => false,
            _ if history.known() => number >= counted(rule, i64::from(history.before.largest), settings.times),
            _ => site.is_some() || number >= counted(rule, least, settings.first_week),
        };
        if beyond && past.tell(time, value) {
            findings.emit(finding(fields, rule, (least, value), seen, what, &history, site)?)?;
            changed = true;
        }
    }
    if changed {
        state.set(row, &seen.key, &past.bytes(), KEPT)?;
    }
    match Since::after(since, time) {
        Some(since) => state.set(row, &since_key, &since.bytes(), KEPT),
        None => Ok(()),
    }
}

fn finding(
    fields: &Fields,
    rule: Rule,
    (least, value): (i64, u32),
    seen: &Seen,
    what: &str,
    history: &History,
    site: Option<String>,
) -> Result<Finding, Failure> {
    let row = seen.row;
    let user = fields.user.text(row).unwrap_or("");
    let raised = i64::from(value) >= least * 3 && matches!(rule, Rule::MassDownload | Rule::MassDelete);
    let many = if value == seen.value { seen.many() } else { value.to_string() };
    let History { days, before } = history;
    let past = match (days, before.days) {
        (0, 0) => "nothing is known of the account's past yet".to_owned(),
        (_, 0) => format!("the account is known for {days} days and did not do so before"),
        (_, on) => format!(
            "the account is known for {days} days, and the most on one of the {on} on which it did so was {}",
            before.largest
        ),
    };
    let address = first_named(&[&fields.client_ip, &fields.mailbox_ip], row);
    let finding = rule
        .on(row)
        .summary(format!("{user}: {many} {what}; {past}."))
        .entity("user", user)
        .entity("ip", address)
        .context("How many", many)
        .context("Days of history", days.to_string())
        .context("Most before", before.largest.to_string())
        .cite_all(seen.contributors()?)
        .key(user);
    let finding = match site {
        Some(site) => finding.severity(Severity::Critical).context("Sensitive site", site),
        None if raised => finding.severity(Severity::High),
        None => finding,
    };
    Ok(if history.known() { finding } else { finding.confidence(Confidence::Low) })
}
