//! The host's checks of a finding, so that a native test refuses what the sandbox would.

use std::collections::{BTreeMap, BTreeSet};

use cordon_contract::limits;
use cordon_contract::manifest::{Confidence, Manifest, Severity};

use crate::backend::Emission;

/// Checks the findings of one batch.
pub(crate) struct Check {
    rules: BTreeSet<String>,
    rows: u32,
    /// Findings and their bytes so far, per row.
    spent: BTreeMap<u32, (usize, usize)>,
    /// Bytes of all of them.
    bytes: usize,
}

impl Check {
    pub(crate) fn new(manifest: &Manifest, rows: u32) -> Self {
        let rules = manifest.rules.iter().map(|rule| rule.id.clone()).collect();
        Self { rules, rows, spent: BTreeMap::new(), bytes: 0 }
    }

    pub(crate) fn finding(&mut self, finding: &Emission) -> Result<(), String> {
        if finding.row >= self.rows {
            return Err(format!("row {} of a batch of {}", finding.row, self.rows));
        }
        if !self.rules.contains(&finding.rule) {
            return Err(format!("rule `{}` is not in cordon.toml", finding.rule));
        }
        if finding.severity.as_deref().is_some_and(|word| Severity::of(word).is_none()) {
            return Err(format!("severity {:?} is not known", finding.severity));
        }
        if finding.confidence.as_deref().is_some_and(|word| Confidence::of(word).is_none()) {
            return Err(format!("confidence {:?} is not known", finding.confidence));
        }
        if let Some(title) = &finding.title {
            line("title", title, limits::TITLE_BYTES)?;
        }
        text("summary", &finding.summary, limits::SUMMARY_BYTES)?;
        count("entities", finding.entities.len(), limits::ENTITIES)?;
        for (kind, value) in &finding.entities {
            line("entity kind", kind, limits::ENTITY_KIND_BYTES)?;
            kebab(kind)?;
            line("entity value", value, limits::ENTITY_VALUE_BYTES)?;
        }
        count("context entries", finding.context.len(), limits::CONTEXT_ENTRIES)?;
        let mut keys = BTreeSet::new();
        for (key, value) in &finding.context {
            line("context key", key, limits::CONTEXT_KEY_BYTES)?;
            at_most("context value", value, limits::CONTEXT_VALUE_BYTES)?;
            if !keys.insert(key) {
                return Err(format!("context key `{key}` is given twice"));
            }
        }
        count("cited references", finding.cited.len(), limits::CITED)?;
        for reference in &finding.cited {
            text("reference", reference, limits::REFERENCE_BYTES)?;
        }
        at_most("key", &finding.key, limits::KEY_BYTES)?;
        self.spend(finding)
    }

    fn spend(&mut self, finding: &Emission) -> Result<(), String> {
        let pairs = finding.entities.iter().chain(&finding.context).map(|(a, b)| a.len() + b.len());
        let bytes = pairs.chain(finding.cited.iter().map(String::len)).sum::<usize>()
            + finding.summary.len()
            + finding.key.len()
            + finding.rule.len()
            + finding.title.as_ref().map_or(0, String::len);
        let spent = self.spent.entry(finding.row).or_default();
        *spent = (spent.0 + 1, spent.1 + bytes);
        if spent.0 > limits::FINDINGS_PER_ROW {
            return Err(format!("row {} has more than {} findings", finding.row, limits::FINDINGS_PER_ROW));
        }
        if spent.1 > limits::FINDING_BYTES_PER_ROW {
            return Err(format!(
                "row {} has more than {} bytes of findings",
                finding.row,
                limits::FINDING_BYTES_PER_ROW
            ));
        }
        self.bytes += bytes + limits::FINDING_BYTES_EACH;
        let limit = limits::FINDING_BYTES + limits::FINDING_BYTES_FOR_ROW * self.rows as usize;
        if self.bytes > limit {
            return Err(format!("the batch has more than {limit} bytes of findings"));
        }
        Ok(())
    }
}

fn at_most(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.len() > limit {
        return Err(format!("{what} has {} bytes: at most {limit}", text.len()));
    }
    Ok(())
}

fn text(what: &str, text: &str, limit: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err(format!("{what} is empty"));
    }
    at_most(what, text, limit)
}

fn line(what: &str, value: &str, limit: usize) -> Result<(), String> {
    if value.chars().any(char::is_control) {
        return Err(format!("{what} has a control character"));
    }
    text(what, value, limit)
}

fn kebab(kind: &str) -> Result<(), String> {
    let word = |word: &str| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if kind.split('-').all(word) {
        return Ok(());
    }
    Err(format!("entity kind `{kind}` is not a short kebab-case word"))
}

fn count(what: &str, found: usize, limit: usize) -> Result<(), String> {
    if found > limit {
        return Err(format!("{found} {what}: at most {limit}"));
    }
    Ok(())
}
