//! The thread that follows the log of alerts: each change becomes messages for whom it is for, in one commit with the cursor. What nobody
//! acknowledges in time becomes messages for those of the next step.

use std::collections::BTreeSet;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::outbox::{self, Message};
use super::{Contact, Shared, ladder, told, weekly};
use crate::alerts::{self, Alert, Change, Kind, State};
use crate::ids::Digest;
use crate::store::{Effects, StoreError};

/// Between two looks.
const TICK: Duration = Duration::from_millis(100);
/// Between two looks for weekly notes: a minute, in microseconds.
const LOOK: i64 = 60_000_000;
/// Changes of one commit.
const PAGE: usize = 256;
/// How long late alerts wait for others: ten minutes, in microseconds.
const LATE: i64 = 600_000_000;

/// The thread's life.
pub(super) fn run(shared: &Shared, stopped: &Receiver<()>) {
    let (mut cursor, mut pause) = (None, Duration::ZERO);
    let mut looked = 0;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause =
            match climb(shared).and_then(|()| sum_up(shared, &mut looked)).and_then(|()| follow(shared, &mut cursor)) {
                Ok(true) => Duration::ZERO,
                Ok(false) => TICK,
                Err(error) => {
                    tracing::error!("alerts are not sent: {error}");
                    Duration::from_secs(1)
                }
            };
    }
}

/// One page. Whether there may be more.
fn follow(shared: &Shared, cursor: &mut Option<u64>) -> Result<bool, StoreError> {
    let after = match *cursor {
        Some(after) => after,
        None => outbox::cursor(&shared.store)?,
    };
    let page = alerts::log_after(&shared.store, after, PAGE)?;
    let Some(last) = page.last() else {
        *cursor = Some(after);
        return Ok(false);
    };
    let end = last.number;
    let (mut effects, mut woken) = (outbox::followed(end), BTreeSet::new());
    for logged in &page {
        let Some(alert) = alerts::read(&shared.store, &logged.force, logged.alert)? else { continue };
        let change = &logged.change;
        let told = match change.kind {
            Kind::Created | Kind::Raised => {
                tell(shared, &alert, change.kind, 1, &change.revision.to_be_bytes(), &mut woken)?
            }
            Kind::Acknowledged | Kind::Contained | Kind::Resolved | Kind::Reopened => {
                update(shared, &alert, change, &mut woken)?
            }
            Kind::Assigned | Kind::Noted | Kind::Started => continue,
        };
        effects = effects.and(told);
    }
    shared.store.commit(effects)?;
    *cursor = Some(end);
    woken.iter().for_each(|contact| shared.wake(contact));
    Ok(page.len() == PAGE)
}

/// The weekly notes that are due. `looked`: when that was looked at last.
fn sum_up(shared: &Shared, looked: &mut i64) -> Result<(), StoreError> {
    let now = (shared.now)();
    if now.saturating_sub(*looked) < LOOK {
        return Ok(());
    }
    let contacts: Vec<Contact> = shared.contacts().values().cloned().collect();
    for contact in contacts {
        let zone = (shared.zone)(&contact.force);
        let Some((week, effects)) = weekly::due(&shared.store, &contact, &zone, now)? else { continue };
        let message = Message {
            key: Digest::of_parts(&[b"week", &week.end.to_be_bytes(), &contact.key().0]),
            force: contact.force.clone(),
            alert: 0,
            kind: Kind::Noted,
            late: false,
            exercise: None,
            since: now,
            due: now,
            answer_by: None,
            unanswered: false,
            week: Some(week),
            tries: 0,
            why: String::new(),
        };
        shared.store.commit(effects.and(outbox::add(&contact, &message)?))?;
        shared.wake(&contact.key());
    }
    *looked = now;
    Ok(())
}

/// What nobody has acknowledged in time: those of the next step are told.
fn climb(shared: &Shared) -> Result<(), StoreError> {
    let (steps, mut effects) = ladder::due(&shared.store, (shared.now)())?;
    if steps.is_empty() {
        return Ok(());
    }
    let mut woken = BTreeSet::new();
    for step in steps {
        let alert = alerts::read(&shared.store, &step.force, step.alert)?;
        let Some(alert) = alert.filter(|alert| alert.state == State::New) else { continue };
        let of_step = [&b"step"[..], &[step.step], &step.at.to_be_bytes()].concat();
        effects = effects.and(tell(shared, &alert, Kind::Created, step.step, &of_step, &mut woken)?);
    }
    shared.store.commit(effects)?;
    woken.iter().for_each(|contact| shared.wake(contact));
    Ok(())
}

/// The messages of a step of an alert's ladder, and that the next one waits. `what` tells the change or step from the alert's
/// others.
fn tell(
    shared: &Shared,
    alert: &Alert,
    kind: Kind,
    step: u8,
    what: &[u8],
    woken: &mut BTreeSet<Digest>,
) -> Result<Effects, StoreError> {
    let now = (shared.now)();
    let plan = shared.plan(alert.into(), step, now);
    let climbs = matches!(kind, Kind::Created | Kind::Raised) && alert.state == State::New;
    let mut effects = Effects::new();
    for told in &plan.told {
        let Some(contact) = told.key.and_then(|key| shared.contacts().get(&key).cloned()) else { continue };
        let message = Message {
            due: if alert.waits() { told.at.max(now.saturating_add(LATE)) } else { told.at },
            answer_by: told.answer_by.filter(|_| climbs),
            unanswered: step > 1 && !told.copy,
            ..message(alert, kind, what, &contact, now)
        };
        effects = effects.and(outbox::add(&contact, &message)?).and(told::put(alert, &contact, now));
        effects = effects.and(weekly::told(&contact));
        effects = effects.and(shared.links.put(alert, &contact, told.at)?);
        woken.insert(contact.key());
    }
    if let Some(next) = plan.next.filter(|_| climbs) {
        effects = effects.and(ladder::waits(alert, next)?);
    }
    Ok(effects)
}

/// The messages of a change of an alert: for all who were told of it, but for whoever made the change.
fn update(
    shared: &Shared,
    alert: &Alert,
    change: &Change,
    woken: &mut BTreeSet<Digest>,
) -> Result<Effects, StoreError> {
    let now = (shared.now)();
    let told = told::of(&shared.store, alert)?;
    shared.with_roster(&alert.force, |roster| {
        let mut effects = Effects::new();
        let contacts = roster.contacts.iter().filter(|contact| told.contains(&contact.key()));
        for contact in contacts.filter(|contact| change.by != contact.signs()) {
            let Ok(due) = roster.due(contact, alert.into(), now) else { continue };
            let due = if alert.waits() { due.max(now.saturating_add(LATE)) } else { due };
            let message = Message { due, ..message(alert, change.kind, &change.revision.to_be_bytes(), contact, now) };
            effects = effects.and(outbox::add(contact, &message)?);
            woken.insert(contact.key());
        }
        Ok(effects)
    })
}

/// A message of an alert, due now.
fn message(alert: &Alert, kind: Kind, what: &[u8], contact: &Contact, now: i64) -> Message {
    Message {
        key: Digest::of_parts(&[alert.reference.as_bytes(), what, &contact.key().0]),
        force: alert.force.clone(),
        alert: alert.number,
        kind,
        late: alert.waits(),
        exercise: alert.exercise.clone(),
        since: now,
        due: now,
        answer_by: None,
        unanswered: false,
        week: None,
        tries: 0,
        why: String::new(),
    }
}
