//! From posts to committed findings, as much as the host takes: events a second, and who spends the CPU time.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::support::cpu;

/// How long is sent.
const LOAD: Duration = Duration::from_secs(8);

/// What a load was like.
pub struct Took {
    pub events: u64,
    /// From the first post to the last commit.
    pub time: Duration,
    /// Of it, until the last answer.
    pub sent: Duration,
    /// The host's.
    pub cpu: Duration,
    /// The bench's own.
    pub own_cpu: Duration,
    pub threads: BTreeMap<String, Duration>,
}

impl Took {
    pub fn rate(&self) -> f64 {
        self.events as f64 / self.time.as_secs_f64()
    }

    /// The host's CPU time for one event, in microseconds.
    pub fn each(&self) -> f64 {
        self.cpu.as_secs_f64() * 1e6 / self.events as f64
    }
}

/// Sends posts of so many events from each connection, one after the other, until `enough` were sent or the time is up.
/// Connections take turns over the forces.
pub fn send(
    host: &Host,
    events: &Events,
    forces: &[(String, String)],
    connections: usize,
    rows: usize,
    enough: u64,
) -> Took {
    let sent = AtomicU64::new(0);
    let process = host.process();
    let (threads, cpu_before, own) = (process.threads(), process.cpu(), cpu::process());
    let begun = Instant::now();
    std::thread::scope(|scope| {
        for at in 0..connections {
            let sent = &sent;
            scope.spawn(move || {
                let own: Vec<_> = forces.iter().skip(at % forces.len()).step_by(connections).collect();
                let own = if own.is_empty() { vec![&forces[at % forces.len()]] } else { own };
                let mut senders: Vec<_> = own.iter().map(|(_, token)| host.sender(token)).collect();
                let mut body = Vec::new();
                for turn in 0.. {
                    if begun.elapsed() >= LOAD || sent.fetch_add(rows as u64, Ordering::Relaxed) >= enough {
                        return;
                    }
                    events.body(rows, &mut body);
                    let next = turn % senders.len();
                    senders[next].post(&body);
                }
            });
        }
    });
    let last = begun.elapsed();
    host.settle();
    let time = begun.elapsed();
    let mut spent = process.threads();
    for (name, before) in &threads {
        spent.entry(name.clone()).and_modify(|after| *after = after.saturating_sub(*before));
    }
    let events = crate::host::cursors(&mut host.operator()).values().map(|(_, head)| head).sum();
    Took { events, time, sent: last, cpu: process.cpu() - cpu_before, own_cpu: cpu::process() - own, threads: spent }
}

pub fn run(events: &Events) {
    println!(
        "4 forces, 3 national plugins, 2 workers; {} s of posts, then until every lane has committed",
        LOAD.as_secs()
    );
    println!(
        "| connections | events a post | events | events/s | until answered, events/s | host CPU, us an event | bench CPU, us |"
    );
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let components = national();
    let mut threads = None;
    for (connections, rows) in [(4, 100), (4, 1_000), (4, 4_096), (1, 1_000), (2, 1_000), (8, 1_000)] {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(4);
        let took = send(&host, events, &forces, connections, rows, u64::MAX);
        assert!(host.findings(&forces[0].0) > 0, "the national plugins find something");
        let own = took.own_cpu.as_secs_f64() * 1e6 / took.events as f64;
        let answered = took.events as f64 / took.sent.as_secs_f64();
        println!(
            "| {connections} | {rows} | {} | {:.0} | {answered:.0} | {:.1} | {own:.1} |",
            took.events,
            took.rate(),
            took.each()
        );
        if (connections, rows) == (4, 1_000) {
            threads = Some(took);
        }
    }
    if let Some(took) = threads {
        println!("\nby thread, 4 connections of 1,000, us an event:");
        for (name, time) in &took.threads {
            println!("  {name:<20} {:.2}", time.as_secs_f64() * 1e6 / took.events as f64);
        }
    }
}
