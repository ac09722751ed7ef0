//! What requests with events look like: each protocol's text, cut into events one by one. No HTTP.
//!
//! | protocol | file |
//! | --- | --- |
//! | NDJSON, JSON documents and arrays, `{"records": [...]}`, Purview's CSV | `plain.rs` |
//! | CloudEvents 1.0.2: one, or a batch | `cloud_events.rs` |
//! | Elasticsearch's `_bulk` | `bulk/` |
//! | Splunk's HTTP event collector | `hec.rs` |
//!
//! Every protocol reads in bounded memory (one event, one chunk of text), takes gzip and zstd off by their first bytes, and
//! ends at the limit on a request's text while it reads. Which force the events belong to is not theirs to know.

mod bulk;
mod cloud_events;
mod hec;
mod names;
mod pieces;
mod plain;

pub use bulk::{Bulk, Outcome as BulkOutcome, answer as bulk_answer};
pub use cloud_events::{CloudEvents, check as check_cloud_event};
pub use hec::{BLANK as HEC_BLANK, Hec, REQUIRED as HEC_REQUIRED};
pub use plain::Plain;
