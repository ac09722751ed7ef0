//! What a manifest declares, as it is kept.

use cordon_contract::manifest::{Counts, Manifest};

use crate::{Kind, Remembering, Values, Window};

impl Remembering {
    /// Of this manifest: at most so many keys and bytes in each window, and as values.
    #[must_use]
    pub fn declared(manifest: &Manifest, keys: u64, bytes: u64) -> Self {
        let windows = manifest.windows.iter().map(|(name, window)| {
            let kind = match window.counts {
                Counts::Events => Kind::Count,
                Counts::Distinct => Kind::Distinct,
            };
            let (length, lateness) = (window.length.micros(), window.lateness.micros());
            (name.clone(), Window { kind, length, lateness, cap: window.cap, keys, bytes })
        });
        Self {
            sources: manifest.sources.keys().cloned().collect(),
            windows: windows.collect(),
            values: manifest.state.as_ref().map(|_| Values { keys, bytes }),
        }
    }
}
