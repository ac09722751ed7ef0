//! Values with a time to live: whatever a plugin wants to know of a key again.

#[cfg(test)]
mod tests;

use crate::StateError;
use crate::bytes::Bytes;

/// Bytes of one value at most.
pub const VALUE_BYTES: usize = 32 << 10;

/// The longest time to live: 400 days, in seconds.
pub const TTL_SECONDS: u32 = 400 * 86_400;

/// How long a value is kept that has ended, for events that come late: a day, in microseconds.
pub(crate) const LATE: i64 = 86_400_000_000;

/// How many values a lane keeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Values {
    /// At most; then the one goes that would end soonest.
    pub keys: u64,
    /// Bytes at most; likewise.
    pub bytes: u64,
}

/// One value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Value {
    /// State time at which it ends.
    pub(crate) ends: i64,
    pub(crate) bytes: Vec<u8>,
}

impl Value {
    pub(crate) fn write(&self) -> Vec<u8> {
        [&self.ends.to_le_bytes(), self.bytes.as_slice()].concat()
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Self, StateError> {
        let mut bytes = Bytes(bytes);
        Ok(Self { ends: bytes.i64()?, bytes: bytes.0.to_vec() })
    }
}
