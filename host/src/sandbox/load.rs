//! Loading: from a component's bytes to a plugin that can run, by way of the cache or a preparing child.

use std::path::Path;
use std::sync::Arc;

use cordon_contract::manifest::Manifest;
use serde_json::{Map, Value};
use wasmtime::Engine;
use wasmtime::component::Component;

use super::access::{Access, NOT_GRANTED};
use super::allowance::Allowance;
use super::contract::{DETECT, MIGRATE};
use super::engine::{self, MEMORIES, TABLES, Ticker};
use super::memory::{self, Memory};
use super::prepare::{self, Cache, Preparer, Request};
use super::run::{self, started};
use super::state::{Given, Terms};
use super::{Limit, LoadError, Outcome, Plugin, PluginInner, Sandbox, SandboxOptions, inspect, link};

/// Bytes of a page of linear memory.
const PAGE_BYTES: u64 = 64 << 10;

/// See [`Sandbox::new`].
pub(super) fn sandbox(options: SandboxOptions) -> Result<Sandbox, LoadError> {
    let SandboxOptions { workers, cache, caps, preparer } = options;
    let host = |what: &str, error: &dyn std::fmt::Display| LoadError::Host(format!("{what}: {error}"));
    let engine = engine::pooled(workers, &caps)
        .map_err(|error| LoadError::Host(format!("the sandbox cannot be set up for {workers} workers: {error:#}")))?;
    let ticker = Ticker::start(&engine).map_err(|error| host("no thread for the sandbox's clock", &error))?;
    let linker = link::linker(&engine).map_err(|error| host("the contract cannot be linked", &error))?;
    let binary = match preparer {
        Some(binary) => binary,
        None => std::env::current_exe().map_err(|error| host("this program's own file is unknown", &error))?,
    };
    Ok(Sandbox {
        engine_digest: engine::digest(&engine),
        engine,
        ticker,
        linker,
        cache: Cache::open(&cache).map_err(|error| LoadError::Host(error.to_string()))?,
        preparer: Preparer::new(binary, &caps),
        caps,
    })
}

/// See [`Sandbox::load`].
pub(super) fn load(sandbox: &Sandbox, wasm: &[u8], load: &Map<String, Value>) -> Result<Plugin, LoadError> {
    let inspection = inspect(wasm)?;
    let manifest = inspection.manifest;
    let load_settings = manifest.load_settings(load).map_err(|error| LoadError::Plugin(error.to_string()))?;
    let terms = Arc::new(Terms {
        access: Access::of(&manifest, &sandbox.caps),
        allowance: Allowance::of(&manifest, &sandbox.caps),
        remembering: Arc::new(memory::remembering(&manifest, &sandbox.caps)),
        manifest,
    });
    if terms.access.lacks_grant() {
        tracing::warn!(plugin = %terms.manifest.plugin.id, "asks for whole events: {NOT_GRANTED}");
    }
    let key = prepare::key(inspection.digest, &load_settings, sandbox.engine_digest);
    let prepare = || {
        let configured = configured(&load_settings, &inspection.carried, &terms.manifest);
        let settings = serde_json::to_string(&configured).map_err(|error| LoadError::Host(error.to_string()))?;
        sandbox.preparer.prepare(
            &sandbox.cache,
            Request {
                key,
                wasm,
                load_settings: settings,
                guest_memory: terms.allowance.memory,
                guest_table_elements: terms.allowance.table_elements,
            },
        )
    };
    let component = match sandbox.cache.find(key) {
        Some(path) => match map(&sandbox.engine, &path) {
            Ok(component) => component,
            Err(error) => {
                tracing::warn!(error = %format!("{error:#}"), "a prepared artefact does not load and is made again");
                sandbox.cache.forget(key);
                mapped(&sandbox.engine, &prepare()?)?
            }
        },
        None => mapped(&sandbox.engine, &prepare()?)?,
    };
    fits(&component, &terms.allowance)?;
    let pre = sandbox
        .linker
        .instantiate_pre(&component)
        .map_err(|error| LoadError::Plugin(format!("its imports do not match the contract: {error:#}")))?;
    let detect = component
        .get_export_index(None, DETECT)
        .ok_or_else(|| LoadError::Plugin(format!("it exports no function `{DETECT}`")))?;
    let migrate = component.get_export_index(None, MIGRATE);
    let digest = inspection.digest;
    let plugin = Plugin { inner: Arc::new(PluginInner { terms, digest, load_settings, pre, detect, migrate }) };
    try_start(sandbox, &plugin)?;
    Ok(plugin)
}

/// What `configure` is given: a setting that nobody set to something of their own is what the component carries. It stays out
/// of the settings that findings and evidence tell of, where the component's digest says it already.
fn configured(given: &Map<String, Value>, carried: &Map<String, Value>, manifest: &Manifest) -> Map<String, Value> {
    let mut settings = given.clone();
    for (name, value) in &mut settings {
        let default = manifest.settings.load.get(name).map(|setting| &setting.default);
        if let Some(carried) = carried.get(name)
            && default == Some(&*value)
        {
            *value = carried.clone();
        }
    }
    settings
}

/// Maps what was prepared just now: what is still refused does not fit the pool.
fn mapped(engine: &Engine, path: &Path) -> Result<Component, LoadError> {
    map(engine, path).map_err(|error| LoadError::Plugin(format!("no slot of the pool can hold it: {error:#}")))
}

/// Maps an artefact whose SHA-256 was found to be what its maker said.
#[allow(unsafe_code, reason = "mapping compiled code is unsafe by its nature, and the cheapest way to start a plugin")]
fn map(engine: &Engine, path: &Path) -> wasmtime::Result<Component> {
    // SAFETY: wasmtime asks that the bytes come from `precompile_component`. This file was written by our own child, its
    // digest was taken there and checked again by the cache just now; it lies read-only in a folder that only this user
    // can write. Nothing in this program changes an artefact in place: a new one gets a new name.
    unsafe { Component::deserialize_file(engine, path) }
}

/// Whether a slot of the pool can ever hold an instance, said in the manifest's words.
fn fits(component: &Component, allowance: &Allowance) -> Result<(), LoadError> {
    let Some(needs) = component.resources_required() else {
        return Err(LoadError::Plugin("it imports modules: build it with `cordon build`".into()));
    };
    let too_many = |what: &str, there: u32, limit: u32| {
        Err(LoadError::Plugin(format!("it has {there} {what}, a plugin may have {limit}")))
    };
    if needs.num_memories > MEMORIES {
        return too_many("memories", needs.num_memories, MEMORIES);
    }
    if needs.num_tables > TABLES {
        return too_many("tables", needs.num_tables, TABLES);
    }
    let pages = needs.max_initial_memory_size.unwrap_or(0);
    if pages.saturating_mul(PAGE_BYTES) > allowance.memory as u64 {
        let (there, limit) = (pages.saturating_mul(PAGE_BYTES) >> 20, allowance.memory >> 20);
        return Err(LoadError::limit_hit(
            Limit::Memory,
            format!(
                "after `configure` it holds {there} MiB of memory, more than its limit of {limit} MiB: raise `memory-mib` under [limits] in cordon.toml within the operator's cap"
            ),
        ));
    }
    let elements = needs.max_initial_table_size.unwrap_or(0);
    if elements > allowance.table_elements as u64 {
        let limit = allowance.table_elements;
        let reason = format!("it has a table of {elements} elements, a plugin may have {limit}");
        return Err(LoadError::limit_hit(Limit::TableElements, reason));
    }
    Ok(())
}

/// Makes one instance and drops it: whatever the pool would refuse later is said now.
fn try_start(sandbox: &Sandbox, plugin: &Plugin) -> Result<(), LoadError> {
    let _running = sandbox.ticker.running();
    let given =
        Given { terms: Arc::clone(&plugin.inner.terms), batch: None, settings: Arc::from("{}"), explain: false };
    let mut store = run::store(&sandbox.engine, given, Memory::none());
    let Err(error) = plugin.inner.pre.instantiate(&mut store) else {
        return Ok(());
    };
    match started(&error) {
        // All slots are taken: it starts when one is free.
        Outcome::HostTrouble { .. } if error.is::<wasmtime::PoolConcurrencyLimitError>() => Ok(()),
        Outcome::HostTrouble { reason } => Err(LoadError::Plugin(format!("no slot of the pool can hold it: {reason}"))),
        outcome => {
            let reason = format!("it does not start: it {}", outcome.reason());
            Err(match outcome.limit() {
                Some(limit) => LoadError::limit_hit(limit, reason),
                None => LoadError::Plugin(reason),
            })
        }
    }
}
