//! Runs `configure` and takes the snapshot. In the child only.
//!
//! Every import but `log.write` traps. The snapshot reads the guest's memories and globals through accessors that
//! `wasmtime-wizer` added; its interface is asynchronous, this side never waits.

use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Instance, Lift, Linker, Resource, ResourceType, WasmList, WasmStr};
use wasmtime::{Engine, Store, StoreContextMut, UpdateDeadline};
use wasmtime_wizer::{ComponentContext, ComponentInstanceState, Wizer};

use super::Job;
use super::child::Fault;
use crate::sandbox::Limit;
use crate::sandbox::contract::{self, BatchHandle, Failure, LevelArgument};
use crate::sandbox::engine::Ticker;
use crate::sandbox::link::{level_of, log_text};
use crate::sandbox::meter::Meter;
use crate::sandbox::migrate::Answer;
use crate::sandbox::outcome::Outcome;
use crate::sandbox::state::Log;

/// The accessors grow each memory by a page a look, and look twice; not the guest's doing, so above its limit.
const SNAPSHOT_BYTES: usize = 4 << 20;

/// A store's data while configuring.
struct Configuring {
    meter: Meter,
    log: Log,
}

/// An import was called before the snapshot.
#[derive(Debug, thiserror::Error)]
#[error("`configure` called `{0}`: until the snapshot is taken only `log.write` answers")]
struct TooEarly(String);

/// The component with its state after `configure`, and what `configure` logged.
pub(super) fn take(
    engine: &Engine,
    component: &Component,
    wizer: &Wizer,
    context: &ComponentContext<'_>,
    job: &Job,
) -> Result<(Vec<u8>, Vec<String>), Fault> {
    let ticker = Ticker::start(engine).map_err(Fault::host)?;
    let _running = ticker.running();
    // Half of the whole: compiling twice needs the rest.
    let cpu = Duration::from_secs(u64::from(job.cpu_seconds)) / 2;
    let meter = Meter::configuring(cpu, job.guest_memory, job.guest_table_elements);
    let mut store = Store::new(engine, Configuring { meter, log: Log::default() });
    store.limiter(|state| &mut state.meter);
    store.epoch_deadline_callback(|store| {
        store.data().meter.check_time()?;
        Ok(UpdateDeadline::Continue(1))
    });
    store.set_epoch_deadline(1);
    let instance = linker(engine, component)
        .map_err(|error| Fault::Plugin(format!("its imports cannot be linked: {error:#}")))?
        .instantiate(&mut store, component)
        .map_err(|error| ended(&store, job.memory_mib, "its start", &error))?;
    configure(&mut store, &instance, job)?;
    store.data_mut().meter.raise_memory(SNAPSHOT_BYTES);
    let mut state = State { store, instance, broken: None };
    let snapshot = ready(wizer.snapshot_component(context, &mut state))
        .ok_or_else(|| Fault::host("the snapshot waited for something"))?;
    if let Some(reason) = state.broken {
        return Err(Fault::Plugin(reason));
    }
    let snapshot = snapshot.map_err(|error| Fault::Plugin(format!("a snapshot cannot carry it: {error:#}")))?;
    let log = state.store.into_data().log.into_lines().into_iter().map(|line| line.message).collect();
    Ok((snapshot, log))
}

fn configure(store: &mut Store<Configuring>, instance: &Instance, job: &Job) -> Result<(), Fault> {
    let mistyped = |name: &str, error: wasmtime::Error| {
        Fault::Plugin(format!("its export `{name}` is not the contract's: {error:#}"))
    };
    instance
        .get_typed_func::<(Resource<BatchHandle>,), (Result<(), Failure>,)>(&mut *store, contract::DETECT)
        .map_err(|error| mistyped(contract::DETECT, error))?;
    let configure = instance
        .get_typed_func::<(&str,), (Result<(), Failure>,)>(&mut *store, contract::CONFIGURE)
        .map_err(|error| mistyped(contract::CONFIGURE, error))?;
    if instance.get_export_index(&mut *store, None, contract::MIGRATE).is_some() {
        instance
            .get_typed_func::<(u32, u32, &[Vec<u8>]), (Answer,)>(&mut *store, contract::MIGRATE)
            .map_err(|error| mistyped(contract::MIGRATE, error))?;
    }
    match configure.call(&mut *store, (job.load_settings.as_str(),)) {
        Ok((Ok(()),)) => Ok(()),
        Ok((Err(failure),)) => Err(Fault::Plugin(format!("`configure` refused: {}", failure.reason()))),
        Err(error) => Err(ended(store, job.memory_mib, "`configure`", &error)),
    }
}

fn ended(store: &Store<Configuring>, mib: u32, what: &str, error: &wasmtime::Error) -> Fault {
    if let Some(early) = error.downcast_ref::<TooEarly>() {
        return Fault::Plugin(early.to_string());
    }
    match Outcome::of_error(error, store.data().log.panic_message()) {
        // In this process memory is scarce by our own limit.
        Outcome::HostTrouble { reason } => Fault::Limit(
            Limit::PrepareMemory,
            format!("preparing it needs more memory than the limit of {mib} MiB: {reason}"),
        ),
        outcome => match outcome.limit() {
            Some(limit) => Fault::Limit(limit, format!("{what} hit the limit {limit}: it {}", outcome.reason())),
            None => Fault::Plugin(format!("{what} trapped: {}", outcome.reason())),
        },
    }
}

/// `log.write`, and traps for whatever else the component imports.
fn linker(engine: &Engine, component: &Component) -> wasmtime::Result<Linker<Configuring>> {
    let mut linker = Linker::new(engine);
    for (interface, item) in component.component_type().imports(engine) {
        let ComponentItem::ComponentInstance(exports) = item.ty else {
            continue; // the parent let nothing else through, and linking would say so
        };
        let mut defined = linker.instance(interface)?;
        for (name, item) in exports.exports(engine) {
            match item.ty {
                ComponentItem::ComponentFunc(_) if interface == contract::LOG && name == "write" => {
                    defined.func_wrap(name, write)?;
                }
                ComponentItem::ComponentFunc(_) => {
                    let called = format!("{interface}#{name}");
                    defined.func_new(name, move |_, _, _, _| Err(TooEarly(called.clone()).into()))?;
                }
                ComponentItem::Resource(_) => {
                    defined.resource(name, ResourceType::host::<BatchHandle>(), |_, _| Ok(()))?;
                }
                _ => {}
            }
        }
    }
    Ok(linker)
}

fn write(
    mut store: StoreContextMut<'_, Configuring>,
    (level, message): (LevelArgument, WasmStr),
) -> wasmtime::Result<()> {
    let message = log_text(&store, &message)?;
    store.data_mut().log.write(level_of(level), &message)?;
    Ok(())
}

/// Polls once: nothing here ever waits.
fn ready<T>(future: impl Future<Output = T>) -> Option<T> {
    match pin!(future).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(answer) => Some(answer),
        Poll::Pending => None,
    }
}

/// Lets the snapshot look into the instance. Its interface knows no failure: the first one is kept and told afterwards.
struct State {
    store: Store<Configuring>,
    instance: Instance,
    broken: Option<String>,
}

impl State {
    fn look<R: Lift + 'static>(&mut self, interface: &str, name: &str) -> Option<R> {
        match self.try_look(interface, name) {
            Ok(answer) => Some(answer),
            Err(error) => {
                let reason = format!(
                    "a snapshot cannot carry it: its state cannot be read ({}); a memory needs two free pages below its own maximum",
                    error.root_cause()
                );
                self.broken.get_or_insert(reason);
                None
            }
        }
    }

    fn try_look<R: Lift + 'static>(&mut self, interface: &str, name: &str) -> wasmtime::Result<R> {
        let missing = || wasmtime::Error::msg(format!("accessor {interface}#{name} is missing"));
        let interface = self.instance.get_export_index(&mut self.store, None, interface).ok_or_else(missing)?;
        let function = self.instance.get_export_index(&mut self.store, Some(&interface), name).ok_or_else(missing)?;
        let accessor = self.instance.get_typed_func::<(), (R,)>(&mut self.store, &function)?;
        Ok(accessor.call(&mut self.store, ())?.0)
    }
}

impl ComponentInstanceState for State {
    async fn call_func_ret_list_u8(&mut self, instance: &str, func: &str, contents: impl FnOnce(&[u8]) + Send) {
        match self.look::<WasmList<u8>>(instance, func) {
            Some(list) => contents(list.as_le_slice(&self.store)),
            None => contents(&[]),
        }
    }

    async fn call_func_ret_s32(&mut self, instance: &str, func: &str) -> i32 {
        self.look(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_s64(&mut self, instance: &str, func: &str) -> i64 {
        self.look(instance, func).unwrap_or_default()
    }

    async fn call_func_ret_f32(&mut self, instance: &str, func: &str) -> u32 {
        self.look::<f32>(instance, func).unwrap_or_default().to_bits()
    }

    async fn call_func_ret_f64(&mut self, instance: &str, func: &str) -> u64 {
        self.look::<f64>(instance, func).unwrap_or_default().to_bits()
    }
}
