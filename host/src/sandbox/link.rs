//! The plugin's imports, by hand: what each host function reads, asks and answers. Decides nothing itself.

use cordon_contract::limits;
use std::sync::Arc;

use wasmtime::component::{Linker, Resource, ResourceType, WasmList, WasmStr};
use wasmtime::{AsContext as _, Engine, StoreContextMut};

use super::access::Answer;
use super::contract::{
    self, AccessFault, BatchHandle, ContextArgument, EmitFault, EntityArgument, ExplanationArgument, FindingArgument,
    LevelArgument, shortened,
};
use super::emit::{Draft, Refusal, within, within_count};
use super::link_memory;
use super::lists;
use super::meter::Stop;
use super::reference;
use super::state::RunState;
use crate::model::{Explanation, LogLevel};

/// Bytes kept of each text of an explanation.
const EXPLANATION_BYTES: usize = 4096;

pub(super) type Store<'s> = StoreContextMut<'s, RunState>;
type Batch = Resource<BatchHandle>;

/// The linker of all runs.
///
/// # Errors
/// Never in practice: a name defined twice.
pub(super) fn linker(engine: &Engine) -> wasmtime::Result<Linker<RunState>> {
    let mut linker = Linker::new(engine);
    linker.instance(contract::TYPES)?;
    events(&mut linker)?;
    findings(&mut linker)?;
    settings(&mut linker)?;
    link_memory::state(&mut linker)?;
    link_memory::windows(&mut linker)?;
    lists::link(&mut linker)?;
    log(&mut linker)?;
    Ok(linker)
}

fn events(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut events = linker.instance(contract::EVENTS)?;
    events.resource("batch", ResourceType::host::<BatchHandle>(), |_, _| Ok(()))?;
    events.func_wrap("[method]batch.len", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        Ok((u32::try_from(batch.len())?,))
    })?;
    events.func_wrap("[method]batch.source", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        Ok((batch.source().to_string(),))
    })?;
    events.func_wrap("[method]batch.times", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        per_row(&mut store, batch.times())
    })?;
    events.func_wrap("[method]batch.marks", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        per_row(&mut store, batch.marks())
    })?;
    events.func_wrap("[method]batch.received", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        per_row(&mut store, batch.received())
    })?;
    events.func_wrap("[method]batch.local-minutes", |mut store: Store<'_>, (_,): (Batch,)| {
        let batch = store.data_mut().call()?;
        per_row(&mut store, batch.local_minutes())
    })?;
    events.func_wrap("[method]batch.column", |mut store: Store<'_>, (_, path): (Batch, WasmStr)| {
        let batch = store.data_mut().call()?;
        let path = match path_text(&store, &path)? {
            Ok(path) => path,
            Err(fault) => return Ok((Err(fault),)),
        };
        let state = store.data_mut();
        Ok((state.given.terms.access.column(&batch, &mut state.meter, &path)?,))
    })?;
    events.func_wrap(
        "[method]batch.column-for",
        |mut store: Store<'_>, (_, path, rows): (Batch, WasmStr, WasmList<u32>)| {
            let batch = store.data_mut().call()?;
            let path = match path_text(&store, &path)? {
                Ok(path) => path,
                Err(fault) => return Ok((Err(fault),)),
            };
            if rows.len() > batch.len() {
                let fault = format!("{} rows asked for, the batch has {}", rows.len(), batch.len());
                return Ok((Err(AccessFault::BadRows(fault)),));
            }
            let rows: Vec<u32> = rows.as_le_slice(store.as_context()).iter().map(|row| u32::from_le(*row)).collect();
            let state = store.data_mut();
            Ok((state.given.terms.access.column_for(&batch, &mut state.meter, &path, &rows)?,))
        },
    )?;
    events.func_wrap("[method]batch.values", |mut store: Store<'_>, (_, path): (Batch, WasmStr)| {
        let batch = store.data_mut().call()?;
        let path = match path_text(&store, &path)? {
            Ok(path) => path,
            Err(fault) => return Ok((Err(fault),)),
        };
        let state = store.data_mut();
        Ok((state.given.terms.access.values(&batch, &mut state.meter, &path)?,))
    })?;
    events.func_wrap("[method]batch.whole", |mut store: Store<'_>, (_, row): (Batch, u32)| {
        let batch = store.data_mut().call()?;
        let state = store.data_mut();
        Ok((state.given.terms.access.whole(&batch, &mut state.meter, row)?,))
    })?;
    events.func_wrap("[method]batch.reference", |mut store: Store<'_>, (_, row): (Batch, u32)| {
        let batch = store.data_mut().call()?;
        Ok((reference::of_row(&batch, row).unwrap_or_default(),))
    })
}

fn findings(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut findings = linker.instance(contract::FINDINGS)?;
    findings.func_wrap("emit", |mut store: Store<'_>, (finding,): (FindingArgument,)| {
        let batch = store.data_mut().call()?;
        let draft = draft(&mut store, &finding)?;
        let state = store.data_mut();
        if draft.is_err() {
            // Reading what is too long takes time, and straight-line code passes no look of the guest's own clock.
            state.meter.check_time()?;
        }
        Ok((state.said.emissions.emit(draft, &state.given.terms.manifest, &batch),))
    })
}

fn settings(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut settings = linker.instance(contract::SETTINGS)?;
    settings.func_wrap("get", |mut store: Store<'_>, (): ()| {
        let state = store.data_mut();
        state.meter.host_call()?;
        state.meter.crossing(state.given.settings.len())?;
        Ok((Arc::clone(&state.given.settings),))
    })
}

fn log(linker: &mut Linker<RunState>) -> wasmtime::Result<()> {
    let mut log = linker.instance(contract::LOG)?;
    log.func_wrap("write", |mut store: Store<'_>, (level, message): (LevelArgument, WasmStr)| {
        store.data_mut().meter.host_call()?;
        let message = log_text(&store, &message)?;
        store.data_mut().said.log.write(level_of(level), &message)?;
        Ok(())
    })?;
    log.func_wrap("explaining", |mut store: Store<'_>, (): ()| {
        let state = store.data_mut();
        state.meter.host_call()?;
        Ok((state.given.explain,))
    })?;
    log.func_wrap("explain", |mut store: Store<'_>, (step,): (ExplanationArgument,)| {
        store.data_mut().meter.host_call()?;
        if !store.data().given.explain {
            return Ok(());
        }
        let text =
            |text: &WasmStr| Ok::<_, wasmtime::Error>(shortened(&text.to_str(store.as_context())?, EXPLANATION_BYTES));
        let explanation = Explanation {
            row: step.row,
            field: text(&step.field)?,
            predicate: text(&step.predicate)?,
            value: step.value.as_ref().map(text).transpose()?,
            held: step.held,
        };
        Ok(store.data_mut().said.explanations.push(explanation)?)
    })
}

/// A whole per-row list of the batch, counted.
fn per_row<T: Copy>(store: &mut Store<'_>, list: &[T]) -> wasmtime::Result<(Vec<T>,)> {
    store.data_mut().meter.crossing(size_of_val(list))?;
    Ok((list.to_vec(),))
}

/// What a guest asked to log, cut just above what a message may be, so that a huge one is refused without being copied.
pub(super) fn log_text<T: 'static>(store: &StoreContextMut<'_, T>, message: &WasmStr) -> wasmtime::Result<String> {
    let text = message.to_str(store.as_context())?;
    Ok(text[..text.floor_char_boundary(text.len().min(limits::LOG_MESSAGE_BYTES + 4))].to_owned())
}

pub(super) fn level_of(level: LevelArgument) -> LogLevel {
    match level {
        LevelArgument::Debug => LogLevel::Debug,
        LevelArgument::Info => LogLevel::Info,
        LevelArgument::Warn => LogLevel::Warn,
        LevelArgument::Error => LogLevel::Error,
    }
}

/// The path, in place of a [`Stop`] where reading it took the run over its time: what has no path's length may have any.
fn path_text(store: &Store<'_>, path: &WasmStr) -> Result<Answer<String>, Stop> {
    let fault = match path.to_str(store.as_context()) {
        Ok(path) if path.len() <= limits::PATH_BYTES => return Ok(Ok(path.into_owned())),
        Ok(path) => {
            let (len, limit) = (path.len(), limits::PATH_BYTES);
            AccessFault::BadPath(format!("a path of {len} bytes: at most {limit} are allowed"))
        }
        Err(_) => AccessFault::BadPath("the path is not Unicode text".into()),
    };
    store.data().meter.check_time()?;
    Ok(Err(fault))
}

/// Copies a finding out of the guest, text by text, each only after its length was found to be within its limit.
///
/// The outer error is a broken list in the guest's memory; the inner one a refusal.
fn draft(store: &mut Store<'_>, finding: &FindingArgument) -> wasmtime::Result<Result<Draft, Refusal>> {
    let counts = within_count("entities", finding.entities.len(), limits::ENTITIES)
        .and_then(|()| within_count("context", finding.context.len(), limits::CONTEXT_ENTRIES))
        .and_then(|()| within_count("cited", finding.cited.len(), limits::CITED));
    if let Err(refusal) = counts {
        return Ok(Err(refusal));
    }
    let entities: Vec<EntityArgument> = finding.entities.iter(&mut *store)?.collect::<wasmtime::Result<_>>()?;
    let context: Vec<ContextArgument> = finding.context.iter(&mut *store)?.collect::<wasmtime::Result<_>>()?;
    let cited: Vec<WasmStr> = finding.cited.iter(&mut *store)?.collect::<wasmtime::Result<_>>()?;
    Ok(copy(store, finding, &entities, &context, &cited))
}

fn copy(
    store: &Store<'_>,
    finding: &FindingArgument,
    entities: &[EntityArgument],
    context: &[ContextArgument],
    cited: &[WasmStr],
) -> Result<Draft, Refusal> {
    let text = |field: &str, text: &WasmStr, limit: usize| -> Result<String, Refusal> {
        let Ok(text) = text.to_str(store.as_context()) else {
            return Err(EmitFault::BadField(format!("{field} is not Unicode text")).into());
        };
        within(field, text.len(), limit)?;
        Ok(text.into_owned())
    };
    let optional = |field: &str, value: &Option<WasmStr>, limit: usize| {
        value.as_ref().map(|value| text(field, value, limit)).transpose()
    };
    Ok(Draft {
        row: finding.row,
        rule: text("rule", &finding.rule, limits::TITLE_BYTES)?,
        severity: optional("severity", &finding.severity, limits::TITLE_BYTES)?,
        confidence: optional("confidence", &finding.confidence, limits::TITLE_BYTES)?,
        title: optional("title", &finding.title, limits::TITLE_BYTES)?,
        summary: text("summary", &finding.summary, limits::SUMMARY_BYTES)?,
        entities: entities
            .iter()
            .map(|entity| {
                Ok((
                    text("an entity's kind", &entity.kind, limits::ENTITY_KIND_BYTES)?,
                    text("an entity's value", &entity.value, limits::ENTITY_VALUE_BYTES)?,
                ))
            })
            .collect::<Result<_, Refusal>>()?,
        context: context
            .iter()
            .map(|entry| {
                Ok((
                    text("a context entry's key", &entry.key, limits::CONTEXT_KEY_BYTES)?,
                    text("a context entry's value", &entry.value, limits::CONTEXT_VALUE_BYTES)?,
                ))
            })
            .collect::<Result<_, Refusal>>()?,
        cited: cited
            .iter()
            .map(|reference| text("a reference", reference, limits::REFERENCE_BYTES))
            .collect::<Result<_, Refusal>>()?,
        key: text("key", &finding.key, limits::KEY_BYTES)?,
    })
}
