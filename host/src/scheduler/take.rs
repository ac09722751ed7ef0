//! Takes another set of lanes while events flow.
//!
//! A lane that stays goes on at its cursor, and its next batch runs what is wanted now: a version changes between two
//! commits. A lane that is not wanted any more ends what it runs, which is one batch. Whoever asked is told once no lane is
//! left that leaves.
//!
//! A shadow that is to be live takes over where both lanes stand at the same place; until then both go on as before. One that
//! rests is not waited for. Where the plugin remembers, they change over in all sources at once, since what they remember is of
//! all: a pair that stands together waits for those of the other sources.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Sender;

use super::dispatch::{Begin, Dispatcher, Seat, Stream, reads};
use super::work::Task;
use super::{Deployed, StreamKey, Wanted};
use crate::lists::Lists;
use crate::model::{Force, SourceName};
use crate::results::{Change, Lane};

/// A stream, the position of a lane in it that waits for its shadow, and whether the two stand together.
type Waiting = (StreamKey, usize, bool);

impl Dispatcher {
    /// `begin`: where lanes stand that come now. `done` is told when those that are gone have ended.
    pub(super) fn take_set(&mut self, wanted: Arc<Wanted>, begin: Begin, done: Sender<()>) {
        let now = Instant::now();
        self.wanted = wanted;
        self.begin.add(begin);
        let keys: Vec<StreamKey> = self.streams.keys().cloned().collect();
        for key in &keys {
            let Some(mut stream) = self.streams.remove(key) else { continue };
            self.renew(key, &mut stream, now);
            self.streams.insert(key.clone(), stream);
        }
        let forces: BTreeSet<Force> = keys.iter().map(|(force, _)| force.clone()).collect();
        forces.iter().for_each(|force| self.promote(force));
        self.active.extend(keys.into_iter().filter(|key| self.streams.get(key).is_some_and(|of| !of.lanes.is_done())));
        self.renew_runs();
        self.leaving.push(done);
        self.tell_left();
    }

    fn renew(&mut self, key: &StreamKey, stream: &mut Stream, now: Instant) {
        let wanted = Arc::clone(&self.wanted);
        let of_stream = |deployed: &&Arc<Deployed>| reads(deployed.loaded.plugin.manifest().sources.keys(), &key.1);
        let mut new: Vec<&Arc<Deployed>> = wanted.of(&key.0).into_iter().filter(of_stream).collect();
        let promotions = promotions(stream, &new);
        let promoted: Vec<usize> = promotions.iter().map(|(_, shadow)| *shadow).collect();
        for (at, seat) in stream.seats.iter_mut().enumerate() {
            if !stream.lanes.is_there(at) {
                continue;
            }
            let same =
                |deployed: &&Arc<Deployed>| deployed.id() == seat.deployed.id() && deployed.lane == seat.deployed.lane;
            match new.iter().position(same) {
                None if promoted.contains(&at) => {}
                None => stream.lanes.remove(at),
                Some(found) => {
                    let deployed = new.swap_remove(found);
                    seat.promoted = None;
                    stream.lanes.hold(at, false);
                    if let Some((_, shadow)) = promotions.iter().find(|(live, _)| *live == at) {
                        seat.promoted = Some((Arc::clone(deployed), *shadow));
                        continue;
                    }
                    if deployed.differs(&seat.deployed) {
                        stream.lanes.renew(at);
                    }
                    seat.deployed = Arc::clone(deployed);
                }
            }
        }
        for deployed in new {
            let lane = deployed.lane(key);
            let cursor = self.begin.cursors.remove(&lane).unwrap_or(0);
            let at = stream.lanes.add(cursor, deployed.end(&key.0), self.begin.resting.remove(&lane), now);
            let seat = Seat::new(Arc::clone(deployed), self.begin.ran.remove(&lane));
            match stream.seats.get_mut(at) {
                Some(place) => *place = seat,
                None => stream.seats.push(seat),
            }
        }
    }

    /// Lanes of a force that wait for their shadow to stand beside them change over where it does.
    pub(super) fn promote(&mut self, force: &Force) {
        let mut waiting: BTreeMap<(String, Option<SourceName>), Vec<Waiting>> = BTreeMap::new();
        let streams = || self.streams.iter().filter(|((of, _), _)| of == force);
        for (key, stream) in streams() {
            for (at, seat) in stream.seats.iter().enumerate() {
                let Some((deployed, shadow)) = &seat.promoted else { continue };
                let level = !stream.lanes.is_there(at) || stream.lanes.stand_together(at, *shadow);
                let alone = (!deployed.remembers()).then(|| key.1.clone());
                let group = waiting.entry((deployed.id().to_owned(), alone)).or_default();
                group.push((key.clone(), at, level));
            }
        }
        for group in waiting.into_values() {
            let all = group.iter().all(|(.., level)| *level);
            for (key, at, level) in group {
                match self.streams.get_mut(&key) {
                    Some(stream) if all => stream.change_over(at),
                    Some(stream) if level => stream.hold(at),
                    _ => {}
                }
            }
        }
    }

    /// What waits for a worker runs what its lane runs now, where it remembers: the version of before would find what the new
    /// one left.
    fn renew_runs(&mut self) {
        for task in self.runs.iter_mut().chain(&mut self.next) {
            let Task::Run { key, lane, deployed, given, .. } = task else { continue };
            let Some(stream) = self.streams.get(key) else { continue };
            let Some(seat) = stream.seats.get(*lane).filter(|seat| seat.deployed.lane == deployed.lane) else {
                continue;
            };
            if seat.deployed.id() == deployed.id() && deployed.remembers() && seat.deployed.differs(deployed) {
                *deployed = Arc::clone(&seat.deployed);
                given.changed = stream.changes_from(*lane, &given.lists);
            }
        }
    }

    /// Tells those who wait for lanes to be gone, once none is left that leaves.
    pub(super) fn tell_left(&mut self) {
        let leaves = |stream: &Stream| (0..stream.seats.len()).any(|at| stream.lanes.is_leaving(at));
        if !self.leaving.is_empty() && !self.streams.values().any(leaves) {
            for done in self.leaving.drain(..) {
                let _ = done.send(());
            }
        }
    }
}

impl Stream {
    /// A lane and its shadow stand together: it runs from now on what the shadow ran.
    fn change_over(&mut self, at: usize) {
        let Some(seat) = self.seats.get_mut(at) else { return };
        if let Some((deployed, shadow)) = seat.promoted.take() {
            seat.deployed = deployed;
            self.lanes.remove(shadow);
            self.lanes.hold(at, false);
            self.lanes.renew(at);
        }
    }

    /// They go no further until they change over.
    fn hold(&mut self, at: usize) {
        if let Some((_, shadow)) = self.seats.get(at).and_then(|seat| seat.promoted.as_ref()) {
            let shadow = *shadow;
            self.lanes.hold(at, true);
            self.lanes.hold(shadow, true);
        }
    }

    /// From which event on a lane runs something else than it really ran last, or looks up in other lists; none where not.
    pub(super) fn changes_from(&self, at: usize, lists: &Lists) -> Option<u64> {
        let (lane, seat) = (self.lanes.all.get(at)?, self.seats.get(at)?);
        let names = &seat.deployed.loaded.plugin.manifest().lists;
        let same = |ran: &Change| ran.terms == seat.deployed.terms && ran.lists == lists.versions(names.keys());
        let same = seat.ran.as_ref().is_some_and(same);
        (!same).then_some(lane.cursor + 1)
    }
}

/// Live lanes, by position, that are to run what a shadow lane beside them runs that is not wanted any more; and that one.
fn promotions(stream: &Stream, new: &[&Arc<Deployed>]) -> Vec<(usize, usize)> {
    let is_there = |at: &usize| stream.lanes.is_there(*at);
    let mut found = Vec::new();
    for (at, seat) in stream.seats.iter().enumerate().filter(|(at, seat)| seat.deployed.lane.is_live() && is_there(at))
    {
        let wanted = new.iter().find(|new| new.id() == seat.deployed.id() && new.lane.is_live());
        let Some(wanted) = wanted.filter(|wanted| wanted.digest() != seat.deployed.digest()) else { continue };
        let kind = Lane::Shadow(wanted.digest());
        if new.iter().any(|new| new.id() == seat.deployed.id() && new.lane == kind) {
            continue;
        }
        let is_it = |(at, other): &(usize, &Seat)| {
            other.deployed.id() == seat.deployed.id() && other.deployed.lane == kind && is_there(at)
        };
        found.extend(stream.seats.iter().enumerate().find(is_it).map(|(shadow, _)| (at, shadow)));
    }
    found
}
