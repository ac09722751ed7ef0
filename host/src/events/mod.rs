//! Events: formats in, batches of columns out.
//!
//! Owns reading of files and streams, recognition of sources and shapes, parsing and columns. Knows nothing of plugins.

mod batch;
mod batcher;
mod column;
mod columns;
mod cut;
mod kept;
mod read;
mod sources;
mod tape;
mod time;

#[cfg(test)]
mod tests;

pub use batch::{AccessError, Batch, EventOrigin};
pub use batcher::{AloneError, Batcher, BatcherOptions, Recorded, Refusal};
pub use column::{Column, Kind, Multi};
pub use read::{EventReader, Input, RawEvent, ReadError};

/// Where events of a source carry their own identifier, by canonical path; `None` for sources taken as they are.
#[must_use]
pub fn identity_field(source: &crate::model::SourceName) -> Option<&'static cordon_contract::path::Path> {
    sources::Sources::get().find(source).map(|source| &source.identity)
}
