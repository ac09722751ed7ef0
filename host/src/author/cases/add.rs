//! Makes a case from real events, masked where asked.

use std::path::{Path, PathBuf};

use cordon_contract::limits::BATCH_ROWS;
use serde_json::Value;

use crate::author::PluginFolder;
use crate::author::mask::Masker;
use crate::events::{Batcher, BatcherOptions, EventReader, Input, ReadError};
use crate::model::{Force, SourceName};

/// What the case is made of.
#[derive(Debug)]
pub struct NewCase<'a> {
    /// Its name: kebab-case.
    pub name: &'a str,
    /// Where the events stand.
    pub from: &'a Input,
    /// Their lines or elements, from 1.
    pub rows: &'a [u64],
    /// Their source, where the shape does not say it.
    pub source: Option<SourceName>,
    /// Whether people, tenants, addresses and hosts are replaced.
    pub mask: bool,
}

/// Why no case is made.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum AddError {
    #[error("case name `{0}`: use lower-case letters, digits and `-`")]
    Name(String),
    #[error("{}: there is such a case already; give another --name", .0.display())]
    Exists(PathBuf),
    #[error(transparent)]
    Read(#[from] ReadError),
    #[error("no event stands at {unit} {row}: the input has {last}")]
    NoRow { row: u64, unit: &'static str, last: u64 },
    #[error("{0}")]
    Refused(String),
    #[error("{}: {reason}", path.display())]
    Write { path: PathBuf, reason: String },
}

/// Makes the case and answers its folder. It expects no findings yet: `cordon test --update` writes those that come.
///
/// # Errors
/// See [`AddError`]; nothing is left behind.
pub fn add(plugin: &PluginFolder, case: &NewCase<'_>) -> Result<PathBuf, AddError> {
    let kebab = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    if case.name.is_empty() || !case.name.chars().all(kebab) {
        return Err(AddError::Name(case.name.to_owned()));
    }
    let folder = plugin.path.join("cases").join(case.name);
    if folder.exists() {
        return Err(AddError::Exists(folder));
    }
    let mut events = events(case)?;
    if case.mask {
        mask(plugin, &mut events)?;
    }
    let mut text =
        format!("description = \"{}\"\n", if case.mask { "From real events, masked" } else { "From real events" });
    let mut files = Vec::new();
    for batch in events.chunk_by(|a, b| a.0 == b.0) {
        let Some((source, _)) = batch.first() else { continue };
        let number = files.len() + 1;
        let name = if number == 1 { "events.jsonl".to_owned() } else { format!("events-{number}.jsonl") };
        text += &format!("\n[[batches]]\nsource = \"{source}\"\nevents = \"{name}\"\n");
        files.push((name, batch.iter().map(|(_, event)| format!("{event}\n")).collect::<String>()));
    }
    files.push(("case.toml".to_owned(), text));
    let write =
        |path: &Path, error: std::io::Error| AddError::Write { path: path.to_owned(), reason: error.to_string() };
    std::fs::create_dir_all(&folder).map_err(|error| write(&folder, error))?;
    for (name, text) in files {
        let path = folder.join(name);
        std::fs::write(&path, text).map_err(|error| write(&path, error))?;
    }
    Ok(folder)
}

/// The chosen events with their sources, in the order of the rows.
fn events(case: &NewCase<'_>) -> Result<Vec<(SourceName, String)>, AddError> {
    let mut found: Vec<Option<(SourceName, String)>> = vec![None; case.rows.len()];
    let mut reader = EventReader::open(case.from)?;
    let (mut last, mut unit) = (0, "line");
    while let Some(event) = reader.next()? {
        let Ok(event) = event else { continue };
        (last, unit) = (event.origin.line, event.origin.unit);
        if !case.rows.contains(&last) {
            continue;
        }
        let mut batcher = Batcher::new(options(case)?);
        let full = batcher.push(event, 0).map_err(|refusal| AddError::Refused(refusal.to_string()))?;
        let batch = full.into_iter().chain(batcher.finish()).next();
        let taken = batch.and_then(|batch| Some((batch.source().clone(), batch.event(0)?.to_owned())));
        for (slot, row) in found.iter_mut().zip(case.rows) {
            if *row == last {
                slot.clone_from(&taken);
            }
        }
        if found.iter().all(Option::is_some) {
            break;
        }
    }
    found
        .into_iter()
        .zip(case.rows)
        .map(|(event, row)| event.ok_or(AddError::NoRow { row: *row, unit, last }))
        .collect()
}

fn options(case: &NewCase<'_>) -> Result<BatcherOptions, AddError> {
    let force = Force::new("local").map_err(|error| AddError::Refused(error.to_string()))?;
    Ok(BatcherOptions {
        force,
        source: case.source.clone(),
        time_field: None,
        zone: jiff::tz::TimeZone::UTC,
        rows: BATCH_ROWS,
    })
}

fn mask(plugin: &PluginFolder, events: &mut [(SourceName, String)]) -> Result<(), AddError> {
    let mut masker = Masker::new(&sources_text(plugin));
    let mut values = Vec::new();
    for (_, event) in events.iter() {
        let value: Value = serde_json::from_str(event).map_err(|error| AddError::Refused(error.to_string()))?;
        masker.learn(&value);
        values.push(value);
    }
    for ((_, event), mut value) in events.iter_mut().zip(values) {
        masker.mask(&mut value);
        *event = value.to_string();
    }
    Ok(())
}

/// Everything that the author wrote: what stands there is no secret of the events.
fn sources_text(plugin: &PluginFolder) -> String {
    let mut text = plugin.manifest_text.clone();
    let mut folders = vec![plugin.path.join("src")];
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                text.push_str(&std::fs::read_to_string(&path).unwrap_or_default());
            }
        }
    }
    text
}
