//! Sigma rules into a plugin: reads rule files, makes the manifest, and gives the engine that this binary carries its rules.
//!
//! The rules travel as the component's own `load` settings, a custom section beside the manifest: no compiler is needed, the
//! component's digest says which rules they are, and they are compiled once, by `configure`, before the snapshot.

mod columns;
pub mod values;

use std::path::{Path, PathBuf};

use cordon_contract::LOAD_SETTINGS_SECTION;
use cordon_sigma::build::{Built, Choice, build};
use cordon_sigma::logsource::Tables;
use cordon_sigma::manifest::{Name, manifest};
use cordon_sigma::rule::{Options, Rules};
use wasm_encoder::{ComponentSection, CustomSection};

pub use columns::OfBatch;

use crate::sandbox::component;

/// The engine, a core module that `build.rs` made of `sdk/sigma-engine`.
static ENGINE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/sigma-engine.wasm"));

/// The licence of SigmaHQ's collection, which asks to be named with each rule and each match.
const DRL: &str = "Detection Rule License (DRL) 1.1";

/// Files of rules at most.
const FILES: usize = 100_000;

/// Why there is no plugin.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum SigmaError {
    #[error("{}: {reason}", path.display())]
    File { path: PathBuf, reason: String },
    #[error("more than {FILES} files of rules: name fewer folders")]
    TooMany,
    #[error("no file ends in .yml or .yaml in what was given")]
    NoFiles,
    #[error("{0}")]
    Table(String),
    #[error("the rules make no plugin: {0}")]
    Manifest(String),
    #[error("the engine makes no component: {0}")]
    Component(String),
}

/// What an author gives.
#[derive(Debug, Clone, Default)]
pub struct Input {
    /// Files of rules, or folders of them.
    pub rules: Vec<PathBuf>,
    /// Tables of log sources and fields besides the shipped ones; the first goes before the others.
    pub tables: Vec<PathBuf>,
    /// Values of placeholders, and what is left out.
    pub options: Options,
    /// Leave out rules that look into whole events.
    pub no_keywords: bool,
}

/// Reads rules and puts them into a pack.
///
/// # Errors
/// Files that cannot be read, tables that are broken. A rule that is refused is told in the answer.
pub fn read(input: &Input) -> Result<Built, SigmaError> {
    let tables = tables(&input.tables)?;
    let mut rules = Rules::default();
    let mut options = input.options.clone();
    if options.licence.is_none() && input.rules.iter().any(|path| of_drl(path)) {
        options.licence = Some(DRL.to_owned());
    }
    for path in files(&input.rules)? {
        rules.read(&path.display().to_string(), &bytes(&path)?, &options);
    }
    rules.finish();
    Ok(build(rules, &tables, Choice { no_keywords: input.no_keywords }))
}

/// A component of these rules.
///
/// # Errors
/// What the manifest's checks say, such as no rules at all.
pub fn component_of(built: &Built, name: &Name) -> Result<Vec<u8>, SigmaError> {
    let manifest = manifest(built, name).map_err(SigmaError::Manifest)?;
    let mut wasm = component::encode(ENGINE, &manifest).map_err(SigmaError::Component)?;
    let text = |value: &dyn Fn() -> serde_json::Result<String>| {
        value().map_err(|error| SigmaError::Component(error.to_string()))
    };
    let pack = text(&|| serde_json::to_string(&built.pack))?;
    let settings = text(&|| serde_json::to_string(&serde_json::json!({ "pack": pack })))?;
    CustomSection { name: LOAD_SETTINGS_SECTION.into(), data: settings.as_bytes().into() }
        .append_to_component(&mut wasm);
    Ok(wasm)
}

/// Whether a licence file that stands beside or above says that it is SigmaHQ's.
fn of_drl(path: &Path) -> bool {
    let Ok(path) = path.canonicalize() else { return false };
    path.ancestors().take(6).any(|folder| {
        std::fs::read_to_string(folder.join("LICENSE")).is_ok_and(|text| text.contains("Detection Rule License"))
    })
}

/// The shipped tables, and others before them.
///
/// # Errors
/// File, line and reason.
pub fn tables(besides: &[PathBuf]) -> Result<Tables, SigmaError> {
    let mut tables = Tables::shipped().map_err(SigmaError::Table)?;
    for path in besides.iter().rev() {
        let text = String::from_utf8(bytes(path)?).map_err(|_| wrong(path, "is not UTF-8"))?;
        tables.add(&path.display().to_string(), &text).map_err(SigmaError::Table)?;
    }
    Ok(tables)
}

fn wrong(path: &Path, reason: impl ToString) -> SigmaError {
    SigmaError::File { path: path.to_owned(), reason: reason.to_string() }
}

fn bytes(path: &Path) -> Result<Vec<u8>, SigmaError> {
    std::fs::read(path).map_err(|error| wrong(path, format!("cannot be read: {error}")))
}

/// Every rule file, in order of name: the same folders make the same component.
fn files(given: &[PathBuf]) -> Result<Vec<PathBuf>, SigmaError> {
    let mut found = Vec::new();
    // A file that is named is read whatever its ending.
    let mut folders: Vec<PathBuf> = Vec::new();
    for path in given {
        if path.is_dir() { folders.push(path.clone()) } else { found.push(path.clone()) }
    }
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).map_err(|error| wrong(&folder, format!("cannot be read: {error}")))? {
            let path = entry.map_err(|error| wrong(&folder, error))?.path();
            let rule = path.extension().is_some_and(|extension| extension == "yml" || extension == "yaml");
            // A link may lead back into the folder.
            if path.is_dir() && !path.is_symlink() {
                folders.push(path);
            } else if rule {
                found.push(path);
            }
            if found.len() + folders.len() > FILES {
                return Err(SigmaError::TooMany);
            }
        }
    }
    found.sort();
    found.dedup();
    if found.is_empty() { Err(SigmaError::NoFiles) } else { Ok(found) }
}
