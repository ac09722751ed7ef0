//! contract: brings two manifests, one to be read by people and one by the host
//! ends: at load
//! says: 2 manifests, one is due

use crate::guest::{Guest, append_manifest};

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    append_manifest(&mut component, &manifest.replace("Text", "Secret"));
    component
}
