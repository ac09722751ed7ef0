//! SIGTERM, once and twice; SIGHUP; the log.

use std::io::Write as _;
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::Value;

use super::{MARK, Place, event, wait};

#[test]
fn sigterm_under_load_finishes_what_is_under_way_and_loses_nothing_that_was_answered() {
    let place = Place::new();
    let host = place.start();
    let intake = host.add_force("avon");
    let address = host.address().to_owned();
    let (taken, sent, gone) = (AtomicUsize::new(0), AtomicUsize::new(0), AtomicBool::new(false));
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                while !gone.load(Ordering::Relaxed) {
                    let n = sent.fetch_add(1, Ordering::Relaxed);
                    let path = "/v1/events/custom.test";
                    match cordon_tests::host::request(&address, "POST", path, Some(&intake), &event(n)) {
                        Ok(answer) if answer.status == 200 => drop(taken.fetch_add(1, Ordering::Relaxed)),
                        Ok(answer) => panic!("{answer:?}"),
                        // Refused, or cut off: it is not acknowledged.
                        Err(_) => gone.store(true, Ordering::Relaxed),
                    }
                }
            });
        }
        wait("there is load", || taken.load(Ordering::Relaxed) > 100);
        assert_eq!(host.stop(), 0);
        gone.store(true, Ordering::Relaxed);
    });
    let host = place.start();
    let operator = host.first_token();
    host.settle(&operator);
    let (found, taken) = (host.findings(&operator, "avon").len(), taken.into_inner());
    // Each event is one finding; a request whose answer was cut off may have been taken.
    assert!(found >= taken && found <= taken + 4, "{found} findings of {taken} acknowledged events");
}

#[test]
fn a_second_sigterm_ends_a_host_at_once_that_waits_for_somebody_and_loses_nothing() {
    let place = Place::new();
    let host = place.configured("");
    let intake = host.add_force("avon");
    for n in 0..20 {
        assert_eq!(host.request("POST", "/v1/events/custom.test", Some(&intake), &event(n)).unwrap().status, 200);
    }
    // A post that never ends.
    let mut slow = TcpStream::connect(host.address()).unwrap();
    let head = "POST /v1/events/custom.test HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\n";
    slow.write_all(format!("{head}authorization: Bearer {intake}\r\n\r\n{{").as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(300));
    assert!(host.signal("-TERM"));
    wait("it is stopping", || place.log().contains("finished first"));
    std::thread::sleep(Duration::from_millis(300));
    assert!(host.signal("-0"), "it waits for the post");
    assert!(host.signal("-TERM"));
    assert_eq!(host.ended(), 0);
    let host = place.start();
    host.settle(&host.first_token());
    assert_eq!(host.findings(&host.first_token(), "avon").len(), 20);
}

#[test]
fn sighup_takes_what_can_change_names_what_cannot_and_refuses_a_bad_file() {
    let place = Place::new();
    let host = place.configured("[log]\nformat = \"json\"\nlevel = \"warn\"\n");
    assert_eq!(place.log(), "", "nothing grave has happened");
    place.write("cordon.toml", "workers = 1\n[log]\nformat = \"json\"\nlevel = \"debug\"\n");
    assert!(host.signal("-HUP"));
    wait("it is read", || place.log().contains("SIGHUP: changed: log.level; needs a restart: workers"));
    place.write("cordon.toml", "wrokers = 1\n[log]\nlevel = \"loud\"\n");
    assert!(host.signal("-HUP"));
    wait("it is refused", || place.log().contains("everything stays as it was"));
    let log = place.log();
    assert!(log.contains("did you mean `workers`?") && log.contains("line 3"), "{log}");
    place.write(
        "cordon.toml",
        "[log]\nformat = \"json\"\nlevel = \"debug\"\n[quota.kent]\nevents-per-second = 1\nburst-seconds = 0\n",
    );
    assert!(host.signal("-HUP"));
    wait("quotas are read", || place.log().contains("SIGHUP: changed: quota; needs a restart: nothing"));
    let kent = host.add_force("kent");
    let sent = |n| host.request("POST", "/v1/events/custom.test", Some(&kent), &event(n)).unwrap().status;
    assert_eq!((sent(1), sent(2)), (200, 429), "its quota holds at once");
    // Bad events, bad requests: nothing of their content is in the log, at any level.
    let intake = host.add_force("avon");
    let bad = format!("{{\"{MARK}\":\n{{\"a\":\"{MARK}\"}}\n");
    assert_eq!(host.request("POST", "/v1/events", Some(&intake), &bad).unwrap().status, 400);
    assert_eq!(host.request("POST", "/v1/events/custom.test", Some(&intake), &event(1)).unwrap().status, 200);
    host.settle(&host.first_token());
    assert_eq!(host.stop(), 0);
    let log = place.log();
    assert!(!log.contains(MARK) && !log.contains("cordon_"), "{log}");
    for line in log.lines() {
        let line: Value = serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
        assert!(line["level"].is_string() && line["timestamp"].is_string() && line["message"].is_string(), "{line}");
    }
}
