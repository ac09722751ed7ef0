//! What a run came to, in numbers. Counts only; printing is the command line's.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cordon_contract::manifest::Severity;
use cordon_state::Counts;

use crate::events::{Batch, ReadError, Refusal};
use crate::findings::Finding;
use crate::sandbox::RunReport;

/// Refusals of one kind that are kept as examples.
const EXAMPLES: usize = 3;

/// See the module.
#[derive(Debug, Default)]
pub struct Summary {
    /// Events taken.
    pub events: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Batches made of them.
    pub batches: u64,
    /// Events by source.
    pub sources: BTreeMap<String, u64>,
    /// Events refused, by kind.
    pub refused: BTreeMap<&'static str, RefusedKind>,
    /// Inputs that could not be read, or not to their end.
    pub unreadable: Vec<Arc<ReadError>>,
    /// Duplicate keys in the events taken; the last one won.
    pub duplicate_keys: u64,
    /// Events left out: the same were there already, byte for byte.
    pub duplicates: u64,
    /// Events taken of which another with other bytes was there.
    pub changed: u64,
    /// By plugin and rule.
    pub findings: BTreeMap<(String, String), RuleCount>,
    /// Findings left out because their event was delivered before.
    pub repeats: u64,
    /// Findings whose ids are no longer remembered: the same event, delivered again so much later, is reported again.
    pub forgotten: u64,
    /// In the order given.
    pub plugins: Vec<PluginSummary>,
    /// Declared fields that stood in no event of their source, though there were such events.
    pub absent: Vec<AbsentFields>,
    /// Plugins of whose sources there was no event.
    pub unread: Vec<(String, Vec<String>)>,
    /// Wall clock.
    pub elapsed: Duration,
}

/// Events refused for one reason.
#[derive(Debug, Default)]
pub struct RefusedKind {
    /// How many.
    pub count: u64,
    /// The first few.
    pub examples: Vec<Refusal>,
}

/// Findings of one rule.
#[derive(Debug, Default)]
pub struct RuleCount {
    /// How many, by severity.
    pub by_severity: BTreeMap<Severity, u64>,
}

/// What one plugin cost.
#[derive(Debug, Clone, Default)]
pub struct PluginSummary {
    /// Its id.
    pub id: String,
    /// Batches of its sources.
    pub batches: u64,
    /// Events in them.
    pub events: u64,
    /// CPU time in the sandbox, columns excluded.
    pub cpu: Duration,
    /// CPU time for columns that it was the first to ask for.
    pub columns_cpu: Duration,
    /// Largest memory of an instance, in bytes.
    pub memory: usize,
    /// Runs that did not complete.
    pub faults: u64,
    /// What it had to forget, or could not count, of what it remembers.
    pub forgot: Counts,
}

/// Declared fields of one plugin that stood in no event of their source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AbsentFields {
    /// The plugin's id.
    pub plugin: String,
    /// The source.
    pub source: String,
    /// How many fields of it the plugin declares.
    pub declared: usize,
    /// Handle and path of each absent one.
    pub fields: Vec<(String, String)>,
}

impl Summary {
    pub(super) fn of(plugins: impl Iterator<Item = String>) -> Self {
        let plugins = plugins.map(|id| PluginSummary { id, ..PluginSummary::default() }).collect();
        Self { plugins, ..Self::default() }
    }

    /// Events refused, for whatever reason.
    #[must_use]
    pub fn refused_events(&self) -> u64 {
        self.refused.values().map(|kind| kind.count).sum()
    }

    /// Findings, for whatever rule.
    #[must_use]
    pub fn found(&self) -> u64 {
        self.findings.values().map(RuleCount::count).sum()
    }

    /// Runs that did not complete.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.plugins.iter().map(|plugin| plugin.faults).sum()
    }

    pub(super) fn count_batch(&mut self, batch: &Batch) {
        self.batches += 1;
        self.events += batch.len() as u64;
        self.bytes += batch.bytes() as u64;
        *self.sources.entry(batch.source().to_string()).or_default() += batch.len() as u64;
    }

    pub(super) fn count_refused(&mut self, refusal: &Refusal) {
        let kind = self.refused.entry(refusal.kind).or_default();
        kind.count += 1;
        if kind.examples.len() < EXAMPLES {
            kind.examples.push(refusal.clone());
        }
    }

    pub(super) fn count_finding(&mut self, finding: &Finding) {
        let rule = self.findings.entry((finding.plugin.id.clone(), finding.rule.clone())).or_default();
        *rule.by_severity.entry(finding.severity).or_default() += 1;
    }
}

impl RuleCount {
    /// How many, of any severity.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.by_severity.values().sum()
    }
}

impl PluginSummary {
    pub(super) fn count(&mut self, report: &RunReport, rows: usize) {
        self.batches += 1;
        self.events += rows as u64;
        self.cpu += report.cost.cpu;
        self.columns_cpu += report.cost.columns_cpu;
        self.memory = self.memory.max(report.cost.memory);
        if let Some(changes) = &report.remembered {
            self.forgot.add(&changes.counts);
        }
    }
}
