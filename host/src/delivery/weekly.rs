//! The weekly note: on Monday at nine, in its force's time zone, every contact is told what came and what did not, also where
//! nothing was found. That it does not come says something, too.

use jiff::civil::{Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::contacts::Contact;
use super::outbox::{self, Message};
use crate::ids::Digest;
use crate::model::Force;
use crate::results::{self, Ran, ledger};
use crate::store::{Effects, Space, Store, StoreError};

/// Microseconds.
const HOUR: i64 = 3_600_000_000;
const WEEK: i64 = 168 * HOUR;
/// Between two looks for notes that are due: a minute, in microseconds.
const LOOK: i64 = 60_000_000;
/// Exercises that a note names.
const EXERCISES: usize = 20;
/// When on Monday.
const AT: Time = Time::constant(9, 0, 0, 0);

/// What a note is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Week {
    /// Its end, microseconds since 1970 UTC.
    pub end: i64,
    /// Alerts that the contact was told of in it.
    pub told: u64,
}

/// What came in a week.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Came {
    pub(super) events: u64,
    pub(super) refused: u64,
    /// Hours in which nothing came.
    pub(super) silent: u64,
    /// Exercises that were run; the first of them.
    pub(super) exercises: Vec<Ran>,
}

/// The last Monday at nine that is not after a time.
pub(super) fn last_monday(now: i64, zone: &TimeZone) -> Option<i64> {
    let today = zone.to_datetime(Timestamp::from_microsecond(now).ok()?).date();
    let monday = today.checked_sub(i32::from(today.weekday().since(Weekday::Monday)).days()).ok()?;
    let at =
        |date: jiff::civil::Date| Some(date.to_datetime(AT).to_zoned(zone.clone()).ok()?.timestamp().as_microsecond());
    at(monday).filter(|at| *at <= now).or_else(|| at(monday.checked_sub(7.days()).ok()?))
}

fn key(contact: &Contact, what: u8) -> Vec<u8> {
    [contact.key().0.as_slice(), &[what]].concat()
}

/// The effect that a contact is told of one more alert.
pub(super) fn told(contact: &Contact) -> Effects {
    Effects::new().add(Space::Weekly, &key(contact, b'n'), 1)
}

/// The week that a contact is to get a note of, and the effects that it has; none where it got it, or was no contact then.
pub(super) fn due(
    store: &Store,
    contact: &Contact,
    zone: &TimeZone,
    now: i64,
) -> Result<Option<(Week, Effects)>, StoreError> {
    let Some((end, since)) = last_monday(now, zone).zip(contact.confirmed) else { return Ok(None) };
    let number = |what: u8| -> Result<Option<[u8; 8]>, StoreError> {
        Ok(store.get(Space::Weekly, &key(contact, what))?.and_then(|kept| kept.try_into().ok()))
    };
    let last = number(b't')?.map_or(i64::MIN, i64::from_be_bytes);
    if end <= last.max(since) {
        return Ok(None);
    }
    let told = number(b'n')?.map_or(0, u64::from_le_bytes);
    let effects = Effects::new()
        .put(Space::Weekly, &key(contact, b't'), end.to_be_bytes().to_vec())
        .delete(Space::Weekly, &key(contact, b'n'));
    Ok(Some((Week { end, told }, effects)))
}

/// The notes that are due. `looked`: when that was looked at last.
pub(super) fn sum_up(shared: &Shared, looked: &mut i64) -> Result<(), StoreError> {
    let now = (shared.now)();
    if (0..LOOK).contains(&now.saturating_sub(*looked)) {
        return Ok(());
    }
    let contacts: Vec<Contact> = shared.contacts().values().cloned().collect();
    for contact in contacts {
        let zone = (shared.zone)(&contact.force);
        let Some((week, effects)) = due(&shared.store, &contact, &zone, now)? else { continue };
        let key = Digest::of_parts(&[b"week", &week.end.to_be_bytes(), &contact.key().0]);
        let message = Message { week: Some(week), ..Message::new(key, contact.force.clone(), now) };
        shared.store.commit(effects.and(outbox::add(&contact, &message)?))?;
        shared.wake(&contact.key());
    }
    *looked = now;
    Ok(())
}

/// What came of a force in the week that ends then.
pub(super) fn came(store: &Store, force: &Force, end: i64) -> Result<Came, StoreError> {
    let (first, last) = (ledger::hour(end - WEEK), ledger::hour(end - 1));
    let lines = ledger::lines(store, force, first, last)?;
    let mut came = Came::default();
    let mut heard = std::collections::BTreeSet::new();
    for ((source, hour), line) in &lines {
        // What the host itself notices is no sign of life of a sender.
        if source.starts_with("cordon.") {
            continue;
        }
        came.events += line.accepted;
        came.refused += line.refused;
        if line.accepted + line.duplicate + line.refused > 0 {
            heard.insert(*hour);
        }
    }
    let hours = u64::try_from((last - first) / HOUR + 1).unwrap_or(0);
    came.silent = hours.saturating_sub(heard.len() as u64);
    came.exercises = results::exercises(store, force, end - WEEK, end, EXERCISES)?;
    Ok(came)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn monday_at_nine_is_the_wall_clocks_also_behind_a_clock_change() {
        let london = TimeZone::get("Europe/London").unwrap();
        let at = |text: &str| text.parse::<Timestamp>().unwrap().as_microsecond();
        for (now, monday) in [
            ("2026-03-30T07:59:00Z", "2026-03-23T09:00:00Z"),
            ("2026-03-30T08:00:00Z", "2026-03-30T08:00:00Z"),
            ("2026-10-26T08:30:00Z", "2026-10-19T08:00:00Z"),
            ("2026-10-26T09:00:00Z", "2026-10-26T09:00:00Z"),
            ("2026-11-01T23:00:00Z", "2026-10-26T09:00:00Z"),
        ] {
            assert_eq!(last_monday(at(now), &london), Some(at(monday)), "{now}");
        }
    }
}
