//! What it costs to remember: windows of many keys in the real store (an update, memory, disk, the time to open it again), and
//! one call for a whole batch against one for each event, and a column looked up in a list of a million.
//!
//! `cargo bench --workspace --bench remembering`; `-- 10000` for one number of keys only. Plain times: the store's thread and
//! disk are part of what is measured.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)] // a bench that cannot go on says so
#![allow(clippy::cast_precision_loss)] // figures for people

#[path = "live/process.rs"]
#[allow(dead_code, unreachable_pub, reason = "shared with the bench of the live host")]
mod process;
mod support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon::events::{Batch, Batcher, BatcherOptions, EventOrigin, RawEvent};
use cordon::ids::Digest;
use cordon::lists::{Lists, Table};
use cordon::model::{Force, SourceName};
use cordon::results::LaneMemory;
use cordon::sandbox::{Outcome, Past, RunInput};
use cordon::store::Store;
use cordon_state::{Base, Fed, Kind, Memory, Remembering, Rows, Turn, Window};
use process::Process;
use support::plugins;

/// Entries of one commit, as a full batch has.
const BATCH: u64 = 4_096;
/// Updates of keys that are there, after all were made.
const UPDATES: u64 = 20 * BATCH;
const SECOND: i64 = 1_000_000;

fn main() {
    let asked: Vec<u64> = std::env::args().filter_map(|argument| argument.parse().ok()).collect();
    println!(
        "| keys | making one, us | updating one, us | of it the commit, us | MiB of memory | MiB of disk | opened again, ms | first batch after it, ms |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- | --- |");
    for keys in [10_000, 100_000, 1_000_000] {
        if asked.is_empty() || asked.contains(&keys) {
            windows(keys);
        }
    }
    if asked.is_empty() {
        calls();
    }
}

struct Some4096 {
    times: Vec<i64>,
    first: u64,
}

impl Rows for Some4096 {
    fn source(&self) -> &str {
        "entra.signin"
    }
    fn received(&self) -> &[i64] {
        &self.times
    }
    fn times(&self) -> &[i64] {
        &self.times
    }
    fn identity(&self, row: u32) -> [u8; 32] {
        let mut identity = [0; 32];
        identity[..8].copy_from_slice(&(self.first + u64::from(row)).to_le_bytes());
        identity
    }
    fn reference(&self, row: u32) -> String {
        format!("r1/avon/entra.signin/{}", self.first + u64::from(row))
    }
}

/// A lane's distinct window in a store of its own.
struct Lane {
    store: Arc<Store>,
    memory: Arc<LaneMemory>,
    declared: Arc<Remembering>,
    events: u64,
}

impl Lane {
    fn open(data: &Path) -> Self {
        let store = Arc::new(Store::open(data).unwrap());
        let force = Force::new("avon").unwrap();
        let day = 86_400 * SECOND;
        let (keys, bytes) = (u64::MAX, u64::MAX);
        let window = Window { kind: Kind::Distinct, length: 600 * SECOND, lateness: day, cap: 256, keys, bytes };
        let declared = Remembering {
            sources: ["entra.signin".to_owned()].into(),
            windows: [("w".to_owned(), window)].into(),
            values: None,
        };
        let memory = Arc::new(LaneMemory::of(Arc::clone(&store), &force, "bench", &Digest::of(b"place")));
        Self { store, memory, declared: Arc::new(declared), events: 0 }
    }

    /// Feeds a batch of these keys and commits it: the time of both, and of the commit.
    fn feed(&mut self, keys: impl Iterator<Item = u64>) -> (Duration, Duration) {
        let names: Vec<String> = keys.map(|key| format!("entra.signin 203.0.113.{key}")).collect();
        let first = self.events;
        self.events += names.len() as u64;
        let begun = Instant::now();
        // All within a day: nothing ends.
        let times = (0..names.len()).map(|row| (first as i64 + row as i64) * 10_000).collect();
        let rows = Some4096 { times, first };
        let mut turn = Turn::begin(Arc::clone(&self.memory) as Arc<_>, Arc::clone(&self.declared), rows).unwrap();
        let members: Vec<String> =
            (first..self.events).map(|event| format!("user{}@avon.example", event % 50)).collect();
        let fed: Vec<Fed<'_>> = (0_u32..)
            .zip(names.iter().zip(&members))
            .map(|(row, (key, member))| Fed { row, key, member, add: true })
            .collect();
        turn.feed("w", &fed).unwrap();
        let effects = self.memory.keep(turn.finish().unwrap());
        let committing = Instant::now();
        self.store.commit(effects).unwrap();
        (begun.elapsed(), committing.elapsed())
    }
}

fn windows(keys: u64) {
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let process = Process(std::process::id());
    let (before, _) = process.memory();
    let mut lane = Lane::open(folder.path());
    let (mut making, mut updating, mut committing) = (Duration::ZERO, Duration::ZERO, Duration::ZERO);
    for first in (0..keys).step_by(BATCH as usize) {
        making += lane.feed(first..(first + BATCH).min(keys)).0;
    }
    let mut random = fastrand::Rng::with_seed(1);
    for _ in 0..UPDATES / BATCH {
        let (all, commit) = lane.feed((0..BATCH).map(|_| random.u64(0..keys)));
        updating += all;
        committing += commit;
    }
    let (after, _) = process.memory();
    let events = lane.events;
    drop(lane);
    let disk: u64 = files(folder.path());
    let opening = Instant::now();
    let mut lane = Lane::open(folder.path());
    let opened = opening.elapsed();
    assert!(lane.memory.get(b"c").unwrap().is_some());
    lane.events = events;
    let (first, _) = lane.feed((0..BATCH).map(|_| random.u64(0..keys)));
    let each = |time: Duration, of: u64| time.as_secs_f64() * 1e6 / of as f64;
    println!(
        "| {keys} | {:.1} | {:.1} | {:.1} | {} | {} | {:.0} | {:.0} |",
        each(making, keys),
        each(updating, UPDATES),
        each(committing, UPDATES),
        after.saturating_sub(before),
        disk >> 20,
        opened.as_secs_f64() * 1e3,
        first.as_secs_f64() * 1e3,
    );
}

fn files(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap());
    entries
        .map(|entry| match entry.metadata().unwrap() {
            folder if folder.is_dir() => files(&entry.path()),
            file => file.len(),
        })
        .sum()
}

/// One call for a batch against one for each event, in the sandbox, over memory.
fn calls() {
    let sandbox = plugins::sandbox(&plugins::kept_cache());
    let loaded = plugins::load(&sandbox, &plugins::build(&["host/benches/asking"]));
    println!(
        "\n| events a batch | nothing, ns an event | get, one call | get, a call each | feed, one call | in a list of a million |"
    );
    println!("| --- | --- | --- | --- | --- | --- |");
    let entries = (0..1_000_000).map(|n| (format!("leaver{n}@avon.example"), String::new())).collect();
    let lists = Lists::of_tables([("watched".to_owned(), Table::new(entries).unwrap())].into());
    for rows in [16, 256, 4_096] {
        let batch = batch(rows);
        let mut figures = Vec::new();
        for way in ["nothing", "at-once", "one-by-one", "window", "list"] {
            let memory = Arc::new(Memory::default());
            let input = RunInput {
                settings: format!("{{\"way\":\"{way}\"}}").into(),
                past: Past::Lane(Arc::clone(&memory) as Arc<_>),
                lists: Some(lists.clone()),
                ..RunInput::default()
            };
            let rounds = 40_000 / rows + 10;
            let mut cpu = Duration::ZERO;
            for round in 0..=rounds {
                let report = sandbox.run(&loaded[0].plugin, &batch, &input);
                assert_eq!(report.outcome, Outcome::Completed);
                if round > 0 {
                    cpu += report.cost.cpu;
                }
            }
            figures.push(format!("{:.0}", cpu.as_secs_f64() * 1e9 / (rounds * rows) as f64));
        }
        println!("| {rows} | {} |", figures.join(" | "));
    }
}

fn batch(rows: usize) -> Arc<Batch> {
    let mut batcher = Batcher::new(BatcherOptions {
        force: Force::new("avon").unwrap(),
        source: Some(SourceName::new("custom.bench").unwrap()),
        time_field: None,
        zone: jiff::tz::TimeZone::UTC,
        rows: 4_096,
    });
    let mut full = None;
    for row in 0..rows {
        let origin = EventOrigin { file: "bench".into(), line: row as u64 + 1, unit: "line" };
        let bytes = format!("{{\"user\":\"user{row}@avon.example\"}}").into_bytes();
        full = batcher.push(RawEvent { bytes, origin }, 1_764_579_600 * SECOND).unwrap().or(full);
    }
    Arc::new(full.or_else(|| batcher.finish().into_iter().next()).unwrap())
}
