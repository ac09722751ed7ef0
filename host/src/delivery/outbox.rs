//! What waits to be sent, by contact, in order; what could not be sent; and how far the log of alerts was followed.

use serde::{Deserialize, Serialize};
use serde_json::json;

use super::digest::Together;
use super::{Contact, Shared, Week};
use crate::alerts::Kind;
use crate::audit::Act;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Messages that are looked at at a time.
pub(super) const LOOKED_AT: usize = 256;

/// A message that waits. Its text is made when it is sent.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Message {
    /// The same message has the same key, however often it is sent: of alert, revision and contact.
    pub key: Digest,
    /// Whose alert.
    pub force: Force,
    /// Its number.
    pub alert: u64,
    /// What happened.
    pub kind: Kind,
    /// It goes out with others of its kind.
    pub late: bool,
    /// The exercise that its alert is of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exercise: Option<String>,
    /// Since when it waits, microseconds since 1970 UTC.
    pub since: i64,
    /// Not before.
    pub due: i64,
    /// Those who were told before have not acknowledged it.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unanswered: bool,
    /// It is the note of a week, and about no alert.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub week: Option<Week>,
    /// It goes out with others, in one message.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub together: Option<Together>,
    /// How often it was tried.
    pub tries: u32,
    /// Why it was not sent.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub why: String,
}

/// A message that waits or could not be sent, with whom it is for.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Waiting {
    /// The contact.
    pub contact: String,
    /// It could not be sent, and is not tried again.
    pub dead: bool,
    /// The message.
    #[serde(flatten)]
    pub message: Message,
}

impl Message {
    /// About no alert yet; it waits since `now`, microseconds since 1970 UTC, and is due then.
    pub(super) fn new(key: Digest, force: Force, now: i64) -> Self {
        Self {
            key,
            force,
            alert: 0,
            kind: Kind::Noted,
            late: false,
            exercise: None,
            since: now,
            due: now,
            unanswered: false,
            week: None,
            together: None,
            tries: 0,
            why: String::new(),
        }
    }

    /// Whether it is to be sent now. A clock that went back since it was made, or tried, holds nothing up. `longest`: between two tries,
    /// in microseconds.
    pub(super) fn is_due(&self, now: i64, longest: i64) -> bool {
        self.due <= now || self.since > now || (self.tries > 0 && self.due > now.saturating_add(longest))
    }
}

/// A message with where it stands.
pub(super) type Placed = (Vec<u8>, Message);

fn of_contact(contact: &Contact) -> Vec<u8> {
    contact.key().0.to_vec()
}

fn text(message: &Message) -> Result<Vec<u8>, StoreError> {
    serde_json::to_vec(message).map_err(|error| StoreError::TooLarge(format!("a message: {error}")))
}

/// The effect that a message waits.
pub(super) fn add(contact: &Contact, message: &Message) -> Result<Effects, StoreError> {
    Ok(Effects::new().append(Space::Outbox, &of_contact(contact), text(message)?))
}

/// The first messages of a contact, oldest first.
pub(super) fn first(store: &Store, contact: &Contact) -> Result<Vec<Placed>, StoreError> {
    placed(store, Space::Outbox, contact, LOOKED_AT)
}

fn placed(store: &Store, space: Space, contact: &Contact, most: usize) -> Result<Vec<Placed>, StoreError> {
    let pairs = store.list(space, &of_contact(contact), None, most)?;
    Ok(pairs.into_iter().filter_map(|(at, text)| Some((at, serde_json::from_slice(&text).ok()?))).collect())
}

/// The effects that messages were sent.
pub(super) fn sent(messages: &[Placed]) -> Effects {
    messages.iter().fold(Effects::new(), |effects, (at, _)| effects.delete(Space::Outbox, at))
}

/// The effects that a contact has got what of these messages is of an exercise.
pub(super) fn exercised(contact: &Contact, messages: &[Placed], now: i64) -> Effects {
    messages.iter().fold(Effects::new(), |effects, (_, message)| match &message.exercise {
        Some(id) => {
            effects.put(Space::ExerciseSent, &exercise_key(&message.force, id, contact), now.to_be_bytes().to_vec())
        }
        None => effects,
    })
}

fn exercise_key(force: &Force, id: &str, contact: &Contact) -> Vec<u8> {
    [force.as_str().as_bytes(), &[0], id.as_bytes(), &[0], &contact.key().0].concat()
}

/// When a contact got the message of an exercise, microseconds since 1970 UTC.
pub(super) fn got_exercise(
    store: &Store,
    force: &Force,
    id: &str,
    contact: &Contact,
) -> Result<Option<i64>, StoreError> {
    let kept = store.get(Space::ExerciseSent, &exercise_key(force, id, contact))?;
    Ok(kept.and_then(|kept| kept.try_into().ok()).map(i64::from_be_bytes))
}

/// The effects that messages are tried again when they say.
pub(super) fn later(messages: &[Placed]) -> Result<Effects, StoreError> {
    messages
        .iter()
        .try_fold(Effects::new(), |effects, (at, message)| Ok(effects.put(Space::Outbox, at, text(message)?)))
}

/// The effects that messages are not tried again.
pub(super) fn never(contact: &Contact, messages: &[Placed]) -> Result<Effects, StoreError> {
    messages.iter().try_fold(sent(messages), |effects, (_, message)| {
        Ok(effects.append(Space::DeadLetter, &of_contact(contact), text(message)?))
    })
}

/// The effects that nothing of a contact is tried again.
pub(super) fn all_dead(store: &Store, contact: &Contact, why: &str) -> Result<Effects, StoreError> {
    let mut messages = placed(store, Space::Outbox, contact, usize::MAX)?;
    messages.iter_mut().for_each(|(_, message)| why.clone_into(&mut message.why));
    never(contact, &messages)
}

/// What waits for a contact, and what could not be sent.
pub(super) fn waiting(store: &Store, contact: &Contact) -> Result<Vec<Waiting>, StoreError> {
    let mut found = Vec::new();
    for (space, dead) in [(Space::DeadLetter, true), (Space::Outbox, false)] {
        let id = &contact.id;
        let messages = placed(store, space, contact, LOOKED_AT)?.into_iter();
        found.extend(messages.map(|(_, message)| Waiting { contact: id.clone(), dead, message }));
    }
    Ok(found)
}

/// What could not be sent waits again, or goes; how many messages that were.
pub(super) fn dead(
    shared: &Shared,
    contact: &Contact,
    again: bool,
    act: impl FnOnce(serde_json::Value) -> Act,
) -> Result<usize, StoreError> {
    let messages = placed(&shared.store, Space::DeadLetter, contact, LOOKED_AT)?;
    let mut effects = Effects::new();
    for (at, message) in &messages {
        effects = effects.delete(Space::DeadLetter, at);
        if again {
            effects = effects.and(add(
                contact,
                &Message { tries: 0, due: 0, why: String::new(), together: None, ..message.clone() },
            )?);
        }
    }
    let details = json!({ "contact": contact.id, "messages": messages.len(), "again": again });
    shared.audit.commit(&shared.store, act(details), effects)?;
    Ok(messages.len())
}

/// How far the log of alerts was followed.
pub(super) fn cursor(store: &Store) -> Result<u64, StoreError> {
    store.number(Space::DeliveryCursor, &[])
}

/// The effect that it was followed so far.
pub(super) fn followed(number: u64) -> Effects {
    Effects::new().put(Space::DeliveryCursor, &[], number.to_be_bytes().to_vec())
}
