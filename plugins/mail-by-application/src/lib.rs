//! Mail that is read or sent by applications which nobody named, or that never read mail here.
//!
//! Reads the mailboxes' own records in `m365.audit`. An application is known by its id; a client that signs in without one
//! (Outlook by MAPI, older protocols) is no application here. Every read by such an application is a finding, all under one key:
//! one alert an application. On which days an application read mail is learnt quietly: what it says of the past, and whether an
//! application that is named does so for the first time, stand on that. Microsoft's own, which come and go by themselves, are
//! left out of the learning.

mod past;

use std::collections::BTreeMap;

use cordon_sdk::microsoft::{is_listed, is_same_account, succeeded};
use cordon_sdk::prelude::*;

use crate::past::Past;

/// How long what is known of an application is kept after it read mail last: 180 days.
const KEPT: u32 = 180 * 86_400;
/// Under which is kept since when the force is known.
const FORCE: &str = "the force";

/// Finds applications that read and send mail.
#[derive(Debug, Default)]
pub struct MailByApplication;

#[detector]
impl MailByApplication {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.any_of(&["MailItemsAccessed", "Send", "SendAs", "SendOnBehalf"]);
        let unknown = |app: &str| is_unknown(app, &settings.known_applications);
        let judged = |app: &str| unknown(app) || (is_id(app) && !is_listed(app, &settings.quiet_applications));
        let named = fields.client_app.matches(judged) | fields.app.matches(judged) | fields.access_app.matches(judged);
        let reads = fields.operation.equals("MailItemsAccessed");
        let fields = &fields.among(&acts);
        // Until when it is known that the force is: a row that finds nothing has nothing to keep twice.
        let mut until = i64::MIN;
        for row in &acts {
            let is_judged = named.contains(row) && succeeded(fields.result.text(row));
            let mut force = 0;
            if reads.contains(row) && (is_judged || batch.time(row) >= until) {
                force = keep(batch, row, FORCE)?.map_or(0, |past| past.days(batch.time(row)));
                until = until.max(past::next_day(batch.time(row)));
            }
            if !is_judged {
                continue;
            }
            // The client that asked comes first: `AppId` may be the interface that it asked through.
            let apps = [fields.client_app.text(row), fields.access_app.text(row), fields.app.text(row)];
            let Some(app) = apps.into_iter().flatten().find(|app| is_id(app)) else { continue };
            if !reads.contains(row) {
                if unknown(app) {
                    findings.emit(finding(fields, settings, row, (Rule::MailSentByApplication, app)))?;
                }
            } else if unknown(app) || !is_listed(app, &settings.quiet_applications) {
                let before = keep(batch, row, &format!("app {}", app.to_lowercase()))?;
                if unknown(app) {
                    let finding = finding(fields, settings, row, (Rule::MailReadByApplication, app));
                    findings.emit(finding.context("Before", history(force, before)))?;
                } else if before.is_none() && force >= settings.days {
                    let finding = finding(fields, settings, row, (Rule::MailReadByNewApplication, app));
                    findings.emit(finding.context("Before", history(force, before)))?;
                }
            }
        }
        Ok(())
    }
}

/// Takes a day into what is known under a key. Answers what was known before.
fn keep(batch: &Batch, row: Row, key: &str) -> Result<Option<Past>, Failure> {
    let kept = batch.state().get(&[(row, key)])?.into_iter().next().flatten();
    let before = kept.and_then(|bytes| Past::read(&bytes));
    if let Some(after) = Past::after(before, batch.time(row)) {
        batch.state().set(row, key, &after.bytes(), KEPT)?;
    }
    Ok(before)
}

/// What the past says of an application, for people.
fn history(force: i64, before: Option<Past>) -> String {
    match before {
        Some(past) => format!("it read mail on {} of the {force} days of history", past.on),
        None if force > 0 => format!("it never read mail in {force} days of history"),
        None => "nothing is known of the past yet".to_owned(),
    }
}

fn finding(fields: &Fields, settings: &Settings, row: Row, (rule, app): (Rule, &str)) -> Finding {
    let actor = fields.actor.text(row).unwrap_or("");
    let mailbox = fields.mailbox_owner.text(row).unwrap_or(actor);
    let what = match rule {
        Rule::MailReadByApplication => format!("An application that is on no list ({app}) read mail of {mailbox}."),
        Rule::MailSentByApplication => format!("An application that is on no list ({app}) sent mail as {mailbox}."),
        Rule::MailReadByNewApplication => {
            let name = settings.known_applications.iter().find(|(id, _)| id.trim().eq_ignore_ascii_case(app.trim()));
            let name = name.map_or("", |(_, name)| name.as_str());
            format!("{name} ({app}) read mail of {mailbox}, and it never read mail here before.")
        }
    };
    let ip = fields.client_ip.text(row).or(fields.client_ip_port.text(row));
    let finding = rule
        .on(row)
        .summary(what)
        .entity("app", app)
        .entity("mailbox", mailbox)
        .entity("user", actor)
        .entity("ip", ip.unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Client", fields.client_info.text(row).unwrap_or(""))
        .key(app.to_lowercase());
    let sensitive = settings.sensitive_mailboxes.iter().any(|listed| is_same_account(listed, mailbox));
    if sensitive { finding.severity(Severity::Critical) } else { finding }
}

fn is_unknown(app: &str, known: &BTreeMap<String, String>) -> bool {
    is_id(app) && !known.keys().any(|id| id.trim().eq_ignore_ascii_case(app.trim()))
}

/// Whether a text names an application; an empty one, or one of zeros, names none.
fn is_id(app: &str) -> bool {
    app.chars().any(|c| c.is_ascii_alphanumeric() && c != '0')
}
