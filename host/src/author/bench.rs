//! What a plugin costs: the same events in batches of several sizes, over and over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_state::Memory;
use serde::Serialize;

use crate::events::{Batch, Batcher, BatcherOptions, RawEvent};
use crate::registry::Loaded;
use crate::sandbox::{Outcome, Past, RunInput, Sandbox};

/// Rounds go on for this long for each size.
const LONG_ENOUGH: Duration = Duration::from_millis(800);
/// And for this many rounds at least.
const ROUNDS: u32 = 3;

/// Cost with one size of batches.
#[derive(Debug, Clone, Serialize)]
pub struct Cost {
    /// The plugin's id.
    pub plugin: String,
    /// Events of a batch at most.
    pub batch: usize,
    /// Events of the plugin's sources.
    pub events: usize,
    /// Runs measured.
    pub runs: usize,
    /// CPU nanoseconds for one event, columns there already: instance, crossing, detection.
    pub ns_per_event: f64,
    /// CPU nanoseconds for one event to build the columns, paid once for all plugins.
    pub columns_ns_per_event: f64,
    /// Wall clock for one batch, microseconds: the middle one.
    pub p50_us: f64,
    /// The 99th of 100.
    pub p99_us: f64,
    /// Start of an instance, microseconds: the middle one.
    pub start_us: f64,
    /// Largest memory of an instance, bytes.
    pub memory: usize,
    /// Columns given, for one batch.
    pub columns: f64,
    /// Bytes of columns copied into the plugin, for one event.
    pub bytes_per_event: f64,
}

/// Measures one plugin with one size.
///
/// # Errors
/// When a run does not complete, or no event is of the plugin's sources.
pub fn measure(
    sandbox: &Sandbox,
    loaded: &Loaded,
    events: &[RawEvent],
    options: &BatcherOptions,
    received: i64,
) -> Result<Cost, String> {
    let batches = batches(events, options, received);
    let sources = &loaded.plugin.manifest().sources;
    let batches: Vec<Arc<Batch>> =
        batches.into_iter().filter(|batch| sources.contains_key(batch.source().as_str())).collect();
    let rows: usize = batches.iter().map(|batch| batch.len()).sum();
    let id = loaded.plugin.manifest().plugin.id.clone();
    if rows == 0 {
        let wanted: Vec<&str> = sources.keys().map(String::as_str).collect();
        return Err(format!("plugin `{id}` reads {}, and there is no such event", wanted.join(" and ")));
    }
    let mut total = Totals::default();
    let begun = Instant::now();
    let mut rounds = 0;
    while rounds <= ROUNDS || begun.elapsed() < LONG_ENOUGH {
        let memory = Arc::new(Memory::default());
        let past = Past::Lane(Arc::clone(&memory) as _);
        let input = RunInput {
            settings: Arc::clone(&loaded.settings),
            explain: false,
            past,
            lists: Some(loaded.lists.clone()),
        };
        for batch in &batches {
            let start = Instant::now();
            let report = sandbox.run(&loaded.plugin, batch, &input);
            let wall = start.elapsed();
            if report.outcome != Outcome::Completed {
                return Err(format!("plugin `{id}` {}: {}", report.outcome.word(), report.outcome.reason()));
            }
            if let Some(changes) = &report.remembered {
                memory.apply(changes);
            }
            total.memory = total.memory.max(report.cost.memory);
            // The first round builds the columns; the others find them there.
            if rounds == 0 {
                total.columns_cpu += report.cost.columns_cpu;
                total.columns += u64::from(report.cost.columns);
                total.bytes += report.cost.column_bytes;
                continue;
            }
            total.cpu += report.cost.cpu;
            total.events += batch.len();
            total.walls.push(wall);
            total.starts.push(report.cost.start);
        }
        rounds += 1;
    }
    Ok(total.cost(id, options.rows, rows, batches.len()))
}

#[derive(Default)]
struct Totals {
    cpu: Duration,
    columns_cpu: Duration,
    columns: u64,
    bytes: u64,
    events: usize,
    memory: usize,
    walls: Vec<Duration>,
    starts: Vec<Duration>,
}

#[allow(clippy::cast_precision_loss, reason = "figures for people")]
impl Totals {
    fn cost(mut self, plugin: String, batch: usize, rows: usize, batches: usize) -> Cost {
        self.walls.sort_unstable();
        self.starts.sort_unstable();
        let us = |sorted: &[Duration], share: usize| {
            sorted
                .get((sorted.len() * share / 100).min(sorted.len().saturating_sub(1)))
                .map_or(0.0, |d| d.as_secs_f64() * 1e6)
        };
        Cost {
            plugin,
            batch,
            events: rows,
            runs: self.walls.len(),
            ns_per_event: self.cpu.as_secs_f64() * 1e9 / self.events.max(1) as f64,
            columns_ns_per_event: self.columns_cpu.as_secs_f64() * 1e9 / rows as f64,
            p50_us: us(&self.walls, 50),
            p99_us: us(&self.walls, 99),
            start_us: us(&self.starts, 50),
            memory: self.memory,
            columns: self.columns as f64 / batches.max(1) as f64,
            bytes_per_event: self.bytes as f64 / rows as f64,
        }
    }
}

fn batches(events: &[RawEvent], options: &BatcherOptions, received: i64) -> Vec<Arc<Batch>> {
    let mut batcher = Batcher::new(options.clone());
    let mut batches = Vec::new();
    for event in events {
        if let Ok(Some(batch)) = batcher.push(event.clone(), received) {
            batches.push(Arc::new(batch));
        }
    }
    batches.extend(batcher.finish().into_iter().map(Arc::new));
    batches
}
