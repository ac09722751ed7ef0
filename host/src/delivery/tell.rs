//! The messages of an alert's change or of a step of its ladder: what waits for whom, from when on.

use std::collections::BTreeSet;

use super::ladder::{Deadline, Step};
use super::links::Of;
use super::outbox::{self, Message};
use super::{Contact, Shared, ladder, route, told, weekly};
use crate::alerts::{Alert, Change, Kind, State};
use crate::ids::Digest;
use crate::store::{Effects, StoreError};

/// How long late alerts wait for others: ten minutes, in microseconds.
pub(super) const LATE: i64 = 600_000_000;
/// What is due later than this from now is on nobody's way yet: a minute, in microseconds.
const SOON: i64 = 60_000_000;

/// Why somebody is told.
#[derive(Debug, Clone, Copy)]
pub(super) enum Told<'a> {
    /// The alert is new, or graver.
    Change(&'a Change),
    /// Nobody has acknowledged it in time.
    Step(&'a Step),
}

/// The messages, and what the alert waits for then.
pub(super) fn tell(
    shared: &Shared,
    alert: &Alert,
    why: Told<'_>,
    woken: &mut BTreeSet<Digest>,
) -> Result<Effects, StoreError> {
    let now = (shared.now)();
    let (kind, step, what) = match why {
        Told::Change(change) => (change.kind, 1, change.revision.to_be_bytes().to_vec()),
        Told::Step(step) => (Kind::Created, step.step, [&b"step"[..], &[step.step], &step.at.to_be_bytes()].concat()),
    };
    let mut plan = shared.plan(alert.into(), step, now);
    // Nobody knows of a new one, and nothing of it waits.
    let is_new = matches!(why, Told::Change(_)) && kind == Kind::Created;
    let known = if is_new { Vec::new() } else { told::of(&shared.store, alert)? };
    if kind == Kind::Raised {
        // Who knows of it at later steps hears that it is graver, too.
        shared.with_roster(&alert.force, |roster| roster.add_known(&mut plan, alert.into(), &known, now));
    }
    let mut effects = Effects::new();
    for told in &plan.told {
        let Some(contact) = told.key.and_then(|key| shared.contacts().get(&key).cloned()) else { continue };
        let new = message(alert, kind, &what, &contact, now);
        let (kind, instead) = match is_new {
            true => (kind, Effects::new()),
            false => instead_of_what_waits(shared, alert, &contact, kind, now)?,
        };
        let message = Message {
            kind,
            due: if alert.waits() { told.at.max(now.saturating_add(LATE)) } else { told.at },
            unanswered: step > 1 && !told.copy,
            ..new
        };
        effects = effects.and(instead).and(outbox::add(&contact, &message)?).and(told::put(alert, &contact, now));
        // What is only tried out counts nowhere.
        if !known.contains(&contact.key()) && alert.exercise.is_none() {
            effects = effects.and(weekly::told(&contact));
        }
        let link = shared.links.put(Of::Alert(alert), vec![(alert.force.clone(), alert.number)], &contact, told.at)?;
        effects = effects.and(link);
        woken.insert(contact.key());
    }
    // That it gets graver begins a ladder and moves none.
    let begins = is_new || matches!(why, Told::Step(_)) || ladder::deadline(&shared.store, alert)? == Deadline::None;
    if alert.state == State::New && begins && (step > 1 || plan.next.is_some()) {
        effects = effects.and(ladder::waits(alert, plan.next, now)?);
    }
    Ok(effects)
}

/// Nobody is told twice: what still waits for a contact's hours, or for others, gives way to the message that is made now. That one
/// says that the alert is new, where the contact has not been told so yet.
fn instead_of_what_waits(
    shared: &Shared,
    alert: &Alert,
    contact: &Contact,
    kind: Kind,
    now: i64,
) -> Result<(Kind, Effects), StoreError> {
    let waits = outbox::first(&shared.store, contact)?.into_iter().filter(|(_, message)| {
        message.force == alert.force
            && message.alert == alert.number
            && matches!(message.kind, Kind::Created | Kind::Raised)
            && message.together.is_none()
            && message.due > now.saturating_add(SOON)
    });
    let waits: Vec<_> = waits.collect();
    let is_new = kind == Kind::Raised && waits.iter().any(|(_, message)| message.kind == Kind::Created);
    Ok((if is_new { Kind::Created } else { kind }, outbox::sent(&waits)))
}

/// The messages of a change of an alert: for all who were told of it, but for whoever made the change.
pub(super) fn update(
    shared: &Shared,
    alert: &Alert,
    change: &Change,
    woken: &mut BTreeSet<Digest>,
) -> Result<Effects, StoreError> {
    let now = (shared.now)();
    let told = told::of(&shared.store, alert)?;
    shared.with_roster(&alert.force, |roster: &route::Roster<'_>| {
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

/// A message of an alert, due now. `what` tells the change or step from the alert's others.
fn message(alert: &Alert, kind: Kind, what: &[u8], contact: &Contact, now: i64) -> Message {
    let key = Digest::of_parts(&[alert.reference.as_bytes(), what, &contact.key().0]);
    Message {
        alert: alert.number,
        kind,
        late: alert.waits(),
        exercise: alert.exercise.clone(),
        ..Message::new(key, alert.force.clone(), now)
    }
}
