//! What contacts get: once for each alert, signed, also when their receiver fails or the host is killed.

use std::collections::BTreeMap;

use crate::receiver::{Got, Receiver};
use crate::support::Live;

/// Messages about alerts, that were taken.
fn taken(all: &[Got]) -> Vec<&Got> {
    all.iter().filter(|got| got.status == 200 && got.json()["kind"] != "test").collect()
}

#[test]
fn a_contact_is_told_of_an_alert_once_and_of_its_end_with_what_its_level_says() {
    let live = Live::start();
    let receiver = Receiver::start(200);
    let key = live.contact("soc", &receiver);
    let file = live.folder.path().join("records.ndjson");
    let path = file.to_string_lossy();
    let operator = live.host.operator();
    let add = [
        "contact",
        "add",
        "records",
        "--for",
        "avon",
        "--name",
        "Records",
        "--file",
        &path,
        "--level",
        "reference",
        "--marking",
        "OFFICIAL-SENSITIVE",
    ];
    let _ = operator.run(&add).ends(0);
    let _ = operator.run(&["contact", "test", "records", "--for", "avon"]).ends(0);
    live.post(&["one", "one"]);
    live.post(&["one"]);
    let told = receiver.wait(2).pop().unwrap();
    assert!(told.is_signed(&key) && !told.is_signed(&"00".repeat(32)), "{told:?}");
    let said = told.json();
    assert_eq!((said["kind"].as_str(), said["title"].as_str()), (Some("created"), Some("Rule A")), "{said}");
    let text = said["text"].as_str().unwrap();
    assert!(text.contains("Next: Nothing.") && text.contains("It may also be: All."), "{text}");
    let reference = said["reference"].as_str().unwrap();
    let _ = operator.run(&["alert", "resolve", reference, "--verdict", "test"]).ends(0);
    let all = receiver.wait(3);
    assert_eq!(all[2].json()["kind"], "resolved");
    std::thread::sleep(std::time::Duration::from_millis(400));
    assert_eq!(receiver.all().len(), 3, "repeats tell nobody");
    // The other has confirmed nothing: it got its test, and no more; and at its level nothing of what happened.
    let lines = std::fs::read_to_string(&file).unwrap();
    assert!(lines.lines().count() == 1 && lines.contains("OFFICIAL-SENSITIVE") && !lines.contains("Rule A"), "{lines}");
    let listed = operator.run(&["contact", "list", "--format", "json"]).ends(0).out;
    assert!(!listed.contains(&key) && listed.contains("\"confirmed\": null"), "{listed}");
}

#[test]
fn a_receiver_that_fails_delays_no_other_is_tried_again_under_the_same_key_and_what_it_refuses_is_kept() {
    let live = Live::start();
    let (bad, good) = (Receiver::start(200), Receiver::start(200));
    let _ = (live.contact("bad", &bad), live.contact("good", &good));
    bad.answers(503);
    live.post(&["one"]);
    assert_eq!(taken(&good.wait(2)).len(), 1);
    let tried = bad.wait(3);
    assert_eq!((tried[1].key.as_str(), tried[1].status), (tried[2].key.as_str(), 503));
    let operator = live.host.operator();
    let waits = operator.run(&["delivery", "list", "--for", "avon"]).ends(1).out;
    assert!(waits.contains("it answered 503") && waits.contains("bad"), "{waits}");
    bad.answers(200);
    let all = bad.wait(tried.len() + 1);
    assert_eq!(all.last().unwrap().key, tried[1].key);
    // What is refused for good is tried no more, until somebody says so.
    bad.answers(400);
    live.post(&["two"]);
    let refused = bad.wait(all.len() + 1).pop().unwrap();
    assert_eq!(taken(&good.wait(3)).len(), 2);
    std::thread::sleep(std::time::Duration::from_millis(300));
    assert_eq!(bad.all().len(), all.len() + 1);
    let waits = operator.run(&["delivery", "list"]).ends(1).out;
    assert!(waits.contains("dead") && waits.contains("it answered 400"), "{waits}");
    bad.answers(200);
    let _ = operator.run(&["delivery", "retry", "bad", "--for", "avon"]).ends(0);
    assert_eq!(bad.wait(all.len() + 2).pop().unwrap().key, refused.key);
    let _ = operator.run(&["delivery", "list"]).ends(0);
}

/// As many kills as `CORDON_TEST_KILLS` says.
#[test]
fn a_kill_at_any_moment_loses_no_alert_and_no_message_and_what_is_sent_twice_has_one_key() {
    let kills: usize = std::env::var("CORDON_TEST_KILLS").map_or(4, |kills| kills.parse().unwrap());
    let mut live = Live::start();
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    let mut random = fastrand::Rng::with_seed(kills as u64);
    let mut posted = 0;
    for _ in 0..kills {
        // Few enough that none of them go out together.
        for _ in 0..5 {
            live.post(&[&format!("op-{posted}"), &format!("op-{posted}")]);
            posted += 1;
        }
        std::thread::sleep(std::time::Duration::from_millis(random.u64(0..300)));
        live.kill();
    }
    let alerts = live.alerts(posted);
    assert_eq!(alerts.len(), posted);
    assert!(alerts.iter().all(|alert| alert["count"] == 2), "{alerts:?}");
    let mut by_key: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for _ in 0..500 {
        by_key.clear();
        for got in taken(&receiver.all()) {
            by_key
                .entry(got.key.clone())
                .or_default()
                .push(got.json()["reference"].as_str().unwrap_or_default().to_owned());
        }
        if by_key.len() >= posted {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let once: std::collections::BTreeSet<&String> = by_key.values().flatten().collect();
    assert_eq!((by_key.len(), once.len()), (posted, posted), "{by_key:?}");
    let twice = by_key.values().filter(|sent| sent.len() > 1).count();
    println!("{kills} kills, {posted} messages, {twice} of them sent more than once");
}
