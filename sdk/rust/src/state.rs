//! Values that the host keeps from batch to batch, under keys, for a time to live. A key of more than 1,024 bytes is cut, with a
//! hash of the whole at its end.

use crate::backend;
use crate::mask::{Mask, Row};
use crate::{Batch, Failure, text};

/// The plugin's values for this force; from [`Batch::state`]. Needs `[state]` in `cordon.toml`.
///
/// Go through rows in their order: a row sees what rows before it set. What was set is kept where the run completes.
#[derive(Debug, Clone, Copy)]
pub struct State<'b> {
    _batch: std::marker::PhantomData<&'b ()>,
}

/// What becomes of a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// It stays as it is, for as long as it was to stay.
    Keep,
    /// It is set.
    Set {
        /// At most 32 KiB.
        value: Vec<u8>,
        /// How long after the row's event it is kept: 1 second to 400 days.
        seconds: u32,
    },
    /// It is removed.
    Delete,
}

impl<'b> State<'b> {
    pub(crate) fn of(_: &'b Batch<'_>) -> Self {
        Self { _batch: std::marker::PhantomData }
    }

    /// The values of keys, each as its row finds it; none where there is none, or it has ended by the row's time.
    ///
    /// # Errors
    /// No `[state]` in the manifest, rows of one key that go backwards. The run then fails: pass it
    /// on with `?`.
    pub fn get(&self, places: &[(Row, &str)]) -> Result<Vec<Option<Vec<u8>>>, Failure> {
        let keys: Vec<_> = places.iter().map(|(row, key)| (row.0, text::key(key))).collect();
        let places: Vec<(u32, &str)> = keys.iter().map(|(row, key)| (*row, key.as_ref())).collect();
        backend::get(&places).map_err(Failure::other)
    }

    /// Sets a key's value, for so many seconds after the row's event.
    ///
    /// # Errors
    /// As [`State::get`]; a value over 32 KiB, a time to live over 400 days.
    pub fn set(&self, row: Row, key: &str, value: &[u8], seconds: u32) -> Result<(), Failure> {
        backend::set(&[(row.0, &text::key(key), value, seconds)]).map_err(Failure::other)
    }

    /// Removes a key's value.
    ///
    /// # Errors
    /// As [`State::get`].
    pub fn delete(&self, row: Row, key: &str) -> Result<(), Failure> {
        backend::delete(&[(row.0, &text::key(key))]).map_err(Failure::other)
    }

    /// Goes through rows in their order: `change` is given what the row finds under its key, and says what becomes of it.
    /// Rows without a key are left out.
    ///
    /// # Errors
    /// As [`State::set`]; and what `change` answers.
    pub fn update<K: AsRef<str>>(
        &self,
        rows: &Mask,
        key: impl Fn(Row) -> Option<K>,
        mut change: impl FnMut(Row, Option<&[u8]>) -> Result<Change, Failure>,
    ) -> Result<(), Failure> {
        for row in rows {
            let Some(key) = key(row) else { continue };
            let key = key.as_ref();
            let found = self.get(&[(row, key)])?.into_iter().next().flatten();
            match change(row, found.as_deref())? {
                Change::Keep => {}
                Change::Set { value, seconds } => self.set(row, key, &value, seconds)?,
                Change::Delete => self.delete(row, key)?,
            }
        }
        Ok(())
    }
}
