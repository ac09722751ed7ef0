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
    Ran { key: StreamKey, wave: u64, lane: usize, ran: Result<Ran, Trouble> },
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
                    let _ = tell.send(Told::Ran { key, wave, lane, ran });
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

/// One lane on all batches of a wave: its effects, all to be committed together with its cursor.
fn judge(setup: &Setup, loaded: &Loaded, key: &StreamKey, formed: &Formed) -> Result<(Effects, Ran), String> {
    let manifest = loaded.plugin.manifest();
    let lane = LaneSource { force: key.0.clone(), plugin: manifest.plugin.id.clone(), source: key.1.clone() };
    let mut effects = passed(&lane, formed.end);
    let mut ran = Ran { end: formed.end, ..Ran::default() };
    let store = |error: StoreError| error.to_string();
    for batch in &formed.batches {
        ran.events += batch.len() as u64;
        match run(setup, loaded, batch) {
            Ended::Findings(found) => {
                effects = effects.and(ledger::judged(&lane, batch.received(), Became::Processed));
                for finding in found {
                    effects = effects.and(save(&setup.store, &finding).map_err(store)?);
                    ran.findings += 1;
                }
            }
            Ended::Skip(outcome) => {
                let (first, last) = (batch.sequence(0), batch.sequence(batch.len().saturating_sub(1)));
                let mut record = blank(loaded, key, first, last, batch.len() as u64);
                outcome.word().clone_into(&mut record.outcome);
                outcome.reason().clone_into(&mut record.reason);
                record.limit = outcome.limit().map(|limit| limit.to_string());
                effects = effects.and(skip(&key.0, &record).map_err(store)?);
                effects = effects.and(ledger::judged(&lane, batch.received(), Became::Skipped));
                ran.skips += 1;
            }
            Ended::Moment(why) => return Err(why),
        }
    }
    for (first, rows, reason) in &formed.lost {
        let record = Skip {
            outcome: "lost".into(),
            reason: reason.clone(),
            ..blank(loaded, key, *first, first + rows.saturating_sub(1), *rows)
        };
        effects = effects.and(skip(&key.0, &record).map_err(store)?).and(ledger::lost(&lane, *rows));
        ran.skips += 1;
    }
    Ok((effects, ran))
}

fn blank(loaded: &Loaded, key: &StreamKey, first: u64, last: u64, rows: u64) -> Skip {
    let plugin = &loaded.plugin.manifest().plugin;
    Skip {
        plugin: plugin.id.clone(),
        version: plugin.version.to_string(),
        digest: loaded.plugin.digest().to_string(),
        source: key.1.to_string(),
        first,
        last,
        rows,
        outcome: String::new(),
        limit: None,
        reason: String::new(),
    }
}

/// How a plugin's run on a batch ended, repeated where that may help.
enum Ended {
    Findings(Vec<crate::findings::Finding>),
    Skip(Outcome),
    Moment(String),
}

fn run(setup: &Setup, loaded: &Loaded, batch: &Arc<Batch>) -> Ended {
    let input = RunInput { settings: Arc::clone(&loaded.settings), explain: false };
    let (id, force) = (loaded.plugin.manifest().plugin.id.as_str(), batch.force().as_str());
    let mut report = setup.sandbox.run(&loaded.plugin, batch, &input);
    setup.metrics.ran(id, force, &report);
    if report.outcome != Outcome::Completed {
        // What is deterministic ends the same way; what is of the moment may have passed.
        report = setup.sandbox.run(&loaded.plugin, batch, &input);
        setup.metrics.ran(id, force, &report);
    }
    if report.outcome.is_deterministic() {
        setup.metrics.judged(id, force, batch.len(), report.findings.len());
    }
    match report.outcome {
        Outcome::Completed => {
            Ended::Findings(report.findings.iter().filter_map(|one| stamp(one, batch, &loaded.plugin)).collect())
        }
        outcome if outcome.is_deterministic() => Ended::Skip(outcome),
        outcome => Ended::Moment(format!("{}: {}", outcome.word(), outcome.reason())),
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
