//! Batches from lines of JSON, by way of the real batcher.

use std::sync::Arc;

use cordon::events::{Batch, Batcher, BatcherOptions, EventOrigin, RawEvent};
use cordon::model::{Force, SourceName};

/// When every event of [`batch`] was received: 2026-01-01, in microseconds.
pub const RECEIVED: i64 = 1_767_225_600_000_000;

/// Whole batches of force `avon`, in UTC; of this source, or recognised by shape.
///
/// # Panics
/// When the source is none.
#[must_use]
pub fn options(source: Option<&str>) -> BatcherOptions {
    BatcherOptions {
        force: Force::new("avon").unwrap(),
        source: source.map(|name| SourceName::new(name).unwrap()),
        time_field: None,
        zone: jiff::tz::TimeZone::UTC,
        rows: cordon_contract::limits::BATCH_ROWS,
    }
}

/// One batch of force `avon` and this source.
///
/// # Panics
/// When an event is refused or the lines are more than one batch.
#[must_use]
pub fn batch(source: &str, lines: &[impl AsRef<str>]) -> Arc<Batch> {
    let mut batcher = Batcher::new(options(Some(source)));
    let mut full = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let origin = EventOrigin { file: "test".into(), line: at as u64 + 1, unit: "line" };
        let event = RawEvent { bytes: line.as_ref().as_bytes().to_vec(), origin };
        full.extend(batcher.push(event, RECEIVED).unwrap());
    }
    full.extend(batcher.finish());
    let [batch] = <[Batch; 1]>::try_from(full).expect("the lines are one batch");
    Arc::new(batch)
}

/// `rows` small events with the fields that [`crate::guest::MANIFEST`] declares.
#[must_use]
pub fn rows(rows: usize) -> Arc<Batch> {
    let lines: Vec<String> = (0..rows)
        .map(|row| {
            format!(
                r#"{{"Operation":"op-{}","UserId":"user-{}@avon.example","ClientIP":"192.0.2.{}","Text":"long and different text number {row}"}}"#,
                row % 7,
                row % 40,
                row % 250
            )
        })
        .collect();
    batch("custom.test", &lines)
}
