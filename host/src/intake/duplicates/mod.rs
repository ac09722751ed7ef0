//! Duplicates: the same event delivered again is dropped and counted; the same one with other bytes is kept and counted.
//!
//! An event is a duplicate of one that is durable. One that is on its way to the disk is claimed by its request: whoever
//! brings it again waits until it is there, or failed and is theirs to bring. So nothing is acknowledged as a duplicate of
//! what may still be lost. A whole request is claimed by what names it, in the same way.
//!
//! Owns each force's window and claims. After a restart a window is made again from the journal, when the force sends
//! something or, before that, in the background.

mod rebuild;
mod window;

use std::collections::{BTreeMap, HashSet};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

pub use window::{Seen, Window, WindowLimits};

use crate::events::Fingerprint;
use crate::ids::Digest;
use crate::journal::Journal;
use crate::model::Force;

/// See the module.
pub(super) struct Duplicates {
    journal: Arc<Journal>,
    limits: WindowLimits,
    forces: Mutex<BTreeMap<Force, Arc<OfForce>>>,
}

struct OfForce {
    state: Mutex<State>,
    /// A claim has ended.
    ended: Condvar,
}

struct State {
    /// None until it was made from the journal.
    window: Option<Window>,
    events: HashSet<[u8; 16]>,
    requests: HashSet<Digest>,
}

/// What a request asks to bring.
pub(super) struct Wanted<'a> {
    pub(super) force: &'a Force,
    /// What names the request; none where nothing does.
    pub(super) request: Option<Digest>,
    /// Of each event.
    pub(super) events: &'a [Option<Fingerprint>],
    /// Microseconds since 1970 UTC.
    pub(super) received: i64,
}

/// What a request may bring, and nobody else meanwhile. Dropping it gives that up: nothing of it became durable.
pub(super) struct Claim {
    of: Arc<OfForce>,
    request: Option<Digest>,
    /// Those that say which one they are and are no duplicates.
    events: Vec<Fingerprint>,
    received: i64,
    /// Whether each event is one to bring.
    pub(super) wanted: Vec<bool>,
}

impl Duplicates {
    pub(super) fn new(journal: Arc<Journal>, limits: WindowLimits) -> Self {
        Self { journal, limits, forces: Mutex::default() }
    }

    /// Claims what is no duplicate, waiting for whoever brings something of it at this moment. `known` is asked once
    /// nobody does, before anything is claimed: what it finds is the answer instead.
    pub(super) fn claim<T>(&self, wanted: &Wanted<'_>, known: impl FnOnce() -> Option<T>) -> Result<Claim, T> {
        let of = self.of(wanted.force);
        let mut state = lock(&of.state);
        let window = state
            .window
            .get_or_insert_with(|| rebuild::window(&self.journal, wanted.force, self.limits, wanted.received));
        window.forget(wanted.received);
        while wanted.request.is_some_and(|request| state.requests.contains(&request))
            || wanted.events.iter().flatten().any(|event| state.events.contains(&event.event))
        {
            state = of.ended.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        if let Some(known) = known() {
            return Err(known);
        }
        let State { window, events, requests } = &mut *state;
        requests.extend(wanted.request);
        let mut claimed = Vec::new();
        let mut bring = |event: &Option<Fingerprint>| {
            let Some(event) = event else { return true };
            let again = window.as_ref().is_some_and(|window| window.look(event) == Seen::Duplicate);
            let first = !again && events.insert(event.event);
            claimed.extend(first.then_some(*event));
            first
        };
        let bring = wanted.events.iter().map(&mut bring).collect();
        drop(state);
        Ok(Claim { of, request: wanted.request, events: claimed, received: wanted.received, wanted: bring })
    }

    /// Makes every force's window that is not made yet, so that the first to send need not wait. `now` is in microseconds
    /// since 1970 UTC.
    pub(super) fn warm(&self, now: i64, stop: impl Fn() -> bool) {
        for force in self.journal.heads().into_keys() {
            if stop() {
                return;
            }
            let of = self.of(&force);
            lock(&of.state).window.get_or_insert_with(|| rebuild::window(&self.journal, &force, self.limits, now));
        }
    }

    fn of(&self, force: &Force) -> Arc<OfForce> {
        let mut forces = self.forces.lock().unwrap_or_else(PoisonError::into_inner);
        let new = || {
            let state = State { window: None, events: HashSet::new(), requests: HashSet::new() };
            Arc::new(OfForce { state: Mutex::new(state), ended: Condvar::new() })
        };
        Arc::clone(forces.entry(force.clone()).or_insert_with(new))
    }
}

impl Claim {
    /// What was claimed is durable now. How many of the events said that they are one that was there with other bytes.
    pub(super) fn durable(mut self) -> u64 {
        let events = std::mem::take(&mut self.events);
        let mut state = lock(&self.of.state);
        let mut changed = 0;
        for event in events {
            state.events.remove(&event.event);
            let seen = state.window.as_mut().map(|window| window.take(event, self.received));
            changed += u64::from(seen == Some(Seen::Changed));
        }
        drop(state);
        changed
    }
}

impl Drop for Claim {
    fn drop(&mut self) {
        let mut state = lock(&self.of.state);
        for event in &self.events {
            state.events.remove(&event.event);
        }
        if let Some(request) = &self.request {
            state.requests.remove(request);
        }
        self.of.ended.notify_all();
    }
}

fn lock(state: &Mutex<State>) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests;
