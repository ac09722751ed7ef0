//! Memory of tapes that are done with, for the next ones: a batch's megabytes go from the reader's thread to a worker's and
//! back, and the system would hand them out as fresh, empty pages each time.
//!
//! One store for the whole process, so that what is kept is bounded however many batches are open.

use std::sync::{Mutex, PoisonError};

use super::Node;

/// Tapes' worth of memory kept at most.
const KEPT: usize = 4;
/// Bytes of text from which on memory is worth keeping.
const LARGE: usize = 1 << 20;

static SPARE: Mutex<Vec<(String, Vec<Node>)>> = Mutex::new(Vec::new());

/// Memory of a tape that is done with; new where none is kept.
pub(super) fn take() -> (String, Vec<Node>) {
    SPARE.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default()
}

/// Keeps a tape's memory, if it is large and not enough is kept.
pub(super) fn give(mut text: String, mut nodes: Vec<Node>) {
    if text.capacity() < LARGE {
        return;
    }
    text.clear();
    nodes.clear();
    let mut kept = SPARE.lock().unwrap_or_else(PoisonError::into_inner);
    if kept.len() < KEPT {
        kept.push((text, nodes));
    }
}
