//! What a change of the deployments costs: how long a swap holds lanes up, and many plugins for many forces.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::host::{Folder, Host, national};
use crate::http::Connection;
use crate::load::Events;
use crate::paced::{Load, percentile, send};
use crate::support::plugins::{Component, variants};

const TIME: Duration = Duration::from_secs(15);

/// Loads a component; the digest of it.
pub fn load(operator: &mut Connection, component: &Component) -> String {
    let (status, answer) = operator.ask("POST", "/v1/plugins", "application/wasm", &component.wasm);
    assert!(status < 300, "{}", String::from_utf8_lossy(&answer));
    serde_json::from_slice::<Value>(&answer).unwrap()["digest"].as_str().unwrap().to_owned()
}

fn deploy(operator: &mut Connection, id: &str, version: &str) {
    let asked = json!({ "plugin": id, "version": version, "for": "all", "mode": "live", "reason": "a bench" });
    operator.json("POST", "/v1/deployments", &asked);
}

pub fn swaps(events: &Events) {
    println!(
        "4 forces, 40 posts/s, 10,000 events/s; one of 3 plugins swaps between two builds as fast as it is answered"
    );
    println!("| | swaps | a swap p50, ms | most | committed p50, ms | p99 | most |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let components = national();
    for swapping in [false, true] {
        let host = Host::start(Folder::new(&components));
        let forces = host.forces(4);
        let other = components[0].rebuilt();
        let first = host.operator().json("GET", "/v1/plugins", &Value::Null);
        let first = first["deployments"][&other.id]["live"]["digest"].as_str().unwrap().to_owned();
        let second = load(&mut host.operator(), &other);
        let load = |(force, token): &(String, String)| Load {
            force: force.clone(),
            token: token.clone(),
            rows: 250,
            every: Duration::from_millis(100),
            connections: 1,
        };
        let loads: Vec<Load> = forces.iter().map(load).collect();
        let stop = AtomicBool::new(!swapping);
        let (waits, mut took) = std::thread::scope(|scope| {
            let swapper = scope.spawn(|| {
                let (mut operator, mut took) = (host.operator(), Vec::new());
                while !stop.load(Ordering::Relaxed) {
                    let begun = Instant::now();
                    deploy(&mut operator, &other.id, if took.len() % 2 == 0 { &second } else { &first });
                    took.push(begun.elapsed());
                    std::thread::sleep(Duration::from_millis(20));
                }
                took
            });
            let waits = send(&host, events, &loads, TIME);
            stop.store(true, Ordering::Relaxed);
            (waits, swapper.join().unwrap())
        });
        let mut committed: Vec<Duration> = waits.values().flat_map(|of| of.committed.clone()).collect();
        println!(
            "| {} | {} | {:.1} | {:.1} | {:.0} | {:.0} | {:.0} |",
            if swapping { "with swaps" } else { "without" },
            took.len(),
            percentile(&mut took, 50),
            percentile(&mut took, 100),
            percentile(&mut committed, 50),
            percentile(&mut committed, 99),
            percentile(&mut committed, 100),
        );
    }
}

pub fn many(events: &Events) {
    println!(
        "60 plugins loaded and deployed live for all, one after the other, on a host with 43 forces that have events"
    );
    println!("| | seconds | resident, MiB | store's files | MiB | artefacts | MiB |");
    println!("| --- | --- | --- | --- | --- | --- | --- |");
    let components = national();
    let host = Host::start(Folder::new(&components));
    let forces = host.forces(43);
    let mut body = Vec::new();
    for (_, token) in &forces {
        events.body(250, &mut body);
        host.sender(token).post(&body);
    }
    host.settle();
    let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("live-cache/cordon");
    let row = |name: &str, took: Duration| {
        let ((kept, kept_bytes), (made, made_bytes)) = (size(&host.data().join("store/files")), size(&cache));
        let (resident, _) = host.process().memory();
        let seconds = took.as_secs_f64();
        println!("| {name} | {seconds:.1} | {resident} | {kept} | {kept_bytes} | {made} | {made_bytes} |");
    };
    row("before", Duration::ZERO);
    let plugins = variants(&components, 60);
    let mut operator = host.operator();
    let begun = Instant::now();
    let digests: Vec<String> = plugins.iter().map(|component| load(&mut operator, component)).collect();
    row("loaded", begun.elapsed());
    let begun = Instant::now();
    for (component, digest) in plugins.iter().zip(&digests) {
        deploy(&mut operator, &component.id, digest);
    }
    row("deployed", begun.elapsed());
    for (_, token) in &forces {
        events.body(250, &mut body);
        host.sender(token).post(&body);
    }
    let begun = Instant::now();
    host.settle();
    row("and have run", begun.elapsed());
}

/// Files below a folder, and their MiB.
fn size(folder: &Path) -> (usize, u64) {
    let (mut files, mut bytes) = (0, 0);
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(about) if about.is_dir() => folders.push(entry.path()),
                Ok(about) => (files, bytes) = (files + 1, bytes + about.len()),
                Err(_) => {}
            }
        }
    }
    (files, bytes >> 20)
}
