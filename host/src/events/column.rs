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
    /// The dictionary's text.
    pub bytes: Vec<u8>,
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
