//! Real audit events as bodies of posts. Each gets an `Id` of its own, so that none is a duplicate of another.

use std::io::Write as _;
use std::ops::Range;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::support::events;

/// Bytes of an `Id`, which is a GUID.
const ID: usize = 36;

/// One tenant's events, over and over.
pub struct Events {
    text: Vec<u8>,
    /// Each event, and where its `Id` stands in it.
    lines: Vec<(Range<usize>, Option<usize>)>,
    next: AtomicU64,
}

impl Events {
    /// The file beside the checkout; without it, says that the bench is skipped.
    pub fn read() -> Option<Self> {
        let real = events::audit()?;
        let mut text = Vec::new();
        let mut lines = Vec::new();
        let mut take = |event: &[u8]| {
            let start = text.len();
            text.extend_from_slice(event);
            lines.push((start..text.len(), memchr::memmem::find(event, b"\"Id\":\"").map(|at| start + at + 6)));
        };
        let mut reader = cordon::events::EventReader::open(&real.inputs[0]).unwrap();
        while let Some(event) = reader.next().unwrap() {
            take(&event.unwrap().bytes);
        }
        println!("{} real audit events of {} bytes on average", lines.len(), text.len() / lines.len());
        Some(Self { text, lines, next: AtomicU64::new(0) })
    }

    /// The next so many events, a line each.
    pub fn body(&self, events: usize, out: &mut Vec<u8>) {
        out.clear();
        let first = self.next.fetch_add(events as u64, Ordering::Relaxed);
        for number in first..first + events as u64 {
            let (line, id) = &self.lines[number as usize % self.lines.len()];
            match id {
                Some(at) if self.text[*at..].get(ID) == Some(&b'"') => {
                    out.extend_from_slice(&self.text[line.start..*at]);
                    write!(out, "00000000-0000-4000-8000-{number:012x}").unwrap();
                    out.extend_from_slice(&self.text[*at + ID..line.end]);
                }
                _ => out.extend_from_slice(&self.text[line.clone()]),
            }
            out.push(b'\n');
        }
    }
}
