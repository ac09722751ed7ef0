//! Artefacts on disk: written whole or not at all, verified before every use.
//!
//! `KEY.json` names the artefact's SHA-256; the artefact is `SHA256.cwasm`. Two processes that prepare the same plugin at
//! once write the same or two equally good artefacts. Anything that does not verify counts as absent and is made again.
//! The folder is the user's own: an artefact is native code, and whoever may write here may already run as that user.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, CWD, Timespec, Timestamps, UTIME_NOW, utimensat};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::prune::{CACHE_BYTES, prune};
use crate::ids::Digest;

/// Bytes of an entry's index file at most.
const ENTRY_BYTES: u64 = 4096;

/// Bytes hashed at a time.
const READ_BYTES: usize = 256 << 10;

/// The folder.
#[derive(Debug)]
pub(in crate::sandbox) struct Cache {
    folder: PathBuf,
}

#[derive(Serialize, Deserialize)]
struct Entry {
    sha256: Digest,
}

impl Cache {
    /// Makes the folder where it is missing, readable by its owner only.
    ///
    /// # Errors
    /// Names the folder.
    pub(in crate::sandbox) fn open(folder: &Path) -> io::Result<Self> {
        fs::DirBuilder::new().recursive(true).mode(0o700).create(folder).map_err(|error| {
            io::Error::new(error.kind(), format!("cannot make the cache folder {}: {error}", folder.display()))
        })?;
        Ok(Self { folder: folder.to_owned() })
    }

    /// Where work in progress goes: the same file system, so that finishing is a rename.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// The verified artefact of a key.
    pub(in crate::sandbox) fn find(&self, key: Digest) -> Option<PathBuf> {
        let entry = read_entry(&self.entry_path(key))?;
        let path = artefact_path(&self.folder, entry.sha256);
        if digest_of(&path).ok()? != entry.sha256 {
            tracing::warn!(artefact = %path.display(), "a prepared artefact is damaged and is made again");
            return None;
        }
        used_now(&path);
        Some(path)
    }

    /// Takes a finished artefact (in [`Cache::folder`], synced) under a key.
    ///
    /// # Errors
    /// When its bytes are not what its maker said, or the disk refuses.
    pub(super) fn keep(&self, key: Digest, made: &Path, sha256: Digest) -> io::Result<PathBuf> {
        if digest_of(made)? != sha256 {
            return Err(io::Error::other("the prepared artefact changed on disk"));
        }
        let path = artefact_path(&self.folder, sha256);
        fs::set_permissions(made, fs::Permissions::from_mode(0o400))?;
        fs::rename(made, &path)?;
        let mut file = tempfile::NamedTempFile::new_in(&self.folder)?;
        file.write_all(&serde_json::to_vec(&Entry { sha256 })?)?;
        file.as_file().sync_all()?;
        file.persist(self.entry_path(key)).map_err(|error| error.error)?;
        File::open(&self.folder)?.sync_all()?;
        prune(&self.folder, &path, CACHE_BYTES)?;
        Ok(path)
    }

    /// Drops an entry that verified but does not load.
    pub(in crate::sandbox) fn forget(&self, key: Digest) {
        if let Err(error) = fs::remove_file(self.entry_path(key)) {
            tracing::debug!(%error, "a cache entry was gone already");
        }
    }

    fn entry_path(&self, key: Digest) -> PathBuf {
        self.folder.join(format!("{key}.json"))
    }
}

fn read_entry(path: &Path) -> Option<Entry> {
    let mut text = String::new();
    File::open(path).ok()?.take(ENTRY_BYTES).read_to_string(&mut text).ok()?;
    serde_json::from_str(&text).ok()
}

fn artefact_path(folder: &Path, sha256: Digest) -> PathBuf {
    folder.join(format!("{sha256}.cwasm"))
}

/// The artefact that an index file names.
pub(super) fn artefact_of(folder: &Path, index: &Path) -> Option<PathBuf> {
    read_entry(index).map(|entry| artefact_path(folder, entry.sha256))
}

/// Marks a file as used now, for [`prune`]. Where that fails it is only forgotten sooner.
fn used_now(path: &Path) {
    let now = Timespec { tv_sec: 0, tv_nsec: UTIME_NOW };
    let times = Timestamps { last_access: now, last_modification: now };
    if let Err(error) = utimensat(CWD, path, &times, AtFlags::empty()) {
        tracing::debug!(%error, "an artefact's last use cannot be noted");
    }
}

fn digest_of(path: &Path) -> io::Result<Digest> {
    let mut file = File::open(path)?;
    let mut hash = Sha256::new();
    let mut piece = vec![0; READ_BYTES];
    loop {
        match file.read(&mut piece)? {
            0 => return Ok(Digest(hash.finalize().into())),
            read => hash.update(piece.get(..read).unwrap_or_default()),
        }
    }
}
