//! contract: hides its manifest in a component inside
//! ends: at load
//! says: no manifest

use crate::guest::{Guest, append_component, append_manifest};

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut inner = wat::parse_str("(component)").unwrap();
    append_manifest(&mut inner, manifest);
    let mut component = Guest::detecting("").manifest(None).build();
    append_component(&mut component, &inner);
    component
}
