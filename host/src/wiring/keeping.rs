//! What is done every hour and nobody waits for.
//!
//! Disposal: what is old, and what every lane is done with, goes from the journal, unless a legal hold keeps it. Each segment's
//! disposal is recorded, with its digest, before it goes. Besides: when tokens were last used is written, and the head of the
//! audit's chain is sent out.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, bounded, select};
use serde_json::json;

use super::heads::Heads;
use super::needed;
use crate::audit::Act;
use crate::clock::now_micros;
use crate::holds::{Due, Holds};
use crate::identity::Identity;
use crate::journal::{Dropped, Journal};
use crate::model::Force;
use crate::results::Lane;
use crate::scheduler::Scheduler;
use crate::store::Store;

/// Between two looks.
const HOUR: Duration = Duration::from_secs(3_600);
/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;

/// What disposal works on.
pub(super) struct Keeping {
    pub(super) journal: Arc<Journal>,
    pub(super) scheduler: Arc<Scheduler>,
    pub(super) identity: Arc<Identity>,
    pub(super) store: Arc<Store>,
    pub(super) holds: Arc<Holds>,
    pub(super) heads: Heads,
    pub(super) days: u32,
}

/// A thread that looks every hour. Dropping it ends it.
pub(super) struct Keeper {
    stop: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Keeper {
    pub(super) fn start(keeping: Keeping) -> std::io::Result<Self> {
        let (stop, stopped) = bounded(0);
        let thread = std::thread::Builder::new().name("keeper".into()).spawn(move || keeping.run(&stopped))?;
        Ok(Self { stop: Some(stop), thread: Some(thread) })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Keeping {
    fn run(mut self, stopped: &Receiver<()>) {
        let holds = self.holds.news();
        self.heads.send("started", now_micros());
        loop {
            self.look();
            select! {
                recv(stopped) -> _ => break,
                recv(holds) -> _ => {}
                default(HOUR) => {
                    self.write_uses();
                    self.heads.send("daily", now_micros());
                }
            }
        }
        self.write_uses();
        self.heads.send("stopped", now_micros());
    }

    fn write_uses(&self) {
        if let Err(error) = self.identity.write_uses() {
            tracing::error!("when tokens were last used cannot be written: {error}");
        }
    }

    fn look(&self) {
        let mut lanes = self.scheduler.status();
        // A hunt looks at what there is, and keeps nothing.
        lanes.retain(|lane| !matches!(lane.lane, Lane::Hunt(_)));
        let before = now_micros().saturating_sub(i64::from(self.days) * DAY);
        for force in self.journal.heads().into_keys() {
            // A source that no lane reads holds nothing back.
            let passed = |source: &_| {
                let reading = lanes.iter().filter(|lane| lane.force == force && lane.source == *source);
                reading.map(|lane| lane.cursor).min().unwrap_or(u64::MAX)
            };
            if self.holds.is_held(&force) {
                let (segments, bytes) = self.journal.due(&force, before, passed);
                self.holds.would_go(&force, Due { segments, bytes });
                continue;
            }
            if let Err(error) = self.journal.retain(&force, before, passed, |dropped| self.record(&force, dropped)) {
                tracing::error!("{error}");
            }
        }
    }

    /// Whether a segment may go: its disposal is recorded, and no hold has come meanwhile.
    fn record(&self, force: &Force, dropped: &Dropped) -> bool {
        if self.holds.is_held(force) {
            return false;
        }
        let Dropped { segment, digest, first, end, bytes } = dropped;
        // What findings cite is kept as long as they are, which is for ever.
        if let Err(error) = needed::keep(&self.journal, &self.store, force, *first, *end) {
            tracing::error!("{}: stays, because events that findings cite cannot be kept: {error}", segment.display());
            return false;
        }
        let name = segment.file_name().map(|name| name.to_string_lossy().into_owned());
        let details = json!({ "segment": name, "digest": digest, "first": first, "end": end, "bytes": bytes });
        let (who, role, force) = ("host".to_owned(), "host".to_owned(), Some(force.clone()));
        let recorded =
            self.identity.record(Act { time: now_micros(), who, role, force, what: "segment-dropped", details });
        if let Err(error) = &recorded {
            tracing::error!("{}: stays, because its disposal cannot be recorded: {error}", segment.display());
        }
        recorded.is_ok()
    }
}
