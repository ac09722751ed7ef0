//! `kill -9` at random moments, under load and while starting.

use std::collections::BTreeSet;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, RwLock};
use std::time::Duration;

use cordon_tests::cli::{Cordon, root};
use cordon_tests::host::request;

use crate::support::{BINARY, EACH_ROW, Place, SOURCE, event, skips};

const FORCES: [&str; 3] = ["avon", "kent", "nmc-x"];

/// As many kills as `CORDON_TEST_KILLS` says; `tests/kill-cycles` says 200.
#[test]
fn a_kill_at_any_moment_loses_no_acknowledged_event_and_doubles_no_result() {
    let kills: u64 = std::env::var("CORDON_TEST_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(kills);
    let place = Place::new(&[("first", EACH_ROW), ("second", EACH_ROW), ("traps", "unreachable")]);
    let mut host = place.start();
    let tokens = FORCES.map(|force| host.add_force(force));
    let address = RwLock::new(host.address().to_owned());
    let acknowledged: [Mutex<Vec<(u64, u64)>>; 3] = Default::default();
    let (stop, next) = (AtomicBool::new(false), AtomicU64::new(0));
    std::thread::scope(|scope| {
        for sender in 0..FORCES.len() * 2 {
            let of = sender % FORCES.len();
            let (tokens, address, acknowledged, stop, next) = (&tokens, &address, &acknowledged, &stop, &next);
            scope.spawn(move || {
                while !stop.load(Ordering::Relaxed) {
                    let rows = 1 + next.load(Ordering::Relaxed) % 9;
                    let first = next.fetch_add(rows, Ordering::Relaxed);
                    let body: Vec<String> = (first..first + rows).map(event).collect();
                    // As shippers do: the same again until it is answered.
                    loop {
                        let address = address.read().unwrap().clone();
                        let path = format!("/v1/events/{SOURCE}");
                        match request(&address, "POST", &path, Some(&tokens[of]), &body.join("\n")) {
                            Ok(answer) if answer.status == 200 => break,
                            Ok(answer) => assert!(matches!(answer.status, 429 | 503), "{answer:?}"),
                            Err(_) => std::thread::sleep(Duration::from_millis(20)),
                        }
                    }
                    acknowledged[of].lock().unwrap().push((first, rows));
                }
            });
        }
        for kill in 0..kills {
            std::thread::sleep(Duration::from_millis(random.u64(5..400)));
            host.kill();
            if kill % 3 == 2 {
                killed_while_it_starts(&place, random.u64(0..120));
            }
            host = place.start();
            host.address().clone_into(&mut address.write().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
    });
    host.settle(&host.first_token());
    for (of, force) in FORCES.iter().enumerate() {
        let ranges = acknowledged[of].lock().unwrap();
        let sent: BTreeSet<String> = ranges.iter().flat_map(|(first, rows)| *first..first + rows).map(event).collect();
        assert!(sent.len() as u64 > kills, "{force}: {}", sent.len());
        let expected = undisturbed(&place, force, &sent);
        let (findings, own): (Vec<_>, Vec<_>) = host
            .findings(&host.first_token(), force)
            .into_iter()
            .partition(|finding| ["first", "second"].iter().any(|id| finding["plugin"]["id"] == *id));
        // What the host finds of its own state (a kill may show there) is no finding of the force's events.
        let strange: Vec<_> = own.iter().filter(|finding| finding["event"]["source"] != "cordon.health").collect();
        assert!(strange.is_empty(), "{force}: {strange:?}");
        if !own.is_empty() {
            println!("{force}: the host's own: {own:?}");
        }
        let live: BTreeSet<&str> = findings.iter().map(|finding| finding["id"].as_str().unwrap()).collect();
        assert_eq!(live.len(), findings.len(), "{force}: a finding is listed twice");
        assert_eq!(live, expected.iter().map(String::as_str).collect(), "{force}");
        assert_eq!(live.len(), sent.len() * 2, "{force}");
        passed_once(&skips(&host, force), force);
    }
    println!("{kills} kills, {} events acknowledged", next.load(Ordering::Relaxed));
    assert_eq!(host.stop(), 0);
}

/// What `cordon run` finds in the same events.
fn undisturbed(place: &Place, force: &str, sent: &BTreeSet<String>) -> BTreeSet<String> {
    let all: Vec<&str> = sent.iter().map(String::as_str).collect();
    std::fs::write(place.folder.path().join("all.jsonl"), all.join("\n")).unwrap();
    let plugins = place.plugins.to_string_lossy();
    let arguments = ["run", "-p", &plugins, "all.jsonl", "--source", SOURCE, "--for", force, "--format", "ndjson"]
        .map(str::to_owned);
    // One of the plugins traps: done in part.
    let found = Cordon::new(BINARY, place.folder.path()).run(&arguments).ends(4).lines();
    found.iter().map(|finding| finding["id"].as_str().unwrap().to_owned()).collect()
}

/// The plugin that always traps leaves one record for each batch: none is missing and none is there twice.
fn passed_once(skips: &[(String, u64, u64, String)], force: &str) {
    let mut next = 1;
    for (plugin, first, last, outcome) in skips {
        assert_eq!((plugin.as_str(), outcome.as_str(), *first), ("traps", "trapped", next), "{force}");
        next = last + 1;
    }
    assert!(next > 1, "{force}");
}

fn killed_while_it_starts(place: &Place, after: u64) {
    let mut child = Command::new(BINARY)
        .args(["serve", "--listen", "127.0.0.1:0", "--data"])
        .arg(&place.data)
        .arg("-p")
        .arg(&place.plugins)
        .env("XDG_CACHE_HOME", root().join("target/cordon/test-cache"))
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    std::thread::sleep(Duration::from_millis(after));
    child.kill().unwrap();
    child.wait().unwrap();
}
