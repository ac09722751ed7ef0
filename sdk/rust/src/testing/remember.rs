//! What a detector remembers in a native test: kept in memory, from one batch to the next.

use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::Arc;

use cordon_contract::manifest::Manifest;
use cordon_state::{Memory as Kept, Remembering, Rows, StateError, Turn, state_time};

use super::memory::MemoryBatch;
use super::native::NativeBatch as _;

/// Keys of each window, and of values; the host's default.
const KEYS: u64 = 100_000;
const BYTES: u64 = 32 << 20;

/// What a detector remembers over several batches: give it to each [`super::Test`] with [`super::Test::remembering`].
#[derive(Debug, Clone, Default)]
pub struct Memory(pub(super) Arc<Kept>);

/// A batch's rows, apart from it: a turn lives in the session.
pub(crate) struct TestRows {
    source: String,
    times: Vec<i64>,
    received: Vec<i64>,
    identities: Vec<[u8; 32]>,
    references: Vec<String>,
}

impl Rows for TestRows {
    fn source(&self) -> &str {
        &self.source
    }
    fn received(&self) -> &[i64] {
        &self.received
    }
    fn times(&self) -> &[i64] {
        &self.times
    }
    fn identity(&self, row: u32) -> [u8; 32] {
        self.identities.get(row as usize).copied().unwrap_or_default()
    }
    fn reference(&self, row: u32) -> String {
        self.references.get(row as usize).cloned().unwrap_or_default()
    }
}

/// A turn on a batch; none where the manifest declares nothing to remember.
pub(super) fn turn(
    manifest: &Manifest,
    memory: &Memory,
    batch: &MemoryBatch,
) -> Result<Option<Turn<TestRows>>, StateError> {
    if !manifest.remembers() {
        return Ok(None);
    }
    let identity = |text: &str| {
        let mut identity = [0; 32];
        for (salt, eight) in identity.chunks_mut(8).enumerate() {
            let mut hasher = DefaultHasher::new();
            (salt, &batch.source, text).hash(&mut hasher);
            eight.copy_from_slice(&hasher.finish().to_le_bytes());
        }
        identity
    };
    let rows = TestRows {
        source: batch.source.clone(),
        times: batch.times.iter().zip(&batch.received).map(|(time, received)| state_time(*time, *received)).collect(),
        received: batch.received.clone(),
        identities: batch.events.iter().map(|(text, _)| identity(text)).collect(),
        references: (0..batch.len()).map(|row| batch.reference(row)).collect(),
    };
    let declared = Arc::new(Remembering::declared(manifest, KEYS, BYTES));
    Turn::begin(Arc::clone(&memory.0) as _, declared, rows).map(Some)
}
