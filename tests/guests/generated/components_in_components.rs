//! contract: has a million components inside each other, so that whatever walks them takes long or runs out of stack
//! ends: at load by prepare-cpu-time
//! says: more than 1 s of CPU time
//! caps: prepare-seconds 1

use wasm_encoder::{ComponentSectionId, Encode as _};

use crate::guest::{Guest, append_component};

const DEPTH: usize = 1_000_000;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let empty = wat::parse_str("(component)").unwrap();
    // From the inside out, and so from the back to the front.
    let mut backwards: Vec<u8> = empty.iter().rev().copied().collect();
    for _ in 0..DEPTH {
        let mut head = empty.clone();
        head.push(ComponentSectionId::Component.into());
        backwards.len().encode(&mut head);
        backwards.extend(head.iter().rev());
    }
    backwards.reverse();
    let mut component = Guest::detecting("").manifest(Some(manifest)).build();
    append_component(&mut component, &backwards);
    component
}
