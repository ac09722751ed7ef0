//! A swap is invisible.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use cordon_tests::host::request;

use crate::support::{Live, event, events, to};

#[test]
fn a_hundred_swaps_under_load_lose_nothing_and_double_nothing() {
    let live = Live::start("");
    let tokens = ["avon", "kent"].map(|force| (force, live.host.add_force(force)));
    live.load("2.0.0");
    let (stop, next) = (AtomicBool::new(false), AtomicUsize::new(0));
    let (address, operator) = (live.host.address().to_owned(), live.host.first_token());
    std::thread::scope(|scope| {
        for (_, token) in &tokens {
            let (address, stop, next) = (&address, &stop, &next);
            scope.spawn(move || {
                for n in 0.. {
                    if stop.load(Ordering::Relaxed) {
                        break;
                    }
                    let body = events(n * 20..(n + 1) * 20);
                    let sent = request(address, "POST", "/v1/events/custom.test", Some(token), &body).unwrap();
                    assert_eq!(sent.status, 200, "{}", sent.body);
                    next.fetch_max((n + 1) * 20, Ordering::Relaxed);
                }
            });
        }
        for swap in 0..100 {
            let version = if swap % 2 == 0 { "2.0.0" } else { "1.0.0" };
            let swapped = request(&address, "POST", "/v1/deployments", Some(&operator), &to(version, "live")).unwrap();
            assert_eq!(swapped.status, 200, "{}", swapped.body);
            assert_eq!(swapped.json()["generation"], swap + 2);
        }
        stop.store(true, Ordering::Relaxed);
    });
    live.settle();
    for (force, _) in &tokens {
        let found = live.found(force);
        let once: BTreeSet<&String> = found.iter().map(|(operation, _)| operation).collect();
        assert_eq!(once.len(), found.len(), "{force}: doubled");
        let versions: BTreeSet<&String> = found.iter().map(|(_, version)| version).collect();
        assert_eq!(versions.len(), 2, "{force}: both ran");
        // Every event up to the last that was acknowledged for both.
        let sent = live.get("/v1/status");
        let sent = sent["forces"].as_array().unwrap().iter().find(|one| one["name"] == *force).unwrap().clone();
        assert_eq!(sent["accepted"].as_u64().unwrap(), found.len() as u64, "{force}");
        live.adds_up(force);
    }
    assert!(next.load(Ordering::Relaxed) >= 200, "{next:?}");
    let _ = live.operator().run(&["plugin", "history"]).ends(0);
}

#[test]
fn a_lane_goes_on_at_its_cursor_when_its_version_changes_and_the_list_shows_what_it_really_ran() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    live.post(&token, &events(0..10));
    live.settle();
    live.load("2.0.0");
    let dry = ["deploy", "guest@2.0.0", "--for", "all", "--mode", "live", "--reason", "a test", "--dry-run"];
    let said = live.operator().run(&dry).ends(0).out;
    assert!(said.contains("guest: live 1.0.0") && said.contains("-> live 2.0.0") && said.contains("avon"), "{said}");
    assert_eq!(live.set().0, 1);
    let said = live.deploy("guest@2.0.0", "all", "live");
    assert!(said.starts_with("generation 2\n"), "{said}");
    // It was told to, and has run nothing of it yet.
    let lane = |version: &str, ran: &str| vec![("avon".into(), "live".into(), version.into(), ran.into())];
    assert_eq!(live.lanes(), lane("2.0.0", "1.0.0"));
    let shown = live.operator().run(&["plugin", "list"]).ends(0).out;
    assert!(shown.contains("1 lane ran another version last"), "{shown}");
    live.post(&token, &events(10..13));
    live.settle();
    assert_eq!(live.lanes(), lane("2.0.0", "2.0.0"));
    let shown = live.operator().run(&["plugin", "list", "--lanes"]).ends(0).out;
    assert!(shown.contains("ran 2.0.0") && shown.contains("from event 11 on"), "{shown}");
    let found = live.found("avon");
    let of = |version: &str| found.iter().filter(|(_, of)| of == version).count();
    assert_eq!((of("1.0.0"), of("2.0.0")), (10, 3));

    let differ = live.operator().run(&["plugin", "diff", "1", "2"]).ends(1).out;
    assert!(differ.contains("guest: live 1.0.0"), "{differ}");
    let said = live.operator().run(&["rollback", "guest", "--reason", "INC-7"]).ends(0).out;
    assert!(said.contains("-> live 1.0.0"), "{said}");
    live.post(&token, &events(13..14));
    live.settle();
    assert_eq!(live.lanes(), lane("1.0.0", "1.0.0"));
    let _ = live.operator().run(&["rollback", "2", "--reason", "INC-7"]).ends(0);
    let _ = live.operator().run(&["plugin", "diff", "2", "4"]).ends(0);
    let history = live.operator().run(&["plugin", "history", "guest"]).ends(0).out;
    assert!(history.contains("INC-7") && history.lines().count() == 4, "{history}");
    assert_eq!(live.found("avon").len(), 14);
    live.adds_up("avon");
}

#[test]
fn a_plugin_that_comes_later_begins_with_the_next_events_and_a_force_that_comes_later_has_what_all_have() {
    let live = Live::start("");
    let avon = live.host.add_force("avon");
    live.post(&avon, &events(0..10));
    live.settle();
    let file = live.file("late.wasm", &crate::support::component("late", "1.0.0"));
    let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
    live.deploy("late", "all", "live");
    let kent = live.host.add_force("kent");
    for token in [&avon, &kent] {
        live.post(token, &event(100));
    }
    live.settle();
    let by_late = |force: &str| {
        let all = live.host.findings(&live.host.first_token(), force);
        all.iter().filter(|one| one["plugin"]["id"] == "late").count()
    };
    assert_eq!((by_late("avon"), by_late("kent")), (1, 1));
    live.adds_up("avon");
    live.adds_up("kent");
}
