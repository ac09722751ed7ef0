//! The thread that decides what runs next. Never waits for a worker, the journal or the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon_state::Counts;
use crossbeam_channel::{Receiver, Sender, TrySendError, select};

use super::deployed::{Budget, Deployed};
use super::fair::Fair;
use super::form::Formed;
use super::judge::{Given, Trouble};
use super::lanes::{Lanes, Plan, State};
use super::work::{Task, Told};
use super::{LaneStatus, Order, Ran, Setup, StreamKey, Wanted};
use crate::journal::Reader;
use crate::model::SourceName;
use crate::results::{Change, LaneSource, Resting};

/// How often waiting events and pausing lanes are looked at while there is something to do.
const TICK: Duration = Duration::from_millis(20);
/// And while there is nothing.
const IDLE: Duration = Duration::from_secs(1);

/// One force's source.
pub(super) struct Stream {
    pub(super) lanes: Lanes,
    /// Kept between waves, by where they stand.
    readers: BTreeMap<u64, Box<Reader>>,
    /// For each lane.
    pub(super) seats: Vec<Seat>,
}

/// What a lane runs, and what came of it since the host started.
pub(super) struct Seat {
    pub(super) deployed: Arc<Deployed>,
    /// What it runs once it stands beside the shadow at this position.
    pub(super) promoted: Option<(Arc<Deployed>, usize)>,
    /// What it really ran last, as its change log says.
    pub(super) ran: Option<Change>,
    budget: Budget,
    cpu: Duration,
    events: u64,
    findings: u64,
    skips: u64,
    faults: u64,
    forgot: Counts,
}

impl Seat {
    pub(super) fn new(deployed: Arc<Deployed>, ran: Option<Change>) -> Self {
        let (budget, cpu) = (Budget::default(), Duration::ZERO);
        let forgot = Counts::default();
        Self { deployed, promoted: None, ran, budget, cpu, events: 0, findings: 0, skips: 0, faults: 0, forgot }
    }
}

/// Where lanes begin that are not seen yet.
#[derive(Default)]
pub(super) struct Begin {
    pub(super) cursors: BTreeMap<LaneSource, u64>,
    pub(super) resting: BTreeMap<LaneSource, Resting>,
    /// What they ran last.
    pub(super) ran: BTreeMap<LaneSource, Change>,
}

impl Begin {
    /// Also these; the later word counts.
    pub(super) fn add(&mut self, more: Self) {
        self.cursors.extend(more.cursors);
        self.resting.extend(more.resting);
        self.ran.extend(more.ran);
    }
}

/// See the module.
pub(super) struct Dispatcher {
    setup: Arc<Setup>,
    pub(super) wanted: Arc<Wanted>,
    pub(super) begin: Begin,
    pub(super) streams: BTreeMap<StreamKey, Stream>,
    /// Streams with something to do.
    pub(super) active: BTreeSet<StreamKey>,
    /// Who waits until no lane is left that leaves.
    pub(super) leaving: Vec<Sender<()>>,
    fair: Fair,
    /// Lanes of formed waves that no worker has taken yet: before new waves.
    pub(super) runs: VecDeque<Task>,
    /// Lanes that remember and run: a lane's next wave, of whatever source, begins where the last one's commit is durable.
    remembering: BTreeSet<Vec<u8>>,
    /// A task for which there was no room.
    pub(super) next: Option<Task>,
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
        wanted: Arc<Wanted>,
        begin: Begin,
        tasks: Sender<Task>,
        told: Receiver<Told>,
        orders: Receiver<Order>,
    ) -> Self {
        Self {
            setup,
            wanted,
            begin,
            streams: BTreeMap::new(),
            active: BTreeSet::new(),
            leaving: Vec::new(),
            fair: Fair::default(),
            runs: VecDeque::new(),
            remembering: BTreeSet::new(),
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
                    Ok(Order::Resume { lane, cursor, done }) => {
                        self.resume(&lane, cursor);
                        let _ = done.send(());
                    }
                    Ok(Order::Take { wanted, begin, done }) => {
                        // What came before the change was decided stands in front of it.
                        self.look();
                        self.take_set(wanted, begin, done);
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
        let mut stream = Stream { lanes: Lanes::new(self.setup.retries), readers: BTreeMap::new(), seats: Vec::new() };
        for deployed in self.wanted.of(&key.0) {
            if reads(deployed.loaded.plugin.manifest().sources.keys(), &key.1) {
                let lane = deployed.lane(key);
                let cursor = self.begin.cursors.remove(&lane);
                let (resting, end) = (self.begin.resting.remove(&lane), deployed.end(&key.0));
                stream.lanes.add(cursor.unwrap_or(0), end, resting, Instant::now());
                stream.seats.push(Seat::new(Arc::clone(deployed), self.begin.ran.remove(&lane)));
            }
        }
        stream
    }

    /// A resting lane goes on: the store says so already.
    fn resume(&mut self, lane: &LaneSource, cursor: Option<u64>) {
        let key = (lane.force.clone(), lane.source.clone());
        match self.streams.get_mut(&key) {
            Some(stream) => {
                let is_it = |seat: &Seat| seat.deployed.id() == lane.plugin && seat.deployed.lane == lane.kind;
                let mut seats = stream.seats.iter().enumerate();
                let seat = seats.find(|(at, seat)| is_it(seat) && stream.lanes.is_there(*at));
                if let Some((at, _)) = seat {
                    stream.lanes.resume(at, cursor);
                    self.active.insert(key);
                }
            }
            None => {
                self.begin.resting.remove(lane);
                if let Some(cursor) = cursor {
                    self.begin.cursors.insert(lane.clone(), cursor);
                }
            }
        }
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
                        // One version for all that runs on this batch.
                        let lists = (self.setup.lists)(&key.0);
                        for lane in lanes {
                            let last_try = stream.lanes.is_last_try(lane);
                            let changed = stream.changes_from(lane, &lists);
                            let Some(seat) = stream.seats.get_mut(lane) else { continue };
                            let narrowing = seat.budget.left(now);
                            let given = Given { last_try, narrowing, changed, lists: lists.clone() };
                            let (deployed, formed) = (Arc::clone(&seat.deployed), Arc::clone(&formed));
                            self.runs.push_back(Task::Run { key: key.clone(), wave, lane, deployed, given, formed });
                        }
                    }
                    Err(why) => {
                        tracing::error!("{} {}: {why}", key.0, key.1);
                        for lane in &lanes {
                            stream.lanes.failed(*lane, wave, Trouble::Host(why.clone()), fastrand::f64(), now);
                        }
                        lanes.iter().for_each(|_| self.left(&key, wave));
                        self.tell_left();
                    }
                }
            }
            Told::Ran { key, wave, lane, deployed, ran } => {
                self.left(&key, wave);
                let Some(stream) = self.streams.get_mut(&key) else { return };
                self.remembering.remove(&deployed.lane(&key).of_all_sources());
                match ran {
                    Ok(ran) => {
                        stream.lanes.found(lane, ran.findings);
                        stream.lanes.done(lane, wave, ran.end, now);
                        if let Some(seat) = stream.seats.get_mut(lane) {
                            if let Some(change) = ran.changed {
                                seat.ran = Some(change);
                            }
                            seat.budget.spend(ran.narrowed);
                            seat.cpu += ran.cpu;
                            seat.events += ran.events;
                            seat.findings += ran.findings;
                            seat.skips += ran.skips;
                            seat.faults += ran.faults;
                            if seat.forgot.evicted == 0 && ran.forgot.evicted > 0 {
                                let plugin = seat.deployed.id();
                                tracing::warn!(
                                    "{} {plugin}: there is no more room for what it remembers: its oldest keys go ([state] of the configuration)",
                                    key.0
                                );
                            }
                            seat.forgot.add(&ran.forgot);
                        }
                    }
                    Err(trouble) => {
                        let plugin = deployed.id();
                        // It was of the version before, and says nothing of this one.
                        let old = |seat: &Seat| seat.deployed.terms != deployed.terms;
                        let trouble = match trouble {
                            Trouble::Guest { why, rests: Some(_), .. } if stream.seats.get(lane).is_some_and(old) => {
                                Trouble::Host(why)
                            }
                            other => other,
                        };
                        match &trouble {
                            Trouble::Guest { why, rests: Some(_), .. } => tracing::error!(
                                "{} {} {plugin}: {why}; the lane rests: see `cordon plugin faults`, then skip or retry",
                                key.0,
                                key.1
                            ),
                            Trouble::Guest { why, .. } | Trouble::Host(why) => {
                                tracing::warn!("{} {} {plugin}: {why}; it will be tried again", key.0, key.1);
                            }
                        }
                        if let (Trouble::Guest { .. }, Some(seat)) = (&trouble, stream.seats.get_mut(lane)) {
                            seat.faults += 1;
                        }
                        stream.lanes.failed(lane, wave, trouble, fastrand::f64(), now);
                    }
                }
                self.promote(&key.0);
                self.tell_left();
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
            let task = self.next.take().or_else(|| self.next_run()).or_else(|| self.wave(now));
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

    /// The first run whose lane does not remember, or runs nothing else.
    fn next_run(&mut self) -> Option<Task> {
        let lane = |task: &Task| match task {
            Task::Run { key, deployed, .. } if deployed.remembers() => Some((deployed.lane(key), Arc::clone(deployed))),
            _ => None,
        };
        let runs = |lane: &LaneSource| self.remembering.contains(&lane.of_all_sources());
        let free = |task: &Task| {
            // Nor while a shadow still writes what it is to take over.
            lane(task)
                .is_none_or(|(lane, of)| !runs(&lane) && !of.takes_over(&lane).is_some_and(|shadow| runs(&shadow)))
        };
        let task = self.runs.iter().position(free).and_then(|at| self.runs.remove(at))?;
        self.remembering.extend(lane(&task).map(|(lane, _)| lane.of_all_sources()));
        Some(task)
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
        let Plan { wave, until, rows, lanes, catching_up, .. } = plan;
        self.waves.insert((key.clone(), wave), (lanes.len(), catching_up));
        Some(Task::Form { key, wave, until, rows, lanes, reader })
    }

    fn status(&self) -> Vec<LaneStatus> {
        let mut all = Vec::new();
        for ((force, source), stream) in &self.streams {
            for (lane, seat) in stream.lanes.all.iter().zip(&stream.seats) {
                let (state, why, resting) = match &lane.state {
                    State::Gone => continue,
                    State::Running if lane.leaves => ("leaving", None, None),
                    _ if seat.promoted.is_some() => ("promoting", None, None),
                    State::Idle | State::Running | State::Held { .. } => ("running", None, None),
                    State::Paused { why, .. } => ("paused", Some(why.clone()), None),
                    State::Resting(resting) => ("resting", Some(resting.why.clone()), Some((**resting).clone())),
                };
                all.push(LaneStatus {
                    force: force.clone(),
                    source: source.clone(),
                    plugin: seat.deployed.id().to_owned(),
                    lane: seat.deployed.lane,
                    version: seat.deployed.version(),
                    digest: seat.deployed.digest(),
                    ran: seat.ran.as_ref().map(Ran::of),
                    cursor: lane.cursor,
                    head: stream.lanes.head.min(seat.deployed.end(force)).max(lane.cursor.min(stream.lanes.head)),
                    state,
                    why,
                    resting,
                    events: seat.events,
                    findings: seat.findings,
                    skips: seat.skips,
                    faults: seat.faults,
                    cpu_us: u64::try_from(seat.cpu.as_micros()).unwrap_or(u64::MAX),
                    evicted: seat.forgot.evicted,
                    late: seat.forgot.late,
                });
            }
        }
        all
    }
}

pub(super) fn reads<'a>(mut sources: impl Iterator<Item = &'a String>, source: &SourceName) -> bool {
    sources.any(|name| name == source.as_str())
}

fn rows(formed: &Formed) -> u64 {
    formed.batches.iter().map(|batch| batch.len() as u64).sum()
}
