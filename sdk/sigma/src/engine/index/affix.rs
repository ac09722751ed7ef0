//! Texts that a value starts or ends with, found by the hash of at most eight bytes at that end.

use foldhash::fast::FixedState;
use hashbrown::HashMap;

/// Bytes of a key at most.
const KEY: usize = 8;

type Texts = HashMap<u64, Vec<(Box<[u8]>, u32)>, FixedState>;

/// Which end of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    Start,
    End,
}

/// Texts, each with its check.
#[derive(Debug)]
pub(super) struct Affixes {
    end: End,
    /// By length of the key, from 1: key to the texts that have it.
    by_length: [Texts; KEY],
}

impl Affixes {
    pub(super) fn new(end: End) -> Self {
        Self { end, by_length: Default::default() }
    }

    /// Adds a text that is not empty.
    pub(super) fn add(&mut self, text: &str, check: u32) {
        let text = text.as_bytes();
        let length = text.len().min(KEY);
        let key = self.key(text, length);
        if let (Some(map), Some(key)) = (length.checked_sub(1).and_then(|place| self.by_length.get_mut(place)), key) {
            map.entry(key).or_default().push((text.into(), check));
        }
    }

    /// Calls `found` for the check of each text at this end of a value.
    pub(super) fn each(&self, value: &[u8], mut found: impl FnMut(u32)) {
        for (length, texts) in (1..).zip(&self.by_length) {
            if texts.is_empty() {
                continue;
            }
            let Some(key) = self.key(value, length) else { return };
            for (text, check) in texts.get(&key).into_iter().flatten() {
                let there = match self.end {
                    End::Start => value.starts_with(text),
                    End::End => value.ends_with(text),
                };
                if there {
                    found(*check);
                }
            }
        }
    }

    fn key(&self, text: &[u8], length: usize) -> Option<u64> {
        let bytes = match self.end {
            End::Start => text.get(..length)?,
            End::End => text.get(text.len().checked_sub(length)?..)?,
        };
        Some(bytes.iter().fold(0, |key, byte| key << 8 | u64::from(*byte)))
    }
}
