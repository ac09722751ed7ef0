//! What a lane remembers between batches: windows of counts, and values with a time to live.
//!
//! Pure: given what was kept before (`Base`) and one batch's calls, it answers each call and says what is to be kept
//! (`Changes`), to be committed with the lane's cursor. Whatever a row is told depends on the rows before it and on nothing
//! else, so that any split into batches gives the same answers. Times are microseconds since 1970 UTC; no clock is read: time
//! is what the events say (state time). Everything is bounded, and what is dropped is counted.
//!
//! Knows no Wasm, no store and no plugin: whoever uses it brings what was kept. No plugin reaches it through the contract.

mod base;
mod bytes;
mod declared;
mod error;
mod key;
mod moving;
mod over;
mod shelf;
mod time;
mod turn;
mod value;
mod window;

pub use base::{Base, Memory};
pub use error::StateError;
pub use moving::{Moving, Pair, Part};
pub use over::Over;
pub use time::state_time;
pub use turn::{Changes, Counts, Remembering, Rows, Turn};
pub use value::{TTL_SECONDS, VALUE_BYTES, Values};
pub use window::{Answer, CAP, Fed, KEY_BYTES, Kind, Window};
