//! Which declared fields were seen in any event: an empty result explains itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use cordon_contract::path::Path;

use super::summary::AbsentFields;
use crate::events::Batch;
use crate::registry::Loaded;

/// Declared fields of all plugins. A path that several plugins declare is looked for once.
pub(super) struct Fields {
    sources: BTreeMap<String, OfSource>,
    plugins: Vec<OfPlugin>,
}

#[derive(Default)]
struct OfSource {
    /// Whether any batch of the source was looked at.
    looked: AtomicBool,
    /// Each path that some plugin declares, and whether it was seen.
    paths: BTreeMap<Path, AtomicBool>,
}

struct OfPlugin {
    id: String,
    /// Per source: handles with their paths.
    sources: BTreeMap<String, Vec<(String, Path)>>,
}

impl Fields {
    pub(super) fn of(plugins: &[Loaded]) -> Self {
        let mut fields = Self { sources: BTreeMap::new(), plugins: Vec::new() };
        for loaded in plugins {
            let manifest = loaded.plugin.manifest();
            let mut sources = BTreeMap::new();
            for (name, source) in &manifest.sources {
                let declared: Vec<(String, Path)> =
                    source.fields.iter().map(|(handle, field)| (handle.clone(), field.path.clone())).collect();
                let paths = &mut fields.sources.entry(name.clone()).or_default().paths;
                paths.extend(declared.iter().map(|(_, path)| (path.clone(), AtomicBool::new(false))));
                sources.insert(name.clone(), declared);
            }
            fields.plugins.push(OfPlugin { id: manifest.plugin.id.clone(), sources });
        }
        fields
    }

    /// Looks for the fields that were not seen yet.
    pub(super) fn look(&self, batch: &Batch) {
        let Some(source) = self.sources.get(batch.source().as_str()) else { return };
        source.looked.store(true, Ordering::Relaxed);
        for (path, seen) in &source.paths {
            if !seen.load(Ordering::Relaxed) && batch.has(path) {
                seen.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Fields of sources that had events, in none of which they stood.
    pub(super) fn absent(&self) -> Vec<AbsentFields> {
        let mut absent = Vec::new();
        for plugin in &self.plugins {
            for (name, declared) in &plugin.sources {
                let Some(source) = self.sources.get(name).filter(|of| of.looked.load(Ordering::Relaxed)) else {
                    continue;
                };
                let seen = |path| source.paths.get(path).is_some_and(|seen| seen.load(Ordering::Relaxed));
                let fields: Vec<(String, String)> = declared
                    .iter()
                    .filter(|(_, path)| !seen(path))
                    .map(|(handle, path)| (handle.clone(), path.to_string()))
                    .collect();
                if !fields.is_empty() {
                    absent.push(AbsentFields {
                        plugin: plugin.id.clone(),
                        source: name.clone(),
                        declared: declared.len(),
                        fields,
                    });
                }
            }
        }
        absent
    }

    /// Plugins none of whose sources had an event, with those sources.
    pub(super) fn unread(&self, sources: &BTreeMap<String, u64>) -> Vec<(String, Vec<String>)> {
        self.plugins
            .iter()
            .filter(|plugin| !plugin.sources.keys().any(|name| sources.contains_key(name)))
            .map(|plugin| (plugin.id.clone(), plugin.sources.keys().cloned().collect()))
            .collect()
    }
}
