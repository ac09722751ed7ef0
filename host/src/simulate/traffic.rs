//! One force's events in the order in which they arrive.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use jiff::tz::TimeZone;

use super::catalogue::{By, Catalogue};
use super::delivery::{Delivery, SECOND};
use super::dice::{Dice, named};
use super::noise::Pools;
use super::people::{ADMINISTRATORS, PEOPLE, World};
use super::stories::{self, Act};
use super::template::Scene;
use super::times::Days;
use super::truth::Planted;
use super::{Settings, SimulateError, rhythm};
use crate::model::Force;

/// Events that are decided together, about.
const AT_ONCE: f64 = 1_000.0;

/// What arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sent {
    /// When it arrives, microseconds since 1970 UTC.
    pub at: i64,
    /// When it happened.
    pub time: i64,
    /// Its number in [`super::SOURCES`].
    pub source: usize,
    /// It arrived before.
    pub repeat: bool,
    /// The attack that it is of: its number in [`Traffic::planted`].
    pub planted: Option<usize>,
}

/// An arrival that is decided: the numbers that its event is made from. Sorts by time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Arrival {
    at: i64,
    number: u64,
    time: i64,
    seed: u64,
    user: usize,
    other: usize,
    repeat: bool,
    what: What,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum What {
    /// A record of the catalogue.
    Record(usize),
    /// An act of a story.
    Act(usize),
}

/// See the module.
#[derive(Debug)]
pub struct Traffic {
    catalogue: Catalogue,
    world: World,
    pools: Pools,
    delivery: Delivery,
    dice: Dice,
    days: Days,
    live: bool,
    /// Events (not arrivals) in a second.
    rate: f64,
    tick: i64,
    now: i64,
    end: i64,
    /// Parts of an event.
    owed_by_people: f64,
    owed_by_services: f64,
    number: u64,
    later: BinaryHeap<Reverse<Arrival>>,
    /// Of this tick, the next last.
    ready: Vec<Arrival>,
    acts: Vec<Act>,
    planted: Vec<Planted>,
}

impl Traffic {
    /// The traffic of a force in its time zone.
    ///
    /// # Errors
    /// When a table of records is broken.
    pub fn new(settings: &Settings, force: Force, zone: TimeZone) -> Result<Self, SimulateError> {
        let catalogue = Catalogue::load()?;
        // Another start gives other events, or a host that gets both would see one identifier on two.
        let names = [settings.seed, named(force.as_str()), settings.stream, settings.start.unsigned_abs()];
        let world = World::new(settings.seed, force, zone);
        let rate = settings.rate.max(1e-6) / Pools::copies(settings.repeats);
        #[allow(clippy::cast_possible_truncation, reason = "between a millisecond and a second")]
        let tick = (AT_ONCE / rate * 1e6).clamp(1e3, 1e6) as i64;
        let mut traffic = Self {
            pools: Pools::new(&catalogue, settings.noise),
            delivery: Delivery::new(settings),
            dice: Dice::new(&names),
            days: Days::default(),
            live: settings.live,
            rate,
            tick,
            now: settings.start,
            end: settings.start.saturating_add(settings.duration),
            owed_by_people: 0.0,
            owed_by_services: 0.0,
            number: 0,
            later: BinaryHeap::new(),
            ready: Vec::new(),
            acts: Vec::new(),
            planted: Vec::new(),
            catalogue,
            world,
        };
        let stories = stories::plant(settings, &traffic.catalogue, &traffic.world)?;
        traffic.planted = stories.planted;
        for (at, act) in stories.acts.iter().enumerate() {
            traffic.arrives(act.at, act.time, act.source, [0; 2], What::Act(at));
        }
        traffic.acts = stories.acts;
        Ok(traffic)
    }

    /// The attacks among it.
    #[must_use]
    pub fn planted(&self) -> &[Planted] {
        &self.planted
    }

    /// Appends the next event's bytes, without a line feed; none when the time is over.
    pub fn next(&mut self, out: &mut Vec<u8>) -> Option<Sent> {
        while self.ready.is_empty() {
            if self.now >= self.end {
                return None;
            }
            self.decide();
        }
        let arrival = self.ready.pop()?;
        let (source, planted) = match arrival.what {
            What::Record(at) => {
                let record = self.catalogue.records.get(at)?;
                let Arrival { time, seed, user, other, .. } = arrival;
                let scene = Scene { world: &self.world, lists: &self.catalogue.lists, time, seed, user, other };
                record.template.fill(out, &scene, &mut self.days);
                (record.source, None)
            }
            What::Act(at) => {
                let act = self.acts.get(at)?;
                out.extend_from_slice(&act.bytes);
                (act.source, Some(act.planted))
            }
        };
        Some(Sent { at: arrival.at, time: arrival.time, source, repeat: arrival.repeat, planted })
    }

    /// Decides what arrives in the next tick.
    fn decide(&mut self) {
        let (from, to) = (self.now, self.now.saturating_add(self.tick).min(self.end));
        self.now = to;
        #[allow(clippy::cast_precision_loss, reason = "a tick is at most a second")]
        let events = self.rate * (to - from) as f64 / SECOND as f64;
        let busy = if self.live { 1.0 } else { rhythm::busy(&self.world.zone, from) };
        for _ in 0..whole(&mut self.owed_by_people, events * (1.0 - self.pools.noise) * busy) {
            let record = self.pools.people.draw(&mut self.dice);
            self.happens(from, to, record);
        }
        for _ in 0..whole(&mut self.owed_by_services, events * self.pools.noise) {
            let record = self.pools.services.draw(&mut self.dice);
            self.happens(from, to, record);
        }
        while let Some(Reverse(arrival)) = self.later.peek().filter(|Reverse(arrival)| arrival.at < to).copied() {
            self.later.pop();
            self.ready.push(arrival);
        }
        self.ready.sort_unstable_by(|a, b| b.cmp(a));
    }

    /// An event of that kind arrives between these times.
    fn happens(&mut self, from: i64, to: i64, record: Option<usize>) {
        let Some((at, kind)) = record.and_then(|at| Some((at, self.catalogue.records.get(at)?))) else { return };
        let (source, by) = (kind.source, kind.by);
        let arrives = self.dice.between(from, to);
        let time = self.delivery.happened(&mut self.dice, source, arrives);
        let people = if by == By::Administrator { ADMINISTRATORS } else { PEOPLE };
        let mut person = |of: usize| usize::try_from(self.dice.below(of as u64)).unwrap_or(0);
        let (user, other) = (person(people), person(PEOPLE));
        self.arrives(arrives, time, source, [user, other], What::Record(at));
    }

    /// It arrives, and perhaps again.
    fn arrives(&mut self, at: i64, time: i64, source: usize, [user, other]: [usize; 2], what: What) {
        let mut arrival = Arrival { at, number: 0, time, seed: self.dice.number(), user, other, repeat: false, what };
        self.arrival(arrival);
        for again in self.delivery.again(&mut self.dice, source, at) {
            arrival.at = again;
            arrival.repeat = true;
            self.arrival(arrival);
        }
    }

    fn arrival(&mut self, mut arrival: Arrival) {
        self.number += 1;
        arrival.number = self.number;
        match arrival.at {
            at if at >= self.end => {} // nobody is there to see it
            at if at < self.now => self.ready.push(arrival),
            _ => self.later.push(Reverse(arrival)),
        }
    }
}

/// The whole events of what is owed; the rest stays owed.
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a tick has a thousand events")]
fn whole(owed: &mut f64, more: f64) -> u64 {
    *owed += more;
    let now = owed.floor();
    *owed -= now;
    now as u64
}
