//! What becomes of a value when the form of values changes.

/// What `migrate` answers for one value of state.
///
/// A version of a plugin that keeps its values in another form raises `schema` under `[state]` in `cordon.toml`, and says how
/// values come over, upwards from every earlier schema that still runs anywhere, and downwards for a roll-back:
///
/// ```
/// # use cordon_sdk::{Failure, Migrated};
/// fn migrate(from: u32, to: u32, value: &[u8]) -> Result<Migrated, Failure> {
///     match (from, to) {
///         (1, 2) => Ok(Migrated::Value([&[0], value].concat())), // a flag came before the text
///         (2, 1) => Ok(Migrated::Value(value.get(1..).unwrap_or_default().to_vec())),
///         _ => Ok(Migrated::Unsupported),
///     }
/// }
/// # assert_eq!(migrate(1, 2, b"x"), Ok(Migrated::Value(vec![0, b'x'])));
/// ```
///
/// It stands beside `detect` in the `#[detector]` block. The host first asks with an empty value whether it can at all. Keys
/// and times to live stay as they are; windows come over by themselves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Migrated {
    /// The value in the form of the other schema; at most 32 KiB.
    Value(Vec<u8>),
    /// It has no counterpart there.
    Gone,
    /// These two schemas cannot be joined: an operator says what becomes of what was remembered.
    Unsupported,
}
