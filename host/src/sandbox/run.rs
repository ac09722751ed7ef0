//! One batch on a fresh instance: makes it, calls `detect`, turns whatever happened into a report.

use std::sync::Arc;
use std::time::{Duration, Instant};

use wasmtime::component::{Instance, Resource};
use wasmtime::{Engine, Store, UpdateDeadline};

use super::contract::{BatchHandle, Failure};
use super::lists::Lookups;
use super::memory::Memory;
use super::meter::Meter;
use super::outcome::Cost;
use super::state::{Given, RunState};
use super::{Outcome, PluginInner, RunInput, RunReport};
use crate::events::Batch;

/// Handles that a guest may hold at once: there is one batch.
const HANDLES: usize = 64;

/// A store with every limit in place.
pub(super) fn store(engine: &Engine, given: Given, memory: Memory) -> Store<RunState> {
    let mut store = Store::new(engine, RunState::new(given, memory));
    store.limiter(|state| &mut state.meter);
    // Arguments are read in place and measured before anything is copied (`link.rs`), each against a limit with a name.
    // This fuel would stop a call earlier, but with an error that has no type to tell it by; what `detect` answers is the
    // one text that is copied unmeasured, and that is bounded by the guest's own memory.
    store.set_hostcall_fuel(usize::MAX);
    store.set_max_component_handles(HANDLES);
    store.epoch_deadline_callback(|store| {
        store.data().meter.check_time()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store.set_epoch_deadline(1);
    store
}

/// Runs a plugin on a batch of a source that its manifest names.
pub(super) fn run(engine: &Engine, plugin: &PluginInner, batch: &Arc<Batch>, input: &RunInput) -> RunReport {
    let given = Given {
        terms: Arc::clone(&plugin.terms),
        batch: Some(Arc::clone(batch)),
        settings: Arc::clone(&input.settings),
        explain: input.explain,
    };
    let memory = match Memory::begin(&plugin.terms.remembering, batch, &input.past) {
        Ok(memory) => memory,
        Err(reason) => return ended(Outcome::HostTrouble { reason }),
    };
    let mut store = store(engine, given, memory);
    store.data_mut().lookups = Lookups::of(input);
    let begun = Instant::now();
    let instance = plugin.pre.instantiate(&mut store);
    let start = begun.elapsed();
    let ended = match instance {
        Ok(instance) => detect(&mut store, &instance, plugin),
        Err(error) => Err(started(&error)),
    };
    report(store, ended, start)
}

/// `Ok` holds what `detect` answered, `Err` how the run ended without an answer.
fn detect(
    store: &mut Store<RunState>,
    instance: &Instance,
    plugin: &PluginInner,
) -> Result<Result<(), Failure>, Outcome> {
    let detect = instance
        .get_typed_func::<(Resource<BatchHandle>,), (Result<(), Failure>,)>(&mut *store, &plugin.detect)
        .map_err(|error| Outcome::HostTrouble { reason: format!("`detect` changed its type after load: {error:#}") })?;
    match detect.call(&mut *store, (Resource::new_borrow(0),)) {
        Ok((answer,)) => Ok(answer),
        Err(error) => Err(Outcome::of_error(&error, store.data().said.log.panic_message())),
    }
}

/// How an instance that could not be made ends its run. Load tried one with success: what is neither the guest's trap nor
/// a limit is the pool's or the system's trouble.
pub(super) fn started(error: &wasmtime::Error) -> Outcome {
    let guests = error.is::<super::meter::Stop>() || error.is::<wasmtime::Trap>();
    if guests {
        return Outcome::of_error(error, None);
    }
    Outcome::HostTrouble { reason: format!("no instance could be made: {error:#}") }
}

fn report(store: Store<RunState>, ended: Result<Result<(), Failure>, Outcome>, start: Duration) -> RunReport {
    let cost = cost(&store.data().meter, start);
    let RunState { said, memory, lookups, .. } = store.into_data();
    let outcome = match (said.emissions.refused(), memory.refused(), ended) {
        // Deterministic, and first: what came after it does not matter.
        (Some(refusal), ..) => Outcome::BadOutput { reason: refusal.fault.reason().to_owned(), limit: refusal.limit },
        // Nor here: but that the host could not go on is not the guest's doing.
        (None, Some(reason), Ok(_)) => Outcome::BadOutput { reason: reason.to_owned(), limit: None },
        (None, _, Ok(Ok(()))) => Outcome::Completed,
        (None, _, Ok(Err(failure))) => Outcome::Refused { reason: failure.reason() },
        (None, _, Err(outcome)) => outcome,
    };
    let (log, explanations) = (said.log.into_lines(), said.explanations.into_steps());
    if outcome != Outcome::Completed {
        return RunReport { log, explanations, cost, ..self::ended(outcome) };
    }
    let findings = said.emissions.into_findings();
    let rows: Vec<u32> = findings.iter().map(|finding| finding.row).collect();
    match memory.finish(&rows) {
        Ok((remembered, answers)) => {
            let listed = lookups.asked();
            RunReport { outcome, findings, remembered, answers, listed, log, explanations, cost }
        }
        Err(reason) => RunReport { log, explanations, cost, ..self::ended(Outcome::HostTrouble { reason }) },
    }
}

fn cost(meter: &Meter, start: Duration) -> Cost {
    Cost {
        cpu: meter.cpu(),
        columns_cpu: meter.columns_cpu,
        start,
        memory: meter.memory,
        columns: meter.columns,
        column_bytes: meter.column_bytes,
        host_calls: meter.host_calls,
    }
}

/// A run that was never needed.
pub(super) fn nothing_to_do() -> RunReport {
    ended(Outcome::Completed)
}

/// A report that holds nothing but how it ended.
fn ended(outcome: Outcome) -> RunReport {
    RunReport {
        outcome,
        findings: Vec::new(),
        remembered: None,
        answers: Vec::new(),
        listed: Vec::new(),
        log: Vec::new(),
        explanations: Vec::new(),
        cost: Cost::default(),
    }
}
