//! The ledger adds up, whatever is done to the host, and says what was sent.

use std::collections::BTreeMap;
use std::time::Duration;

use cordon_tests::host::{Host, request};
use serde_json::Value;

use super::{Place, event, post, until, word};

/// One finding for each row.
const EACH_ROW: &str = "(local.set $n (call $len (local.get $batch)))
    (loop $rows (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (call $emit (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $rows))))";

fn ledger(host: &Host, token: &str, force: &str) -> Value {
    let answer = host.request("GET", &format!("/v1/ledger?for={force}"), Some(token), "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The sums over all hours, by source and what; plugins as `plugin/what`.
fn sums(ledger: &Value) -> BTreeMap<(String, String), u64> {
    let mut sums = BTreeMap::new();
    let mut add = |source: &str, what: &str, of: &Value| {
        *sums.entry((source.to_owned(), what.to_owned())).or_insert(0) += of.as_u64().unwrap_or(0);
    };
    for line in ledger["lines"].as_array().unwrap() {
        let source = word(line, "source");
        for what in ["received", "accepted", "late", "duplicate", "refused"] {
            add(source, what, &line[what]);
        }
        for (plugin, lane) in line["lanes"].as_object().unwrap() {
            for (what, count) in lane.as_object().unwrap() {
                add(source, &format!("{plugin}/{what}"), count);
            }
        }
    }
    sums
}

fn audit(n: u64, time: &str) -> String {
    format!(
        "{{\"Id\":\"{n}\",\"CreationTime\":\"{time}\",\"Operation\":\"x\",\"RecordType\":1,\"Workload\":\"Exchange\"}}"
    )
}

#[test]
fn what_was_sent_late_broken_twice_and_faulting_is_in_the_ledger_and_every_lane_adds_up() {
    let place = Place::new();
    place.plugin("each-row", "m365.audit", EACH_ROW);
    place.plugin("traps", "m365.audit", "unreachable");
    let host = place.host("");
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let now = jiff::Timestamp::from_microsecond(cordon::clock::now_micros()).unwrap().to_string();
    let now = now.get(..19).unwrap();
    // 30 in time, 7 late, 5 that are no JSON.
    let mut events: Vec<String> = (0..30).map(|n| audit(n, now)).collect();
    events.extend((30..37).map(|n| audit(n, "2024-01-01T00:00:00")));
    events.extend((0..5).map(|_| "{\"broken\":".to_owned()));
    let sent = host.request("POST", "/v1/events/m365.audit", Some(&intake), &events.join("\n")).unwrap();
    assert_eq!((sent.json()["accepted"].as_u64(), sent.json()["refused"].as_u64()), (Some(37), Some(5)));
    // And ten of them once more.
    let again = host.request("POST", "/v1/events/m365.audit", Some(&intake), &events[20..30].join("\n")).unwrap();
    assert_eq!((again.json()["accepted"].as_u64(), again.json()["duplicates"].as_u64()), (Some(0), Some(10)));
    host.settle(&operator);
    let ledger = ledger(&host, &operator, "avon");
    let sums = sums(&ledger);
    let of = |what: &str| sums.get(&("m365.audit".to_owned(), what.to_owned())).copied().unwrap_or(0);
    assert_eq!((of("accepted"), of("late"), of("refused"), of("duplicate")), (37, 7, 5, 10), "{ledger}");
    assert_eq!(of("received"), 52, "{ledger}");
    assert_eq!((of("each-row/processed"), of("each-row/skipped")), (37, 0), "{ledger}");
    assert_eq!((of("traps/processed"), of("traps/skipped")), (0, 37), "{ledger}");
    let check = host.operator().run(&["ledger", "--for", "avon", "--check", "--format", "json"]).ends(0);
    let check: Value = serde_json::from_str(&check.out).unwrap();
    assert!(check["adds_up"] == true && check["checked"].as_u64() >= Some(2), "{check}");
    // The plugin that faults is told of, and the screen says how many events had no result.
    until("the fault is told", || {
        let told = ("plugin-faulted".to_owned(), "plugin-faulted/avon/traps".to_owned());
        super::health_findings(&host, &operator, "avon").contains(&told).then_some(())
    });
    let said = host.operator().run(&["status"]).ends(1);
    assert!(said.out.contains("37 events passed without a result"), "{}", said.out);
    // The force's own reader sees its own ledger, and no other.
    let _ = host.add_force("kent");
    let kent = host.token("force-reader", Some("kent"));
    assert_eq!(host.request("GET", "/v1/ledger?for=avon", Some(&kent), "").unwrap().status, 403);
    assert_eq!(host.request("GET", "/v1/ledger", Some(&kent), "").unwrap().json()["lines"], serde_json::json!([]));
}

#[test]
fn a_killed_host_s_ledger_adds_up_to_what_is_in_the_journal() {
    let place = Place::new();
    place.plugin("first", "custom.test", EACH_ROW);
    place.plugin("traps", "custom.test", "unreachable");
    let mut host = place.host("");
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let mut acknowledged = 0;
    for round in 0..4_u64 {
        let address = host.address().to_owned();
        let sender = std::thread::spawn({
            let intake = intake.clone();
            move || {
                let mut taken = 0;
                for n in 0.. {
                    let first = (round * 100_000 + n) * 10;
                    let events: Vec<String> = (first..first + 1 + n % 7).map(event).collect();
                    match request(&address, "POST", "/v1/events/custom.test", Some(&intake), &events.join("\n")) {
                        Ok(answer) if answer.status == 200 => taken += events.len() as u64,
                        _ => return taken,
                    }
                }
                taken
            }
        });
        std::thread::sleep(Duration::from_millis(700 + round * 230));
        host.kill();
        acknowledged += sender.join().unwrap();
        host = place.host("");
    }
    // A plugin that comes later does not ask for what was there.
    assert_eq!(host.stop(), 0);
    place.plugin("later", "custom.test", EACH_ROW);
    let host = place.host("");
    post(&host, &intake, "custom.test", &[event(1), event(2), event(3)]);
    host.settle(&operator);
    let ledger = ledger(&host, &operator, "avon");
    assert_eq!(ledger["sums"]["adds_up"], true, "{}", ledger["sums"]);
    // Besides, the host's own plugin may have been told of the faults.
    assert!(ledger["sums"]["checked"].as_u64() >= Some(3), "{}", ledger["sums"]);
    let sums = sums(&ledger);
    let of = |what: &str| sums.get(&("custom.test".to_owned(), what.to_owned())).copied().unwrap_or(0);
    // What was cut off before its answer may be there, too: at most one request a round.
    assert!((acknowledged + 3..=acknowledged + 3 + 4 * 7).contains(&of("accepted")), "{acknowledged}: {sums:?}");
    assert_eq!((of("first/processed"), of("traps/skipped")), (of("accepted"), of("accepted")), "{sums:?}");
    assert_eq!((of("later/processed"), of("later/before")), (3, of("accepted") - 3), "{sums:?}");
}
