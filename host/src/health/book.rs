//! The book of conditions, durable: which are open, and what of them is still to be told.
//!
//! A change of the book and the event that tells of it are one commit; the event then goes into the journal under a key that
//! names it, and only then off the list. So a restart neither repeats nor forgets.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::HealthError;
use super::condition::{Condition, Open, State};
use super::words::time;
use crate::model::Force;
use crate::store::{Effects, Space, Store};

/// Before the keys of open conditions, and of events to tell.
const OPEN: &[u8] = b"o\0";
const TELL: &[u8] = b"t\0";
/// Changes of one look: the next look takes the others.
pub(super) const AT_ONCE: usize = 200;
/// Conditions read at start, far more than forces and sources make.
const MOST: usize = 100_000;

/// See the module.
pub(super) struct Book {
    pub(super) open: BTreeMap<String, Open>,
}

/// An event that is to be told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// Whom it concerns besides `nmc`.
    pub(super) force: Option<String>,
    /// The event: one line of JSON.
    pub(super) line: String,
}

impl Book {
    pub(super) fn read(store: &Store) -> Result<Self, HealthError> {
        let mut open = BTreeMap::new();
        for (_, value) in store.list(Space::Health, OPEN, None, MOST)? {
            // One that cannot be read is told again when it is still there.
            if let Ok(one) = serde_json::from_slice::<Open>(&value) {
                open.insert(one.condition.key.clone(), one);
            }
        }
        Ok(Self { open })
    }

    /// Changes the book and lists what is to be told of it.
    pub(super) fn change(
        &mut self,
        store: &Store,
        changes: Vec<(State, Condition)>,
        now: i64,
    ) -> Result<(), HealthError> {
        let mut effects = Effects::new();
        let mut open = self.open.clone();
        for (state, condition) in changes.into_iter().take(AT_ONCE) {
            let told = Told { force: condition.about.force.clone(), line: line(state, &condition, now).to_string() };
            effects = effects.append(Space::Health, TELL, json(&told)?);
            let at = [OPEN, condition.key.as_bytes()].concat();
            if state == State::Recovered {
                open.remove(&condition.key);
                effects = effects.delete(Space::Health, &at);
            } else {
                let one = Open { condition, told: now };
                effects = effects.put(Space::Health, &at, json(&one)?);
                open.insert(one.condition.key.clone(), one);
            }
        }
        store.commit(effects)?;
        self.open = open;
        Ok(())
    }

    /// The events that are to be told, oldest first, with what takes each off the list.
    pub(super) fn to_tell(store: &Store) -> Result<Vec<(Vec<u8>, Told)>, HealthError> {
        let pairs = store.list(Space::Health, TELL, None, AT_ONCE)?;
        let read = |value: &[u8]| serde_json::from_slice(value).unwrap_or(Told { force: None, line: String::new() });
        Ok(pairs.into_iter().map(|(key, value)| (key, read(&value))).collect())
    }

    pub(super) fn told(store: &Store, at: &[u8]) -> Result<(), HealthError> {
        Ok(store.commit(Effects::new().delete(Space::Health, at))?)
    }
}

/// The event of a condition.
fn line(state: State, condition: &Condition, now: i64) -> Value {
    let Condition { kind, key, about, since, level: _, value, bound, unit, text } = condition;
    let text = match state {
        State::Recovered => format!("Over since {}: {text}", time(now)),
        State::Begun | State::Lasts => text.clone(),
    };
    let mut event = json!({
        "time": time(now), "condition": kind, "state": state, "key": key, "since": time(*since),
        "value": value, "bound": bound, "unit": unit, "text": text,
    });
    let named =
        [("force", &about.force), ("source", &about.source), ("plugin", &about.plugin), ("token", &about.token)];
    for (name, given) in named {
        if let Some(given) = given {
            event[name] = given.as_str().into();
        }
    }
    event
}

/// The tenants that an event goes to: the national one, and the force that it concerns.
pub(super) fn tenants(told: &Told) -> Vec<Force> {
    let national = Force::national();
    let concerned = told.force.as_deref().and_then(|name| Force::new(name).ok()).filter(|force| *force != national);
    [national].into_iter().chain(concerned).collect()
}

fn json(value: &impl Serialize) -> Result<Vec<u8>, HealthError> {
    serde_json::to_vec(value).map_err(|error| HealthError::Form(error.to_string()))
}
