//! Files and mail that somebody reads in bulk at an hour at which they never work, in `m365.audit`.
//!
//! An account's hours are learnt quietly from its reading, by the force's own time zone: on how many days it was active in which
//! hour. Nothing is found before there are so many days. A record without a time of its own is not judged. Not covered: hours
//! that are on a roster, and reading more than one's peers.

mod hours;

use cordon_sdk::microsoft::{READS, Sites, first_named, is_listed, read_by_people};
use cordon_sdk::prelude::*;

use crate::hours::Hours;

/// How long an account's hours are kept after its last act: 90 days.
const KEPT: u32 = 90 * 86_400;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Finds bulk reading outside a user's own hours.
#[derive(Debug, Default)]
pub struct OutOfHours;

#[detector]
impl OutOfHours {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let rows = fields.operation.any_of(&READS);
        let fields = &fields.among(&rows);
        let nightly = fields.user.matches(|user| is_listed(user, &settings.night_accounts));
        let judged = rows
            & !nightly
            & read_by_people(&fields.user, &fields.result, &settings.service_accounts, List::ServiceAccounts)?;
        let mut read = Window::Read.of(batch);
        for row in &judged {
            if batch.has_own_time(row) {
                let user = fields.user.text(row).unwrap_or("");
                read.add(row, user, first_named(&[&fields.file, &fields.record], row));
            }
        }
        for seen in read.answers()? {
            judge(batch, fields, settings, &seen, findings)?;
        }
        Ok(())
    }
}

fn judge(
    batch: &Batch,
    fields: &Fields,
    settings: &Settings,
    seen: &Seen,
    findings: &mut Findings,
) -> Result<(), Failure> {
    let (row, user, state) = (seen.row, seen.key.as_str(), batch.state());
    let at = batch.local(row);
    let day = local_day(batch.time(row), at);
    let kept = state.get(&[(row, user)])?.into_iter().next().flatten();
    let mut hours = kept.map(|bytes| Hours::read(&bytes)).unwrap_or_default();
    let changed = hours.count(day, at.hour, at.is_weekend());
    let odd = hours.days >= settings.days && !hours.ever(at.hour, at.is_weekend());
    let tell = odd && i64::from(seen.value) >= settings.things && hours.tell(day);
    if tell {
        let many = seen.many();
        let address = first_named(&[&fields.client_ip, &fields.mailbox_ip], row);
        let sites = Sites::new(&[], List::EvidenceSites);
        let site = sites.of(fields.object.text(row).unwrap_or(""), fields.site.text(row).unwrap_or(""))?;
        let finding = Rule::BulkReadingOutsideOwnHours
            .on(row)
            .summary(format!(
                "{user} read {many} different files or records of mail within an hour, at {:02}:{:02} on a {:?}, the force's own time; on {} days before, never around that hour.",
                at.hour, at.minute, at.weekday, hours.days
            ))
            .entity("user", user)
            .entity("ip", address)
            .context("How many", many)
            .context("Days of history", hours.days.to_string())
            .context("Evidence site", site.as_deref().unwrap_or(""))
            .cite_all(seen.contributors()?)
            .key(user);
        findings.emit(if site.is_some() { finding.severity(Severity::High) } else { finding })?;
    }
    if changed || tell { state.set(row, user, &hours.bytes(), KEPT) } else { Ok(()) }
}

/// The day since 1970 of the force's own time: the one of UTC, or the one beside it.
fn local_day(time: i64, at: LocalTime) -> i64 {
    let (day, minutes) = (time.div_euclid(DAY), time.rem_euclid(DAY) / 60_000_000);
    let ahead = i64::from(at.hour) * 60 + i64::from(at.minute) - minutes;
    // Zones are half a day from UTC at most, or a little more.
    match ahead {
        ..-720 => day + 1,
        721.. => day - 1,
        _ => day,
    }
}
