//! Where each name stands at the top of the documents: found in one pass for all columns that start there.
//!
//! A batch is larger than a processor's cache, so looking into every document costs the same whether one member is looked
//! up or all are noted.

use crate::events::tape::Tape;

/// The top members of some documents, by key.
#[derive(Debug)]
pub(in crate::events) struct Tops(Vec<Vec<(u32, u32)>>);

impl Tops {
    /// Of the documents with these roots.
    pub(in crate::events) fn of(tape: &Tape, roots: &[u32]) -> Self {
        let mut lists: Vec<Vec<(u32, u32)>> = Vec::new();
        lists.resize_with(tape.keys().len(), Vec::new);
        for (row, root) in roots.iter().enumerate() {
            for member in tape.children(*root) {
                let list = tape.key(member).and_then(|key| lists.get_mut(key as usize));
                if let Some(list) = list {
                    list.push((row as u32, member));
                }
            }
        }
        Self(lists)
    }

    /// Row and member, rows ascending, where a document has this name.
    pub(in crate::events) fn members(&self, tape: &Tape, name: &str) -> &[(u32, u32)] {
        tape.keys().find(name).and_then(|key| self.0.get(key as usize)).map_or(&[], Vec::as_slice)
    }
}
