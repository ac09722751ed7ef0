//! Metrics of the live host: intake, lanes, journal, store, disk, answers. Most are read off others when somebody asks.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use prometheus_client::encoding::EncodeLabelSet;
use prometheus_client::metrics::counter::Counter;
use prometheus_client::metrics::family::Family;
use prometheus_client::metrics::gauge::Gauge;
use prometheus_client::metrics::histogram::{Histogram, exponential_buckets};
use prometheus_client::metrics::info::Info;
use prometheus_client::registry::{Registry, Unit};

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfReason {
    reason: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfAnswer {
    route: &'static str,
    code: u64,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfLane {
    plugin: String,
    force: String,
    source: String,
}

/// What is read off the host when somebody asks.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Events taken since the start.
    pub accepted: u64,
    /// Events left out since then, because they were there already.
    pub duplicates: u64,
    /// Bytes of the events taken.
    pub bytes: u64,
    /// Events refused, by a short word.
    pub refused: BTreeMap<&'static str, u64>,
    /// How each lane stands.
    pub lanes: Vec<LaneLag>,
    /// Bytes of the journal.
    pub journal_bytes: u64,
    /// Its segments.
    pub segments: u64,
    /// Requests that wait for the journal's disk.
    pub journal_waiting: usize,
    /// Commits that wait for the store's.
    pub store_waiting: usize,
    /// Bytes that are free on the data folder's disk.
    pub disk_free: Option<u64>,
}

/// How far one lane is behind in one source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneLag {
    /// The plugin's id.
    pub plugin: String,
    /// The force.
    pub force: String,
    /// The source.
    pub source: String,
    /// Sequence numbers between the lane and the journal's end.
    pub events: u64,
    /// Seconds since the oldest event came that waits for it.
    pub seconds: u64,
    /// Whether it rests or is paused.
    pub stands: bool,
}

/// See the module.
#[derive(Debug)]
pub struct Live {
    accepted: Counter,
    duplicates: Counter,
    bytes: Counter,
    refused: Family<OfReason, Counter>,
    answers: Family<OfAnswer, Counter>,
    lag_events: Family<OfLane, Gauge<i64, AtomicI64>>,
    lag_seconds: Family<OfLane, Gauge<i64, AtomicI64>>,
    standing: Family<OfLane, Gauge<i64, AtomicI64>>,
    journal_bytes: Gauge,
    segments: Gauge,
    journal_waiting: Gauge,
    store_waiting: Gauge,
    disk_free: Gauge,
    journal_flush: Histogram,
    store_flush: Histogram,
}

impl Live {
    pub(super) fn register(registry: &mut Registry) -> Self {
        // Half a millisecond to eight seconds.
        let flush = || Histogram::new(exponential_buckets(0.000_5, 2.0, 15));
        let live = Self {
            accepted: Counter::default(),
            duplicates: Counter::default(),
            bytes: Counter::default(),
            refused: Family::default(),
            answers: Family::default(),
            lag_events: Family::default(),
            lag_seconds: Family::default(),
            standing: Family::default(),
            journal_bytes: Gauge::default(),
            segments: Gauge::default(),
            journal_waiting: Gauge::default(),
            store_waiting: Gauge::default(),
            disk_free: Gauge::default(),
            journal_flush: flush(),
            store_flush: flush(),
        };
        let to = registry.sub_registry_with_prefix("cordon_intake");
        to.register("events", "Events taken", live.accepted.clone());
        to.register("duplicates", "Events left out, because they were there already", live.duplicates.clone());
        to.register_with_unit("events", "Bytes of the events taken", Unit::Bytes, live.bytes.clone());
        to.register("refused", "Events refused, by reason", live.refused.clone());
        let to = registry.sub_registry_with_prefix("cordon_http");
        to.register("requests", "Requests by route and code of the answer", live.answers.clone());
        let to = registry.sub_registry_with_prefix("cordon_lane");
        let help = "Sequence numbers between a lane and the end of its force's journal";
        to.register("lag_events", help, live.lag_events.clone());
        let help = "Age of the oldest event that waits for a lane";
        to.register_with_unit("lag", help, Unit::Seconds, live.lag_seconds.clone());
        to.register("standing", "1 where a lane rests or is paused", live.standing.clone());
        let to = registry.sub_registry_with_prefix("cordon_journal");
        to.register_with_unit("size", "Bytes of all segments", Unit::Bytes, live.journal_bytes.clone());
        to.register("segments", "Files of the journal", live.segments.clone());
        to.register("waiting", "Requests that wait for the disk", live.journal_waiting.clone());
        let help = "Time of one sync, which answers all requests that waited";
        to.register_with_unit("flush", help, Unit::Seconds, live.journal_flush.clone());
        let to = registry.sub_registry_with_prefix("cordon_store");
        to.register("waiting", "Commits that wait for the disk", live.store_waiting.clone());
        let help = "Time of one write and sync, which makes all commits durable that waited";
        to.register_with_unit("flush", help, Unit::Seconds, live.store_flush.clone());
        let help = "Free on the disk of the data folder";
        registry.register_with_unit("cordon_disk_free", help, Unit::Bytes, live.disk_free.clone());
        let version = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("cordon_build", "What runs here", version);
        live
    }

    /// Takes over what was read off the host.
    pub fn set(&self, now: &Snapshot) {
        let to = |counter: &Counter, value: u64| counter.inner().store(value, Ordering::Relaxed);
        to(&self.accepted, now.accepted);
        to(&self.duplicates, now.duplicates);
        to(&self.bytes, now.bytes);
        for (&reason, events) in &now.refused {
            to(&self.refused.get_or_create(&OfReason { reason }), *events);
        }
        for LaneLag { plugin, force, source, events, seconds, stands } in &now.lanes {
            let of = OfLane { plugin: plugin.clone(), force: force.clone(), source: source.clone() };
            self.lag_events.get_or_create(&of).set(whole(*events));
            self.lag_seconds.get_or_create(&of).set(whole(*seconds));
            self.standing.get_or_create(&of).set(i64::from(*stands));
        }
        self.journal_bytes.set(whole(now.journal_bytes));
        self.segments.set(whole(now.segments));
        self.journal_waiting.set(whole(now.journal_waiting as u64));
        self.store_waiting.set(whole(now.store_waiting as u64));
        if let Some(free) = now.disk_free {
            self.disk_free.set(whole(free));
        }
    }

    /// Counts an answer. `route` is a path of the table of routes.
    pub fn answered(&self, route: &'static str, code: u16) {
        self.answers.get_or_create(&OfAnswer { route, code: u64::from(code) }).inc();
    }

    /// Counts a sync of the journal.
    pub fn journal_synced(&self, took: Duration) {
        self.journal_flush.observe(took.as_secs_f64());
    }

    /// Counts a write and sync of the store.
    pub fn store_synced(&self, took: Duration) {
        self.store_flush.observe(took.as_secs_f64());
    }
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
