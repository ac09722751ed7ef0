//! contract: ends with a custom section that claims 4 GiB more than there are
//! ends: at load
//! says: not a valid component

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    component.extend([0, 0xFF, 0xFF, 0xFF, 0xFF, 0x0F, 1, b'x']); // a custom section of 2^32 - 1 bytes, named `x`
    component
}
