//! Several alerts in one message: late ones, and more than a contact is told one by one in an hour. What goes out together is settled
//! in a commit before it is sent, so that it goes out under the same key and with the same link however often it is tried.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::contacts::Contact;
use super::links::Of;
use super::notes::{self, Digested};
use super::outbox::{self, Placed};
use super::worker::send;
use super::{Shared, call, ladder, route};
use crate::alerts::{self, Alert, State};
use crate::ids::Digest;
use crate::model::Entity;
use crate::store::StoreError;

/// What a message goes out with.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Together {
    /// Of the one message: of the keys of all that are in it.
    pub key: Digest,
    /// Why they go out together.
    pub why: Why,
}

/// Why messages go out together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Why {
    /// They were found late, or in a maintenance window.
    Late,
    /// There are more than the contact gets one by one in an hour.
    Many,
}

/// Messages of a contact that go out together from now on.
pub(super) fn bind(
    shared: &Shared,
    contact: &Contact,
    mut messages: Vec<Placed>,
    why: Why,
) -> Result<Vec<Placed>, StoreError> {
    let keys: Vec<&[u8]> = messages.iter().map(|(_, message)| message.key.0.as_slice()).collect();
    let key = Digest::of_parts(&keys);
    messages.iter_mut().for_each(|(_, message)| message.together = Some(Together { key, why }));
    let open = told(shared, contact, &messages)?.into_iter().map(|digested| digested.alert);
    let open = open.filter(|alert| alert.state == State::New).map(|alert| (alert.force, alert.number));
    let link = shared.links.put(Of::Several(&key), open.collect(), contact, (shared.now)())?;
    shared.store.commit(outbox::later(&messages)?.and(link))?;
    Ok(messages)
}

/// Messages that go out together already, by the key of each whole.
pub(super) fn bound(messages: Vec<Placed>) -> (BTreeMap<[u8; 32], Vec<Placed>>, Vec<Placed>) {
    let (mut bound, mut single): (BTreeMap<[u8; 32], Vec<Placed>>, Vec<Placed>) = Default::default();
    for placed in messages {
        match placed.1.together {
            Some(together) => bound.entry(together.key.0).or_default().push(placed),
            None => single.push(placed),
        }
    }
    (bound, single)
}

/// Sends bound messages as one. Whether it went, or never will.
pub(super) fn send_bound(shared: &Shared, contact: &Contact, messages: Vec<Placed>) -> Result<bool, StoreError> {
    let Some(together) = messages.first().and_then(|(_, message)| message.together) else { return Ok(true) };
    let told = told(shared, contact, &messages)?;
    if told.is_empty() {
        shared.store.commit(outbox::sent(&messages))?;
        return Ok(true);
    }
    let is_open = told.iter().any(|digested| digested.alert.state == State::New);
    let link = shared.links.url(Of::Several(&together.key), contact).filter(|_| is_open);
    let why = match together.why {
        Why::Late => "found late, or in a maintenance window".to_owned(),
        Why::Many => format!("more than {} in an hour", contact.duty.hourly),
    };
    let calls = calls(shared, contact, &told);
    let note = notes::digest(&told, &why, contact, link, call::line(&calls));
    let (went, effects) = send(shared, contact, &note, together.key, messages)?;
    shared.store.commit(effects)?;
    Ok(went)
}

/// The alerts of messages, each once, as they are now; without those that have come to be about the contact.
fn told(shared: &Shared, contact: &Contact, messages: &[Placed]) -> Result<Vec<Digested>, StoreError> {
    let mut told: Vec<Digested> = Vec::new();
    for (_, message) in messages {
        let is_it = |alert: &Alert| alert.force == message.force && alert.number == message.alert;
        if let Some(known) = told.iter_mut().find(|known| is_it(&known.alert)) {
            known.kind = message.kind;
            continue;
        }
        let alert = alerts::read(&shared.store, &message.force, message.alert)?;
        let alert = alert.filter(|alert| route::hears(contact, alert.into()).is_ok());
        if let Some(alert) = alert {
            let (zone, deadline) = ((shared.zone)(&alert.force), ladder::deadline(&shared.store, &alert)?);
            told.push(Digested { alert, kind: message.kind, deadline, zone });
        }
    }
    // The gravest first.
    told.sort_by(|one, other| {
        let of = |digested: &Digested| (digested.alert.force.clone(), digested.alert.number);
        other.alert.severity.cmp(&one.alert.severity).then_with(|| of(one).cmp(&of(other)))
    });
    Ok(told)
}

/// Whom to call about all of them: nobody whom any of them is about.
fn calls(shared: &Shared, contact: &Contact, told: &[Digested]) -> Vec<call::Reach> {
    let Some(first) = told.first() else { return Vec::new() };
    let entities: Vec<Entity> = told.iter().flat_map(|digested| digested.alert.entities.clone()).collect();
    let about = route::About { entities: &entities, ..route::About::from(&first.alert) };
    shared.whom_to_call(about, Some(contact))
}
