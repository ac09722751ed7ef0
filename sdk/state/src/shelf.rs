//! A shelf: things by key, in the order in which they go when there are too many, over what was kept before.
//!
//! A window is a shelf of entries, ordered by their latest; values are a shelf ordered by when they end. The order stands in
//! keys of its own, so that the first to go is found without looking at all.

use std::collections::BTreeSet;

use foldhash::fast::FixedState;
use hashbrown::HashMap;

use crate::bytes::Bytes;
use crate::key::{Short, sorted, time_of};
use crate::{Base, StateError};

/// What may stand on a shelf.
pub(crate) trait Kept: Clone {
    /// Where it stands in the order of going; none where it is nothing any more.
    fn order(&self) -> Option<i64>;
    /// Bytes that count towards the shelf's limit.
    fn size(&self) -> u64;
    fn write(&self) -> Vec<u8>;
}

/// How much may stand on a shelf.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Room {
    pub(crate) keys: u64,
    pub(crate) bytes: u64,
}

/// One thing that was touched.
#[derive(Debug, Clone)]
struct Slot<T> {
    /// Where the kept order has it; none where it was not kept.
    indexed: Option<i64>,
    /// As it was before the batch.
    before: Option<T>,
    now: Option<T>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Shelf<T> {
    name: String,
    room: Room,
    touched: HashMap<Short, Slot<T>, FixedState>,
    /// Touched things, in the order of going.
    order: BTreeSet<(i64, Short)>,
    /// The kept order was looked through up to here.
    looked: Option<Vec<u8>>,
    keys: u64,
    bytes: u64,
}

/// Untouched things that have ended and are cleared away after one batch, besides twice as many as were touched.
const SWEEP: usize = 64;

impl<T: Kept> Shelf<T> {
    pub(crate) fn open(name: String, room: Room, base: &dyn Base) -> Result<Self, StateError> {
        let (keys, bytes) = match base.get(&head(&name))? {
            None => (0, 0),
            Some(kept) => {
                let mut kept = Bytes(&kept);
                (kept.u64()?, kept.u64()?)
            }
        };
        let (touched, order) = (HashMap::default(), BTreeSet::new());
        Ok(Self { name, room, touched, order, looked: None, keys, bytes })
    }

    /// Takes what a key holds, read from what was kept the first time. It counts for nothing until it is put back.
    pub(crate) fn take(
        &mut self,
        base: &dyn Base,
        key: Short,
        read: impl FnOnce(&[u8]) -> Result<T, StateError>,
    ) -> Result<Option<T>, StateError> {
        if !self.touched.contains_key(&key) {
            let kept = base.get(&thing(&self.name, &key))?.map(|bytes| read(&bytes)).transpose()?;
            let indexed = kept.as_ref().and_then(Kept::order);
            self.order.extend(indexed.map(|at| (at, key)));
            self.touched.insert(key, Slot { indexed, before: kept.clone(), now: kept });
        }
        let taken = self.touched.get_mut(&key).and_then(|slot| slot.now.take());
        self.count(key, taken.as_ref(), false);
        Ok(taken)
    }

    /// What a key held before this batch, where it was taken.
    pub(crate) fn before(&self, key: &Short) -> Option<&T> {
        self.touched.get(key)?.before.as_ref()
    }

    /// Puts back what a key holds now, and makes room: `gone` is told of each key that had to go for it, with its place in
    /// the order.
    pub(crate) fn put(
        &mut self,
        base: &dyn Base,
        key: Short,
        now: Option<T>,
        mut gone: impl FnMut(i64, Short),
    ) -> Result<(), StateError> {
        let now = now.filter(|thing| thing.order().is_some());
        self.count(key, now.as_ref(), true);
        if let Some(slot) = self.touched.get_mut(&key) {
            slot.now = now;
        }
        while self.keys > self.room.keys || self.bytes > self.room.bytes {
            match self.evict(base)? {
                None => break,
                Some((order, key)) => gone(order, key),
            }
        }
        Ok(())
    }

    fn count(&mut self, key: Short, thing: Option<&T>, comes: bool) {
        let Some((order, size)) = thing.and_then(|thing| Some((thing.order()?, thing.size()))) else { return };
        if comes {
            self.order.insert((order, key));
            (self.keys, self.bytes) = (self.keys + 1, self.bytes + size);
        } else {
            self.order.remove(&(order, key));
            (self.keys, self.bytes) = (self.keys.saturating_sub(1), self.bytes.saturating_sub(size));
        }
    }

    /// Takes away the first in the order. Where it stood.
    fn evict(&mut self, base: &dyn Base) -> Result<Option<(i64, Short)>, StateError> {
        let kept = self.first_untouched(base)?;
        let touched = self.order.first().copied();
        match (kept, touched) {
            (Some((order, key)), touched) if touched.is_none_or(|touched| (order, key) < touched) => {
                self.forget(base, order, key)?;
                Ok(kept)
            }
            (_, Some((_, key))) => {
                let was = self.touched.get_mut(&key).and_then(|slot| slot.now.take());
                self.count(key, was.as_ref(), false);
                // Its place as well where they disagree, which cannot be: whoever makes room must come to an end.
                self.order.retain(|first| touched != Some(*first));
                Ok(touched)
            }
            (_, None) => Ok(None),
        }
    }

    /// Takes away something untouched.
    fn forget(&mut self, base: &dyn Base, order: i64, key: Short) -> Result<(), StateError> {
        let size = base.get(&thing(&self.name, &key))?.map_or(0, |bytes| bytes.len() as u64);
        self.keys = self.keys.saturating_sub(1);
        self.bytes = self.bytes.saturating_sub(size);
        self.touched.insert(key, Slot { indexed: Some(order), before: None, now: None });
        Ok(())
    }

    /// The first of the kept order that was not touched.
    fn first_untouched(&mut self, base: &dyn Base) -> Result<Option<(i64, Short)>, StateError> {
        let prefix = index(&self.name);
        loop {
            let Some(found) = base.next(&prefix, self.looked.as_deref())? else { return Ok(None) };
            let (at, key) = parsed(found.get(prefix.len()..).unwrap_or_default())?;
            if !self.touched.contains_key(&key) {
                return Ok(Some((at, key)));
            }
            self.looked = Some(found);
        }
    }

    /// Clears away what has ended before a time, and says what is to be kept.
    pub(crate) fn finish(
        mut self,
        base: &dyn Base,
        ended: i64,
        to: &mut Vec<(Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<u64, StateError> {
        let mut swept = 0;
        let most = SWEEP + 2 * self.touched.len();
        while swept < most {
            let Some((order, key)) = self.first_untouched(base)?.filter(|(order, _)| *order < ended) else { break };
            self.forget(base, order, key)?;
            swept += 1;
        }
        if self.touched.is_empty() {
            return Ok(0);
        }
        for (key, slot) in &self.touched {
            let order = slot.now.as_ref().and_then(Kept::order);
            if order != slot.indexed {
                to.extend(slot.indexed.map(|at| (place(&self.name, at, key), None)));
                to.extend(order.map(|at| (place(&self.name, at, key), Some(Vec::new()))));
            }
            match &slot.now {
                Some(now) => to.push((thing(&self.name, key), Some(now.write()))),
                None if slot.indexed.is_some() => to.push((thing(&self.name, key), None)),
                None => {}
            }
        }
        to.push((head(&self.name), Some([self.keys.to_le_bytes(), self.bytes.to_le_bytes()].concat())));
        Ok(swept as u64)
    }
}

/// Keys: `h`, `i`, `k`, then the shelf's name and a zero byte, which no name holds.
fn named(kind: u8, name: &str) -> Vec<u8> {
    [&[kind], name.as_bytes(), &[0]].concat()
}

pub(crate) fn head(name: &str) -> Vec<u8> {
    named(b'h', name)
}

fn index(name: &str) -> Vec<u8> {
    named(b'i', name)
}

fn thing(name: &str, key: &Short) -> Vec<u8> {
    [named(b'k', name).as_slice(), key].concat()
}

pub(crate) fn place(name: &str, at: i64, key: &Short) -> Vec<u8> {
    [index(name).as_slice(), &sorted(at), key].concat()
}

fn parsed(bytes: &[u8]) -> Result<(i64, Short), StateError> {
    let mut bytes = Bytes(bytes);
    Ok((time_of(bytes.array()?), bytes.array()?))
}
