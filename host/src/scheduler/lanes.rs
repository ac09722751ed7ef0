//! The lanes of one stream (a force's source): who is where, and what runs next. Pure: time is given.
//!
//! Lanes that stand at the same place run together: the batch is parsed once. That is a wave. Those furthest on are the head;
//! one that lags runs its own waves beside it. A wave that is late is given up as a wave: its lanes that are done go on, the
//! others catch up.
//!
//! A lane whose plugin was out of time is tried again with half as many events, then a quarter, and so on: it gets past what
//! it can, and what it comes to rest on is little. The host's own trouble is waited out, however long it takes: it never
//! brings a lane to rest.
//!
//! A lane that finds very much is given fewer events at once, too: what it finds in them is one commit, for which all others
//! wait, and which the store holds in memory.

use std::time::{Duration, Instant};

use cordon_contract::limits::BATCH_ROWS;

use super::judge::Trouble;
use crate::results::Resting;

/// How long events wait for others before they become a batch that is not full.
pub(super) const WAIT: Duration = Duration::from_millis(100);
/// How long lanes that are done wait for the others of their wave.
const PATIENCE: Duration = Duration::from_millis(500);
/// Findings of one batch that are many: the next one is half as large, down to so many events.
const MANY: usize = 512;
/// A pause is no longer than this.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// How often and when a lane is tried again that failed for reasons of the moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retries {
    /// Tries of a plugin that is out of time, after which its lane rests.
    pub tries: u32,
    /// The first pause; each further one is twice as long, up to a minute.
    pub pause: Duration,
}

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
    Resting(Box<Resting>),
    /// There is no such lane any more; its place is free.
    Gone,
}

/// A plugin that was out of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Late {
    tries: u32,
    /// Events that are tried next.
    rows: usize,
    /// It is over when the lane is past this sequence number.
    until: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Lane {
    /// Sequence number of the last event that it is done with.
    pub(super) cursor: u64,
    pub(super) state: State,
    late: Option<Late>,
    /// Events that it is given at once at most: fewer while it finds many.
    most: usize,
    /// Failures of the host, one after the other.
    host_failures: u32,
    /// It runs, and is gone when that ends.
    pub(super) leaves: bool,
    /// It goes no further than this sequence number: a hunt's end.
    end: u64,
    /// It goes no further until it is let go.
    held: bool,
}

impl Lane {
    /// Events that it is given at once.
    fn rows(&self) -> usize {
        self.late.map_or(self.most, |late| late.rows.min(self.most))
    }
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
    /// Events at most.
    pub(super) rows: usize,
    /// Positions of its lanes.
    pub(super) lanes: Vec<usize>,
    pub(super) catching_up: bool,
}

/// All lanes of one stream.
#[derive(Debug)]
pub(super) struct Lanes {
    pub(super) all: Vec<Lane>,
    waves: Vec<Wave>,
    /// Sequence number of the last durable event.
    pub(super) head: u64,
    /// Since when events wait for the head's lanes.
    waiting: Option<Instant>,
    next_wave: u64,
    retries: Retries,
}

impl Lanes {
    pub(super) fn new(retries: Retries) -> Self {
        Self { all: Vec::new(), waves: Vec::new(), head: 0, waiting: None, next_wave: 0, retries }
    }

    /// A lane at this sequence number, which rests where it is told so, and goes no further than `end`. Its position: a free
    /// one, or the next.
    pub(super) fn add(&mut self, cursor: u64, end: u64, resting: Option<Resting>, now: Instant) -> usize {
        let state = resting.map_or(State::Idle, |resting| State::Resting(Box::new(resting)));
        let (late, most) = (None, BATCH_ROWS);
        let lane = Lane { cursor, state, late, most, host_failures: 0, leaves: false, end, held: false };
        if cursor < self.head {
            self.waiting.get_or_insert(now);
        }
        match self.all.iter().position(|lane| lane.state == State::Gone) {
            Some(free) => {
                if let Some(place) = self.all.get_mut(free) {
                    *place = lane;
                }
                free
            }
            None => {
                self.all.push(lane);
                self.all.len() - 1
            }
        }
    }

    /// A lane is no more: at once, or when what it runs has ended.
    pub(super) fn remove(&mut self, at: usize) {
        if let Some(lane) = self.all.get_mut(at) {
            match lane.state {
                State::Running => lane.leaves = true,
                _ => lane.state = State::Gone,
            }
        }
    }

    /// A lane runs another version from its next batch on: what the one before was late with, or rests on, is forgotten.
    pub(super) fn renew(&mut self, at: usize) {
        if let Some(lane) = self.all.get_mut(at) {
            lane.late = None;
            if matches!(lane.state, State::Paused { .. } | State::Resting(_)) {
                lane.state = State::Idle;
            }
        }
    }

    /// Has a lane wait where it stands, or lets it go.
    pub(super) fn hold(&mut self, at: usize, held: bool) {
        if let Some(lane) = self.all.get_mut(at) {
            lane.held = held;
        }
    }

    /// Whether a lane still runs that is gone when that ends.
    pub(super) fn is_leaving(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|lane| lane.leaves)
    }

    /// Whether two lanes stand at the same place, neither of them running; or the second does not get there by itself.
    pub(super) fn stand_together(&self, at: usize, other: usize) -> bool {
        let (Some(one), Some(other)) = (self.all.get(at), self.all.get(other)) else { return true };
        let stands = matches!(other.state, State::Resting(_) | State::Gone);
        let idle = |lane: &Lane| lane.state != State::Running;
        idle(one) && (stands || (idle(other) && one.cursor == other.cursor))
    }

    /// Whether there is such a lane, and it stays.
    pub(super) fn is_there(&self, at: usize) -> bool {
        self.all.get(at).is_some_and(|lane| lane.state != State::Gone && !lane.leaves)
    }

    /// Whether a lane rests if its plugin is out of time once more.
    pub(super) fn is_last_try(&self, at: usize) -> bool {
        let late = self.all.get(at).and_then(|lane| lane.late);
        late.map_or(0, |late| late.tries) + 1 >= self.retries.tries
    }

    /// A resting lane goes on, behind `cursor` where one is given, else where it stands.
    pub(super) fn resume(&mut self, at: usize, cursor: Option<u64>) {
        if let Some(lane) = self.all.get_mut(at).filter(|lane| matches!(lane.state, State::Resting(_))) {
            (lane.state, lane.late) = (State::Idle, None);
            lane.cursor = cursor.unwrap_or(lane.cursor);
        }
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
            State::Idle | State::Held { .. } => lane.cursor >= self.head.min(lane.end),
            State::Resting(_) | State::Gone => true,
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
        // A hunt is never the head: it takes of what is left over.
        let stands = |lane: &Lane| matches!(lane.state, State::Resting(_) | State::Gone) || lane.end < u64::MAX;
        let top = self.all.iter().filter(|lane| !stands(lane)).map(|lane| lane.cursor).max().unwrap_or(self.head);
        let goes = |lane: &Lane| lane.state == State::Idle && !lane.held && lane.cursor < lane.end;
        let idle = || self.all.iter().filter(|lane| goes(lane) && lane.cursor < self.head);
        let waited = self.waiting.is_none_or(|since| now.duration_since(since) >= WAIT);
        let due = |lane: &&Lane| match lane.cursor {
            behind if behind < top => catch_up,
            cursor => waited || self.head - cursor >= lane.rows() as u64,
        };
        let cursor = idle().filter(due).map(|lane| lane.cursor).max()?;
        let here = || self.all.iter().enumerate().filter(|(_, lane)| goes(lane) && lane.cursor == cursor);
        // Whoever is given fewer events runs apart.
        let rows = here().map(|(_, lane)| lane.rows()).max()?;
        let lanes = here().filter(|(_, lane)| lane.rows() == rows);
        let catching_up = cursor < top;
        Some(Plan {
            wave: self.next_wave,
            cursor,
            until: if catching_up { top } else { u64::MAX },
            rows,
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
            (lane.cursor, lane.host_failures, lane.state) = (cursor, 0, State::Held { wave });
            lane.late = lane.late.filter(|late| cursor < late.until);
            if std::mem::take(&mut lane.leaves) {
                lane.state = State::Gone;
            }
        }
        let mut there = self.all.iter().filter(|lane| lane.state != State::Gone);
        if there.clone().any(|lane| lane.cursor < self.head) && !there.any(|lane| lane.cursor > cursor) {
            self.waiting.get_or_insert(now);
        }
        self.wake(now);
    }

    /// A lane found so much in a batch.
    pub(super) fn found(&mut self, at: usize, findings: u64) {
        if let Some(lane) = self.all.get_mut(at) {
            lane.most = match findings {
                many if many > MANY as u64 => (lane.most / 2).max(MANY),
                // Twice as many events would hardly hold too many.
                few if few <= MANY as u64 / 2 => (lane.most * 2).min(BATCH_ROWS),
                _ => lane.most,
            };
        }
    }

    /// A lane failed for reasons of the moment. `jitter` is between 0 and 1: it makes the pause up to a half longer, so that
    /// lanes that failed together do not come back together.
    pub(super) fn failed(&mut self, at: usize, wave: u64, trouble: Trouble, jitter: f64, now: Instant) {
        self.leave(wave);
        let first = self.retries.pause;
        if let Some(lane) = self.all.get_mut(at) {
            let (failures, why, rests) = match trouble {
                Trouble::Host(why) => {
                    lane.host_failures += 1;
                    (lane.host_failures, why, None)
                }
                Trouble::Guest { why, end, rows, rests } => {
                    let late = lane.late.unwrap_or(Late { tries: 0, rows, until: end });
                    let late = Late { tries: late.tries + 1, rows: (rows / 2).max(1), until: late.until.max(end) };
                    lane.late = Some(late);
                    (late.tries, why, rests)
                }
            };
            let pause = first.saturating_mul(1 << (failures - 1).min(16)).min(LONGEST_PAUSE);
            lane.state = match rests {
                Some(resting) => State::Resting(resting),
                None => State::Paused { until: now + pause.mul_f64(1.0 + jitter.clamp(0.0, 1.0) / 2.0), why },
            };
            if std::mem::take(&mut lane.leaves) {
                lane.state = State::Gone;
            }
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
mod tests;
