//! One contact's thread: takes what is due from the outbox and sends it, one after the other. What cannot be sent now is tried
//! again with growing pauses; what never can goes to the dead letters. More than a contact is told one by one in an hour, and
//! what is late, goes out as one message.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};

use super::channel::Channel;
use super::channels::Sent;
use super::contacts::Contact;
use super::digest::{self, Why};
use super::links::Of;
use super::message::{self, From, Note};
use super::outbox::{self, Message, Placed};
use super::tell::LATE;
use super::{Shared, ladder, notes, route, weekly};
use crate::alerts::{self, Alert, Kind, Story};
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, StoreError};

/// Microseconds.
const SECOND: i64 = 1_000_000;
const HOUR: i64 = 3_600 * SECOND;
/// A pause between two tries is no longer: five minutes.
const LONGEST: i64 = 300 * SECOND;
/// Then it is given up: three days.
const GIVEN_UP: i64 = 72 * HOUR;
/// Between two messages about all that is more than a contact is told one by one: a minute.
const GATHERS: i64 = 60 * SECOND;
/// Messages whose end is one commit.
const TOGETHER: usize = 32;
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
            let mut pace = Pace::default();
            let mut pause = Duration::ZERO;
            while goes_on(&stopped, &woken, pause) {
                // As it is now: it may have confirmed since.
                let Some(contact) = shared.contacts().get(&key).cloned() else { return };
                pause = match work(&shared, &contact, &mut pace) {
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

/// What a contact was told within the last hour. Times in microseconds since 1970 UTC.
#[derive(Default)]
struct Pace {
    /// When messages were sent one by one.
    single: Vec<i64>,
    /// When the last about several was.
    together: Option<i64>,
}

impl Pace {
    /// Where the clock went back, what was sent lies ahead: it is forgotten.
    fn look(&mut self, now: i64) {
        self.single.retain(|sent| (0..HOUR).contains(&now.saturating_sub(*sent)));
        self.together = self.together.filter(|sent| (0..GATHERS).contains(&now.saturating_sub(*sent)));
    }
}

/// Sends what is due; how long there is nothing to do then.
fn work(shared: &Shared, contact: &Contact, pace: &mut Pace) -> Result<Duration, StoreError> {
    let now = (shared.now)();
    pace.look(now);
    let all = outbox::first(&shared.store, contact)?;
    let whole = all.len() < outbox::LOOKED_AT;
    // With the first that is late go those that would follow it by themselves.
    let is_late = |message: &Message| message.late && message.together.is_none() && message.tries == 0;
    let late = all.iter().any(|(_, message)| is_late(message) && message.is_due(now, LONGEST));
    let (due, waits): (Vec<Placed>, Vec<Placed>) = all.into_iter().partition(|(_, message)| {
        message.is_due(now, LONGEST) || (late && is_late(message) && message.due <= now.saturating_add(LATE))
    });
    if due.is_empty() {
        let next = waits.iter().map(|(_, message)| message.due.saturating_sub(now)).min();
        let next = next.and_then(|micros| u64::try_from(micros).ok()).map_or(IDLE, Duration::from_micros);
        return Ok(next.min(IDLE).max(Duration::from_millis(20)));
    }
    let (bound, due) = digest::bound(due);
    for messages in bound.into_values() {
        digest::send_bound(shared, contact, messages)?;
    }
    // A collector takes every alert by itself.
    let takes_all = matches!(contact.channel, Channel::Ocsf { .. });
    let (late, soon): (Vec<Placed>, Vec<Placed>) = due.into_iter().partition(|(_, message)| message.late && !takes_all);
    if !late.is_empty() {
        digest::send_bound(shared, contact, digest::bind(shared, contact, late, Why::Late)?)?;
    }
    let hourly = contact.duty.hourly as usize;
    let room = if takes_all { usize::MAX } else { hourly.saturating_sub(pace.single.len()) };
    // What waits may be more than is looked at.
    let is_more = !whole && room < outbox::LOOKED_AT;
    let (many, soon): (Vec<Placed>, Vec<Placed>) =
        if soon.len() > room.max(1) || is_more || (room == 0 && !soon.is_empty()) {
            // A weekly note goes by itself.
            soon.into_iter().partition(|(_, message)| message.week.is_none())
        } else {
            (Vec::new(), soon)
        };
    let together = !many.is_empty();
    // Others gather meanwhile, unless there are more than are looked at.
    let gathers = pace.together.filter(|_| whole).map_or(0, |sent| sent + GATHERS - now);
    if together && gathers == 0 {
        pace.together = Some(now);
        digest::send_bound(shared, contact, digest::bind(shared, contact, many, Why::Many)?)?;
    }
    let went = one_by_one(shared, contact, soon, &mut pace.single)?;
    if together && went {
        let rest = if gathers == 0 && whole { GATHERS } else { gathers };
        return Ok(u64::try_from(rest).map_or(Duration::ZERO, Duration::from_micros).min(IDLE));
    }
    Ok(if whole || !went { Duration::from_millis(20) } else { Duration::ZERO })
}

/// Messages, each by itself, until one does not go. Whether all went. `told`: when messages went.
fn one_by_one(
    shared: &Shared,
    contact: &Contact,
    messages: Vec<Placed>,
    told: &mut Vec<i64>,
) -> Result<bool, StoreError> {
    let now = (shared.now)();
    let takes_all = matches!(contact.channel, Channel::Ocsf { .. });
    let mut ended = (Effects::new(), 0);
    let mut goes = true;
    let mut stories = Stories::new();
    for placed in messages {
        let Some(note) = note(shared, contact, &placed.1, &mut stories)? else {
            ended = (ended.0.and(outbox::sent(&[placed])), ended.1 + 1);
            continue;
        };
        let key = placed.1.key;
        let (went, effects) = send(shared, contact, &note, key, vec![placed])?;
        ended = (ended.0.and(effects), ended.1 + 1);
        if went && !takes_all {
            told.push(now);
        }
        goes = went;
        if !goes || ended.1 >= TOGETHER {
            shared.store.commit(std::mem::take(&mut ended).0)?;
        }
        if !goes {
            break;
        }
    }
    if ended.1 > 0 {
        shared.store.commit(ended.0)?;
    }
    Ok(goes)
}

/// What a message says, as things are now; none where its alert is gone, or has come to be about the contact.
fn note(
    shared: &Shared,
    contact: &Contact,
    message: &Message,
    stories: &mut Stories,
) -> Result<Option<Note>, StoreError> {
    if let Some(week) = message.week {
        let came = weekly::came(&shared.store, &contact.force, week.end)?;
        return Ok(Some(notes::weekly(week, &came, contact, &(shared.zone)(&contact.force))));
    }
    let alert = alerts::read(&shared.store, &message.force, message.alert)?;
    let Some(alert) = alert.filter(|alert| route::hears(contact, alert.into()).is_ok()) else { return Ok(None) };
    let link = matches!(message.kind, Kind::Created | Kind::Raised)
        .then(|| shared.links.url(Of::Alert(&alert), contact))
        .flatten();
    let zone = (shared.zone)(&alert.force);
    let calls = shared.whom_to_call((&alert).into(), Some(contact));
    let deadline = ladder::deadline(&shared.store, &alert)?;
    let story = match stories.entry((alert.force.clone(), alert.incident)) {
        Entry::Occupied(known) => known.into_mut(),
        Entry::Vacant(new) => new.insert(story(shared, contact, &alert)?),
    };
    let from = From { message, contact, zone: &zone, link, calls: &calls, deadline, story: story.as_ref() };
    Ok(Some(message::of_alert(&alert, from)))
}

/// The incidents of messages that are sent in one go: of a busy one all alerts are read, and many messages are about it.
type Stories = BTreeMap<(Force, Option<u64>), Option<Story>>;

/// What an alert is part of, for a person who reads of it; none where something of that is about them.
fn story(shared: &Shared, contact: &Contact, alert: &Alert) -> Result<Option<Story>, StoreError> {
    if matches!(contact.channel, Channel::Ocsf { .. }) {
        return Ok(None);
    }
    let story = alerts::story_of(&shared.store, alert, (shared.now)())?;
    Ok(story.filter(|story| !story.timeline.iter().any(|alert| contact.is_subject_of(&alert.entities))))
}

/// One message. Whether it was sent, or never will be; and the effects of that.
pub(super) fn send(
    shared: &Shared,
    contact: &Contact,
    note: &Note,
    key: Digest,
    mut messages: Vec<Placed>,
) -> Result<(bool, Effects), StoreError> {
    let sent = shared.ways.send(contact, note, &key);
    let now = (shared.now)();
    let went = !matches!(sent, Sent::Later(_));
    let effects = match sent {
        Sent::Done => outbox::sent(&messages).and(outbox::exercised(contact, &messages, now)),
        Sent::Later(why) => {
            let old = messages.iter().any(|(_, message)| now.saturating_sub(message.since) > GIVEN_UP);
            let why = if old { format!("given up after three days: {why}") } else { why };
            tracing::warn!("{}/{}: {why}", contact.force, contact.id);
            let tries = messages.iter().map(|(_, message)| message.tries).max().unwrap_or(0).saturating_add(1);
            let pause = (SECOND << tries.min(16).saturating_sub(1)).min(LONGEST);
            // What failed together at many contacts does not come back together.
            let due = now.saturating_add(pause / 2 + (pause as f64 * fastrand::f64() / 2.0) as i64);
            for (_, message) in &mut messages {
                (message.tries, message.due) = (tries, due);
                why.clone_into(&mut message.why);
            }
            if old { outbox::never(contact, &messages)? } else { outbox::later(&messages)? }
        }
        Sent::Never(why) | Sent::TooLarge(why) => {
            tracing::error!("{}/{}: a message can never be sent: {why}", contact.force, contact.id);
            messages.iter_mut().for_each(|(_, message)| why.clone_into(&mut message.why));
            outbox::never(contact, &messages)?
        }
    };
    Ok((went, effects))
}
