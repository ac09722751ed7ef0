//! Lists: sets and maps that people keep outside of the plugin.

use std::collections::BTreeMap;

use cordon_contract::limits::{LIST_KEY_BYTES, STATE_ENTRIES};

use crate::column::Column;
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
        lookup(self.0, keys)
    }

    /// Which texts of a column the list has, and what stands beside them. A text that is too long for a key is in no list: whoever
    /// writes an event must not have the run fail.
    pub(crate) fn of(self, column: &Column) -> Result<BTreeMap<String, String>, Failure> {
        let texts = (0..column.distinct()).filter_map(|at| column.entry(at)?.text());
        let texts: Vec<&str> = texts.filter(|text| is_key(text)).collect();
        let keys: Vec<&str> = texts.iter().map(|text| text.trim()).collect();
        let has = texts.iter().zip(self.lookup(&keys)?).filter_map(|(text, value)| Some(((*text).to_owned(), value?)));
        Ok(has.collect())
    }
}

fn lookup(list: &str, keys: &[&str]) -> Result<Vec<Option<String>>, Failure> {
    let mut found = Vec::with_capacity(keys.len());
    for some in keys.chunks(STATE_ENTRIES) {
        found.extend(backend::lookup(list, some).map_err(Failure::other)?);
    }
    Ok(found)
}

/// Whether a list may have a text.
fn is_key(text: &str) -> bool {
    (1..=LIST_KEY_BYTES).contains(&text.trim().len())
}

/// Which of some texts a list has. A text that is too long for a key is in none: whoever writes an event must not have the run
/// fail.
pub(crate) fn listed(list: &str, texts: &[&str]) -> Result<Vec<bool>, Failure> {
    let keys: Vec<&str> = texts.iter().map(|text| text.trim()).filter(|text| is_key(text)).collect();
    let mut has = lookup(list, &keys)?.into_iter();
    Ok(texts.iter().map(|text| is_key(text) && has.next().flatten().is_some()).collect())
}
