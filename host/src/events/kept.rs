//! How much of what is built for one asker a batch keeps for the next.
//!
//! Columns are meant to be shared, but a plugin may declare a thousand paths, and in nested arrays as many may lead to one and
//! the same document. What is beyond the bound is built for its asker alone, every time, in the asker's time.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use foldhash::fast::RandomState;

use super::columns::{Layer, Named};
use super::{Column, Multi};

/// Something made once, by whoever asks first; the others wait for it. Keys are asked for by every plugin in every batch.
pub(super) type Shared<K, V> = Mutex<HashMap<K, Arc<OnceLock<Arc<V>>>, RandomState>>;

/// What is kept under a key; made where nothing is, and not kept where enough is.
pub(super) fn shared<K: Eq + Hash + Clone, V: Kept>(cache: &Shared<K, V>, key: &K, make: impl FnOnce() -> V) -> Arc<V> {
    let cell = {
        let mut cells = cache.lock().unwrap_or_else(PoisonError::into_inner);
        match cells.get(key) {
            Some(cell) => Arc::clone(cell),
            None if cells.values().filter_map(|cell| cell.get()).map(|kept| kept.bytes()).sum::<usize>()
                >= V::BYTES =>
            {
                drop(cells);
                return Arc::new(make());
            }
            None => Arc::clone(cells.entry(key.clone()).or_default()),
        }
    };
    Arc::clone(cell.get_or_init(|| Arc::new(make())))
}

/// Something that a batch keeps.
pub(super) trait Kept {
    /// Bytes of all of its kind after which no more is kept.
    const BYTES: usize;

    /// Bytes of this one, about.
    fn bytes(&self) -> usize;
}

impl Kept for Column {
    const BYTES: usize = 128 << 20;

    fn bytes(&self) -> usize {
        self.rows.len() * 4 + self.kinds.len() + self.offsets.len() * 4 + self.bytes.len()
    }
}

impl Kept for Multi {
    const BYTES: usize = 128 << 20;

    fn bytes(&self) -> usize {
        self.starts.len() * 4 + self.values.bytes()
    }
}

impl Kept for Layer {
    const BYTES: usize = 128 << 20;

    fn bytes(&self) -> usize {
        self.tape.bytes() + self.roots.len() * 4 + self.starts.as_ref().map_or(0, Vec::len) * 4
    }
}

impl Kept for Option<Named> {
    const BYTES: usize = 64 << 20;

    fn bytes(&self) -> usize {
        self.as_ref().map_or(0, Named::bytes)
    }
}
