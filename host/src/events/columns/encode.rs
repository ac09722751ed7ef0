//! Nodes into a dictionary-encoded column.
//!
//! Equal values get one entry, found by hash over the text as received; nothing is allocated per value. Where values are
//! long and hardly ever repeat (messages, identifiers) the hash is paid for nothing, so the encoder watches what it
//! gains and stops looking. The same value may then stand twice, as the contract allows.

use std::hash::BuildHasher;

use foldhash::fast::RandomState;
use hashbrown::HashTable;

use crate::events::Column;
use crate::events::tape::{NONE, Node, Tape, unescape};

/// Values looked at before judging, and between judgements.
const TRIAL: u32 = 128;
/// Nodes whose memory is touched at once.
const BLOCK: usize = 64;
/// Shorter values than this on average are always worth an entry of their own.
const LONG: usize = 24;

pub(super) struct Encoder<'a> {
    column: Column,
    /// Per entry: the node's tag and its text as received, to compare with.
    entries: Vec<(u8, &'a [u8])>,
    index: HashTable<(u32, u32)>,
    hasher: RandomState,
    /// Slot of the row before.
    last: u32,
    looked: u32,
    hits: u32,
    looked_bytes: usize,
    deduplicate: bool,
}

impl<'a> Encoder<'a> {
    pub(super) fn new(rows: usize) -> Self {
        Self {
            column: Column { rows: Vec::with_capacity(rows), offsets: vec![0], ..Column::default() },
            entries: Vec::new(),
            index: HashTable::new(),
            hasher: RandomState::default(),
            last: 0,
            looked: 0,
            hits: 0,
            looked_bytes: 0,
            deduplicate: true,
        }
    }

    /// Fills up with absent slots to so many.
    pub(super) fn absent_until(&mut self, slots: usize) {
        if self.column.rows.len() < slots {
            self.column.rows.resize(slots, 0);
        }
    }

    pub(super) fn push_absent(&mut self) {
        self.column.rows.push(0);
    }

    /// A node, or nothing where it is `NONE`.
    pub(super) fn push_found(&mut self, tape: &'a Tape, node: u32) {
        if node == NONE { self.push_absent() } else { self.push(tape, node) }
    }

    /// Nodes that are there, by slot, slots ascending. A batch is larger than a processor's cache: what a block of nodes
    /// needs is touched first, all at once, since the encoding itself waits for every single byte.
    pub(super) fn push_present(&mut self, tape: &'a Tape, mut found: impl Iterator<Item = (u32, u32)>) {
        let mut block = Vec::with_capacity(BLOCK);
        loop {
            block.clear();
            block.extend(found.by_ref().take(BLOCK).map(|(slot, node)| (slot, tape.node(node))));
            if block.is_empty() {
                return;
            }
            let first_bytes = block.iter().filter_map(|(_, node)| tape.raw_bytes(*node).first());
            std::hint::black_box(first_bytes.fold(0, |sum: u8, byte| sum.wrapping_add(*byte)));
            for (slot, node) in &block {
                self.absent_until(*slot as usize);
                self.push_node(tape, *node);
            }
        }
    }

    /// A node that is there.
    fn push(&mut self, tape: &'a Tape, node: u32) {
        self.push_node(tape, tape.node(node));
    }

    fn push_node(&mut self, tape: &'a Tape, node: Node) {
        let value = (node.tag(), tape.raw_bytes(node));
        let slot = match self.entries.get((self.last as usize).wrapping_sub(1)) {
            Some(last) if *last == value => self.last,
            _ => self.slot(value, tape, node),
        };
        self.last = slot;
        self.column.rows.push(slot);
    }

    fn slot(&mut self, value: (u8, &'a [u8]), tape: &Tape, node: Node) -> u32 {
        if !self.deduplicate {
            return self.add(value, tape, node);
        }
        let hash = self.hasher.hash_one(value.1);
        let short = hash as u32;
        let entries = &self.entries;
        let known = self.index.find(spread(short), |(entry_hash, entry)| {
            *entry_hash == short && entries.get(*entry as usize) == Some(&value)
        });
        self.looked += 1;
        self.looked_bytes += value.1.len();
        if let Some((_, entry)) = known {
            self.hits += 1;
            return *entry + 1;
        }
        let slot = self.add(value, tape, node);
        self.index.insert_unique(spread(short), (short, slot - 1), |(hash, _)| spread(*hash));
        if self.looked >= TRIAL {
            self.judge();
        }
        slot
    }

    /// Stops looking when fewer than one in eight long values was known.
    fn judge(&mut self) {
        self.deduplicate = self.hits * 8 >= self.looked || self.looked_bytes < LONG * self.looked as usize;
        (self.looked, self.hits, self.looked_bytes) = (0, 0, 0);
    }

    fn add(&mut self, value: (u8, &'a [u8]), tape: &Tape, node: Node) -> u32 {
        if node.escaped() {
            let mut text = String::with_capacity(value.1.len());
            unescape(tape.raw(node), &mut text);
            self.column.bytes.extend_from_slice(text.as_bytes());
        } else {
            self.column.bytes.extend_from_slice(value.1);
        }
        self.column.kinds.push(node.kind() as u8);
        self.column.offsets.push(self.column.bytes.len() as u32);
        self.entries.push(value);
        self.entries.len() as u32
    }

    pub(super) fn finish(self) -> Column {
        self.column
    }
}

/// The table takes its bucket from the low bits and its tag from the high ones: 32 bits must reach both.
fn spread(hash: u32) -> u64 {
    u64::from(hash) << 32 | u64::from(hash)
}
