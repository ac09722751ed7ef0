//! Events: formats in, batches of columns out.
//!
//! Owns reading of files and streams, recognition of sources and shapes, parsing and columns. Knows nothing of plugins.

mod batch;
mod batcher;
mod column;
mod columns;
mod cut;
mod envelope;
mod fingerprint;
mod kept;
mod parts;
mod read;
mod sources;
mod tape;
mod time;

#[cfg(test)]
mod tests;

pub use batch::{AccessError, Batch, EventOrigin};
pub use batcher::{AloneError, Batcher, BatcherOptions, Recorded, Refusal};
pub use column::{Column, Kind, Multi};
pub use envelope::{Envelope, Member};
pub use fingerprint::Fingerprint;
pub use read::{Cut, EventReader, Input, RawEvent, ReadError};

/// Whether events of a source say which one each is; sources that are taken as they are do not.
#[must_use]
pub fn has_identity(source: &crate::model::SourceName) -> bool {
    sources::Sources::get().find(source).is_some()
}
