//! Events: formats in, batches of columns out.
//!
//! Owns reading of files and streams, recognition of sources and shapes, parsing and columns. Knows nothing of plugins.

mod batch;
mod batcher;
mod column;
mod read;
mod sources;

pub use batch::{AccessError, Batch, EventOrigin};
pub use batcher::{Batcher, BatcherOptions, Refusal};
pub use column::{Column, Kind, Multi};
pub use read::{EventReader, Input, RawEvent, ReadError};
