//! The number of the last commit, beside sled: what sled recovers from its log must have come as far. From a log that was
//! damaged or cut off it recovers what stands before that, and says nothing.
//!
//! Written after each commit and synced at a stop only. What a power cut leaves of it is a smaller number: it may then miss
//! something, and it never accuses a store that is whole.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::ids::Digest;

/// Where sled keeps the same number. No keyspace has this first byte.
pub(super) const KEY: &[u8] = &[0];

/// See the module.
pub(super) struct Commits {
    file: File,
    /// The last commit.
    number: u64,
}

impl Commits {
    /// Compares what sled holds with what was written beside it.
    pub(super) fn open(folder: &Path, log: &Path, db: &sled::Db) -> Result<Self, StoreError> {
        let path = path(folder);
        let held = db.get(KEY).map_err(|error| StoreError::disk(log, error))?;
        let held = held.and_then(|value| value[..].try_into().ok()).map_or(0, u64::from_le_bytes);
        let open = || -> io::Result<(File, Option<u64>)> {
            let file = File::options().read(true).write(true).create(true).truncate(false).open(&path)?;
            let mut bytes = [0; 16];
            let whole = file.read_exact_at(&mut bytes, 0).is_ok();
            Ok((file, Some(bytes).filter(|_| whole).and_then(number)))
        };
        let (file, known) = open().map_err(|error| StoreError::disk(&path, error))?;
        match known {
            Some(known) if held < known => Err(StoreError::CutOff { log: log.to_owned(), held, known, beside: path }),
            _ => Ok(Self { file, number: held }),
        }
    }

    /// The number of the commit that is made next, as sled keeps it.
    pub(super) fn next(&self) -> Vec<u8> {
        (self.number + 1).to_le_bytes().to_vec()
    }

    /// That commit is durable. The file is of no use when it cannot be written, and nothing else is wrong then.
    pub(super) fn made(&mut self) {
        self.number += 1;
        if let Err(error) = self.file.write_all_at(&bytes(self.number), 0) {
            tracing::warn!("the number of the last commit could not be noted: {error}");
        }
    }

    pub(super) fn sync(&self) {
        if let Err(error) = self.file.sync_all() {
            tracing::warn!("the number of the last commit could not be synced: {error}");
        }
    }
}

fn path(folder: &Path) -> PathBuf {
    folder.join("commits")
}

fn bytes(number: u64) -> [u8; 16] {
    let number = number.to_le_bytes();
    let mut bytes = [0; 16];
    let (own, check) = bytes.split_at_mut(8);
    own.copy_from_slice(&number);
    check.copy_from_slice(Digest::of(&number).0.first_chunk::<8>().unwrap_or(&[0; 8]));
    bytes
}

/// None where the bytes are not what [`bytes`] made.
fn number(from: [u8; 16]) -> Option<u64> {
    let number = u64::from_le_bytes(*from.first_chunk::<8>()?);
    (bytes(number) == from).then_some(number)
}
