#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::store::{Effects, Space};

static NOW: AtomicI64 = AtomicI64::new(0);

fn now() -> i64 {
    NOW.load(Ordering::SeqCst)
}

fn act(details: Value) -> crate::audit::Act {
    let (who, role) = ("t".to_owned(), "operator".to_owned());
    crate::audit::Act { time: now(), who, role, force: None, what: "contact-added", details }
}

fn started(folder: &Path) -> Delivery {
    let store = Arc::new(Store::open(folder).unwrap());
    let audit = Arc::new(Audit::open(&store).unwrap());
    let zone = Box::new(|_: &Force| TimeZone::get("Europe/London").unwrap());
    Delivery::start(store, audit, zone, None, now).unwrap()
}

/// A contact whose messages go to a file of its name, confirmed.
fn contact(delivery: &Delivery, folder: &Path, force: &str, id: &str, duty: Value) {
    let file = folder.join(format!("{id}.ndjson"));
    let new = json!({ "id": id, "for": force, "name": id, "file": file, "severity": "medium", "duty": duty });
    delivery.add(serde_json::from_value(new).unwrap(), act).unwrap();
    let force = Force::new(force).unwrap();
    delivery.test(&force, id, act).unwrap();
    let code = lines(folder, id).pop().unwrap()["code"].as_str().unwrap().to_owned();
    delivery.confirm(&force, id, &code, act).unwrap();
}

fn lines(folder: &Path, id: &str) -> Vec<Value> {
    let text = std::fs::read_to_string(folder.join(format!("{id}.ndjson"))).unwrap_or_default();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The messages of a contact behind its test, once there are so many.
fn wait(folder: &Path, id: &str, count: usize) -> Vec<Value> {
    let begun = Instant::now();
    loop {
        let lines = lines(folder, id).split_off(1);
        if lines.len() >= count {
            return lines;
        }
        assert!(begun.elapsed() < Duration::from_secs(20), "{id}: {lines:?}");
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// Alert `avon-N` in a state, by a change.
fn alert(store: &Store, number: u64, state: &str, revision: u64, kind: &str, by: &str) {
    let digest = "00".repeat(32);
    let alert = json!({
        "reference": format!("avon-{number}"), "force": "avon", "number": number, "revision": revision, "fingerprint": digest,
        "plugin": "p", "version": "1.0.0", "component": digest, "rule": "r", "key": "", "title": "T", "summary": "S",
        "severity": "high", "confidence": "high", "attack": [], "entities": [], "next-steps": [], "false-positives": [],
        "references": [], "state": state, "created": 0, "updated": 0, "first-seen": 0, "last-seen": 0, "count": 1, "findings": [],
        "late": false,
    });
    let at = [b"avon\0", number.to_be_bytes().as_slice()].concat();
    let change = json!({ "revision": revision, "kind": kind, "at": now(), "by": by });
    let in_history = [at.as_slice(), &revision.to_be_bytes()].concat();
    let effects = Effects::new()
        .put(Space::Alert, &at, alert.to_string().into_bytes())
        .put(Space::AlertHistory, &in_history, change.to_string().into_bytes())
        .append(Space::AlertLog, &[], in_history);
    store.commit(effects).unwrap();
}

fn forward(minutes: i64) {
    NOW.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
}

#[test]
fn on_both_clock_change_nights_the_ladder_is_climbed_in_time_over_a_restart_and_all_are_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    let data = out.join("data");
    let start = |text: &str| {
        let at: jiff::Timestamp = text.parse().unwrap();
        NOW.store(at.as_microsecond(), Ordering::SeqCst);
    };
    start("2026-03-29T00:50:00Z");
    let delivery = started(&data);
    contact(&delivery, out, "avon", "desk", json!({ "hours": "sun 00:00-06:00", "answer-minutes": 20 }));
    contact(&delivery, out, "avon", "call", json!({ "step": 2 }));
    contact(&delivery, out, "nmc", "watch", json!({}));
    let mut delivery = Some(delivery);
    for (night, number) in [("2026-03-29T00:50:00Z", 1), ("2026-10-25T00:50:00Z", 2)] {
        start(night);
        let told = |id: &str, more: usize| {
            let before = usize::from(number == 2) * 2;
            wait(out, id, before + more).split_off(before)
        };
        let store = Arc::clone(&delivery.as_ref().unwrap().shared.store);
        alert(&store, number, "new", 1, "created", "host");
        let first = told("desk", 1).remove(0);
        // Twenty minutes later, whatever the clock on the wall says then.
        let by = format!("{}T01:10:00", &night[..10]);
        assert!(first["answer-by"].as_str().unwrap().starts_with(&by), "{first}");
        let local = if number == 1 { "02:10 BST (01:10 UTC)" } else { "01:10 GMT (01:10 UTC)" };
        assert!(first["text"].as_str().unwrap().contains(local), "{first}");
        forward(19);
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!(told("call", 0).len(), 0);
        drop(store);
        drop(delivery.take());
        delivery = Some(started(&data));
        forward(2);
        let second = told("call", 1).remove(0);
        assert!(second["unanswered"] == true && second["text"].as_str().unwrap().contains("nobody yet"), "{second}");
        forward(31);
        assert_eq!(told("watch", 1)[0]["unanswered"], true);
        // Whoever has it knows; the others are told, and nobody is told more.
        let store = Arc::clone(&delivery.as_ref().unwrap().shared.store);
        alert(&store, number, "acknowledged", 2, "acknowledged", "contact:avon/call");
        for id in ["desk", "watch"] {
            let said = told(id, 2).remove(1);
            assert!(
                said["kind"] == "acknowledged" && said["text"].as_str().unwrap().contains("somebody has it"),
                "{said}"
            );
        }
        forward(600);
        alert(&store, number, "resolved", 3, "noted", "t");
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!((told("desk", 2).len(), told("call", 1).len(), told("watch", 2).len()), (2, 1, 2));
        // `call` had one on the first night.
        alert(&store, number, "resolved", 4, "resolved", "contact:avon/desk");
        let _ = told("call", 2);
        std::thread::sleep(Duration::from_millis(250));
        let (desk, watch) = (out.join("desk.ndjson"), out.join("watch.ndjson"));
        for file in [desk, watch] {
            // Its closure at ten in the morning is not in the way of the next night.
            let kept: Vec<String> = std::fs::read_to_string(&file).unwrap().lines().map(str::to_owned).collect();
            let kept: Vec<String> = kept.into_iter().filter(|line| !line.contains("\"resolved\",\"severity")).collect();
            std::fs::write(&file, kept.join("\n") + "\n").unwrap();
        }
    }
}
