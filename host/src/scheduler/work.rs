//! The workers: form a wave's batches, run one lane on them, hand its effects to the store.

use std::sync::Arc;

use crossbeam_channel::{Receiver, Sender};

use super::form::{Formed, form};
use super::judge::{Given, Judged, Ran, Trouble, judge};
use super::{Deployed, Setup, StreamKey};
use crate::journal::Reader;
use crate::store::Effects;

/// What a worker is given to do.
pub(super) enum Task {
    /// Form a wave of at most so many rows.
    Form { key: StreamKey, wave: u64, until: u64, rows: usize, lanes: Vec<usize>, reader: Box<Reader> },
    /// Run one lane on a formed wave.
    Run { key: StreamKey, wave: u64, lane: usize, deployed: Arc<Deployed>, given: Given, formed: Arc<Formed> },
}

/// What a worker tells.
pub(super) enum Told {
    /// A wave is formed, or cannot be.
    Formed { key: StreamKey, wave: u64, lanes: Vec<usize>, reader: Box<Reader>, formed: Result<Arc<Formed>, String> },
    /// A lane's results are durable, or it failed for reasons of the moment.
    Ran { key: StreamKey, wave: u64, lane: usize, deployed: Arc<Deployed>, ran: Result<Ran, Trouble> },
}

/// A worker's life: until there are no more tasks.
pub(super) fn work(setup: &Setup, tasks: &Receiver<Task>, tell: &Sender<Told>) {
    for task in tasks {
        match task {
            Task::Form { key, wave, until, rows, lanes, mut reader } => {
                let zone = (setup.zone)(&key.0);
                let formed = form(&mut reader, &key.0, &key.1, zone, until, rows);
                let formed = formed.map(Arc::new).map_err(|error| error.to_string());
                let _ = tell.send(Told::Formed { key, wave, lanes, reader, formed });
            }
            Task::Run { key, wave, lane, deployed, given, formed } => {
                let tell = tell.clone();
                let result = judge(setup, &deployed, &key, &formed, given);
                // Batches go before the store is waited for: they are large.
                drop(formed);
                let told = move |ran| {
                    let _ = tell.send(Told::Ran { key, wave, lane, deployed, ran });
                };
                match result {
                    Ok(Judged::Passed(effects, ran)) => submit(setup, effects, Ok(ran), told),
                    Ok(Judged::Stuck(effects, trouble)) => submit(setup, effects, Err(trouble), told),
                    Err(why) => told(Err(Trouble::Host(why))),
                }
            }
        }
    }
}

/// Hands effects to the store; waits while its queue is full.
fn submit(
    setup: &Setup,
    effects: Effects,
    then: Result<Ran, Trouble>,
    told: impl FnOnce(Result<Ran, Trouble>) + Clone + Send + 'static,
) {
    let answer = told.clone();
    let handed = setup.store.submit(effects, move |result| match result {
        Ok(()) => answer(then),
        Err(error) => answer(Err(Trouble::Host(error.to_string()))),
    });
    if let Err(error) = handed {
        told(Err(Trouble::Host(error.to_string())));
    }
}
