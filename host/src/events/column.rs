//! The dictionary-encoded column, as it crosses to a plugin. Built elsewhere; here is its shape only.
//!
//! The shapes are the contract's records, and are marked so: a shared column is then copied into a guest straight from
//! where it was built, without a host-side copy in between.

use std::sync::Arc;

use wasmtime::component::{ComponentType, Lower};

/// What kind of JSON value a dictionary entry is. The numbers are the contract's (`wit/v1/types.wit`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Kind {
    Null = 0,
    False = 1,
    True = 2,
    Number = 3,
    String = 4,
    Array = 5,
    Object = 6,
}

impl Kind {
    /// The kind with that number.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        [Self::Null, Self::False, Self::True, Self::Number, Self::String, Self::Array, Self::Object]
            .get(number as usize)
            .copied()
    }
}

/// One slot per row asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq, ComponentType, Lower)]
#[component(record)]
pub struct Column {
    /// Dictionary index plus one; 0 where absent.
    pub rows: Vec<u32>,
    /// Per dictionary entry: a [`Kind`] as number.
    pub kinds: Vec<u8>,
    /// Dictionary length plus one entries, in bytes.
    pub offsets: Vec<u32>,
    /// The dictionary's text: strings unescaped, everything else (`null` and `true` too) as received.
    pub bytes: Vec<u8>,
}

impl Column {
    /// The text of a dictionary entry; empty where there is no such entry.
    #[must_use]
    pub fn text(&self, entry: usize) -> &str {
        let bounds = self.offsets.get(entry).zip(self.offsets.get(entry + 1));
        let bytes = bounds.and_then(|(start, end)| self.bytes.get(*start as usize..*end as usize));
        bytes.and_then(|bytes| std::str::from_utf8(bytes).ok()).unwrap_or("")
    }

    /// Kind and text of a slot; `None` where the event has no such field.
    #[must_use]
    pub fn value(&self, slot: usize) -> Option<(Kind, &str)> {
        let entry = (*self.rows.get(slot)? as usize).checked_sub(1)?;
        Some((Kind::from_number(*self.kinds.get(entry)?)?, self.text(entry)))
    }
}

/// One slot per array element.
#[derive(Debug, Clone, Default, PartialEq, Eq, ComponentType, Lower)]
#[component(record)]
pub struct Multi {
    /// Rows plus one entries.
    pub starts: Vec<u32>,
    /// Slots.
    pub values: Arc<Column>,
}
