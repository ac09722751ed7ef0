//! A hunt runs a plugin over stored events without deploying it.

use std::collections::BTreeMap;
use std::time::Duration;

use cordon::ids::Digest;
use cordon::journal::{Journal, JournalOptions, Part, Request};
use cordon::model::{Force, SourceName};
use serde_json::Value;

use crate::support::{Live, component, events};

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_hunt_finds_exactly_what_came_in_its_time_goes_on_after_a_kill_and_stays_apart_from_what_is_live() {
    let live = Live::start("");
    let _ = live.host.add_force("avon");
    let file = live.file("seeker.wasm", &component("seeker", "1.0.0"));
    let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
    let Live { host, folder, config } = live;
    assert_eq!(host.stop(), 0);
    // 15,000 events 72 hours ago, and so on.
    {
        let options = JournalOptions { disk_floor: 0, ..JournalOptions::new(&folder.path().join("data/journal")) };
        let (journal, _) = Journal::open(options, &BTreeMap::new()).unwrap();
        let source = SourceName::new("custom.test").unwrap();
        for (at, hours) in [72, 48, 24].into_iter().enumerate() {
            for part in 0..15 {
                let first = at * 15_000 + part * 1_000;
                let text = events(first..first + 1_000);
                let part = Part::pack(&source, text.lines().map(str::as_bytes)).unwrap().unwrap();
                let received = cordon::clock::now_micros() - hours * HOUR;
                let request = Request { key: Digest([0; 32]), received, parts: vec![part] };
                journal.append(&Force::new("avon").unwrap(), request).unwrap();
            }
        }
    }
    let mut live = Live::again(folder, config);
    live.settle();
    let before = live.found("avon").len();
    let start = ["hunt", "start", "-p", "seeker", "--for", "all", "--from", "60h", "--to", "30h", "--reason", "INC-3"];
    let said = live.operator().run(&start).ends(0).out;
    assert!(said.contains("hunt 1 has begun, of 1 force"), "{said}");
    live.kill();
    let done = |live: &Live| -> Value {
        for _ in 0..1_000 {
            let hunts = live.get("/v1/hunts")["hunts"].clone();
            if hunts[0]["state"] == "done" {
                return hunts;
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", live.get("/v1/hunts"));
    };
    let hunts = done(&live);
    assert_eq!(hunts[0]["found"]["avon"], 15_000, "{hunts}");
    let shown = live.operator().run(&["hunt", "list"]).ends(0).out;
    assert!(shown.contains("done, 15,000 findings"), "{shown}");
    let found = live.operator().run(&["hunt", "findings", "1", "--for", "avon"]).ends(0).lines();
    let mut operations: Vec<&str> = found.iter().map(|one| one["evidence"]["operation"].as_str().unwrap()).collect();
    operations.sort_unstable();
    operations.dedup();
    assert_eq!((found.len(), operations.len()), (15_000, 15_000));
    assert!(found.iter().all(|one| one["lane"] == "hunt:1"), "{:?}", found.first());
    // Nobody is told, nothing is deployed, and what a force's token sees of it is nothing.
    assert_eq!(live.found("avon").len(), before);
    assert_eq!(live.set().0, 1);
    let reader = live.as_role("force-author", Some("avon"));
    let _ = reader.run(&["hunt", "findings", "1"]).ends(2);
    live.adds_up("avon");

    let start = ["hunt", "start", "-p", "seeker", "--for", "avon", "--from", "beginning", "--reason", "INC-3"];
    let _ = live.operator().run(&start).ends(0);
    let stopped = live.operator().run(&["hunt", "stop", "2", "--reason", "enough"]);
    // It may have been through already.
    assert!(stopped.code == 0 || stopped.err.contains("done already"), "{stopped:?}");
    let none = ["hunt", "start", "-p", "seeker", "--for", "avon", "--from", "1h", "--reason", "INC-3"];
    let said = live.operator().run(&none).ends(2).err;
    assert!(said.contains("no events came in that time"), "{said}");
}

#[test]
fn a_list_of_values_is_hunted_for_in_the_fields_that_are_named_and_in_no_others() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    let event = |ip: &str, said: &str| format!("{{\"Operation\":\"x\",\"ClientIP\":\"{ip}\",\"said\":\"{said}\"}}\n");
    live.post(&token, &(event("192.0.2.7:443", "a") + &event("192.0.2.8", "192.0.2.7") + &event("192.0.2.9", "b*c")));
    live.settle();
    let hunt = |values: &str, place: &str| -> Value {
        let file = live.file("values.txt", values.as_bytes());
        let start = ["hunt", "start", "--values", &file, "--in", place, "--for", "all", "--from", "beginning"];
        let said = live.operator().run(&[&start[..], &["--reason", "INC-4"]].concat()).ends(0).out;
        let number: u64 = said.split(' ').nth(1).unwrap().parse().unwrap();
        for _ in 0..1_000 {
            let hunts = live.get("/v1/hunts")["hunts"].clone();
            let hunts = hunts.as_array().unwrap().clone();
            let hunt = hunts.into_iter().find(|hunt| hunt["number"].as_u64() == Some(number)).unwrap();
            if hunt["state"] == "done" {
                return hunt["found"]["avon"].clone();
            }
            std::thread::sleep(Duration::from_millis(50));
        }
        panic!("{}", live.get("/v1/hunts"));
    };
    assert_eq!(hunt("# addresses\n192.0.2.7\n198.51.100.1\n", "custom.test:ClientIP.@ip"), 1);
    // A value means itself: no part of it is a wildcard.
    assert_eq!(hunt("192.0.2.*\n", "custom.test:ClientIP.@ip"), 0);
    assert_eq!(hunt("B*C\n", "custom.test:said"), 1);
    let wrong = live.file("none.txt", b"# nothing\n");
    let start = ["hunt", "start", "--values", &wrong, "--in", "custom.test:said", "--for", "all", "--from", "1d"];
    let said = live.operator().run(&[&start[..], &["--reason", "x"]].concat()).ends(2).err;
    assert!(said.contains("none.txt") && said.contains("from 1 to 100000"), "{said}");
}
