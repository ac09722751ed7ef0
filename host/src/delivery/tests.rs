#![allow(clippy::unwrap_used)]

use std::path::Path;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use super::*;
use crate::alerts::{self, Alert};
use crate::results;
use crate::store::{Effects, Space};

static NOW: AtomicI64 = AtomicI64::new(0);

fn now() -> i64 {
    NOW.load(Ordering::SeqCst)
}

fn act(details: Value) -> crate::audit::Act {
    let (who, role) = ("t".to_owned(), "operator".to_owned());
    crate::audit::Act { time: now(), who, role, force: None, what: "contact-added", details }
}

mod every_channel;
mod sink;
mod together;

fn started(folder: &Path, now: fn() -> i64) -> Delivery {
    started_with(folder, None, now)
}

fn started_with(folder: &Path, mail: Option<Mail>, now: fn() -> i64) -> Delivery {
    let store = Arc::new(Store::open(folder).unwrap());
    let audit = Arc::new(Audit::open(&store).unwrap());
    let zone = Box::new(|_: &Force| TimeZone::get("Europe/London").unwrap());
    Delivery::start(Setup {
        store,
        audit,
        zone,
        mail,
        desk: Some(Reach { name: "NMC desk".into(), call: "0300 555 0100".into() }),
        public_url: Some("https://h".into()),
        proxy: None,
        authority: None,
        now,
    })
    .unwrap()
}

/// A contact whose messages go to a file of its name, confirmed.
fn contact(delivery: &Delivery, folder: &Path, force: &str, id: &str, duty: Value) {
    let file = folder.join(format!("{id}.ndjson"));
    let own = [format!("{id}@avon.example")];
    let new =
        json!({ "id": id, "for": force, "name": id, "file": file, "severity": "medium", "own": own, "duty": duty });
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

/// Alert `avon-1` in a state, by a change.
fn alert(store: &Store, state: &str, revision: u64, kind: &str, by: &str) {
    alert_about(store, "x", state, revision, kind, by);
}

fn alert_about(store: &Store, whom: &str, state: &str, revision: u64, kind: &str, by: &str) {
    let mut alert = json!(crate::alerts::sample(1));
    alert["state"] = json!(state);
    alert["entities"] = json!([{ "kind": "user", "value": whom }]);
    logged(store, &serde_json::from_value(alert).unwrap(), revision, kind, by);
}

/// An alert as it is with a change.
fn logged(store: &Store, alert: &Alert, revision: u64, kind: &str, by: &str) {
    let alert = Alert { revision, ..alert.clone() };
    let at = alerts::key(&alert.force, alert.number);
    let change = json!({ "revision": revision, "kind": kind, "at": 0, "by": by });
    let in_history = [at.as_slice(), &revision.to_be_bytes()].concat();
    let effects = Effects::new()
        .put(Space::Alert, &at, serde_json::to_vec(&alert).unwrap())
        .put(Space::AlertHistory, &in_history, change.to_string().into_bytes())
        .append(Space::AlertLog, &[], in_history);
    store.commit(effects).unwrap();
}

fn made(store: &Store, alert: &Alert) {
    logged(store, alert, 1, "created", "host");
}

fn changed(store: &Store, alert: &Alert, revision: u64, kind: &str) {
    logged(store, alert, revision, kind, "host");
}

fn forward(minutes: i64) {
    NOW.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
}

#[test]
fn on_both_clock_change_nights_the_ladder_is_climbed_in_time_over_a_restart_and_all_are_told_who_has_it() {
    for night in ["2026-03-29T00:50:00Z", "2026-10-25T00:50:00Z"] {
        let folder = tempfile::tempdir().unwrap();
        let out = folder.path();
        let at: jiff::Timestamp = night.parse().unwrap();
        NOW.store(at.as_microsecond(), Ordering::SeqCst);
        let delivery = started(&out.join("data"), now);
        contact(&delivery, out, "avon", "desk", json!({ "hours": "sun 00:00-06:00", "answer-minutes": 20 }));
        contact(&delivery, out, "avon", "call", json!({ "step": 2 }));
        contact(&delivery, out, "nmc", "watch", json!({}));
        alert(&delivery.shared.store, "new", 1, "created", "host");
        let first = wait(out, "desk", 1).remove(0);
        // Twenty minutes later, whatever the clock on the wall says then.
        let by = format!("{}T01:10:00", &night[..10]);
        assert!(first["answer-by"].as_str().unwrap().starts_with(&by), "{first}");
        let local = if night.contains("-03-") { "02:10 BST (01:10 UTC)" } else { "01:10 GMT (01:10 UTC)" };
        assert!(first["text"].as_str().unwrap().contains(local), "{first}");
        forward(19);
        std::thread::sleep(Duration::from_millis(250));
        assert_eq!(wait(out, "call", 0).len(), 0);
        drop(delivery);
        let delivery = started(&out.join("data"), now);
        forward(2);
        let second = wait(out, "call", 1).remove(0);
        assert!(second["unanswered"] == true && second["text"].as_str().unwrap().contains("nobody yet"), "{second}");
        forward(31);
        assert_eq!(wait(out, "watch", 1)[0]["unanswered"], true);
        // Whoever has it knows; the others are told, and nobody is told again.
        alert(&delivery.shared.store, "acknowledged", 2, "acknowledged", "contact:avon/call");
        for id in ["desk", "watch"] {
            let said = wait(out, id, 2).remove(1);
            assert!(said["kind"] == "acknowledged" && said["text"].as_str().unwrap().contains("has it"), "{said}");
        }
        forward(600);
        alert(&delivery.shared.store, "resolved", 3, "noted", "t");
        std::thread::sleep(Duration::from_millis(250));
        let told = |id: &str| wait(out, id, 0).len();
        assert_eq!((told("desk"), told("call"), told("watch")), (2, 1, 2));
        // A link is none for whom the alert comes to be about, and for nobody after a week.
        let code = |told: &Value| told["link"].as_str().unwrap().strip_prefix("https://h/a/").unwrap().to_owned();
        let linked = |told: &Value| delivery.linked(&code(told)).unwrap().map(|linked| linked.contact.id);
        assert_eq!((linked(&first).as_deref(), linked(&second).as_deref()), (Some("desk"), Some("call")));
        alert_about(&delivery.shared.store, "Desk@avon.example", "new", 4, "noted", "t");
        assert_eq!((linked(&first), linked(&second).as_deref()), (None, Some("call")));
        forward(7 * 24 * 60);
        assert_eq!(linked(&second), None);
    }
}

#[test]
fn on_monday_at_nine_a_contact_is_told_what_came_once_also_where_nothing_was_found() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let set = |text: &str| AT.store(text.parse::<jiff::Timestamp>().unwrap().as_microsecond(), Ordering::SeqCst);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set("2026-10-20T12:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({}));
    let store = Arc::clone(&delivery.shared.store);
    let hour = |text: &str| results::ledger::hour(text.parse::<jiff::Timestamp>().unwrap().as_microsecond());
    let force = Force::new("avon").unwrap();
    for (source, when, events) in [
        ("m365.audit", "2026-10-21T10:00:00Z", 700),
        ("entra.signin", "2026-10-21T10:00:00Z", 70),
        ("m365.audit", "2026-10-26T08:59:00Z", 7),
        // Of the host itself, and of another week.
        ("cordon.health", "2026-10-22T10:00:00Z", 1_000),
        ("m365.audit", "2026-10-26T09:00:00Z", 1_000),
    ] {
        let came = results::ledger::came(&force, source, hour(when), results::ledger::Came::Accepted, events);
        store.commit(came).unwrap();
    }
    for (when, outcome) in [
        ("2026-10-20T12:00:00Z", results::Outcome::Passed),
        ("2026-10-26T08:00:00Z", results::Outcome::Failed("delivery".into())),
        ("2026-10-26T09:00:00Z", results::Outcome::Failed("of another week".into())),
    ] {
        let at = when.parse::<jiff::Timestamp>().unwrap().as_microsecond();
        let ran = results::Ran { exercise: "x1".into(), at, outcome };
        store.commit(results::ran(&force, &ran).unwrap()).unwrap();
    }
    drop(store);
    set("2026-10-26T08:59:00Z");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(wait(out, "desk", 0).len(), 0);
    // The clock went back the night before.
    set("2026-10-26T09:00:00Z");
    let note = wait(out, "desk", 1).remove(0);
    assert_eq!(
        (&note["kind"], &note["events"], &note["silent-hours"]),
        (&"weekly".into(), &777.into(), &166.into()),
        "{note}"
    );
    let text = note["text"].as_str().unwrap();
    assert!(text.contains("You were told of no alert.") && !text.contains("another week"), "{note}");
    assert!(text.contains("Exercise x1 at 2026-10-20 13:00 BST (12:00 UTC): it reached a contact."), "{note}");
    assert!(text.contains("2026-10-26 08:00 GMT (08:00 UTC): it did not get through: delivery failed."), "{note}");
    drop(delivery);
    let again = started(&out.join("data"), at);
    set("2026-11-01T09:00:00Z");
    std::thread::sleep(Duration::from_millis(300));
    assert_eq!(wait(out, "desk", 0).len(), 1);
    // An exercise is told and is none of the week's alerts.
    made(&again.shared.store, &Alert { exercise: Some("x2".into()), ..alerts::sample(1) });
    assert!(wait(out, "desk", 2)[1]["text"].as_str().unwrap().contains("EXERCISE"));
    set("2026-11-02T09:00:01Z");
    let second = wait(out, "desk", 3).remove(2);
    assert_eq!((&second["events"], &second["told"]), (&1_000.into(), &0.into()), "{second}");
}
