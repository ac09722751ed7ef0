//! Findings as they are emitted: checked at the call against the manifest, the batch and the limits.
//!
//! One refusal makes the whole run's outcome `BadOutput`, whatever the plugin does afterwards; from then on nothing is kept.

use std::collections::{BTreeSet, HashMap};

use cordon_contract::limits;
use cordon_contract::manifest::{Confidence, Manifest, Severity};

use super::Limit;
use super::contract::{EmitFault, shortened};
use super::reference;
use crate::events::Batch;
use crate::model::{Emitted, Entity};

/// A finding copied out of the guest, every length within its limit, nothing else checked yet.
#[derive(Debug, Clone, Default)]
pub(super) struct Draft {
    pub(super) row: u32,
    pub(super) rule: String,
    pub(super) severity: Option<String>,
    pub(super) confidence: Option<String>,
    pub(super) title: Option<String>,
    pub(super) summary: String,
    pub(super) entities: Vec<(String, String)>,
    pub(super) context: Vec<(String, String)>,
    pub(super) cited: Vec<String>,
    pub(super) key: String,
}

/// Why a finding was refused, and the limit where one was hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Refusal {
    pub(super) fault: EmitFault,
    pub(super) limit: Option<Limit>,
}

impl From<EmitFault> for Refusal {
    fn from(fault: EmitFault) -> Self {
        Self { fault, limit: None }
    }
}

/// The findings of one run.
#[derive(Debug, Default)]
pub(super) struct Emissions {
    findings: Vec<Emitted>,
    per_row: HashMap<u32, RowUse>,
    bytes: usize,
    refused: Option<Refusal>,
}

#[derive(Debug, Default)]
struct RowUse {
    findings: usize,
    bytes: usize,
}

impl Emissions {
    /// The first refusal.
    pub(super) fn refused(&self) -> Option<&Refusal> {
        self.refused.as_ref()
    }

    /// Takes a finding, or remembers and answers why not.
    ///
    /// # Errors
    /// The fault, for the guest.
    pub(super) fn emit(
        &mut self,
        draft: Result<Draft, Refusal>,
        manifest: &Manifest,
        batch: &Batch,
    ) -> Result<(), EmitFault> {
        let checked =
            draft.and_then(|draft| check(draft, manifest, batch)).and_then(|found| self.count(found, batch.len()));
        match checked {
            Ok(found) => {
                if self.refused.is_none() {
                    self.findings.push(found);
                }
                Ok(())
            }
            Err(refusal) => {
                let fault = refusal.fault.clone();
                self.refused.get_or_insert(refusal);
                self.findings = Vec::new();
                Err(fault)
            }
        }
    }

    fn count(&mut self, found: Emitted, rows: usize) -> Result<Emitted, Refusal> {
        let row = self.per_row.entry(found.row).or_default();
        if row.findings >= limits::FINDINGS_PER_ROW {
            let limit = limits::FINDINGS_PER_ROW;
            return Err(Refusal {
                fault: EmitFault::TooMany(format!("row {} has more than {limit} findings", found.row)),
                limit: Some(Limit::FindingsPerRow),
            });
        }
        let text = text_bytes(&found);
        let bytes = row.bytes.saturating_add(text);
        if bytes > limits::FINDING_BYTES_PER_ROW {
            let limit = limits::FINDING_BYTES_PER_ROW;
            return Err(Refusal {
                fault: EmitFault::TooMany(format!(
                    "the findings of row {} have {bytes} bytes, more than {limit}",
                    found.row
                )),
                limit: Some(Limit::FindingBytesPerRow),
            });
        }
        let all = self.bytes.saturating_add(text + limits::FINDING_BYTES_EACH);
        let limit = limits::FINDING_BYTES.saturating_add(limits::FINDING_BYTES_FOR_ROW.saturating_mul(rows));
        if all > limit {
            let fault = EmitFault::TooMany(format!("the findings of the batch have {all} bytes, more than {limit}"));
            return Err(Refusal { fault, limit: Some(Limit::FindingBytes) });
        }
        row.findings += 1;
        row.bytes = bytes;
        self.bytes = all;
        Ok(found)
    }

    /// The findings, ordered by (row, rule, key).
    pub(super) fn into_findings(mut self) -> Vec<Emitted> {
        self.findings.sort_by(|a, b| (a.row, &a.rule, &a.key).cmp(&(b.row, &b.rule, &b.key)));
        self.findings
    }
}

fn text_bytes(found: &Emitted) -> usize {
    let pairs = found.context.iter().map(|(key, value)| key.len() + value.len());
    let entities = found.entities.iter().map(|entity| entity.kind.len() + entity.value.len());
    found.rule.len()
        + found.title.as_ref().map_or(0, String::len)
        + found.summary.len()
        + found.key.len()
        + found.cited.iter().map(String::len).sum::<usize>()
        + pairs.sum::<usize>()
        + entities.sum::<usize>()
}

fn check(draft: Draft, manifest: &Manifest, batch: &Batch) -> Result<Emitted, Refusal> {
    let Draft { row, rule, severity, confidence, title, summary, entities, context, cited, key } = draft;
    if usize::try_from(row).ok().is_none_or(|row| row >= batch.len()) {
        let there = batch.len();
        return Err(EmitFault::BadRow(format!("row {row}: the batch has {there}")).into());
    }
    if manifest.rule(&rule).is_none() {
        let known: Vec<&str> = manifest.rules.iter().map(|rule| rule.id.as_str()).collect();
        return Err(EmitFault::BadRule(format!(
            "rule `{}`: the manifest declares {}",
            shortened(&rule, 64),
            if known.is_empty() { "none".to_owned() } else { shortened(&known.join(", "), 512) }
        ))
        .into());
    }
    let severity = severity.map(|word| known_word("severity", &word, &Severity::WORDS)).transpose()?;
    let confidence = confidence.map(|word| known_word("confidence", &word, &Confidence::WORDS)).transpose()?;
    if let Some(title) = &title {
        not_empty("title", title)?;
        one_line("title", title)?;
    }
    not_empty("summary", &summary)?;
    let entities = entities.into_iter().map(entity).collect::<Result<Vec<_>, Refusal>>()?;
    let mut keys = BTreeSet::new();
    for (key, _) in &context {
        not_empty("a context entry's key", key)?;
        one_line("a context entry's key", key)?;
        if !keys.insert(key.as_str()) {
            return Err(EmitFault::BadField(format!("context has the key `{key}` twice")).into());
        }
    }
    for reference in &cited {
        reference::check(reference, batch.force().as_str(), |source| manifest.sources.contains_key(source))
            .map_err(|reason| EmitFault::BadReference(format!("cited `{}`: {reason}", shortened(reference, 64))))?;
    }
    Ok(Emitted { row, rule, severity, confidence, title, summary, entities, context, cited, key })
}

fn entity((kind, value): (String, String)) -> Result<Entity, Refusal> {
    not_empty("an entity's kind", &kind)?;
    not_empty("an entity's value", &value)?;
    let kebab = kind
        .split('-')
        .all(|word| !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit()));
    if !kebab {
        return Err(EmitFault::BadField(format!(
            "entity kind `{}`: use a short kebab-case word such as `user`",
            shortened(&kind, 64)
        ))
        .into());
    }
    Ok(Entity { kind, value })
}

fn known_word<T: Copy>(field: &str, word: &str, known: &[(&str, T)]) -> Result<T, Refusal> {
    known.iter().find(|(name, _)| *name == word).map(|(_, value)| *value).ok_or_else(|| {
        let names: Vec<&str> = known.iter().map(|(name, _)| *name).collect();
        EmitFault::BadField(format!("{field} `{}`: use one of {}", shortened(word, 32), names.join(", "))).into()
    })
}

fn not_empty(field: &str, text: &str) -> Result<(), Refusal> {
    if text.is_empty() {
        return Err(EmitFault::BadField(format!("{field} is empty")).into());
    }
    Ok(())
}

fn one_line(field: &str, text: &str) -> Result<(), Refusal> {
    match text.chars().find(|character| character.is_control()) {
        Some(character) => Err(EmitFault::BadField(format!(
            "{field} has the control character U+{:04X}: use one line",
            u32::from(character)
        ))
        .into()),
        None => Ok(()),
    }
}

/// That a text of `len` bytes fits.
///
/// # Errors
/// `too-large`, naming field, length and limit.
pub(super) fn within(field: &str, len: usize, limit: usize) -> Result<(), Refusal> {
    if len > limit {
        return Err(EmitFault::TooLarge(format!("{field} has {len} bytes, more than {limit}")).into());
    }
    Ok(())
}

/// That a list of `len` entries fits.
///
/// # Errors
/// `too-large`, naming field, length and limit.
pub(super) fn within_count(field: &str, len: usize, limit: usize) -> Result<(), Refusal> {
    if len > limit {
        return Err(EmitFault::TooLarge(format!("{field} has {len} entries, more than {limit}")).into());
    }
    Ok(())
}
