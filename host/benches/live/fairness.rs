//! One force with far more than its usual load: what the others' posts wait, without it and with it.

use std::time::Duration;

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::paced::{Load, percentile, send};

const TIME: Duration = Duration::from_secs(12);
/// Forces with their usual load: 100 events a second each.
const OTHERS: usize = 10;
const USUAL: usize = 10;
const EVERY: Duration = Duration::from_millis(100);

pub fn run(events: &Events) {
    println!("{OTHERS} forces of 100 events/s each, and one more; the {OTHERS} others' waits");
    println!("| the one force | its events/s | answered p50, ms | p99 | committed p50, ms | p99 |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let components = national();
    let kinds = [("its usual load", USUAL, EVERY, 1), ("50 times its usual load", USUAL * 50, EVERY, 1)];
    for (name, rows, every, connections) in kinds.into_iter().chain([("as much as is taken", 1_000, Duration::ZERO, 4)])
    {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(OTHERS + 1);
        let of = |(force, token): &(String, String), rows: usize, every: Duration, connections: usize| Load {
            force: force.clone(),
            token: token.clone(),
            rows,
            every,
            connections,
        };
        let mut loads: Vec<Load> = forces[..OTHERS].iter().map(|force| of(force, USUAL, EVERY, 1)).collect();
        loads.push(of(&forces[OTHERS], rows, every, connections));
        let mut waits = send(&host, events, &loads, TIME);
        let heavy = waits.remove(&forces[OTHERS].0).unwrap();
        let mut answered: Vec<Duration> = waits.values().flat_map(|of| of.answered.clone()).collect();
        let mut committed: Vec<Duration> = waits.values().flat_map(|of| of.committed.clone()).collect();
        println!(
            "| {name} | {:.0} | {:.1} | {:.1} | {:.0} | {:.0} |",
            heavy.events as f64 / TIME.as_secs_f64(),
            percentile(&mut answered, 50),
            percentile(&mut answered, 99),
            percentile(&mut committed, 50),
            percentile(&mut committed, 99)
        );
    }
}
