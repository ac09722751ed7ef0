//! The one place that configures wasmtime, and the ticker that lets running guests be asked for the time.
//!
//! Parent and preparing child must compile alike: [`configuration`] is the part that decides code, [`pooled`] adds what
//! only the host that runs plugins needs. Says every proposal out loud, so that an update of wasmtime changes nothing unseen.

use std::hash::{Hash as _, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{JoinHandle, Thread};
use std::time::Duration;

use sha2::{Digest as _, Sha256};
use wasmtime::{
    Config, Enabled, Engine, InstanceAllocationStrategy, OptLevel, PoolingAllocationConfig, Strategy, WasmFeatures,
};

use super::Caps;
use crate::ids::Digest;

/// Stack of a guest, in bytes. Worker threads need this and some room for the host's own frames.
pub(super) const GUEST_STACK_BYTES: usize = 512 << 10;
/// What one instance may need of the pool, whatever its manifest says.
pub(super) const CORE_INSTANCES: u32 = 32;
/// Linear memories of one instance.
pub(super) const MEMORIES: u32 = 4;
/// Tables of one instance.
pub(super) const TABLES: u32 = 8;
/// Bytes of wasmtime's own bookkeeping for one instance.
pub(super) const INSTANCE_BYTES: usize = 1 << 20;

/// How often a running guest's clock is read.
const TICK: Duration = Duration::from_millis(2);
/// Memory of a slot that is reset by copying rather than given back to the system: with page-map scanning only pages that a guest
/// wrote to are copied, which costs less than to have them mapped anew. Bounds what a resting slot holds.
const KEEP_RESIDENT_BYTES: usize = 16 << 20;
/// Snapshots up to this size are always mapped copy-on-write, however sparse.
const DENSE_IMAGE_BYTES: u64 = 64 << 20;

/// Everything that decides what code is compiled and what it may do.
fn configuration() -> Config {
    let mut config = Config::new();
    config
        .strategy(Strategy::Cranelift)
        .cranelift_opt_level(OptLevel::Speed)
        // Same events, same findings, on every machine.
        .cranelift_nan_canonicalization(true)
        .wasm_simd(true)
        .wasm_relaxed_simd(false)
        .relaxed_simd_deterministic(true)
        // No guest needs these, each is surface.
        .wasm_features(WasmFeatures::THREADS, false)
        .wasm_features(WasmFeatures::SHARED_EVERYTHING_THREADS, false)
        .wasm_features(WasmFeatures::MEMORY64, false)
        .wasm_features(WasmFeatures::GC, false)
        .wasm_features(WasmFeatures::GC_TYPES, false)
        .wasm_features(WasmFeatures::FUNCTION_REFERENCES, false)
        .wasm_features(WasmFeatures::EXCEPTIONS, false)
        .wasm_features(WasmFeatures::LEGACY_EXCEPTIONS, false)
        .wasm_features(WasmFeatures::STACK_SWITCHING, false)
        .wasm_features(WasmFeatures::CUSTOM_PAGE_SIZES, false)
        .wasm_features(WasmFeatures::WIDE_ARITHMETIC, false)
        .wasm_features(WasmFeatures::CM_ASYNC, false)
        .wasm_features(WasmFeatures::CM_MORE_ASYNC_BUILTINS, false)
        .wasm_features(WasmFeatures::CM_ASYNC_STACKFUL, false)
        .wasm_features(WasmFeatures::CM_THREADING, false)
        .wasm_features(WasmFeatures::CM_ERROR_CONTEXT, false)
        .wasm_features(WasmFeatures::CM_GC, false)
        .wasm_features(WasmFeatures::CM_MAP, false)
        .wasm_features(WasmFeatures::CM_FIXED_LENGTH_LISTS, false)
        .wasm_features(WasmFeatures::CM_VALUES, false)
        .wasm_features(WasmFeatures::CM_NESTED_NAMES, false)
        .wasm_features(WasmFeatures::CM64, false)
        .concurrency_support(false)
        // What LLVM emits by default, and the snapshot's accessors.
        .wasm_bulk_memory(true)
        .wasm_multi_value(true)
        .wasm_features(WasmFeatures::REFERENCE_TYPES, true)
        .wasm_multi_memory(true)
        .wasm_tail_call(true)
        .wasm_component_model(true)
        // CPU time is read in the epoch callback.
        .epoch_interruption(true)
        .consume_fuel(false)
        .max_wasm_stack(GUEST_STACK_BYTES)
        // A whole 4 GiB is reserved so that no access needs a bounds check.
        .memory_reservation(4 << 30)
        .memory_guard_size(32 << 20)
        .memory_may_move(false)
        .memory_init_cow(true)
        .memory_guaranteed_dense_image_size(DENSE_IMAGE_BYTES)
        // wasmtime unwinds by frame pointers; registering tables of 200 plugins with the system's unwinder is slow.
        .native_unwind_info(false);
    config
}

/// Engine of the preparing child: compiles the same code, allocates on demand.
///
/// # Errors
/// When this machine cannot carry the configuration.
pub(super) fn on_demand() -> wasmtime::Result<Engine> {
    let mut config = configuration();
    config.allocation_strategy(InstanceAllocationStrategy::OnDemand);
    Engine::new(&config)
}

/// Engine of the host: `workers` and two more slots, each able to hold the largest instance that the caps allow.
///
/// # Errors
/// When this machine cannot carry the configuration, for instance for lack of address space.
pub(super) fn pooled(workers: usize, caps: &Caps) -> wasmtime::Result<Engine> {
    let slots = u32::try_from(workers.saturating_add(2)).unwrap_or(u32::MAX);
    let mut pool = PoolingAllocationConfig::new();
    pool.total_component_instances(slots)
        .total_core_instances(slots.saturating_mul(CORE_INSTANCES))
        .total_memories(slots.saturating_mul(MEMORIES))
        .total_tables(slots.saturating_mul(TABLES))
        .max_core_instances_per_component(CORE_INSTANCES)
        .max_memories_per_component(MEMORIES)
        .max_memories_per_module(MEMORIES)
        .max_tables_per_component(TABLES)
        .max_tables_per_module(TABLES)
        .max_component_instance_size(INSTANCE_BYTES)
        .max_core_instance_size(INSTANCE_BYTES)
        .max_memory_size((caps.memory_mib as usize) << 20)
        .table_elements(caps.table_elements as usize)
        .linear_memory_keep_resident(KEEP_RESIDENT_BYTES)
        .table_keep_resident(64 << 10)
        .pagemap_scan(Enabled::Auto);
    let mut config = configuration();
    config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
    Engine::new(&config)
}

/// Digest of everything that decides whether an artefact fits: wasmtime's version, its settings, the CPU's features.
pub(super) fn digest(engine: &Engine) -> Digest {
    let mut hasher = Sha256Hasher(Sha256::new());
    engine.precompile_compatibility_hash().hash(&mut hasher);
    Digest(hasher.0.finalize().into())
}

/// Lets a `Hash` value be hashed by SHA-256: the standard hasher is neither wide nor stable enough to name a file by.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest = self.0.clone().finalize();
        digest.iter().take(8).fold(0, |sum, byte| sum << 8 | u64::from(*byte))
    }
}

/// Raises the engine's epoch while guests run, and sleeps while none does.
pub(super) struct Ticker {
    shared: Arc<Shared>,
    thread: Thread,
    handle: Option<JoinHandle<()>>,
}

struct Shared {
    running: AtomicUsize,
    stop: AtomicBool,
}

/// A guest is running as long as this lives.
pub(super) struct Running<'t>(&'t Ticker);

impl Ticker {
    /// Starts the thread.
    ///
    /// # Errors
    /// When no thread can be had.
    pub(super) fn start(engine: &Engine) -> std::io::Result<Self> {
        let shared = Arc::new(Shared { running: AtomicUsize::new(0), stop: AtomicBool::new(false) });
        let (engine, theirs) = (engine.weak(), Arc::clone(&shared));
        let handle = std::thread::Builder::new().name("cordon-ticker".into()).spawn(move || {
            while !theirs.stop.load(Ordering::Acquire) {
                if theirs.running.load(Ordering::Acquire) == 0 {
                    std::thread::park();
                    continue;
                }
                std::thread::sleep(TICK);
                match engine.upgrade() {
                    Some(engine) => engine.increment_epoch(),
                    None => return,
                }
            }
        })?;
        Ok(Self { shared, thread: handle.thread().clone(), handle: Some(handle) })
    }

    /// Ticks until the answer is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        if self.shared.running.fetch_add(1, Ordering::AcqRel) == 0 {
            self.thread.unpark();
        }
        Running(self)
    }
}

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.shared.running.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Ticker {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Release);
        self.thread.unpark();
        if let Some(handle) = self.handle.take() {
            // The thread does nothing that can fail; there is nobody to tell.
            let _ = handle.join();
        }
    }
}
