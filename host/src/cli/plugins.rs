//! What `-p` and other plugin arguments name: a .wasm file, a folder of them, or a folder of sources, built first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use crate::author::{self, PluginFolder, build::Talk};
use crate::lists::{self, Form, Lists};
use crate::registry::{self, Loaded, Loads, RegistryError, SettingsFile};
use crate::sandbox::{Sandbox, SandboxOptions};
use crate::telemetry::Metrics;

/// The components that the arguments name, in order; sources are built.
pub(super) fn components(arguments: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    for argument in arguments {
        if holds_sources(argument) {
            let folders = author::find(std::slice::from_ref(argument), Path::new("."))?;
            found.extend(build(&folders)?);
        } else {
            found.extend(registry::components(argument)?);
        }
    }
    Ok(found)
}

/// Builds plugin folders, without cargo's progress unless it takes a terminal's patience.
pub(super) fn build(folders: &[PluginFolder]) -> Result<Vec<PathBuf>> {
    let talk = if std::io::IsTerminal::is_terminal(&std::io::stderr()) { Talk::Progress } else { Talk::ErrorsOnly };
    let built = author::build::build(folders, None, talk)?;
    Ok(built.into_iter().map(|one| one.path).collect())
}

/// A plugin's folder, or a folder of such and of no components.
fn holds_sources(path: &Path) -> bool {
    if PluginFolder::is_one(path) {
        return true;
    }
    let Ok(entries) = std::fs::read_dir(path) else { return false };
    let entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    !entries.iter().any(|path| registry::is_component(path)) && entries.iter().any(|path| PluginFolder::is_one(path))
}

/// `NAME=FILE`
fn list_file(text: &str) -> Result<(String, PathBuf), String> {
    let (name, file) = text.split_once('=').ok_or("give NAME=FILE, as `watched-accounts=leavers.txt`")?;
    Ok((name.to_owned(), file.into()))
}

/// Files of lists, the same for every verb that runs plugins.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct ListFiles {
    /// What stands in a list: .csv, .ndjson, or a key a line; repeat for more
    #[arg(long = "list", value_name = "NAME=FILE", value_parser = list_file)]
    lists: Vec<(String, PathBuf)>,
}

impl ListFiles {
    /// The lists of the files that were given.
    pub(super) fn read(&self) -> Result<Lists> {
        let mut tables = BTreeMap::new();
        for (name, path) in &self.lists {
            let bytes = std::fs::read(path).with_context(|| format!("{}: cannot be read", path.display()))?;
            let (table, _) = lists::parse(&bytes, Form::of_name(&path.to_string_lossy()))
                .with_context(|| format!("{}: no list", path.display()))?;
            ensure!(tables.insert(name.clone(), table).is_none(), "--list {name}: is given twice");
        }
        Ok(Lists::of_tables(tables))
    }
}

/// Arguments about loading, the same for every verb that runs plugins.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// Settings of plugins, TOML or JSON
    #[arg(long, value_name = "FILE")]
    settings: Option<PathBuf>,
    #[command(flatten)]
    lists: ListFiles,
    /// Threads that run plugins; findings are the same for any number
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=256))]
    workers: Option<u16>,
    /// Grant `whole-events` to plugins that ask for it: they see each event exactly as received
    #[arg(long)]
    grant_whole_events: bool,
}

impl Args {
    /// Threads that run plugins.
    pub(super) fn workers(&self) -> usize {
        self.workers.map_or_else(|| std::thread::available_parallelism().map_or(1, usize::from), usize::from)
    }

    /// Builds what must be built, loads everything; one that is refused ends it.
    pub(super) fn load(&self, plugins: &[PathBuf]) -> Result<(Sandbox, Vec<Loaded>)> {
        let (sandbox, Loads { plugins, refused }) = self.load_fit(plugins, &Metrics::new())?;
        refused.into_iter().next().map_or(Ok((sandbox, plugins)), |error| Err(error.into()))
    }

    /// Builds what must be built, loads what can be; one that is refused is counted and keeps no other from running. When
    /// none is left, the first refusal is the error.
    pub(super) fn load_fit(&self, plugins: &[PathBuf], metrics: &Metrics) -> Result<(Sandbox, Loads)> {
        let lists = self.lists.read()?;
        let settings = self.settings.as_deref().map(SettingsFile::read).transpose()?.unwrap_or_default();
        let paths = components(plugins)?;
        let mut options = SandboxOptions { workers: self.workers(), ..SandboxOptions::default() };
        options.caps.whole_events = self.grant_whole_events.into();
        let sandbox = Sandbox::new(options)?;
        let mut loads = registry::load_fit(&sandbox, &paths, &settings, self.workers())?;
        for refused in &loads.refused {
            if let RegistryError::Load { error, .. } = refused {
                metrics.not_loaded(error);
            }
        }
        if loads.plugins.is_empty() && !loads.refused.is_empty() {
            return Err(loads.refused.swap_remove(0).into());
        }
        for one in &mut loads.plugins {
            one.lists = lists.clone();
        }
        for name in lists.names() {
            if !loads.plugins.iter().any(|one| one.plugin.manifest().lists.contains_key(name)) {
                super::warn(&format!("--list {name}: no plugin that is loaded looks anything up in it"))?;
            }
        }
        let ids: Vec<&str> = loads.plugins.iter().map(|one| one.plugin.manifest().plugin.id.as_str()).collect();
        for id in settings.unknown(&ids) {
            super::warn(&format!("the settings file names `{id}`, but no such plugin is loaded ({})", ids.join(", ")))?;
        }
        Ok((sandbox, loads))
    }
}
