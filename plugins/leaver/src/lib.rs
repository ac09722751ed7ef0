//! Files that people take along in the weeks before they leave, and what is taken with their accounts afterwards.
//!
//! Reads `m365.audit`: downloads, and what endpoint loss prevention tells of sticks, printers and clouds. Who leaves, and when,
//! stand in a list or are settings. Days end at midnight UTC. Not covered: mail, photographs of a screen, machines without loss prevention.

use std::collections::BTreeMap;

use cordon_sdk::microsoft::{Sites, succeeded};
use cordon_sdk::prelude::*;

/// What takes a file.
const TAKES: [&str; 8] = [
    "FileDownloaded",
    "FileSyncDownloadedFull",
    "FileCopiedToRemovableMedia",
    "FileCopiedToNetworkShare",
    "FileCopiedToClipboard",
    "FileUploadedToCloud",
    "FilePrinted",
    "FileTransferredByBluetooth",
];
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Finds what leavers take along.
#[derive(Debug, Default)]
pub struct Leaver;

#[detector]
impl Leaver {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let taking = fields.operation.any_of(&TAKES);
        let users = fields.user.among(&taking);
        let leavers = leavers(settings, users.listed(List::Leavers)?)?;
        if leavers.is_empty() {
            return Ok(());
        }
        let rows = users.matches(|user| leavers.contains_key(user));
        let fields = &fields.among(&rows);
        let sites = Sites::new(&[], List::EvidenceSites);
        let mut taken = Window::Taken.of(batch);
        for row in &rows {
            let Some(user) = fields.user.text(row) else { continue };
            let Some(last) = leavers.get(user).filter(|_| succeeded(fields.result.text(row))) else { continue };
            // From how many days before the last one on: none and less is after it.
            let before = last - batch.time(row).div_euclid(DAY);
            if before < 0 {
                let what = format!("after the last day of its owner, {} days ago", -before);
                findings.emit(finding(fields, row, &sites, Rule::FilesAfterLeaving, &what)?)?;
            } else if before <= settings.days {
                let names = [fields.file.text(row), fields.object.text(row), fields.record.text(row)];
                let file = names.into_iter().flatten().find(|name| !name.is_empty()).unwrap_or("");
                taken.add(row, user, file);
            }
        }
        for seen in taken.answers()? {
            if i64::from(seen.value) >= settings.files {
                let what = format!("{} different ones within a day, before their owner leaves", seen.many());
                let finding = finding(fields, seen.row, &sites, Rule::ExportBeforeLeaving, &what)?;
                findings.emit(finding.cite_all(seen.contributors()?))?;
            }
        }
        Ok(())
    }
}

/// Who leaves, in lower case, with the last day since 1970: by the setting, and by the list those that it has of these users.
fn leavers(settings: &Settings, listed: BTreeMap<String, String>) -> Result<BTreeMap<String, i64>, Failure> {
    let mut leavers = BTreeMap::new();
    for (account, date) in listed {
        match day(date.trim()) {
            Some(day) => _ = leavers.insert(account, day),
            // A list is filled by people in the course of a day: one bad line stops nobody else's detection.
            None => {
                log::warn(format_args!("the list `leavers` has `{date}` for an account: use a day such as 2026-03-31"))
            }
        }
    }
    for (account, date) in &settings.leavers {
        let day = day(date.trim()).ok_or_else(|| {
            Failure::bad_settings(format!("`leavers` has `{date}` for `{account}`: use a day such as 2026-03-31"))
        })?;
        leavers.insert(account.trim().to_lowercase(), day);
    }
    Ok(leavers)
}

/// The number of a day since 1970-01-01, from `2026-03-31`.
fn day(text: &str) -> Option<i64> {
    let mut parts = text.split('-').map(|part| part.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    let right = parts.next().is_none() && (1..=12).contains(&month) && (1..=31).contains(&day);
    if !right || !(1970..=9999).contains(&year) {
        return None;
    }
    // Years that begin in March: the leap day is the last.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = year * 365 + year / 4 - year / 100 + year / 400 + (month * 153 + 2) / 5 + day - 1;
    Some(days - 719_468)
}

fn finding(fields: &Fields, row: Row, sites: &Sites<'_>, rule: Rule, what: &str) -> Result<Finding, Failure> {
    let user = fields.user.text(row).unwrap_or("");
    let site = sites.of(fields.object.text(row).unwrap_or(""), fields.site.text(row).unwrap_or(""))?;
    let finding = rule
        .on(row)
        .summary(format!("Files were taken with the account {user}: {what}."))
        .entity("user", user)
        .entity("file", fields.object.text(row).unwrap_or(""))
        .entity("ip", fields.client_ip.text(row).unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Evidence site", site.as_deref().unwrap_or(""))
        .key(user);
    Ok(match (site, rule) {
        (Some(_), Rule::FilesAfterLeaving) => finding.severity(Severity::Critical),
        (Some(_), Rule::ExportBeforeLeaving) => finding.severity(Severity::High),
        (None, _) => finding,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_calendar() {
        for (text, number) in [
            ("1970-01-01", Some(0)),
            ("2000-03-01", Some(11_017)),
            ("2026-03-31", Some(20_543)),
            ("2024-02-29", Some(19_782)),
        ] {
            assert_eq!(day(text), number, "{text}");
        }
        for odd in ["", "2026-13-01", "31.3.2026", "2026-03", "2026-03-31-1", "1900-01-01"] {
            assert_eq!(day(odd), None, "{odd}");
        }
    }
}
