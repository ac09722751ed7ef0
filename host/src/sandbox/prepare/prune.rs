//! Keeps the cache within its size, and free of what a killed process left behind.
//!
//! Time is the file system's own: a file just written says what 'now' is.

use std::fs::{self, Metadata};
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// Bytes of artefacts that are kept; the least recently used go first. A catalogue of 200 plugins takes a third of it.
pub(super) const CACHE_BYTES: u64 = 1 << 30;
/// How the folders of work in progress begin.
pub(super) const WORK_PREFIX: &str = "preparing-";
/// Work in progress that is older was left behind: no preparation may take so long.
const WORK_AGE: Duration = Duration::from_secs(24 * 3600);

/// Removes what is too much or too old. What cannot be removed stays: the next time it may go.
///
/// # Errors
/// When the folder cannot be read.
pub(super) fn prune(folder: &Path, just_written: &Path, limit: u64) -> io::Result<()> {
    let now = fs::metadata(just_written)?.modified()?;
    let mut artefacts = Vec::new();
    let mut indexes = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        let Ok(metadata) = entry.metadata() else { continue }; // gone meanwhile
        let old = |age: Duration| now.duration_since(used(&metadata)).is_ok_and(|passed| passed > age);
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("cwasm") => artefacts.push((used(&metadata), metadata.len(), path)),
            Some("json") => indexes.push(path),
            _ if entry.file_name().to_string_lossy().starts_with(WORK_PREFIX) && old(WORK_AGE) => {
                remove(&path, fs::remove_dir_all(&path));
            }
            _ => {}
        }
    }
    if evict(artefacts, limit) {
        // An index without its artefact says nothing any more.
        for index in indexes {
            if super::cache::artefact_of(folder, &index).is_some_and(|artefact| !artefact.exists()) {
                remove(&index, fs::remove_file(&index));
            }
        }
    }
    Ok(())
}

/// Removes the least recently used until the rest fits; whether any went.
fn evict(mut artefacts: Vec<(SystemTime, u64, PathBuf)>, limit: u64) -> bool {
    artefacts.sort();
    let mut bytes: u64 = artefacts.iter().map(|(_, len, _)| len).sum();
    let mut any = false;
    // The newest always stays: somebody is about to map it.
    artefacts.pop();
    for (_, len, path) in artefacts {
        if bytes <= limit {
            break;
        }
        remove(&path, fs::remove_file(&path));
        bytes = bytes.saturating_sub(len);
        any = true;
    }
    any
}

fn used(metadata: &Metadata) -> SystemTime {
    metadata.modified().unwrap_or(SystemTime::UNIX_EPOCH)
}

fn remove(path: &Path, removed: io::Result<()>) {
    match removed {
        Ok(()) => tracing::debug!(path = %path.display(), "removed from the cache of artefacts"),
        Err(error) => tracing::debug!(path = %path.display(), %error, "cannot be removed from the cache of artefacts"),
    }
}

#[cfg(test)]
mod tests {
    use std::fs::{self, File};

    use super::{Duration, SystemTime, WORK_PREFIX, prune};

    #[test]
    fn the_least_recently_used_go_first_and_the_newest_never() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        for (age, name) in ["a", "b", "c"].iter().enumerate() {
            fs::write(path(&format!("{name}.cwasm")), [0; 100]).unwrap();
            let used = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000 + age as u64);
            File::options().write(true).open(path(&format!("{name}.cwasm"))).unwrap().set_modified(used).unwrap();
        }
        prune(folder.path(), &path("c.cwasm"), 200).unwrap();
        assert!(!path("a.cwasm").exists() && path("b.cwasm").exists() && path("c.cwasm").exists());
        prune(folder.path(), &path("c.cwasm"), 0).unwrap();
        assert!(!path("b.cwasm").exists() && path("c.cwasm").exists());
    }

    #[test]
    fn work_left_behind_a_day_ago_goes_and_work_in_progress_stays() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let (old, new) = (path(&format!("{WORK_PREFIX}old")), path(&format!("{WORK_PREFIX}new")));
        for work in [&old, &new] {
            fs::create_dir(work).unwrap();
        }
        let long_ago = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        File::open(&old).unwrap().set_modified(long_ago).unwrap();
        fs::write(path("now.cwasm"), "x").unwrap();
        prune(folder.path(), &path("now.cwasm"), 1000).unwrap();
        assert!(!old.exists() && new.exists());
    }
}
