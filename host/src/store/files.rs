//! Large things as files named by digest: written beside, synced, renamed, their folder synced.

use std::fs::File;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use super::StoreError;
use crate::ids::Digest;

pub(super) fn put(folder: &Path, bytes: &[u8]) -> Result<Digest, StoreError> {
    let digest = Digest::of(bytes);
    let path = path(folder, digest);
    if get(folder, digest)?.is_some() {
        return Ok(digest);
    }
    let write = || -> io::Result<()> {
        let within = path.parent().unwrap_or(folder);
        if !within.exists() {
            std::fs::create_dir_all(within)?;
            File::open(folder)?.sync_all()?;
        }
        let mut file = tempfile::NamedTempFile::new_in(within)?;
        file.write_all(bytes)?;
        file.as_file().sync_all()?;
        file.persist(&path).map_err(|error| error.error)?;
        File::open(within)?.sync_all()
    };
    write().map_err(|error| StoreError::disk(&path, error))?;
    Ok(digest)
}

pub(super) fn get(folder: &Path, digest: Digest) -> Result<Option<Vec<u8>>, StoreError> {
    let path = path(folder, digest);
    match std::fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes).filter(|bytes| Digest::of(bytes) == digest)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::disk(&path, error)),
    }
}

pub(super) fn remove(folder: &Path, digest: Digest) -> Result<(), StoreError> {
    let path = path(folder, digest);
    match std::fs::remove_file(&path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(StoreError::disk(&path, error)),
        _ => Ok(()),
    }
}

fn path(folder: &Path, digest: Digest) -> PathBuf {
    let name = digest.to_string();
    folder.join(name.get(..2).unwrap_or_default()).join(&name)
}
