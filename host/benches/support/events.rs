//! The real events beside the checkout, as a plain file that is read as often as it takes to make 100,000 of them.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use cordon::events::{Batch, Batcher, BatcherOptions, EventOrigin, EventReader, Input, RawEvent};
use cordon::model::Force;

/// Events of a measurement at least.
pub const EVENTS: usize = 100_000;
/// When all of them count as received: 2026-01-01.
pub const RECEIVED: i64 = 1_767_225_600_000_000;

/// One kind of real events.
pub struct Real {
    pub name: &'static str,
    /// The same file, so many times.
    pub inputs: Vec<Input>,
    /// Of all inputs together.
    pub events: u64,
    /// Of all inputs together.
    pub bytes: u64,
    /// Holds the file.
    _folder: tempfile::TempDir,
}

/// Audit records and Windows events; what is absent is said to be skipped.
pub fn real() -> Vec<Real> {
    let files = [("m365-audit", "m365-ual.jsonl.zst"), ("windows", "windows-otrf.jsonl.zst")];
    files.into_iter().filter_map(|(name, file)| Real::open(name, file)).collect()
}

/// Audit records only.
pub fn audit() -> Option<Real> {
    real().into_iter().find(|real| real.name == "m365-audit")
}

impl Real {
    fn open(name: &'static str, file: &str) -> Option<Self> {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/data").join(file);
        if !path.exists() {
            println!("skipped: needs {}", path.display());
            return None;
        }
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        let plain = folder.path().join(name).with_extension("jsonl");
        zstd::stream::copy_decode(File::open(path).unwrap(), File::create(&plain).unwrap()).unwrap();
        let text = std::fs::read(&plain).unwrap();
        let once = memchr::memchr_iter(b'\n', &text).count();
        let times = EVENTS.div_ceil(once);
        Some(Self {
            name,
            inputs: vec![Input::File(plain); times],
            events: (once * times) as u64,
            bytes: (text.len() * times) as u64,
            _folder: folder,
        })
    }

    /// The events of all inputs, one by one.
    pub fn each(&self, mut take: impl FnMut(&[u8], EventOrigin)) {
        for input in &self.inputs {
            let mut reader = EventReader::open(input).unwrap();
            while let Some(event) = reader.next().unwrap() {
                let RawEvent { bytes, origin } = event.unwrap();
                take(&bytes, origin);
                reader.reuse(bytes);
            }
        }
    }

    /// Reads and parses all inputs; `take` gets each batch, which is dropped before the next one is filled.
    pub fn parse(&self, rows: usize, mut take: impl FnMut(Batch)) {
        let mut batcher = Batcher::new(options(rows));
        self.each(|bytes, origin| {
            if let Some(batch) = batcher.push_bytes(bytes, origin, RECEIVED).unwrap() {
                take(batch);
            }
        });
        batcher.finish().into_iter().for_each(take);
    }

    /// The first `events` as batches of so many rows; the last, which is smaller, is left out.
    pub fn batches(&self, rows: usize, events: usize) -> Vec<Arc<Batch>> {
        let mut batches = Vec::new();
        let mut batcher = Batcher::new(options(rows));
        let mut reader = EventReader::open(&self.inputs[0]).unwrap();
        for _ in 0..events {
            let event = reader.next().unwrap().unwrap().unwrap();
            batches.extend(batcher.push(event, RECEIVED).unwrap().map(Arc::new));
        }
        batches
    }
}

/// As `cordon run` has them.
pub fn options(rows: usize) -> BatcherOptions {
    BatcherOptions {
        force: Force::new("bench").unwrap(),
        source: None,
        time_field: None,
        zone: jiff::tz::TimeZone::get("Europe/London").unwrap(),
        rows,
    }
}
