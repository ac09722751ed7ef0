//! Posts of one event: how many a second are answered, by connections: what sharing a sync between requests is worth.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::paced::percentile;

const TIME: Duration = Duration::from_secs(5);

pub fn run(events: &Events) {
    println!("| connections | forces | posts/s | p50, ms | p99, ms |");
    println!("| --- | --- | --- | --- | --- |");
    let components = national();
    for (connections, count) in [(1, 1), (8, 1), (64, 1), (64, 64), (200, 200)] {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(count);
        let posted = AtomicU64::new(0);
        let begun = Instant::now();
        let mut waits: Vec<Duration> = std::thread::scope(|scope| {
            let sender = |at: usize| {
                let (host, forces, posted) = (&host, &forces, &posted);
                scope.spawn(move || {
                    let mut sender = host.sender(&forces[at % forces.len()].1);
                    let (mut body, mut waits) = (Vec::new(), Vec::new());
                    while begun.elapsed() < TIME {
                        events.body(1, &mut body);
                        let asked = Instant::now();
                        sender.post(&body);
                        waits.push(asked.elapsed());
                        posted.fetch_add(1, Ordering::Relaxed);
                    }
                    waits
                })
            };
            let all: Vec<_> = (0..connections).map(sender).collect();
            all.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
        });
        let rate = posted.load(Ordering::Relaxed) as f64 / begun.elapsed().as_secs_f64();
        let (p50, p99) = (percentile(&mut waits, 50), percentile(&mut waits, 99));
        println!("| {connections} | {count} | {rate:.0} | {p50:.1} | {p99:.1} |");
    }
}
