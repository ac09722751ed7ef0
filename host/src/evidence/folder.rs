//! A folder of evidence: `FINDING-ID.json` for each finding, and each plugin's component once, `plugins/SHA256.wasm`.
//!
//! Files are the owner's only, written beside, synced and renamed: what has a final name is whole. Nothing is ever
//! overwritten.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::DirBuilderExt as _;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::{EVIDENCE_BYTES, Evidence, EvidenceError};
use crate::ids::Digest;
use crate::registry::Loaded;
use crate::sandbox::{COMPONENT_BYTES, inspect};

/// Where components lie in it.
const PLUGINS: &str = "plugins";
/// How names of files begin that are being written.
const WRITING: &str = ".writing-";

/// A folder that evidence is kept in.
#[derive(Debug)]
pub struct Folder {
    path: PathBuf,
}

/// What became of a piece of evidence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kept {
    /// It is there now.
    Written,
    /// Whole evidence of the same finding was there before, and stays.
    There,
}

impl Folder {
    /// Makes the folder where it is missing and keeps the components of the plugins in it.
    ///
    /// # Errors
    /// Names the file or folder that cannot be made, or the component that is not what was loaded.
    pub fn open(path: &Path, plugins: &[Loaded]) -> Result<Self, EvidenceError> {
        let components = path.join(PLUGINS);
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&components)
            .map_err(|error| EvidenceError::disk(&components, "the folder for evidence cannot be made", &error))?;
        let folder = Self { path: path.to_owned() };
        for loaded in plugins {
            folder.keep_component(loaded.plugin.digest(), &read(&loaded.path, COMPONENT_BYTES)?)?;
        }
        Ok(folder)
    }

    /// Whether a component is kept.
    #[must_use]
    pub fn has_component(&self, digest: Digest) -> bool {
        component_path(&self.path.join(PLUGINS), digest).exists()
    }

    /// Keeps a component.
    ///
    /// # Errors
    /// It is another one than the digest says; the disk's.
    pub fn keep_component(&self, digest: Digest, wasm: &[u8]) -> Result<(), EvidenceError> {
        let components = self.path.join(PLUGINS);
        let path = component_path(&components, digest);
        if Digest::of(wasm) != digest {
            let reason = "it is not the component that was loaded: it changed meanwhile, run again".into();
            return Err(EvidenceError::Disk { path, reason });
        }
        if !write_new(&path, wasm)? && read(&path, COMPONENT_BYTES)? != wasm {
            return Err(EvidenceError::ComponentAltered { path });
        }
        sync(&components)
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Keeps the evidence of a finding.
    ///
    /// # Errors
    /// The disk's, or something else of that name is there.
    pub fn keep<F: Serialize>(&self, id: Digest, evidence: &Evidence<F>) -> Result<Kept, EvidenceError> {
        let path = self.path.join(format!("{id}.json"));
        let bytes = evidence.to_bytes()?;
        if write_new(&path, &bytes)? {
            return Ok(Kept::Written);
        }
        let occupied = |reason: String| EvidenceError::Occupied { path: path.clone(), reason };
        let there = read(&path, EVIDENCE_BYTES).map_err(|error| occupied(error.to_string()))?;
        let there = Evidence::from_bytes(&there).map_err(|error| occupied(error.to_string()))?;
        if there.id() != Some(id) {
            return Err(occupied("evidence of another finding".into()));
        }
        Ok(Kept::There)
    }

    /// Makes the names last through a power cut, too.
    ///
    /// # Errors
    /// The disk's.
    pub fn finish(&self) -> Result<(), EvidenceError> {
        sync(&self.path)
    }
}

impl Evidence {
    /// The id of its finding.
    #[must_use]
    pub fn id(&self) -> Option<Digest> {
        Digest::from_hex(self.finding.get("id")?.as_str()?)
    }
}

/// The evidence files that a path names: the file itself, or those directly in a folder, sorted.
///
/// # Errors
/// Absent, unreadable, or a folder without any.
pub fn files(path: &Path) -> Result<Vec<PathBuf>, EvidenceError> {
    if !path.is_dir() {
        return match path.exists() {
            true => Ok(vec![path.to_owned()]),
            false => Err(EvidenceError::Disk {
                path: path.to_owned(),
                reason: "no such file or folder: give evidence files, or folders of them".into(),
            }),
        };
    }
    let broken = |error: io::Error| EvidenceError::disk(path, "cannot be read", &error);
    let mut found = Vec::new();
    for entry in fs::read_dir(path).map_err(broken)? {
        let file = entry.map_err(broken)?.path();
        let hidden = file.file_name().is_some_and(|name| name.as_encoded_bytes().starts_with(b"."));
        if !hidden && file.extension().is_some_and(|extension| extension == "json") && file.is_file() {
            found.push(file);
        }
    }
    if found.is_empty() {
        let reason = "the folder holds no evidence (`cordon run --evidence DIR` writes it)".into();
        return Err(EvidenceError::Disk { path: path.to_owned(), reason });
    }
    found.sort();
    Ok(found)
}

/// Components by the id of their plugin.
///
/// # Errors
/// One that cannot be read or is no plugin.
pub fn components_of(paths: &[PathBuf]) -> Result<BTreeMap<String, Vec<u8>>, EvidenceError> {
    let mut found = BTreeMap::new();
    for path in paths {
        let wasm = read(path, COMPONENT_BYTES)?;
        let inspection =
            inspect(&wasm).map_err(|error| EvidenceError::Disk { path: path.clone(), reason: error.to_string() })?;
        found.insert(inspection.manifest.plugin.id, wasm);
    }
    Ok(found)
}

/// The component that is kept beside an evidence file.
///
/// # Errors
/// Absent, unreadable, or not the one that the digest names.
pub(super) fn component_beside(evidence: &Path, digest: Digest) -> Result<Vec<u8>, EvidenceError> {
    let folder = evidence.parent().unwrap_or(Path::new(""));
    let path = component_path(&folder.join(PLUGINS), digest);
    if !path.exists() {
        return Err(EvidenceError::ComponentAbsent { path });
    }
    let wasm = read(&path, COMPONENT_BYTES)?;
    if Digest::of(&wasm) != digest {
        return Err(EvidenceError::ComponentAltered { path });
    }
    Ok(wasm)
}

/// A whole file of at most `limit` bytes.
///
/// # Errors
/// Names the file.
pub(super) fn read(path: &Path, limit: usize) -> Result<Vec<u8>, EvidenceError> {
    let broken = |error: io::Error| EvidenceError::disk(path, "cannot be read", &error);
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(broken)?;
    file.take(limit as u64 + 1).read_to_end(&mut bytes).map_err(broken)?;
    if bytes.len() > limit {
        let reason = format!("has more than {} MiB: no evidence and no component is so large", limit >> 20);
        return Err(EvidenceError::Disk { path: path.to_owned(), reason });
    }
    Ok(bytes)
}

fn component_path(folder: &Path, digest: Digest) -> PathBuf {
    folder.join(format!("{digest}.wasm"))
}

/// Writes a file of the owner's, whole or not at all. False where the name is taken.
fn write_new(path: &Path, bytes: &[u8]) -> Result<bool, EvidenceError> {
    if path.symlink_metadata().is_ok() {
        return Ok(false);
    }
    let broken = |error: io::Error| EvidenceError::disk(path, "cannot be written", &error);
    let folder = path.parent().unwrap_or(Path::new(""));
    // Made with mode 0600, and removed when it is dropped unfinished.
    let mut file = tempfile::Builder::new().prefix(WRITING).tempfile_in(folder).map_err(broken)?;
    file.write_all(bytes).map_err(broken)?;
    file.as_file().sync_all().map_err(broken)?;
    match file.persist_noclobber(path) {
        Ok(_) => Ok(true),
        Err(error) if error.error.kind() == io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(broken(error.error)),
    }
}

fn sync(folder: &Path) -> Result<(), EvidenceError> {
    let synced = File::open(folder).and_then(|folder| folder.sync_all());
    synced.map_err(|error| EvidenceError::disk(folder, "cannot be synced", &error))
}
