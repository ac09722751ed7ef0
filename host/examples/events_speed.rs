//! Events per second of CPU time: parsing alone, recognition and batching, columns. Run it by hand:
//! `cargo run --release -p cordon --example events_speed [FILE]`, by default over the real audit records.
#![allow(clippy::unwrap_used, clippy::expect_used)]

use std::path::PathBuf;
use std::time::Duration;

use cordon::events::{Batch, Batcher, BatcherOptions, EventReader, Input, RawEvent};
use cordon::model::Force;
use cordon_contract::path::Path;

const COLUMNS: &[&str] = &[
    "Operation",
    "UserId.@lower",
    "ClientIP.@ip",
    "Workload",
    "ResultStatus",
    "ObjectId",
    "RecordType",
    "Parameters[Name=ForwardTo].Value",
    "Parameters[Name=DeliverToMailboxAndForward].Value",
    "ExtendedProperties[Name=extendedAuditEventCategory].Value",
];
const TOTAL: usize = 100_000;

fn main() {
    let default = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/m365-ual.jsonl.zst");
    let file = std::env::args().nth(1).map_or(default, PathBuf::from);
    let mut reader = EventReader::open(&Input::File(file)).unwrap();
    let mut real: Vec<RawEvent> = Vec::new();
    while let Some(piece) = reader.next().unwrap() {
        real.push(piece.unwrap());
    }
    let all: Vec<RawEvent> = real.iter().cycle().take(TOTAL).cloned().collect();
    let bytes: usize = all.iter().map(|event| event.bytes.len()).sum();
    println!("{TOTAL} events, {} bytes on average", bytes / TOTAL);
    let paths: Vec<Path> = COLUMNS.iter().map(|path| Path::parse(path).unwrap()).collect();
    for round in 1..=3 {
        let start = cpu();
        for event in &all {
            let value: sonic_rs::Value = sonic_rs::from_slice(&event.bytes).unwrap();
            assert!(sonic_rs::JsonValueTrait::is_object(&value));
        }
        show(round, "sonic-rs Value", cpu() - start);

        // As in a run: a batch is dropped before the next one is begun.
        let given = all.clone();
        let mut batcher = Batcher::new(BatcherOptions {
            force: Force::new("test").unwrap(),
            source: None,
            time_field: None,
            zone: jiff::tz::TimeZone::get("Europe/London").unwrap(),
            rows: 4_096,
        });
        let mut spent = vec![Duration::ZERO; paths.len()];
        let mut look = |batch: &Batch| {
            for (path, spent) in paths.iter().zip(&mut spent) {
                let start = cpu();
                assert_eq!(batch.column(path).unwrap().rows.len(), batch.len());
                *spent += cpu() - start;
            }
        };
        let start = cpu();
        for event in given {
            if let Some(batch) = batcher.push(event, 0).unwrap() {
                look(&batch);
            }
        }
        batcher.finish().iter().for_each(&mut look);
        let whole = cpu() - start;
        let columns: Duration = spent.iter().sum();
        show(round, "check, parse, recognise, time", whole - columns);
        show(round, "ten columns", columns);
        show(round, "all of it", whole);
        if round == 3 {
            for (path, spent) in COLUMNS.iter().zip(&spent) {
                println!("    {:>6.0} ns an event: {path}", spent.as_nanos() as f64 / TOTAL as f64);
            }
        }
    }
}

/// CPU time of this thread: the machine may be busy with other things.
fn cpu() -> Duration {
    let time = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

fn show(round: u32, what: &str, spent: Duration) {
    println!("round {round}: {:>9.0} events/s  {what}", TOTAL as f64 / spent.as_secs_f64());
}
