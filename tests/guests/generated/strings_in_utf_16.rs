//! contract: hands over strings as UTF-16, which the runtime would decode into the host's memory before their length is known
//! ends: at load
//! says: its strings are UTF-16

use wit_component::StringEncoding;

use crate::guest::{Guest, append_manifest, encode};

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut component = encode(Guest::detecting("").core(), StringEncoding::UTF16);
    append_manifest(&mut component, manifest);
    component
}
