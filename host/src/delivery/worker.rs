//! One contact's thread: takes what is due from the outbox and sends it, one after the other. What cannot be sent now is tried
//! again with growing pauses; what never can goes to the dead letters. More than a contact is told one by one in an hour, and
//! what is late, goes out as one message.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::channels::{self, Sent};
use super::contacts::Contact;
use super::message::{self, Note};
use super::outbox::{self, Placed};
use super::{Shared, route};
use crate::alerts::{self, Alert, Kind};
use crate::ids::Digest;
use crate::store::StoreError;

/// Microseconds.
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// A pause between two tries is no longer: five minutes.
const LONGEST: i64 = 300 * SECOND;
/// Then it is given up: three days.
const GIVEN_UP: i64 = 72 * HOUR;
/// Messages that a contact gets one by one in an hour; more go out as one.
const HOURLY: usize = 30;
/// Without anything to do it looks so often.
const IDLE: Duration = Duration::from_secs(30);

/// See the module. Dropping it ends it, once it has sent what it sends.
pub(super) struct Worker {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Worker {
    /// Starts; and what wakes it.
    pub(super) fn start(shared: Arc<Shared>, contact: Contact) -> std::io::Result<(Self, Sender<()>)> {
        let (stop, stopped) = bounded::<()>(0);
        let (wake, woken) = bounded(1);
        let key = contact.key();
        let thread = std::thread::Builder::new().name("delivers".into());
        let thread = thread.spawn(move || {
            let mut hour = Vec::new();
            let mut pause = Duration::ZERO;
            while goes_on(&stopped, &woken, pause) {
                // As it is now: it may have confirmed since.
                let Some(contact) = shared.contacts().get(&key).cloned() else { return };
                pause = match work(&shared, &contact, &mut hour) {
                    Ok(pause) => pause,
                    Err(error) => {
                        tracing::error!("{}/{}: nothing is sent: {error}", contact.force, contact.id);
                        Duration::from_secs(1)
                    }
                };
            }
        })?;
        Ok((Self { stop: Some(stop), thread: Some(thread) }, wake))
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn goes_on(stopped: &Receiver<()>, woken: &Receiver<()>, pause: Duration) -> bool {
    crossbeam_channel::select! {
        recv(stopped) -> _ => false,
        recv(woken) -> woken => woken.is_ok(),
        default(pause) => stopped.recv_timeout(Duration::ZERO) == Err(RecvTimeoutError::Timeout),
    }
}

/// Sends what is due; how long there is nothing to do then. `hour`: when messages were sent one by one, within the last.
fn work(shared: &Shared, contact: &Contact, hour: &mut Vec<i64>) -> Result<Duration, StoreError> {
    let now = (shared.now)();
    hour.retain(|sent| now.saturating_sub(*sent) < HOUR);
    let all = outbox::first(&shared.store, contact)?;
    let whole = all.len() < outbox::LOOKED_AT;
    let (due, waits): (Vec<Placed>, Vec<Placed>) = all.into_iter().partition(|(_, message)| message.due <= now);
    if due.is_empty() {
        let next = waits.iter().map(|(_, message)| message.due.saturating_sub(now)).min();
        let next = next.and_then(|micros| u64::try_from(micros).ok()).map_or(IDLE, Duration::from_micros);
        return Ok(next.min(IDLE).max(Duration::from_millis(20)));
    }
    let (late, soon): (Vec<Placed>, Vec<Placed>) = due.into_iter().partition(|(_, message)| message.late);
    if !late.is_empty() {
        together(shared, contact, late, "found late, or in a maintenance window")?;
    }
    let room = HOURLY.saturating_sub(hour.len());
    if soon.len() > room.max(1) || (room == 0 && !soon.is_empty()) {
        together(shared, contact, soon, &format!("more than {HOURLY} in an hour"))?;
        // Others gather meanwhile.
        return Ok(if whole { Duration::from_secs(60) } else { Duration::ZERO });
    }
    for placed in soon {
        let Some(alert) = alerts::read(&shared.store, &placed.1.force, placed.1.alert)? else {
            shared.store.commit(outbox::sent(&[placed]))?;
            continue;
        };
        let (kind, key) = (placed.1.kind, placed.1.key);
        let link = shared.links.url(&alert, contact);
        let note = message::of_alert(&alert, kind, &placed.1, contact, &(shared.zone)(&alert.force), link);
        // As the alert is now: it may be about the contact by now.
        if route::hears(contact, (&alert).into()).is_err() {
            shared.store.commit(outbox::sent(&[placed]))?;
            continue;
        }
        if !send(shared, contact, &note, key, vec![placed])? {
            break;
        }
        hour.push(now);
    }
    Ok(Duration::from_millis(20))
}

/// Several in one message.
fn together(shared: &Shared, contact: &Contact, messages: Vec<Placed>, why: &str) -> Result<(), StoreError> {
    let mut told: Vec<(Alert, Kind)> = Vec::new();
    for (_, message) in &messages {
        let alert = alerts::read(&shared.store, &message.force, message.alert)?;
        let alert = alert.filter(|alert| route::hears(contact, alert.into()).is_ok());
        told.extend(
            alert
                .filter(|alert| told.iter().all(|(known, _)| known.reference != alert.reference))
                .map(|alert| (alert, message.kind)),
        );
    }
    if told.is_empty() {
        return shared.store.commit(outbox::sent(&messages));
    }
    let keys: Vec<&[u8]> = messages.iter().map(|(_, message)| message.key.0.as_slice()).collect();
    let key = Digest::of_parts(&keys);
    send(shared, contact, &message::digest(&told, why, contact), key, messages).map(drop)
}

/// One message. Whether it was sent, or never will be.
fn send(
    shared: &Shared,
    contact: &Contact,
    note: &Note,
    key: Digest,
    mut messages: Vec<Placed>,
) -> Result<bool, StoreError> {
    let sent = channels::send(shared.relay.as_ref(), contact, note, &key);
    let now = (shared.now)();
    let went = !matches!(sent, Sent::Later(_));
    let effects = match sent {
        Sent::Done => outbox::sent(&messages).and(outbox::exercised(contact, &messages, now)),
        Sent::Later(why) => {
            let old = messages.iter().any(|(_, message)| now.saturating_sub(message.since) > GIVEN_UP);
            let why = if old { format!("given up after three days: {why}") } else { why };
            tracing::warn!("{}/{}: {why}", contact.force, contact.id);
            for (_, message) in &mut messages {
                message.tries = message.tries.saturating_add(1);
                let pause = (SECOND << message.tries.min(16).saturating_sub(1)).min(LONGEST);
                // What failed together does not come back together.
                message.due = now.saturating_add(pause / 2 + (pause as f64 * fastrand::f64() / 2.0) as i64);
                why.clone_into(&mut message.why);
            }
            if old { outbox::never(contact, &messages)? } else { outbox::later(&messages)? }
        }
        Sent::Never(why) => {
            tracing::error!("{}/{}: a message can never be sent: {why}", contact.force, contact.id);
            messages.iter_mut().for_each(|(_, message)| why.clone_into(&mut message.why));
            outbox::never(contact, &messages)?
        }
    };
    shared.store.commit(effects)?;
    Ok(went)
}
