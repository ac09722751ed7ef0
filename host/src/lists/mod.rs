//! Lists that plugins look things up in: read from a file, kept in memory, looked up. Pure.
//!
//! `parse` reads entries from people's files and names every line that it does not understand; `table` is one version of one
//! list; [`Lists`] is what one force's plugins see: its own entries before the national ones. Knows no store and no plugin.

mod parse;
mod table;

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

pub use parse::{Form, ListError, parse};
pub use table::{Difference, Table};

use crate::ids::Digest;

/// One version of a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListVersion {
    /// From 1, for each list and whose it is.
    pub number: u64,
    /// SHA-256 of its entries, sorted: the same entries have the same.
    pub digest: Digest,
}

/// A version with its entries.
#[derive(Debug, Clone)]
pub struct Given {
    /// Which it is.
    pub version: ListVersion,
    /// Its entries.
    pub table: Arc<Table>,
}

/// One list as a force's plugins see it.
#[derive(Debug, Clone, Default)]
pub struct OfForce {
    /// For all forces.
    pub national: Option<Given>,
    /// The force's own, before those.
    pub own: Option<Given>,
}

/// The versions of a list that a run looked it up in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Versions {
    /// For all forces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub national: Option<ListVersion>,
    /// The force's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<ListVersion>,
}

/// All lists as a force's plugins see them, by name. Cheap to clone; never changes.
#[derive(Debug, Clone, Default)]
pub struct Lists(Arc<BTreeMap<String, OfForce>>);

impl Lists {
    /// Of these.
    #[must_use]
    pub fn new(lists: BTreeMap<String, OfForce>) -> Self {
        Self(Arc::new(lists))
    }

    /// Of files that are given for a run: no versions of a host.
    #[must_use]
    pub fn of_tables(tables: BTreeMap<String, Table>) -> Self {
        let given = |table: Table| {
            let version = ListVersion { number: 0, digest: table.digest() };
            OfForce { national: Some(Given { version, table: Arc::new(table) }), own: None }
        };
        Self::new(tables.into_iter().map(|(name, table)| (name, given(table))).collect())
    }

    /// These, and of the others those with other names.
    #[must_use]
    pub fn or(&self, others: &Self) -> Self {
        let mut all = (*others.0).clone();
        all.extend(self.0.iter().map(|(name, list)| (name.clone(), list.clone())));
        Self::new(all)
    }

    /// What stands beside a key, which is folded already ([`cordon_contract::manifest::list_key`]); none where no list of that
    /// name has it.
    #[must_use]
    pub fn get(&self, name: &str, key: &str) -> Option<&str> {
        let list = self.0.get(name)?;
        [&list.own, &list.national].into_iter().flatten().find_map(|given| given.table.get(key))
    }

    /// Which versions these lists are of; a list that nobody filled is left out.
    #[must_use]
    pub fn versions<'n>(&self, names: impl Iterator<Item = &'n String>) -> BTreeMap<String, Versions> {
        let of = |name: &String| {
            let list = self.0.get(name)?;
            let version = |given: &Option<Given>| given.as_ref().map(|given| given.version.clone());
            let versions = Versions { national: version(&list.national), own: version(&list.own) };
            (versions != Versions::default()).then(|| (name.clone(), versions))
        };
        names.filter_map(of).collect()
    }

    /// The names of the lists that are there.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }
}
