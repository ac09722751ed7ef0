//! contract: is a MiB larger than a component may be
//! ends: at load by component-bytes
//! says: 65 MiB, more than 64

use wasm_encoder::{ComponentSection as _, CustomSection, Encode as _};

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    let section = CustomSection { name: "ballast".into(), data: vec![0; 65 << 20].into() };
    component.push(section.id());
    section.encode(&mut component);
    component
}
