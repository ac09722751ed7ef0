//! Posts at a set rate from several forces at once; how long each waits for its answer, and from there for its lanes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use crate::host::{Host, national_cursors};
use crate::load::Events;

/// How often the host is asked how far its lanes are: what times are good for.
const LOOK: Duration = Duration::from_millis(10);

/// One force's load.
#[derive(Clone)]
pub struct Load {
    pub force: String,
    pub token: String,
    /// Events of a post.
    pub rows: usize,
    /// From one post to the next; none: as soon as the last is answered.
    pub every: Duration,
    /// Connections that send so.
    pub connections: usize,
}

/// What a force's posts waited.
#[derive(Default)]
pub struct Waits {
    /// For the answer, counted from when the post was due.
    pub answered: Vec<Duration>,
    /// From the answer until every national lane had committed.
    pub committed: Vec<Duration>,
    pub events: u64,
}

/// Sends all loads for so long, then waits until all is committed.
pub fn send(host: &Host, events: &Events, loads: &[Load], time: Duration) -> BTreeMap<String, Waits> {
    let open: Mutex<BTreeMap<String, Vec<(u64, Instant)>>> = Mutex::default();
    let waits: Mutex<BTreeMap<String, Waits>> = Mutex::default();
    let sending = AtomicUsize::new(loads.iter().map(|load| load.connections).sum());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for load in loads {
            for at in 0..load.connections {
                let (open, waits, sending) = (&open, &waits, &sending);
                scope.spawn(move || {
                    let mut sender = host.sender(&load.token);
                    let mut body = Vec::new();
                    // Not all at the same moment.
                    let mut due = begun + load.every * at as u32 / load.connections as u32;
                    while begun.elapsed() < time {
                        events.body(load.rows, &mut body);
                        std::thread::sleep(due.saturating_duration_since(Instant::now()));
                        let asked = if load.every.is_zero() { Instant::now() } else { due };
                        let last = sender.post(&body);
                        let answered = Instant::now();
                        open.lock().unwrap().entry(load.force.clone()).or_default().push((last, answered));
                        let mut waits = waits.lock().unwrap();
                        let of = waits.entry(load.force.clone()).or_default();
                        of.answered.push(answered - asked);
                        of.events += load.rows as u64;
                        due += load.every;
                    }
                    sending.fetch_sub(1, Ordering::Relaxed);
                });
            }
        }
        let mut operator = host.operator();
        loop {
            let ended = sending.load(Ordering::Relaxed) == 0;
            let cursors = national_cursors(&mut operator);
            let now = Instant::now();
            let mut left = 0;
            for (force, posts) in open.lock().unwrap().iter_mut() {
                let cursor = cursors.get(force).map_or(0, |(cursor, _)| *cursor);
                let mut waits = waits.lock().unwrap();
                let of = waits.entry(force.clone()).or_default();
                posts.retain(|(last, answered)| {
                    let done = *last <= cursor;
                    of.committed.extend(done.then(|| now.saturating_duration_since(*answered)));
                    !done
                });
                left += posts.len();
            }
            if ended && left == 0 {
                break;
            }
            std::thread::sleep(LOOK);
        }
    });
    waits.into_inner().unwrap()
}

/// A percentile, in milliseconds.
pub fn percentile(of: &mut [Duration], percent: usize) -> f64 {
    of.sort_unstable();
    let at = (of.len() * percent / 100).min(of.len().saturating_sub(1));
    of.get(at).map_or(f64::NAN, |time| time.as_secs_f64() * 1e3)
}
