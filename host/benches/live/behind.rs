//! A back-fill and a hunt over a million stored events: how fast beside live work, and what that loses meanwhile.

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::deploy::load;
use crate::host::{Folder, Host, national};
use crate::load::Events;
use crate::paced::{Load, percentile, send as paced};
use crate::sustained::send;

/// Events that are stored before.
const STORED: u64 = 1_000_000;
/// How long the live load is watched alone.
const ALONE: Duration = Duration::from_secs(15);
/// And at most beside the rest.
const LONG: Duration = Duration::from_secs(120);

pub fn run(events: &Events) {
    println!(
        "4 forces, {STORED} events stored, 3 national plugins; live load of 4,000 events/s; one plugin over all that is stored"
    );
    println!("| | events/s behind | live: committed p50, ms | p99 | host CPU, cores |");
    println!("| --- | --- | --- | --- | --- |");
    let components = national();
    let host = Host::start(Folder::new(&components));
    let forces = host.forces(4);
    let mut stored = 0;
    while stored < STORED {
        stored += send(&host, events, &forces, 8, 1_000, STORED - stored).events;
    }
    let late = components[0].variant(1);
    load(&mut host.operator(), &late);
    row("live alone", &host, events, &forces, stored, |_| {});
    row("live and a back-fill", &host, events, &forces, stored, |operator| {
        let asked = json!({
            "plugin": late.id, "for": "all", "mode": "live", "from": "beginning", "reason": "a bench",
        });
        operator.json("POST", "/v1/deployments", &asked);
    });
    row("live and a hunt", &host, events, &forces, stored, |operator| {
        let asked = json!({ "plugin": late.id, "for": "all", "from": "beginning", "reason": "a bench" });
        operator.json("POST", "/v1/hunts", &asked);
    });
}

/// Measures live work while what `begin` began goes over what is stored; without, for a set time.
fn row(
    name: &str,
    host: &Host,
    events: &Events,
    forces: &[(String, String)],
    stored: u64,
    begin: impl Fn(&mut crate::http::Connection) + Send + Sync,
) {
    let load = |(force, token): &(String, String)| Load {
        force: force.clone(),
        token: token.clone(),
        rows: 100,
        every: Duration::from_millis(100),
        connections: 1,
    };
    let loads: Vec<Load> = forces.iter().map(load).collect();
    let is_alone = name == "live alone";
    let stop = AtomicBool::new(false);
    let (cpu, begun) = (host.process().cpu(), Instant::now());
    let (behind, waits) = std::thread::scope(|scope| {
        let behind = scope.spawn(|| {
            if is_alone {
                std::thread::sleep(ALONE);
                stop.store(true, Ordering::Relaxed);
                return None;
            }
            let mut operator = host.operator();
            let begun = Instant::now();
            begin(&mut operator);
            while left(&mut operator) && begun.elapsed() < LONG {
                std::thread::sleep(Duration::from_millis(20));
            }
            let took = begun.elapsed();
            stop.store(true, Ordering::Relaxed);
            Some(stored as f64 / took.as_secs_f64())
        });
        // In pieces: it ends when the other does.
        let mut committed: Vec<Duration> = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let waits = paced(host, events, &loads, Duration::from_secs(1));
            committed.extend(waits.values().flat_map(|of| of.committed.clone()));
        }
        (behind.join().unwrap(), committed)
    });
    let mut committed = waits;
    let cores = (host.process().cpu() - cpu).as_secs_f64() / begun.elapsed().as_secs_f64();
    let rate = behind.map_or_else(String::new, |rate| format!("{rate:.0}"));
    let (p50, p99) = (percentile(&mut committed, 50), percentile(&mut committed, 99));
    println!("| {name} | {rate} | {p50:.0} | {p99:.0} | {cores:.2} |");
}

/// Whether a lane of another plugin than the national ones is far behind.
fn left(operator: &mut crate::http::Connection) -> bool {
    let status = operator.json("GET", "/v1/status", &Value::Null);
    let lanes = status["lanes"].as_array().unwrap().iter();
    let mut late = lanes.filter(|lane| crate::host::is_late(lane) && lane["source"] == "m365.audit");
    late.any(|lane| lane["head"].as_u64().unwrap() > lane["cursor"].as_u64().unwrap() + 4_096)
}
