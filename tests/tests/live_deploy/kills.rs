//! `kill -9` while versions are loaded, deployed and rolled back under load.

use std::collections::BTreeSet;
use std::sync::RwLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use cordon_tests::host::{request, send};

use crate::support::{Live, component, events, to};

/// As many kills as `CORDON_TEST_KILLS` says.
#[test]
fn a_kill_at_any_moment_leaves_the_old_set_or_the_new_one_and_loses_and_doubles_nothing() {
    let kills: u64 = std::env::var("CORDON_TEST_KILLS").map_or(5, |kills| kills.parse().unwrap());
    let mut random = fastrand::Rng::with_seed(kills);
    let mut live = Live::start("");
    let token = live.host.add_force("avon");
    live.load("2.0.0");
    let operator = live.host.first_token();
    let (stop, address) = (AtomicBool::new(false), RwLock::new(live.host.address().to_owned()));
    // The last generation that was answered. Odd ones run 1.0.0, even ones 2.0.0.
    let (answered, sent) = (AtomicU64::new(1), AtomicU64::new(0));
    std::thread::scope(|scope| {
        let (stop, address, answered, sent) = (&stop, &address, &answered, &sent);
        let (operator, token) = (&operator, &token);
        scope.spawn(move || {
            for n in 0.. {
                let body = events(n * 10..(n + 1) * 10);
                // As shippers do: the same again until it is answered.
                loop {
                    if stop.load(Ordering::Relaxed) {
                        return;
                    }
                    let at = address.read().unwrap().clone();
                    match request(&at, "POST", "/v1/events/custom.test", Some(token), &body) {
                        Ok(answer) if answer.status == 200 => break,
                        _ => std::thread::sleep(Duration::from_millis(10)),
                    }
                }
                sent.fetch_add(10, Ordering::Relaxed);
            }
        });
        scope.spawn(move || {
            let wasm = component("guest", "3.0.0");
            for n in 0_u64.. {
                if stop.load(Ordering::Relaxed) {
                    return;
                }
                let at = address.read().unwrap().clone();
                let next = answered.load(Ordering::Relaxed) + 1;
                let act = match n % 3 {
                    0 => {
                        let bearer = format!("Bearer {operator}");
                        let _ = send(&at, "POST", "/v1/plugins", &[("authorization", &bearer)], &wasm);
                        continue;
                    }
                    1 => request(&at, "POST", "/v1/deployments", Some(operator), &to(version(next), "live")),
                    _ if next == 2 => continue,
                    _ => {
                        let back = "{\"plugin\":\"guest\",\"reason\":\"a test\"}";
                        request(&at, "POST", "/v1/rollback", Some(operator), back)
                    }
                };
                match act {
                    Ok(answer) if answer.status == 200 => {
                        let generation = answer.json()["generation"].as_u64();
                        answered.fetch_max(generation.unwrap_or(0), Ordering::Relaxed);
                    }
                    _ => std::thread::sleep(Duration::from_millis(10)),
                }
            }
        });
        for _ in 0..kills {
            std::thread::sleep(Duration::from_millis(random.u64(50..600)));
            // What is answered before the kill is there after it; at most one more was under way.
            live.kill();
            let known = answered.load(Ordering::Relaxed);
            let (generation, set) = live.set();
            assert!((known..=known + 1).contains(&generation), "{known} was answered, {generation} is there");
            assert_eq!(set["guest"]["live"]["version"], version(generation), "generation {generation}");
            answered.fetch_max(generation, Ordering::Relaxed);
            live.host.address().clone_into(&mut address.write().unwrap());
        }
        stop.store(true, Ordering::Relaxed);
    });
    live.settle();
    let found = live.found("avon");
    let once: BTreeSet<&String> = found.iter().map(|(operation, _)| operation).collect();
    assert_eq!(once.len(), found.len(), "doubled");
    // The sender may have stopped before the answer to its last request.
    let sent = sent.load(Ordering::Relaxed);
    assert!((sent..=sent + 10).contains(&(found.len() as u64)) && sent > 0, "{sent} sent, {} found", found.len());
    assert!(answered.load(Ordering::Relaxed) > 3, "{answered:?}");
    live.adds_up("avon");
    let auditor = live.as_role("auditor", None);
    let _ = auditor.run(&["audit", "verify"]).ends(0);
    println!("{kills} kills, {answered:?} generations, {sent} events");
}

#[test]
fn a_kill_at_any_moment_of_a_back_fill_loses_and_doubles_nothing() {
    let mut live = Live::start("");
    let token = live.host.add_force("avon");
    for n in 0..10 {
        live.post(&token, &events(n * 3_000..(n + 1) * 3_000));
    }
    live.settle();
    let file = live.file("late.wasm", &component("late", "1.0.0"));
    let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
    let from = ["deploy", "late", "--for", "all", "--mode", "live", "--from", "beginning", "--reason", "a test"];
    let _ = live.operator().run(&from).ends(0);
    let mut random = fastrand::Rng::with_seed(11);
    let mut seen = Vec::new();
    for _ in 0..4 {
        std::thread::sleep(Duration::from_millis(random.u64(5..60)));
        live.kill();
        let status = live.get("/v1/status");
        let lanes = status["lanes"].as_array().unwrap();
        seen.extend(lanes.iter().filter(|lane| lane["plugin"] == "late").map(|lane| lane["cursor"].as_u64().unwrap()));
    }
    live.settle();
    let all = live.host.findings(&live.host.first_token(), "avon");
    let late = all.iter().filter(|one| one["plugin"]["id"] == "late");
    let found: Vec<&str> = late.map(|one| one["evidence"]["operation"].as_str().unwrap()).collect();
    let once: BTreeSet<&str> = found.iter().copied().collect();
    assert_eq!((found.len(), once.len()), (30_000, 30_000));
    assert!(seen.iter().any(|cursor| *cursor < 30_000), "every kill came too late: {seen:?}");
    live.adds_up("avon");
}

fn version(generation: u64) -> &'static str {
    if generation.is_multiple_of(2) { "2.0.0" } else { "1.0.0" }
}
