//! From the answer to the committed finding, at set rates.

use std::time::Duration;

use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::paced::{Load, percentile, send};

const TIME: Duration = Duration::from_secs(15);

pub fn run(events: &Events) {
    println!(
        "4 forces, 40 posts/s; answered: from when the post was due; committed: from the answer until every lane had"
    );
    println!("| events/s | answered p50, ms | p99 | committed p50, ms | p99 | host CPU, cores |");
    println!("| --- | --- | --- | --- | --- | --- |");
    let components = national();
    for rate in [1_000, 10_000, 20_000, 40_000] {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(4);
        let load = |(force, token): &(String, String)| Load {
            force: force.clone(),
            token: token.clone(),
            rows: rate / 40,
            every: Duration::from_millis(100),
            connections: 1,
        };
        let loads: Vec<Load> = forces.iter().map(load).collect();
        let before = host.process().cpu();
        let begun = std::time::Instant::now();
        let waits = send(&host, events, &loads, TIME);
        let cores = (host.process().cpu() - before).as_secs_f64() / begun.elapsed().as_secs_f64();
        let mut answered: Vec<Duration> = waits.values().flat_map(|of| of.answered.clone()).collect();
        let mut committed: Vec<Duration> = waits.values().flat_map(|of| of.committed.clone()).collect();
        println!(
            "| {rate} | {:.1} | {:.1} | {:.0} | {:.0} | {cores:.2} |",
            percentile(&mut answered, 50),
            percentile(&mut answered, 99),
            percentile(&mut committed, 50),
            percentile(&mut committed, 99)
        );
    }
}
