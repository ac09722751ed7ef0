//! Where each name stands at the top of the documents: found in one pass for all columns that start there.
//!
//! A batch is larger than a processor's cache, so looking into every document costs the same whether one member is looked
//! up or all are noted.

use crate::events::tape::Tape;

/// The top members of some documents, by key. Twelve bytes a member, however the names are spread.
#[derive(Debug)]
pub(in crate::events) struct Tops {
    /// Keys plus one entries: where each key's members start.
    starts: Vec<u32>,
    /// Row and member, by key, then by row.
    members: Vec<(u32, u32)>,
}

impl Tops {
    /// Of the documents with these roots.
    pub(in crate::events) fn of(tape: &Tape, roots: &[u32]) -> Self {
        let keys = tape.keys().len();
        let (mut found, mut starts) = (Vec::new(), vec![0; keys + 1]);
        for (row, root) in roots.iter().enumerate() {
            for member in tape.children(*root) {
                if let Some(key) = tape.key(member) {
                    found.push((key, row as u32, member));
                    starts[key as usize + 1] += 1;
                }
            }
        }
        for key in 0..keys {
            starts[key + 1] += starts[key];
        }
        let mut next = starts.clone();
        let mut members = vec![(0, 0); found.len()];
        for (key, row, member) in found {
            let at = &mut next[key as usize];
            members[*at as usize] = (row, member);
            *at += 1;
        }
        Self { starts, members }
    }

    /// Row and member, rows ascending, where a document has this name.
    pub(in crate::events) fn members(&self, tape: &Tape, name: &str) -> &[(u32, u32)] {
        let key = tape.keys().find(name).map(|key| key as usize);
        let bounds = key.and_then(|key| self.starts.get(key).zip(self.starts.get(key + 1)));
        bounds.and_then(|(start, end)| self.members.get(*start as usize..*end as usize)).unwrap_or(&[])
    }
}
