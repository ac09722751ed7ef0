//! Back-fills: up to which event a live lane was sent back over what had come before it. What it finds there is late, however
//! short ago the event came.

use super::LaneSource;
use crate::store::{Effects, Space, Store, StoreError};

/// The effect that what a lane finds up to this sequence number is of its back-fill.
#[must_use]
pub fn back_filled(lane: &LaneSource, until: u64) -> Effects {
    Effects::new().put(Space::BackFill, &lane.key(), until.to_be_bytes().to_vec())
}

/// Up to which sequence number that is so; 0 where it never was.
///
/// # Errors
/// The store's.
pub fn back_fill(store: &Store, lane: &LaneSource) -> Result<u64, StoreError> {
    store.number(Space::BackFill, &lane.key())
}
