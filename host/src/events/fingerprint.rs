//! Fingerprints: what an event says that it is, and what it is. Two digests, cut to 16 bytes: millions are remembered.
//!
//! Knows the tables of sources; knows not what a fingerprint is for.

use super::Kind;
use super::columns;
use super::sources::{IdentityPath, Source};
use super::tape::{NONE, Tape};
use crate::ids::{Digest, event_identity};

/// See the module. Only events of a source with a table have one, and only where the field that identifies them is there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Fingerprint {
    /// Of the source and the fields that identify an event in it.
    pub identity: [u8; 16],
    /// Of the source and the exact bytes.
    pub event: [u8; 16],
}

impl Fingerprint {
    /// Of the document at `root`, whose text is `json`.
    pub(super) fn of(source: &Source, shape: usize, tape: &Tape, root: u32, json: &str) -> Option<Self> {
        let name = source.name.as_str();
        let mut parts = vec![name.to_owned()];
        for (at, candidates) in source.shapes.get(shape)?.identity.iter().enumerate() {
            let value = candidates.iter().find_map(|path| value(tape, root, path));
            match value {
                None if at == 0 => return None,
                value => parts.push(value.unwrap_or_default()),
            }
        }
        let parts: Vec<&[u8]> = parts.iter().map(String::as_bytes).collect();
        Some(Self { identity: cut(Digest::of_parts(&parts)), event: cut(event_identity(name, json.as_bytes())) })
    }
}

/// A text or a number that is there, and no empty text.
fn value(tape: &Tape, root: u32, path: &IdentityPath) -> Option<String> {
    let names = match path {
        IdentityPath::Steps(steps) => return columns::first(tape, root, steps).filter(|text| !text.is_empty()),
        IdentityPath::Names(names) => names,
    };
    let node = Some(names.find(tape, root)).filter(|node| *node != NONE).map(|node| tape.node(node))?;
    let raw = tape.raw(node);
    (matches!(node.kind(), Kind::String | Kind::Number) && !raw.is_empty()).then(|| raw.to_owned())
}

fn cut(Digest([first @ .., _, _, _, _, _, _, _, _, _, _, _, _, _, _, _, _]): Digest) -> [u8; 16] {
    first
}
