//! How far a folder's files, or a followed file, were taken: marks in the store, by path.

use std::path::Path;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// A file of a watched folder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct FileMark {
    pub(super) name: String,
    /// Bytes, and when it was changed last, in nanoseconds since 1970.
    pub(super) bytes: u64,
    pub(super) changed: i64,
    /// Of its content.
    pub(super) digest: Digest,
    /// Pieces that are durable.
    pub(super) pieces: u64,
    /// Whether nothing more is to be taken of it, as long as it stays as it is.
    pub(super) ended: bool,
    /// Why it was not taken to its end.
    pub(super) broken: Option<String>,
}

/// A followed file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub(super) struct FollowMark {
    pub(super) device: u64,
    pub(super) inode: u64,
    /// Everything before it is durable.
    pub(super) offset: u64,
    /// What is being taken ends here: after a crash exactly that is taken again, by the same key.
    pub(super) end: u64,
    /// Lines before the offset.
    pub(super) lines: u64,
    /// Whether the offset stands inside of a line that is too large, of which the rest is passed.
    pub(super) passing: bool,
    /// Digest of the file's first bytes, and how many: another file of the same name and number shows.
    pub(super) head: Option<(u64, Digest)>,
}

/// Where the marks of a folder or file are.
pub(super) struct Marks<'a> {
    store: &'a Store,
    prefix: Vec<u8>,
}

impl<'a> Marks<'a> {
    pub(super) fn new(store: &'a Store, kind: u8, force: &Force, path: &Path) -> Self {
        let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
        let digest = Digest::of_parts(&[force.as_str().as_bytes(), whole.as_os_str().as_encoded_bytes()]);
        let mut prefix = vec![kind];
        prefix.extend_from_slice(&digest.0);
        Self { store, prefix }
    }

    pub(super) fn get<T: DeserializeOwned>(&self) -> Result<Option<T>, StoreError> {
        let text = self.store.get(Space::FileMark, &self.prefix)?;
        Ok(text.and_then(|text| serde_json::from_slice(&text).ok()))
    }

    pub(super) fn put(&self, mark: &impl Serialize) -> Result<(), StoreError> {
        self.put_at(self.prefix.clone(), mark)
    }

    /// All marks of the folder's files.
    pub(super) fn files(&self) -> Result<Vec<FileMark>, StoreError> {
        let pairs = self.store.list(Space::FileMark, &self.prefix, None, usize::MAX)?;
        Ok(pairs.iter().filter_map(|(_, text)| serde_json::from_slice(text).ok()).collect())
    }

    pub(super) fn put_file(&self, mark: &FileMark) -> Result<(), StoreError> {
        self.put_at(self.of_file(&mark.name), mark)
    }

    pub(super) fn forget(&self, name: &str) -> Result<(), StoreError> {
        self.store.commit(Effects::new().delete(Space::FileMark, &self.of_file(name)))
    }

    fn of_file(&self, name: &str) -> Vec<u8> {
        let mut key = self.prefix.clone();
        key.extend_from_slice(&Digest::of(name.as_bytes()).0);
        key
    }

    fn put_at(&self, key: Vec<u8>, mark: &impl Serialize) -> Result<(), StoreError> {
        let text = serde_json::to_vec(mark).map_err(|error| StoreError::TooLarge(format!("a file's mark: {error}")))?;
        self.store.commit(Effects::new().put(Space::FileMark, &key, text))
    }
}
