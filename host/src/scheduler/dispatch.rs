//! The thread that decides what runs next. Never waits for a worker, the journal or the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TrySendError, select};

use super::fair::Fair;
use super::form::Formed;
use super::lanes::{Lanes, Plan, State};
use super::work::{Ran, Task, Told};
use super::{LaneStatus, Order, Setup, StreamKey};
use crate::journal::Reader;
use crate::model::SourceName;
use crate::results::LaneSource;

/// How often waiting events and pausing lanes are looked at while there is something to do.
const TICK: Duration = Duration::from_millis(20);
/// And while there is nothing.
const IDLE: Duration = Duration::from_secs(1);

/// One force's source.
#[derive(Default)]
struct Stream {
    lanes: Lanes,
    /// Kept between waves, by where they stand.
    readers: BTreeMap<u64, Box<Reader>>,
    counts: Vec<Ran>,
}

/// See the module.
pub(super) struct Dispatcher {
    setup: Arc<Setup>,
    /// Where lanes begin that are not seen yet.
    cursors: BTreeMap<LaneSource, u64>,
    streams: BTreeMap<StreamKey, Stream>,
    /// Streams with something to do.
    active: BTreeSet<StreamKey>,
    fair: Fair,
    /// Lanes of formed waves that no worker has taken yet: before new waves.
    runs: VecDeque<Task>,
    /// A task for which there was no room.
    next: Option<Task>,
    /// Waves that are formed or run, and those of them behind the head.
    waves: BTreeMap<(StreamKey, u64), (usize, bool)>,
    tasks: Sender<Task>,
    told: Receiver<Told>,
    orders: Receiver<Order>,
    stopping: bool,
}

impl Dispatcher {
    pub(super) fn new(
        setup: Arc<Setup>,
        cursors: BTreeMap<LaneSource, u64>,
        tasks: Sender<Task>,
        told: Receiver<Told>,
        orders: Receiver<Order>,
    ) -> Self {
        Self {
            setup,
            cursors,
            streams: BTreeMap::new(),
            active: BTreeSet::new(),
            fair: Fair::default(),
            runs: VecDeque::new(),
            next: None,
            waves: BTreeMap::new(),
            tasks,
            told,
            orders,
            stopping: false,
        }
    }

    pub(super) fn run(mut self) {
        let news = self.setup.journal.news();
        self.look();
        while !(self.stopping && self.waves.is_empty()) {
            let pause = if self.active.is_empty() { IDLE } else { TICK };
            select! {
                recv(self.told) -> told => match told {
                    Ok(told) => self.take(told),
                    Err(_) => return,
                },
                recv(news) -> _ => self.look(),
                recv(self.orders) -> order => match order {
                    Ok(Order::Status(to)) => {
                        // An acknowledged event is in the status, though the news of it was not taken yet.
                        self.look();
                        let _ = to.send(self.status());
                    }
                    Ok(Order::Stop) | Err(_) => self.stopping = true,
                },
                default(pause) => {}
            }
            while let Ok(told) = self.told.try_recv() {
                self.take(told);
            }
            self.dispatch();
        }
    }

    /// Takes note of what is durable in the journal.
    fn look(&mut self) {
        let now = Instant::now();
        for (force, heads) in self.setup.journal.heads() {
            for (source, head) in heads {
                let key = (force.clone(), source);
                if !self.streams.contains_key(&key) {
                    let stream = self.stream(&key);
                    self.streams.insert(key.clone(), stream);
                }
                if let Some(stream) = self.streams.get_mut(&key) {
                    stream.lanes.extend(head, now);
                    if !stream.lanes.is_done() {
                        self.active.insert(key);
                    }
                }
            }
        }
    }

    /// A stream that is seen for the first time, with a lane for each plugin that reads its source.
    fn stream(&mut self, key: &StreamKey) -> Stream {
        let mut stream = Stream::default();
        for (at, loaded) in self.setup.plugins.iter().enumerate() {
            let manifest = loaded.plugin.manifest();
            if reads(manifest.sources.keys(), &key.1) {
                let (force, plugin, source) = (key.0.clone(), manifest.plugin.id.clone(), key.1.clone());
                let cursor = self.cursors.remove(&LaneSource { force, plugin, source });
                stream.lanes.add(at, cursor.unwrap_or(0));
                stream.counts.push(Ran::default());
            }
        }
        stream
    }

    fn take(&mut self, told: Told) {
        let now = Instant::now();
        match told {
            Told::Formed { key, wave, lanes, reader, formed } => {
                let Some(stream) = self.streams.get_mut(&key) else { return };
                match formed {
                    Ok(formed) => {
                        stream.readers.insert(reader.cursor(), reader);
                        self.fair.serve(&key.0, rows(&formed));
                        for lane in lanes {
                            let Some(plugin) = stream.lanes.all.get(lane).map(|lane| lane.plugin) else { continue };
                            let formed = Arc::clone(&formed);
                            self.runs.push_back(Task::Run { key: key.clone(), wave, lane, plugin, formed });
                        }
                    }
                    Err(why) => {
                        tracing::error!("{} {}: {why}", key.0, key.1);
                        for lane in &lanes {
                            stream.lanes.failed(*lane, wave, &why, now);
                        }
                        lanes.iter().for_each(|_| self.left(&key, wave));
                    }
                }
            }
            Told::Ran { key, wave, lane, ran } => {
                self.left(&key, wave);
                let Some(stream) = self.streams.get_mut(&key) else { return };
                match ran {
                    Ok(ran) => {
                        stream.lanes.done(lane, wave, ran.end, now);
                        if let Some(count) = stream.counts.get_mut(lane) {
                            count.events += ran.events;
                            count.findings += ran.findings;
                            count.skips += ran.skips;
                        }
                    }
                    Err(why) => {
                        let plugin = stream.lanes.all.get(lane).and_then(|lane| self.setup.plugins.get(lane.plugin));
                        let plugin = plugin.map_or("", |loaded| loaded.plugin.manifest().plugin.id.as_str());
                        tracing::warn!("{} {} {plugin}: {why}; it will be tried again", key.0, key.1);
                        stream.lanes.failed(lane, wave, &why, now);
                    }
                }
            }
        }
    }

    /// One lane of a wave has ended.
    fn left(&mut self, key: &StreamKey, wave: u64) {
        let of = (key.clone(), wave);
        if let Some((running, _)) = self.waves.get_mut(&of) {
            *running -= 1;
            if *running == 0 {
                self.waves.remove(&of);
            }
        }
    }

    /// Gives the workers as much as they take.
    fn dispatch(&mut self) {
        let now = Instant::now();
        for key in &self.active {
            if let Some(stream) = self.streams.get_mut(key) {
                stream.lanes.wake(now);
            }
        }
        let streams = &self.streams;
        self.active.retain(|key| streams.get(key).is_some_and(|stream| !stream.lanes.is_done()));
        loop {
            let task = self.next.take().or_else(|| self.runs.pop_front()).or_else(|| self.wave(now));
            let Some(task) = task else { return };
            match self.tasks.try_send(task) {
                Ok(()) => {}
                Err(TrySendError::Full(task) | TrySendError::Disconnected(task)) => {
                    self.next = Some(task);
                    return;
                }
            }
        }
    }

    /// The next wave to form: of the force whose turn it is.
    fn wave(&mut self, now: Instant) -> Option<Task> {
        let workers = self.setup.workers.max(1);
        if self.stopping || self.waves.len() > workers {
            return None;
        }
        let catching_up = self.waves.values().filter(|(_, behind)| *behind).count();
        let catch_up = catching_up < workers.div_ceil(2);
        let due: Vec<(&StreamKey, Plan)> = self
            .active
            .iter()
            .filter_map(|key| Some((key, self.streams.get(key)?.lanes.plan(now, catch_up)?)))
            .collect();
        let force = self.fair.next(due.iter().map(|(key, _)| &key.0))?.clone();
        // Of one force's sources the one that waits longest behind; live events before those that are caught up with.
        let (key, plan) = due
            .into_iter()
            .filter(|(key, _)| key.0 == force)
            .min_by_key(|(_, plan)| (plan.catching_up, plan.cursor))
            .map(|(key, plan)| (key.clone(), plan))?;
        let stream = self.streams.get_mut(&key)?;
        stream.lanes.begin(&plan, now);
        let reader = stream.readers.remove(&plan.cursor);
        let reader = reader.unwrap_or_else(|| Box::new(self.setup.journal.reader(&key.0, &key.1, plan.cursor)));
        // Readers at places where no lane stands are of no use any more.
        let lanes = &stream.lanes;
        stream.readers.retain(|at, _| lanes.all.iter().any(|lane| lane.cursor == *at));
        let Plan { wave, until, lanes, catching_up, .. } = plan;
        self.waves.insert((key.clone(), wave), (lanes.len(), catching_up));
        Some(Task::Form { key, wave, until, lanes, reader })
    }

    fn status(&self) -> Vec<LaneStatus> {
        let mut all = Vec::new();
        for ((force, source), stream) in &self.streams {
            for (lane, count) in stream.lanes.all.iter().zip(&stream.counts) {
                let plugin = self.setup.plugins.get(lane.plugin);
                let (state, why) = match &lane.state {
                    State::Idle | State::Running | State::Held { .. } => ("running", None),
                    State::Paused { why, .. } => ("paused", Some(why.clone())),
                    State::Resting { why } => ("resting", Some(why.clone())),
                };
                all.push(LaneStatus {
                    force: force.clone(),
                    source: source.clone(),
                    plugin: plugin.map_or_else(String::new, |loaded| loaded.plugin.manifest().plugin.id.clone()),
                    cursor: lane.cursor,
                    head: stream.lanes.head,
                    state,
                    why,
                    events: count.events,
                    findings: count.findings,
                    skips: count.skips,
                });
            }
        }
        all
    }
}

fn reads<'a>(mut sources: impl Iterator<Item = &'a String>, source: &SourceName) -> bool {
    sources.any(|name| name == source.as_str())
}

fn rows(formed: &Formed) -> u64 {
    formed.batches.iter().map(|batch| batch.len() as u64).sum()
}
