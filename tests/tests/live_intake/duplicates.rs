//! An event that is delivered again is taken once, whatever happens to the process in between.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use super::support::{BINARY, Place, audit, counts, post};
use cordon_tests::cli::Cordon;

const PATH: &str = "/v1/events/m365.audit";

#[test]
fn the_same_event_is_dropped_one_with_other_bytes_is_kept_and_both_are_counted_also_after_a_restart() {
    let place = Place::new();
    let mut host = place.start();
    let intake = host.add_force("avon");
    let first = [audit(1, "a"), audit(2, "b"), audit(1, "a")];
    assert_eq!(counts(&post(&host, PATH, &intake, &first)), [2, 1, 0, 0]);
    // Another request, by its shape this time: the same events, one of them changed.
    let second = [audit(2, "b"), audit(1, "changed"), audit(3, "c")];
    assert_eq!(counts(&post(&host, "/v1/events", &intake, &second)), [2, 1, 1, 0]);
    host.kill();
    let host = place.start();
    let third = [audit(3, "c"), audit(1, "changed"), audit(1, "a"), audit(4, "d")];
    assert_eq!(counts(&post(&host, PATH, &intake, &third)), [1, 3, 0, 0]);
    // Another force has its own.
    let other = host.add_force("kent");
    assert_eq!(counts(&post(&host, PATH, &other, &third)), [4, 0, 1, 0]);
    // What says nothing of itself is never a duplicate.
    let plain = ["{\"n\":1}".to_owned(), "{\"n\":1}".to_owned()];
    assert_eq!(counts(&post(&host, "/v1/events/custom.test", &intake, &plain)), [2, 0, 0, 0]);
    let status = host.request("GET", "/v1/status", Some(&host.first_token()), "").unwrap().json();
    assert_eq!(status["duplicates"], 3, "{status}");
    assert_eq!(host.stop(), 0);
    let stored = place.journal("avon", "m365.audit");
    assert_eq!(stored, [audit(1, "a"), audit(2, "b"), audit(1, "changed"), audit(3, "c"), audit(4, "d")]);
}

#[test]
fn a_whole_body_that_is_sent_again_is_taken_once_with_a_key_or_without_also_after_a_restart() {
    let place = Place::new();
    let mut host = place.start();
    let intake = host.add_force("avon");
    let body = ["{\"n\":1}".to_owned(), "{\"n\":2}".to_owned()];
    let send = |host: &_| post(host, "/v1/events/custom.test", &intake, &body);
    let first = send(&host).json();
    let again = send(&host).json();
    assert_eq!((&first["repeated"], &again["repeated"]), (&false.into(), &true.into()));
    assert_eq!((&first["sequence"], &first["accepted"]), (&again["sequence"], &again["accepted"]));
    host.kill();
    let host = place.start();
    assert_eq!(send(&host).json()["repeated"], true);
    // The same text as another source is another request.
    assert_eq!(post(&host, "/v1/events/custom.other", &intake, &body).json()["repeated"], false);
    assert_eq!(host.stop(), 0);
    assert_eq!(place.journal("avon", "custom.test"), body);
}

#[test]
fn duplicates_under_kills_are_acknowledged_only_when_their_event_is_durable() {
    let place = Place::new();
    let mut host = place.start();
    let intake = host.add_force("avon");
    // Events that some answer has acknowledged, as taken or as duplicates.
    let acknowledged: Mutex<BTreeSet<u64>> = Mutex::default();
    let next = AtomicU64::new(0);
    for round in 0..4_u64 {
        let stop = AtomicBool::new(false);
        let address = host.address().to_owned();
        std::thread::scope(|scope| {
            for thread in 0..4 {
                let (address, intake, stop, acknowledged, next) = (&address, &intake, &stop, &acknowledged, &next);
                scope.spawn(move || {
                    let mut random = fastrand::Rng::with_seed(round * 10 + thread);
                    while !stop.load(Ordering::Relaxed) {
                        let newest = next.fetch_add(2, Ordering::Relaxed);
                        // New ones, and some that were, or are at this moment, brought by others.
                        let mut ids: Vec<u64> = (0..6).map(|_| newest.saturating_sub(random.u64(0..12))).collect();
                        ids.extend([newest, newest + 1]);
                        let body: Vec<String> = ids.iter().map(|id| audit(*id, "x")).collect();
                        let answer = cordon_tests::host::request(address, "POST", PATH, Some(intake), &body.join("\n"));
                        let Ok(answer) = answer else { return };
                        let [accepted, duplicates, ..] = counts(&answer);
                        assert_eq!(accepted + duplicates, 8);
                        acknowledged.lock().unwrap().extend(ids);
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(150 + round * 70));
            host.kill();
            stop.store(true, Ordering::Relaxed);
        });
        host = place.start();
    }
    assert_eq!(host.stop(), 0);
    let mut times: BTreeMap<String, u64> = BTreeMap::new();
    for event in place.journal("avon", "m365.audit") {
        *times.entry(event).or_default() += 1;
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());
    for id in acknowledged {
        assert_eq!(times.get(&audit(id, "x")), Some(&1), "event {id}");
    }
    assert!(times.values().all(|times| *times == 1), "none is there twice");
}

#[test]
fn a_run_leaves_out_the_same_events_as_intake_and_says_so() {
    let Some(file) = cordon_tests::real_data("m365-ual.jsonl.zst") else { return };
    let place = Place::new();
    let host = place.start();
    let intake = host.add_force("avon");
    let token = place.at("intake");
    std::fs::write(&token, &intake).unwrap();
    let file = file.to_string_lossy().into_owned();
    let sent = host.with_token(&token).run(&["send", &file]).ends(0);
    let again = host.with_token(&token).run(&["send", &file, "--source", "m365.audit"]).ends(0);
    assert!(again.err.contains("0 events taken, 6,914 there already, 0 refused"), "{}", again.err);
    assert_eq!(host.stop(), 0);
    let stored = place.journal("avon", "m365.audit").len() as u64;
    let distinct: BTreeSet<String> = {
        let text = zstd::decode_all(std::fs::File::open(&file).unwrap()).unwrap();
        String::from_utf8(text).unwrap().lines().map(str::to_owned).collect()
    };
    assert_eq!(stored, distinct.len() as u64);
    let plugins = place.at("plugins").to_string_lossy().into_owned();
    let run = Cordon::new(BINARY, place.folder.path()).run(&["run", "-p", &plugins, &file]).ends(0);
    let count = |number: u64| {
        let text = number.to_string();
        format!("{},{}", &text[..1], &text[1..])
    };
    assert!(sent.err.contains(&format!("{} events taken, {} there already", count(stored), count(6_914 - stored))));
    assert!(
        run.err.contains(&format!("{} events left out: the same, byte for byte", count(6_914 - stored))),
        "{}",
        run.err
    );
}
