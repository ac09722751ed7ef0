//! The pipeline: reader, batcher, workers with the sandbox, findings in input order. The only place that joins stages.
//!
//! One thread reads and parses, several run plugins, the caller's thread gets what happens. Every channel is bounded, and
//! no more than two batches for each worker (and two more) are under way. Findings come in the order of the events that triggered
//! them, then of the plugins, whatever the number of workers or the size of batches; a finding waits until every event
//! before its own is judged.

mod cut;
mod fields;
mod found;
mod heads;
mod keeping;
mod lane;
pub mod live;
mod needed;
mod once;
mod order;
mod summary;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

use crossbeam_channel::{Receiver, Sender, bounded};

pub use found::{Basis, Found};
pub use once::REMEMBERED;
pub use summary::{AbsentFields, PluginSummary, RefusedKind, RuleCount, Summary};

use crate::events::{Batch, Batcher, BatcherOptions, EventOrigin, EventReader, Input, RawEvent, ReadError, Refusal};
use crate::findings::{Lane as OfLane, Stamping};
use crate::intake::{Seen, Window, WindowLimits};
use crate::model::{Explanation, LogLine};
use crate::registry::Loaded;
use crate::sandbox::{Outcome, Past, RunInput, RunReport, Sandbox, StateAnswer};
use crate::telemetry::Metrics;
use cut::cut;
use fields::Fields;
use lane::Lane;
use once::Once;
use order::InOrder;

/// What is joined.
pub struct Pipeline<'a> {
    /// Runs the plugins.
    pub sandbox: &'a Sandbox,
    /// In this order.
    pub plugins: &'a [Loaded],
    /// How events become batches.
    pub options: BatcherOptions,
    /// Threads that run plugins.
    pub workers: usize,
    /// When the events count as received, in microseconds since 1970 UTC.
    pub received: i64,
    /// Run this event alone, and explain it.
    pub only: Option<Only>,
    /// Give each finding the row that it came from, from which evidence is made. Keeps batches until their findings are
    /// handed over.
    pub evidence: bool,
    /// Cut batches further, at random, by this seed: findings are the same for any.
    pub cuts: Option<u64>,
    /// Kept up to date for a progress bar.
    pub progress: Arc<Progress>,
    /// Counts what plugins do and cost.
    pub metrics: &'a Metrics,
    /// Leave out events that were there already, byte for byte, as intake does; by these limits.
    pub duplicates: Option<WindowLimits>,
}

/// One event of the input, by where it stands.
#[derive(Debug, Clone)]
pub struct Only {
    /// The file as the user named it; any where absent.
    pub file: Option<String>,
    /// Line or element, from 1.
    pub line: u64,
}

/// How far reading has come. Rises while [`Pipeline::run`] runs.
#[derive(Debug, Default)]
pub struct Progress {
    /// Events taken.
    pub events: AtomicU64,
    /// Bytes read of all inputs, as they lie on disk.
    pub bytes: AtomicU64,
}

/// Something the caller may want to show at once.
#[derive(Debug)]
#[allow(missing_docs)]
pub enum Happening {
    Finding(Box<Found>),
    Refused(Refusal),
    Unreadable(Arc<ReadError>),
    Log { plugin: String, line: LogLine },
    Fault(Fault),
    Explained(Explained),
}

/// A plugin's run on a batch that gave no findings because it did not complete, twice.
#[derive(Debug, Clone)]
pub struct Fault {
    /// The plugin's id.
    pub plugin: String,
    /// First event of the batch.
    pub first: Option<EventOrigin>,
    /// Last event of the batch.
    pub last: Option<EventOrigin>,
    /// Events of the batch.
    pub rows: usize,
    /// How it ended.
    pub outcome: Outcome,
}

/// What a plugin looked at in one event.
#[derive(Debug, Clone)]
pub struct Explained {
    /// The plugin's id.
    pub plugin: String,
    /// Where the event stands.
    pub origin: Option<EventOrigin>,
    /// Its source.
    pub source: String,
    /// Whether the plugin reads that source.
    pub reads_source: bool,
    /// In the plugin's order.
    pub looks: Vec<Explanation>,
    /// Findings that it gave.
    pub findings: usize,
    /// How the run ended.
    pub outcome: Outcome,
}

enum Message {
    Refused(Refusal),
    Unreadable(ReadError),
    Done(Box<Done>),
    End { duplicate_keys: u64, duplicates: u64, changed: u64 },
}

/// What all plugins made of one batch.
struct Done {
    batch: Arc<Batch>,
    findings: Vec<(u64, usize, Found)>,
    runs: Vec<Ran>,
    /// Events found by `only`.
    explained: Vec<Explained>,
}

/// What one plugin made of one batch.
struct Ran {
    report: RunReport,
    called: bool,
    fault: Option<Fault>,
}

impl Pipeline<'_> {
    /// Runs to the end of all inputs. `sink` gets what happens, on the calling thread; its error ends the run.
    ///
    /// # Errors
    /// Only the sink's. Events that are refused, inputs that break off and plugins that fault are counted in the summary.
    pub fn run(
        &self,
        inputs: &[Input],
        mut sink: impl FnMut(Happening) -> std::io::Result<()>,
    ) -> std::io::Result<Summary> {
        let begun = Instant::now();
        let workers = self.workers.max(1);
        let under_way = workers * 2 + 2;
        let (fields, lanes) = (Fields::of(self.plugins), Lane::of(self.plugins));
        let (work_to, work) = bounded::<(u64, Arc<Batch>)>(under_way);
        let (messages_to, messages) = bounded::<Message>(under_way);
        let (permits_to, permits) = bounded::<()>(under_way);
        for _ in 0..under_way {
            let _ = permits_to.try_send(());
        }
        let mut collect = Collect::new(self);
        let ended = std::thread::scope(|scope| {
            let to = messages_to.clone();
            scope.spawn(move || self.read(inputs, &work_to, &permits, &to));
            for _ in 0..workers {
                let (work, to, fields, lanes) = (work.clone(), messages_to.clone(), &fields, &lanes);
                scope.spawn(move || {
                    for (number, batch) in work {
                        if to.send(Message::Done(Box::new(self.judge(number, batch, fields, lanes)))).is_err() {
                            return;
                        }
                    }
                });
            }
            drop((messages_to, work));
            // Leaving this closure drops `messages` and `permits_to`: whoever still sends or waits then stops.
            let (messages, permits_to) = (messages, permits_to);
            for message in messages {
                if matches!(message, Message::Done(_)) {
                    let _ = permits_to.try_send(());
                }
                collect.take(message, &mut sink)?;
            }
            collect.finish(&mut sink)
        });
        ended?;
        let mut summary = collect.summary;
        summary.elapsed = begun.elapsed();
        summary.absent = fields.absent();
        summary.unread = fields.unread(&summary.sources);
        Ok(summary)
    }

    /// The reader's thread.
    fn read(&self, inputs: &[Input], work: &Sender<(u64, Arc<Batch>)>, permits: &Receiver<()>, to: &Sender<Message>) {
        let mut batcher = Batcher::new(self.options.clone());
        let mut window = self.duplicates.map(Window::new);
        let (mut duplicates, mut changed) = (0, 0);
        let mut chance = self.cuts.map(fastrand::Rng::with_seed);
        let mut numbers = 0..;
        let mut hand_on = |batch: Batch| {
            cut(batch, chance.as_mut())
                .zip(&mut numbers)
                .all(|(batch, number)| permits.recv().is_ok() && work.send((number, Arc::new(batch))).is_ok())
        };
        let mut before = 0;
        for input in inputs {
            let mut reader = match EventReader::open(input) {
                Ok(reader) => reader,
                Err(error) => {
                    if to.send(Message::Unreadable(error)).is_err() {
                        return;
                    }
                    continue;
                }
            };
            loop {
                let event = match reader.next() {
                    Ok(Some(event)) => event,
                    Ok(None) => break,
                    Err(error) => {
                        if to.send(Message::Unreadable(error)).is_err() {
                            return;
                        }
                        break;
                    }
                };
                let pushed = event.and_then(|RawEvent { bytes, origin }| {
                    let pushed = match &mut window {
                        None => batcher.push_bytes(&bytes, origin, self.received),
                        Some(window) => batcher.push_wanted(&bytes, origin, self.received, |of| {
                            let seen = window.take(of, self.received);
                            duplicates += u64::from(seen == Seen::Duplicate);
                            changed += u64::from(seen == Seen::Changed);
                            seen != Seen::Duplicate
                        }),
                    };
                    reader.reuse(bytes);
                    pushed
                });
                let gone_on = match pushed {
                    Ok(None) => {
                        self.progress.events.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                    Ok(Some(batch)) => {
                        self.progress.events.fetch_add(1, Ordering::Relaxed);
                        hand_on(batch)
                    }
                    Err(refusal) => to.send(Message::Refused(refusal)).is_ok(),
                };
                if !gone_on {
                    return;
                }
                self.progress.bytes.store(before + reader.progress().0, Ordering::Relaxed);
            }
            before += reader.progress().0;
            self.progress.bytes.store(before, Ordering::Relaxed);
        }
        for batch in batcher.finish() {
            if !hand_on(batch) {
                return;
            }
        }
        let _ = to.send(Message::End { duplicate_keys: batcher.duplicate_keys(), duplicates, changed });
    }

    /// A worker's job: all plugins on one batch.
    fn judge(&self, number: u64, batch: Arc<Batch>, fields: &Fields, lanes: &[Option<Lane>]) -> Done {
        let mut done = Done { batch, findings: Vec::new(), runs: Vec::new(), explained: Vec::new() };
        if let Some(only) = &self.only {
            self.explain(only, number, &mut done, lanes);
            return done;
        }
        for (index, (loaded, lane)) in self.plugins.iter().zip(lanes).enumerate() {
            let ran = match lane {
                None => self.run_one(loaded, &done.batch, None, false),
                Some(lane) => lane.in_turn(number, || self.run_one(loaded, &done.batch, Some(lane), false)),
            };
            done.findings.extend(self.stamped(&ran.report, index, loaded, &done.batch));
            done.runs.push(ran);
        }
        fields.look(&done.batch);
        done
    }

    /// What a run found, with the sequence of its event and the place of its plugin.
    fn stamped<'r>(
        &'r self,
        report: &'r RunReport,
        plugin: usize,
        loaded: &'r Loaded,
        batch: &'r Arc<Batch>,
    ) -> impl Iterator<Item = (u64, usize, Found)> + use<'r> {
        let evidence = self.evidence;
        let stamping = Stamping::of(&report.findings, batch, &loaded.plugin);
        report.findings.iter().filter_map(move |emitted| {
            let finding = stamping.stamp(emitted, OfLane::Live)?;
            let basis = evidence.then(|| Basis {
                batch: Arc::clone(batch),
                row: emitted.row as usize,
                plugin,
                answers: self.answers(report, emitted.row, loaded, batch),
            });
            Some((finding.event.sequence, plugin, Found { finding, basis }))
        })
    }

    /// What state, windows and lists answered a row.
    fn answers(&self, report: &RunReport, row: u32, loaded: &Loaded, batch: &Arc<Batch>) -> Vec<StateAnswer> {
        let (answers, at) = (report.answers_of(row), row as usize);
        if loaded.plugin.manifest().lists.is_empty() {
            return answers;
        }
        let alone = Arc::new(batch.select(at..at + 1));
        self.sandbox.listed(&loaded.plugin, &alone, &loaded.settings, &loaded.lists, answers).unwrap_or_else(|| {
            tracing::warn!(
                "a finding's evidence is without the answers of its lists: the run on its row alone did not complete"
            );
            report.answers_of(row)
        })
    }

    /// The rows that `only` names, each alone: the row rule makes that the same as in its batch. A plugin that remembers is
    /// run on what stands before them, too.
    fn explain(&self, only: &Only, number: u64, done: &mut Done, lanes: &[Option<Lane>]) {
        let is_named = |origin: &EventOrigin| {
            origin.line == only.line && only.file.as_deref().is_none_or(|file| file == &*origin.file)
        };
        let named: Vec<usize> =
            (0..done.batch.len()).filter(|row| done.batch.origin(*row).is_some_and(is_named)).collect();
        for (loaded, lane) in self.plugins.iter().zip(lanes).filter_map(|(l, lane)| Some((l, lane.as_ref()?))) {
            lane.in_turn(number, || {
                let end = named.first().copied().unwrap_or(done.batch.len());
                if end > 0 {
                    self.run_one(loaded, &Arc::new(done.batch.select(0..end)), Some(lane), false);
                }
            });
        }
        for row in named {
            let alone = Arc::new(done.batch.select(row..row + 1));
            for (index, (loaded, lane)) in self.plugins.iter().zip(lanes).enumerate() {
                let ran = self.run_one(loaded, &alone, lane.as_ref(), true);
                done.findings.extend(self.stamped(&ran.report, index, loaded, &alone));
                let manifest = loaded.plugin.manifest();
                done.explained.push(Explained {
                    plugin: manifest.plugin.id.clone(),
                    origin: alone.origin(0).cloned(),
                    source: alone.source().to_string(),
                    reads_source: ran.called,
                    looks: ran.report.explanations.clone(),
                    findings: ran.report.findings.len(),
                    outcome: ran.report.outcome.clone(),
                });
                done.runs.push(ran);
            }
        }
    }

    /// One plugin on one batch. What did not complete is run once more, before it counts as a fault.
    fn run_one(&self, loaded: &Loaded, batch: &Arc<Batch>, lane: Option<&Lane>, explain: bool) -> Ran {
        let past = lane.map_or(Past::Nothing, Lane::past);
        let input =
            RunInput { settings: Arc::clone(&loaded.settings), explain, past, lists: Some(loaded.lists.clone()) };
        let manifest = loaded.plugin.manifest();
        let id = &manifest.plugin.id;
        let called = manifest.sources.contains_key(batch.source().as_str());
        let force = batch.force().as_str();
        let run = || {
            let report = self.sandbox.run(&loaded.plugin, batch, &input);
            if called {
                self.metrics.ran(id, force, &report);
            }
            report
        };
        let mut report = run();
        if report.outcome != Outcome::Completed {
            report = run();
        }
        if called {
            self.metrics.judged(id, force, batch.len(), report.findings.len());
        }
        if let Some(lane) = lane {
            lane.keep(&report);
        }
        let fault = (report.outcome != Outcome::Completed).then(|| Fault {
            plugin: id.clone(),
            first: batch.origin(0).cloned(),
            last: batch.origin(batch.len().saturating_sub(1)).cloned(),
            rows: batch.len(),
            outcome: report.outcome.clone(),
        });
        Ran { report, called, fault }
    }
}

/// The calling thread's part: order, once-only, counting.
struct Collect {
    order: InOrder<Found>,
    once: Once,
    summary: Summary,
}

impl Collect {
    fn new(pipeline: &Pipeline<'_>) -> Self {
        let ids = pipeline.plugins.iter().map(|loaded| loaded.plugin.manifest().plugin.id.clone());
        Self { order: InOrder::default(), once: Once::default(), summary: Summary::of(ids) }
    }

    fn take(
        &mut self,
        message: Message,
        sink: &mut impl FnMut(Happening) -> std::io::Result<()>,
    ) -> std::io::Result<()> {
        match message {
            Message::Refused(refusal) => {
                self.summary.count_refused(&refusal);
                sink(Happening::Refused(refusal))
            }
            Message::Unreadable(error) => {
                let error = Arc::new(error);
                self.summary.unreadable.push(Arc::clone(&error));
                sink(Happening::Unreadable(error))
            }
            Message::End { duplicate_keys, duplicates, changed } => {
                self.summary.duplicate_keys = duplicate_keys;
                (self.summary.duplicates, self.summary.changed) = (duplicates, changed);
                Ok(())
            }
            Message::Done(done) => self.done(*done, sink),
        }
    }

    fn done(&mut self, done: Done, sink: &mut impl FnMut(Happening) -> std::io::Result<()>) -> std::io::Result<()> {
        self.summary.count_batch(&done.batch);
        for explained in done.explained {
            sink(Happening::Explained(explained))?;
        }
        let plugins = self.summary.plugins.len().max(1);
        for (index, ran) in done.runs.into_iter().enumerate() {
            let Some(plugin) = self.summary.plugins.get_mut(index % plugins) else { continue };
            if ran.called {
                plugin.count(&ran.report, done.batch.len());
            }
            let id = plugin.id.clone();
            for line in ran.report.log {
                sink(Happening::Log { plugin: id.clone(), line })?;
            }
            if let Some(fault) = ran.fault {
                plugin.faults += 1;
                sink(Happening::Fault(fault))?;
            }
        }
        for (sequence, plugin, finding) in done.findings {
            self.order.put(sequence, plugin, finding);
        }
        self.order.judged((0..done.batch.len()).map(|row| done.batch.sequence(row)));
        self.hand_over(sink)
    }

    fn finish(&mut self, sink: &mut impl FnMut(Happening) -> std::io::Result<()>) -> std::io::Result<()> {
        self.order.end();
        self.hand_over(sink)
    }

    /// The same id again is the same finding: an event that was delivered twice is reported once.
    fn hand_over(&mut self, sink: &mut impl FnMut(Happening) -> std::io::Result<()>) -> std::io::Result<()> {
        while let Some(found) = self.order.next() {
            if !self.once.is_first(found.finding.id) {
                self.summary.repeats += 1;
                continue;
            }
            self.summary.count_finding(&found.finding);
            sink(Happening::Finding(Box::new(found)))?;
        }
        self.summary.forgotten = self.once.forgotten();
        Ok(())
    }
}
