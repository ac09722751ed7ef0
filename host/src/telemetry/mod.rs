//! Metrics: what plugins did and cost, in the exposition format of Prometheus (OpenMetrics text).
//!
//! Owns the names, labels and help texts. One value is made at start and handed to whoever counts; there is no global.
//! Labels are a plugin's id and a force's name, both validated and as many as there are deployments, and words that this
//! host knows: nothing that a plugin says becomes a label. Serves nothing and decides nothing.

mod live;

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicI64, AtomicU64, Ordering};

use cordon_state::Counts;
use prometheus_client::encoding::{EncodeLabelSet, text};
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::registry::{Registry, Unit};

pub use live::{LaneLag, Live, Snapshot};

use crate::sandbox::{LoadError, RunReport};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfPlugin {
    plugin: String,
    force: String,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    plugin: String,
    force: String,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLimit {
    plugin: String,
    force: String,
    limit: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfForgetting {
    plugin: String,
    force: String,
    why: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfRefusal {
    reason: &'static str,
    limit: &'static str,
}

/// See the module.
#[derive(Debug)]
pub struct Metrics {
    registry: Registry,
    events: Family<OfPlugin, Counter>,
    batches: Family<OfPlugin, Counter>,
    findings: Family<OfPlugin, Counter>,
    outcomes: Family<OfOutcome, Counter>,
    limit_hits: Family<OfLimit, Counter>,
    cpu: Family<OfPlugin, Counter<f64, AtomicU64>>,
    columns_cpu: Family<OfPlugin, Counter<f64, AtomicU64>>,
    memory: Family<OfPlugin, Gauge<i64, AtomicI64>>,
    refusals: Family<OfRefusal, Counter>,
    forgotten: Family<OfForgetting, Counter>,
    /// Of the live host; none of a single run.
    pub live: Option<Live>,
}

impl Default for Metrics {
    fn default() -> Self {
        Self::new()
    }
}

impl Metrics {
    /// Every metric at nothing.
    #[must_use]
    pub fn new() -> Self {
        let mut made = Self {
            registry: Registry::default(),
            events: Family::default(),
            batches: Family::default(),
            findings: Family::default(),
            outcomes: Family::default(),
            limit_hits: Family::default(),
            cpu: Family::default(),
            columns_cpu: Family::default(),
            memory: Family::default(),
            refusals: Family::default(),
            forgotten: Family::default(),
            live: None,
        };
        let to = made.registry.sub_registry_with_prefix("cordon_plugin");
        to.register("events", "Events given to a plugin", made.events.clone());
        to.register("batches", "Batches given to a plugin", made.batches.clone());
        to.register("findings", "Findings of runs that completed", made.findings.clone());
        to.register("outcomes", "Runs by how they ended, repeated runs included", made.outcomes.clone());
        to.register("limit_hits", "Runs that a limit ended, by limit", made.limit_hits.clone());
        let help = "CPU time in the sandbox, shared columns excluded";
        to.register_with_unit("cpu", help, Unit::Seconds, made.cpu.clone());
        let help = "CPU time of building the columns that a plugin was the first to ask for";
        to.register_with_unit("columns_cpu", help, Unit::Seconds, made.columns_cpu.clone());
        let help = "Largest linear memory of an instance";
        to.register_with_unit("memory_high_water", help, Unit::Bytes, made.memory.clone());
        let help = "Plugins not loaded, by whose doing it was and the limit where one was hit";
        to.register("load_refusals", help, made.refusals.clone());
        let help =
            "What a plugin's lane forgot: keys that ended, keys over its room, entries over a cap, events too late";
        to.register("forgotten", help, made.forgotten.clone());
        made
    }

    /// Those of the live host with them.
    #[must_use]
    pub fn with_live(mut self) -> Self {
        self.live = Some(Live::register(&mut self.registry));
        self
    }

    /// CPU time of a plugin for a force, in seconds, since the host started.
    #[must_use]
    pub fn cpu_seconds(&self, plugin: &str, force: &str) -> f64 {
        let of = OfPlugin { plugin: plugin.to_owned(), force: force.to_owned() };
        self.cpu.get(&of).map_or(0.0, |counter| counter.get())
    }

    /// Counts one run of a plugin: its outcome and what it cost. A run that is repeated is counted again.
    pub fn ran(&self, plugin: &str, force: &str, report: &RunReport) {
        let (plugin, force) = (plugin.to_owned(), force.to_owned());
        let of = OfPlugin { plugin: plugin.clone(), force: force.clone() };
        self.cpu.get_or_create(&of).inc_by(report.cost.cpu.as_secs_f64());
        self.columns_cpu.get_or_create(&of).inc_by(report.cost.columns_cpu.as_secs_f64());
        let memory = i64::try_from(report.cost.memory).unwrap_or(i64::MAX);
        self.memory.get_or_create(&of).inner().fetch_max(memory, Ordering::Relaxed);
        let outcome = report.outcome.word();
        self.outcomes.get_or_create(&OfOutcome { plugin: plugin.clone(), force: force.clone(), outcome }).inc();
        if let Some(limit) = report.outcome.limit() {
            self.limit_hits.get_or_create(&OfLimit { plugin, force, limit: limit.word() }).inc();
        }
    }

    /// Counts one batch that a plugin is done with, however often it was run.
    pub fn judged(&self, plugin: &str, force: &str, events: usize, findings: usize) {
        let of = OfPlugin { plugin: plugin.to_owned(), force: force.to_owned() };
        self.batches.get_or_create(&of).inc();
        self.events.get_or_create(&of).inc_by(events as u64);
        self.findings.get_or_create(&of).inc_by(findings as u64);
    }

    /// Counts what a lane forgot in one commit.
    pub fn forgot(&self, plugin: &str, force: &str, counts: &Counts) {
        let Counts { expired, evicted, capped, late } = *counts;
        for (why, count) in [("ended", expired), ("room", evicted), ("cap", capped), ("late", late)] {
            if count > 0 {
                let of = OfForgetting { plugin: plugin.to_owned(), force: force.to_owned(), why };
                self.forgotten.get_or_create(&of).inc_by(count);
            }
        }
    }

    /// Counts one plugin that was not loaded.
    pub fn not_loaded(&self, error: &LoadError) {
        let reason = match error {
            LoadError::Plugin(_) => "plugin",
            LoadError::Limit { .. } => "limit",
            LoadError::Host(_) => "host",
        };
        let limit = error.limit().map_or("", |limit| limit.word());
        self.refusals.get_or_create(&OfRefusal { reason, limit }).inc();
    }

    /// All of it, as text.
    ///
    /// # Errors
    /// None that is known: the library's writer may fail, a string's does not.
    pub fn text(&self) -> Result<String, std::fmt::Error> {
        let mut text = String::new();
        text::encode(&mut text, &self.registry)?;
        Ok(text)
    }

    /// Writes the text to a file, whole or not at all, for whoever collects such files to read.
    ///
    /// # Errors
    /// The file's.
    pub fn write(&self, path: &Path) -> io::Result<()> {
        let text = self.text().map_err(io::Error::other)?;
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        file.write_all(text.as_bytes())?;
        // The collector is another user; there is nothing secret in counts.
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        file.as_file().sync_all()?;
        file.persist(path)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::sandbox::{Cost, Limit, Outcome};

    fn report(outcome: Outcome, memory: usize) -> RunReport {
        let cost = Cost { cpu: Duration::from_millis(250), memory, ..Cost::default() };
        let (findings, answers, log, explanations) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
        RunReport { outcome, findings, remembered: None, answers, listed: Vec::new(), log, explanations, cost }
    }

    #[test]
    fn names_units_and_labels_are_those_of_the_docs() {
        let metrics = Metrics::new();
        let late = Outcome::OutOfTime { reason: "late".into(), limit: Limit::CpuTime };
        metrics.ran("p", "avon", &report(late, 9));
        metrics.ran("p", "avon", &report(Outcome::Completed, 7));
        metrics.judged("p", "avon", 40, 2);
        metrics.forgot("p", "avon", &Counts { evicted: 3, ..Counts::default() });
        metrics.not_loaded(&LoadError::limit_hit(Limit::ManifestBytes, "large"));
        metrics.not_loaded(&LoadError::Plugin("broken".into()));
        let text = metrics.text().unwrap();
        for line in [
            "cordon_plugin_events_total{plugin=\"p\",force=\"avon\"} 40",
            "cordon_plugin_batches_total{plugin=\"p\",force=\"avon\"} 1",
            "cordon_plugin_findings_total{plugin=\"p\",force=\"avon\"} 2",
            "cordon_plugin_outcomes_total{plugin=\"p\",force=\"avon\",outcome=\"out-of-time\"} 1",
            "cordon_plugin_outcomes_total{plugin=\"p\",force=\"avon\",outcome=\"completed\"} 1",
            "cordon_plugin_limit_hits_total{plugin=\"p\",force=\"avon\",limit=\"cpu-time\"} 1",
            "cordon_plugin_cpu_seconds_total{plugin=\"p\",force=\"avon\"} 0.5",
            "cordon_plugin_memory_high_water_bytes{plugin=\"p\",force=\"avon\"} 9",
            "cordon_plugin_forgotten_total{plugin=\"p\",force=\"avon\",why=\"room\"} 3",
            "cordon_plugin_load_refusals_total{reason=\"limit\",limit=\"manifest-bytes\"} 1",
            "cordon_plugin_load_refusals_total{reason=\"plugin\",limit=\"\"} 1",
        ] {
            assert!(text.lines().any(|written| written == line), "`{line}` is not in:\n{text}");
        }
        assert!(text.ends_with("# EOF\n"));
    }

    #[test]
    fn a_file_is_replaced_whole_and_readable_by_others() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("cordon.prom");
        fs::write(&path, "old").unwrap();
        Metrics::new().write(&path).unwrap();
        assert!(fs::read_to_string(&path).unwrap().ends_with("# EOF\n"));
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o644);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1, "nothing is left over");
        assert!(Metrics::new().write(Path::new("/nowhere/at/all.prom")).is_err());
    }
}
