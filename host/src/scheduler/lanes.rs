//! The lanes of one stream (a force's source): who is where, and what runs next. Pure: time is given.
//!
//! Lanes that stand at the same place run together: the batch is parsed once. That is a wave. Those furthest on are the head;
//! one that lags runs its own waves beside it. A wave that is late is given up as a wave: its lanes that are done go on, the
//! others catch up.

use std::time::{Duration, Instant};

use cordon_contract::limits::BATCH_ROWS;

/// How long events wait for others before they become a batch that is not full.
pub(super) const WAIT: Duration = Duration::from_millis(100);
/// How long lanes that are done wait for the others of their wave.
const PATIENCE: Duration = Duration::from_millis(500);
/// The first pause after a run that failed for reasons of the moment; each further one is twice as long.
const PAUSE: Duration = Duration::from_secs(1);
/// Tries after which a lane rests.
const TRIES: u32 = 6;

/// One lane's state in this stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum State {
    Idle,
    Running,
    /// Done, the others of its wave are not.
    Held {
        wave: u64,
    },
    /// It failed for reasons of the moment, and is tried again.
    Paused {
        until: Instant,
        why: String,
    },
    /// Set aside with its cursor standing still.
    Resting {
        why: String,
    },
}

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    /// Position of its plugin.
    pub(super) plugin: usize,
    /// Sequence number of the last event that it is done with.
    pub(super) cursor: u64,
    pub(super) state: State,
    tries: u32,
}

/// Lanes that run together.
#[derive(Debug)]
struct Wave {
    number: u64,
    begun: Instant,
    running: usize,
}

/// What runs next.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Plan {
    pub(super) wave: u64,
    /// Where its lanes stand.
    pub(super) cursor: u64,
    /// Not beyond this sequence number: where the head stands.
    pub(super) until: u64,
    /// Positions of its lanes.
    pub(super) lanes: Vec<usize>,
    pub(super) catching_up: bool,
}

/// All lanes of one stream.
#[derive(Debug, Default)]
pub(super) struct Lanes {
    pub(super) all: Vec<Lane>,
    waves: Vec<Wave>,
    /// Sequence number of the last durable event.
    pub(super) head: u64,
    /// Since when events wait for the head's lanes.
    waiting: Option<Instant>,
    next_wave: u64,
}

impl Lanes {
    pub(super) fn add(&mut self, plugin: usize, cursor: u64) {
        self.all.push(Lane { plugin, cursor, state: State::Idle, tries: 0 });
    }

    /// More events are durable.
    pub(super) fn extend(&mut self, head: u64, now: Instant) {
        if head > self.head {
            self.head = head;
            self.waiting.get_or_insert(now);
        }
    }

    /// Whether any lane has anything left to do.
    pub(super) fn is_done(&self) -> bool {
        self.all.iter().all(|lane| match lane.state {
            State::Idle | State::Held { .. } => lane.cursor >= self.head,
            State::Resting { .. } => true,
            State::Running | State::Paused { .. } => false,
        })
    }

    /// Lets go whom nothing holds any more.
    pub(super) fn wake(&mut self, now: Instant) {
        self.waves.retain(|wave| wave.running > 0 && now.duration_since(wave.begun) < PATIENCE);
        for lane in &mut self.all {
            let free = match &lane.state {
                State::Held { wave } => !self.waves.iter().any(|running| running.number == *wave),
                State::Paused { until, .. } => *until <= now,
                _ => false,
            };
            if free {
                lane.state = State::Idle;
            }
        }
    }

    /// The next wave, where one is due. `catch_up`: whether lanes behind the head may run.
    pub(super) fn plan(&self, now: Instant, catch_up: bool) -> Option<Plan> {
        let resting = |lane: &Lane| matches!(lane.state, State::Resting { .. });
        let top = self.all.iter().filter(|lane| !resting(lane)).map(|lane| lane.cursor).max()?;
        let idle = || self.all.iter().filter(|lane| lane.state == State::Idle && lane.cursor < self.head);
        let waited = self.waiting.is_none_or(|since| now.duration_since(since) >= WAIT);
        let due = |cursor: u64| {
            if cursor < top { catch_up } else { waited || self.head - cursor >= BATCH_ROWS as u64 }
        };
        let cursor = idle().map(|lane| lane.cursor).filter(|cursor| due(*cursor)).max()?;
        let lanes = self.all.iter().enumerate().filter(|(_, lane)| lane.state == State::Idle && lane.cursor == cursor);
        let catching_up = cursor < top;
        Some(Plan {
            wave: self.next_wave,
            cursor,
            until: if catching_up { top } else { u64::MAX },
            lanes: lanes.map(|(at, _)| at).collect(),
            catching_up,
        })
    }

    /// The wave of a plan begins.
    pub(super) fn begin(&mut self, plan: &Plan, now: Instant) {
        self.next_wave += 1;
        self.waves.push(Wave { number: plan.wave, begun: now, running: plan.lanes.len() });
        for at in &plan.lanes {
            if let Some(lane) = self.all.get_mut(*at) {
                lane.state = State::Running;
            }
        }
        if !plan.catching_up {
            self.waiting = None;
        }
    }

    /// A lane is done with its part of a wave, up to this sequence number.
    pub(super) fn done(&mut self, at: usize, wave: u64, cursor: u64, now: Instant) {
        self.leave(wave);
        if let Some(lane) = self.all.get_mut(at) {
            (lane.cursor, lane.tries, lane.state) = (cursor, 0, State::Held { wave });
        }
        if self.all.iter().any(|lane| lane.cursor < self.head) && !self.all.iter().any(|lane| lane.cursor > cursor) {
            self.waiting.get_or_insert(now);
        }
        self.wake(now);
    }

    /// A lane failed for reasons of the moment: it is tried again later, and rests in the end.
    pub(super) fn failed(&mut self, at: usize, wave: u64, why: &str, now: Instant) {
        self.leave(wave);
        if let Some(lane) = self.all.get_mut(at) {
            lane.tries += 1;
            let why = why.to_owned();
            lane.state = match lane.tries {
                TRIES.. => State::Resting { why },
                tries => State::Paused { until: now + PAUSE * 2_u32.pow(tries - 1), why },
            };
        }
        self.wake(now);
    }

    fn leave(&mut self, wave: u64) {
        if let Some(wave) = self.waves.iter_mut().find(|running| running.number == wave) {
            wave.running = wave.running.saturating_sub(1);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lanes(cursors: &[u64], head: u64, now: Instant) -> Lanes {
        let mut lanes = Lanes::default();
        cursors.iter().enumerate().for_each(|(plugin, cursor)| lanes.add(plugin, *cursor));
        lanes.extend(head, now);
        lanes
    }

    fn run(lanes: &mut Lanes, now: Instant) -> Plan {
        let plan = lanes.plan(now, true).unwrap();
        lanes.begin(&plan, now);
        plan
    }

    #[test]
    fn a_few_events_wait_and_many_do_not() {
        let now = Instant::now();
        let mut few = lanes(&[0, 0], 10, now);
        assert_eq!(few.plan(now, true), None);
        let plan = run(&mut few, now + WAIT);
        assert_eq!((plan.lanes, plan.cursor, plan.until, plan.catching_up), (vec![0, 1], 0, u64::MAX, false));
        assert!(lanes(&[0], BATCH_ROWS as u64, now).plan(now, true).is_some());
        assert_eq!(lanes(&[10], 10, now).plan(now + WAIT, true), None);
    }

    #[test]
    fn lanes_of_a_wave_wait_for_each_other_but_not_for_ever() {
        let now = Instant::now();
        let mut lanes = lanes(&[0, 0], 9_000, now);
        let wave = run(&mut lanes, now).wave;
        lanes.done(0, wave, 4_096, now);
        assert_eq!(lanes.plan(now + WAIT, true), None);
        // The other is late: the first goes on alone.
        lanes.wake(now + PATIENCE);
        let second = run(&mut lanes, now + PATIENCE);
        assert_eq!((second.cursor, second.lanes), (4_096, vec![0]));
        // The late one catches up, no further than the head, and joins it there.
        lanes.done(1, wave, 4_096, now + PATIENCE);
        lanes.done(0, second.wave, 8_192, now + PATIENCE);
        let plan = lanes.plan(now + PATIENCE + WAIT, false).unwrap();
        assert_eq!((plan.cursor, &plan.lanes[..]), (8_192, &[0][..]));
        lanes.begin(&plan, now + PATIENCE + WAIT);
        let behind = run(&mut lanes, now + PATIENCE + WAIT);
        assert_eq!((behind.cursor, behind.lanes, behind.until, behind.catching_up), (4_096, vec![1], 8_192, true));
        lanes.done(1, behind.wave, 9_000, now);
        lanes.done(0, plan.wave, 9_000, now);
        assert!(lanes.is_done());
        lanes.extend(20_000, now);
        assert_eq!(run(&mut lanes, now + WAIT).lanes, [0, 1]);
    }

    #[test]
    fn a_lane_that_fails_again_and_again_rests_and_holds_nobody_back() {
        let mut now = Instant::now();
        let mut lanes = lanes(&[0, 0], 10, now);
        now += WAIT;
        let first = run(&mut lanes, now);
        lanes.done(1, first.wave, 10, now);
        lanes.failed(0, first.wave, "out of time", now);
        assert!(!lanes.is_done());
        for _ in 1..TRIES {
            assert_eq!(lanes.plan(now, true), None);
            now += PAUSE * 64;
            lanes.wake(now);
            let again = run(&mut lanes, now);
            assert_eq!(again.lanes, [0]);
            lanes.failed(0, again.wave, "out of time", now);
        }
        assert_eq!(lanes.all[0].state, State::Resting { why: "out of time".into() });
        assert_eq!(lanes.all[0].cursor, 0);
        assert!(lanes.is_done());
        lanes.extend(20, now);
        assert_eq!(run(&mut lanes, now + WAIT).lanes, [1]);
    }
}
