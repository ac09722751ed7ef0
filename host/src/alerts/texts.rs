//! What a rule's manifest says for people: next steps, what else it may be, where to read on.

use std::collections::HashMap;

use cordon_contract::manifest::Manifest;

use crate::ids::Digest;
use crate::sandbox::inspect;
use crate::store::{Store, StoreError};

/// Manifests that are remembered.
const REMEMBERED: usize = 256;
/// Bytes of an alert's next steps at most, and of its other texts likewise: an alert is one value of the store.
const BYTES: usize = 12 << 10;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Texts {
    pub(super) next_steps: Vec<String>,
    pub(super) false_positives: Vec<String>,
    pub(super) references: Vec<String>,
    /// It pages also where it was found late.
    pub(super) page_when_late: bool,
}

/// Manifests by the digest of their component.
#[derive(Default)]
pub(super) struct Manifests(HashMap<Digest, Option<Manifest>>);

impl Manifests {
    /// Of a rule of a component; nothing where the component is not kept any more.
    pub(super) fn texts(&mut self, store: &Store, component: Digest, rule: &str) -> Result<Texts, StoreError> {
        if !self.0.contains_key(&component) {
            if self.0.len() >= REMEMBERED {
                self.0.clear();
            }
            let wasm = store.file(component)?;
            self.0.insert(component, wasm.and_then(|wasm| inspect(&wasm).ok()).map(|found| found.manifest));
        }
        let manifest = self.0.get(&component).and_then(Option::as_ref);
        let rule = manifest.and_then(|manifest| manifest.rules.iter().find(|of| of.id == rule));
        Ok(rule.map_or_else(Texts::default, |rule| Texts {
            next_steps: within(&rule.next_steps),
            false_positives: within(&rule.false_positives),
            references: within(&rule.references),
            page_when_late: rule.page_when_late,
        }))
    }
}

/// The first of these, as many as an alert has room for.
fn within(texts: &[String]) -> Vec<String> {
    let mut left = BYTES;
    let fits = |text: &&String| {
        left = left.saturating_sub(text.len());
        left > 0
    };
    texts.iter().take_while(fits).cloned().collect()
}
