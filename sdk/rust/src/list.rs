//! Lists: sets and maps that people keep outside of the plugin.

use std::collections::BTreeMap;

use cordon_contract::limits::STATE_ENTRIES;

use crate::{Failure, backend};

/// A list that the manifest declares; `List::WatchedAccounts` of generated code is one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListName(&'static str);

impl ListName {
    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// What stands beside each key; empty in a set; none where the list does not have the key. Keys are compared without the
    /// space around them and in lower case.
    ///
    /// ```
    /// # use cordon_sdk::prelude::*;
    /// # fn look(list: ListName) -> Result<(), Failure> {
    /// // List::Teams.lookup(&["anna@force.example"])
    /// if let [Some(team)] = list.lookup(&["anna@force.example"])?.as_slice() {
    ///     log::info(team);
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// A key over 1,024 bytes. The run then fails, whatever `detect` answers: pass it on with `?`.
    pub fn lookup(self, keys: &[&str]) -> Result<Vec<Option<String>>, Failure> {
        let mut found = Vec::with_capacity(keys.len());
        for some in keys.chunks(STATE_ENTRIES) {
            found.extend(backend::lookup(self.0, some).map_err(Failure::other)?);
        }
        Ok(found)
    }

    /// Which of these the list has, and what stands beside them.
    pub(crate) fn of(self, texts: &[&str]) -> Result<BTreeMap<String, String>, Failure> {
        let found = self.lookup(texts)?;
        let has = texts.iter().zip(found).filter_map(|(text, value)| Some(((*text).to_owned(), value?)));
        Ok(has.collect())
    }
}
