//! Which declared fields were seen in any event: an empty result explains itself.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use cordon_contract::path::Path;

use super::summary::AbsentFields;
use crate::events::Batch;
use crate::registry::Loaded;

/// Declared fields of all plugins, by plugin.
pub(super) struct Fields(Vec<OfPlugin>);

struct OfPlugin {
    id: String,
    sources: BTreeMap<String, Vec<Declared>>,
}

struct Declared {
    handle: String,
    path: Path,
    seen: AtomicBool,
    /// Whether any batch of the source was looked at.
    looked: AtomicBool,
}

impl Fields {
    pub(super) fn of(plugins: &[Loaded]) -> Self {
        Self(
            plugins
                .iter()
                .map(|loaded| {
                    let manifest = loaded.plugin.manifest();
                    let sources = manifest.sources.iter().map(|(name, source)| {
                        let fields = source.fields.iter().map(|(handle, field)| Declared {
                            handle: handle.clone(),
                            path: field.path.clone(),
                            seen: AtomicBool::new(false),
                            looked: AtomicBool::new(false),
                        });
                        (name.clone(), fields.collect())
                    });
                    OfPlugin { id: manifest.plugin.id.clone(), sources: sources.collect() }
                })
                .collect(),
        )
    }

    /// Looks for the fields of one plugin that were not seen yet. A column that the plugin asked for is there already.
    pub(super) fn look(&self, plugin: usize, batch: &Batch) {
        let Some(declared) = self.0.get(plugin).and_then(|of| of.sources.get(batch.source().as_str())) else { return };
        for field in declared {
            field.looked.store(true, Ordering::Relaxed);
            if !field.seen.load(Ordering::Relaxed) && is_present(batch, &field.path) {
                field.seen.store(true, Ordering::Relaxed);
            }
        }
    }

    /// Fields of sources that had events, in none of which they stood.
    pub(super) fn absent(&self) -> Vec<AbsentFields> {
        let mut absent = Vec::new();
        for plugin in &self.0 {
            for (source, declared) in &plugin.sources {
                let missed =
                    |field: &&Declared| field.looked.load(Ordering::Relaxed) && !field.seen.load(Ordering::Relaxed);
                let fields: Vec<(String, String)> = declared
                    .iter()
                    .filter(missed)
                    .map(|field| (field.handle.clone(), field.path.to_string()))
                    .collect();
                if !fields.is_empty() {
                    absent.push(AbsentFields {
                        plugin: plugin.id.clone(),
                        source: source.clone(),
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
        self.0
            .iter()
            .filter(|plugin| !plugin.sources.keys().any(|name| sources.contains_key(name)))
            .map(|plugin| (plugin.id.clone(), plugin.sources.keys().cloned().collect()))
            .collect()
    }
}

fn is_present(batch: &Batch, path: &Path) -> bool {
    if path.has_all() {
        return batch.values(path).values.rows.iter().any(|index| *index != 0);
    }
    batch.column(path).is_ok_and(|column| column.rows.iter().any(|index| *index != 0))
}
