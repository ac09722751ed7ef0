//! Takes another set of lanes while events flow.
//!
//! A lane that stays goes on at its cursor, and its next batch runs what is wanted now: a version changes between two
//! commits. A lane that is not wanted any more ends what it runs, which is one batch. Whoever asked is told once no lane is
//! left that leaves.

use std::sync::Arc;
use std::time::Instant;

use crossbeam_channel::Sender;

use super::dispatch::{Begin, Dispatcher, Seat, Stream, reads};
use super::{Deployed, StreamKey, Wanted};

impl Dispatcher {
    /// `begin`: where lanes stand that come now. `done` is told when those that are gone have ended.
    pub(super) fn take_set(&mut self, wanted: Arc<Wanted>, begin: Begin, done: Sender<()>) {
        let now = Instant::now();
        self.wanted = wanted;
        self.begin.add(begin);
        let keys: Vec<StreamKey> = self.streams.keys().cloned().collect();
        for key in keys {
            let Some(mut stream) = self.streams.remove(&key) else { continue };
            self.renew(&key, &mut stream, now);
            if !stream.lanes.is_done() {
                self.active.insert(key.clone());
            }
            self.streams.insert(key, stream);
        }
        self.leaving.push(done);
        self.tell_left();
    }

    fn renew(&mut self, key: &StreamKey, stream: &mut Stream, now: Instant) {
        let wanted = Arc::clone(&self.wanted);
        let of_stream =
            |deployed: &&Arc<Deployed>| reads(deployed.loaded.plugin.manifest().sources.keys(), &key.1);
        let mut new: Vec<&Arc<Deployed>> = wanted.of(&key.0).iter().filter(of_stream).collect();
        for (at, seat) in stream.seats.iter_mut().enumerate() {
            if !stream.lanes.is_there(at) {
                continue;
            }
            let same = |deployed: &&Arc<Deployed>| deployed.id() == seat.deployed.id() && deployed.lane == seat.deployed.lane;
            match new.iter().position(same) {
                None => stream.lanes.remove(at),
                Some(found) => {
                    let deployed = new.swap_remove(found);
                    if deployed.digest() != seat.deployed.digest() || deployed.terms != seat.deployed.terms {
                        stream.lanes.renew(at);
                    }
                    seat.deployed = Arc::clone(deployed);
                }
            }
        }
        for deployed in new {
            let lane = deployed.lane(key);
            let cursor = self.begin.cursors.remove(&lane).unwrap_or(0);
            let at = stream.lanes.add(cursor, self.begin.resting.remove(&lane), now);
            let seat = Seat::new(Arc::clone(deployed), self.begin.ran.remove(&lane));
            match stream.seats.get_mut(at) {
                Some(place) => *place = seat,
                None => stream.seats.push(seat),
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
