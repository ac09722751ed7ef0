//! contract: its manifest is not text
//! ends: at load
//! says: not UTF-8

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    // The manifest stands last.
    let last = component.len() - 1;
    component[last] = 0xFF;
    component
}
