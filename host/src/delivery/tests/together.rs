//! Messages that take others' place, and messages about several alerts.

use cordon_contract::manifest::Severity;

use super::*;
use crate::alerts::sample;

fn set(clock: &AtomicI64, time: &str) {
    clock.store(time.parse::<jiff::Timestamp>().unwrap().as_microsecond(), Ordering::SeqCst);
}

/// Long enough for delivery to look at the clock again.
fn look() {
    std::thread::sleep(Duration::from_millis(300));
}

#[test]
fn an_alert_that_gets_graver_moves_no_deadline_and_tells_nobody_of_a_step_or_of_what_waits_twice() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let forward = |minutes: i64| AT.fetch_add(minutes * 60_000_000, Ordering::SeqCst);
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    // A Sunday.
    set(&AT, "2026-11-29T03:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({}));
    contact(&delivery, out, "avon", "day", json!({ "hours": "mon-fri 09:00-17:00", "out-of-hours": "high" }));
    contact(&delivery, out, "avon", "call", json!({ "step": 2 }));
    contact(&delivery, out, "nmc", "watch", json!({}));
    let store = &delivery.shared.store;
    let raised = |severity, revision| logged(store, &Alert { severity, ..sample(1) }, revision, "raised", "host");
    made(store, &Alert { severity: Severity::Medium, ..sample(1) });
    assert_eq!(wait(out, "desk", 1)[0]["kind"], "created");
    forward(5);
    raised(Severity::High, 2);
    assert_eq!(wait(out, "desk", 2)[1]["kind"], "raised");
    // It waited for Monday, and is new to whoever hears of it now.
    let day = wait(out, "day", 1).remove(0);
    assert_eq!((&day["kind"], &day["severity"]), (&"created".into(), &"high".into()), "{day}");
    forward(10);
    raised(Severity::Critical, 3);
    let third = wait(out, "desk", 3).remove(2);
    assert_eq!(third["answer-by"], "2026-11-29T03:35:00Z", "as before: {third}");
    forward(20);
    assert_eq!(wait(out, "call", 1)[0]["unanswered"], true);
    forward(10);
    look();
    forward(20);
    let last = wait(out, "watch", 1).remove(0);
    assert!(
        last["unanswered"] == true && last["text"].as_str().unwrap().contains("nobody else is told after you"),
        "{last}"
    );
    // Behind the last step it is told to all who know of it, and climbs no more.
    forward(5);
    raised(Severity::Critical, 4);
    for id in ["call", "watch"] {
        assert_eq!(wait(out, id, 2)[1]["kind"], "raised", "{id}");
    }
    forward(3 * 24 * 60);
    look();
    // But for the note of the week.
    let told = |id: &str| wait(out, id, 0).iter().filter(|said| said["kind"] != "weekly").count();
    assert_eq!((told("desk"), told("day"), told("call"), told("watch")), (4, 3, 2, 2));
}

#[test]
fn alerts_that_go_out_together_have_one_link_and_one_key_however_often_they_are_tried() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set(&AT, "2026-11-25T10:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({ "hourly": 1, "step": 1 }));
    // Its file's folder is gone: nothing can be sent.
    let file = out.join("desk.ndjson");
    std::fs::rename(&file, out.join("aside")).unwrap();
    std::fs::create_dir(&file).unwrap();
    let store = Arc::clone(&delivery.shared.store);
    for number in 1..=3 {
        made(&store, &Alert { number, reference: format!("avon-{number}"), ..sample(number) });
    }
    let force = Force::new("avon").unwrap();
    let keys = |delivery: &Delivery| -> Vec<Option<Digest>> {
        let all = delivery.waiting(Some(&force)).unwrap().into_iter();
        all.map(|waits| waits.message.together.map(|together| together.key)).collect()
    };
    let begun = Instant::now();
    while keys(&delivery).len() != 3 || keys(&delivery).iter().any(Option::is_none) {
        assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", delivery.waiting(None));
        look();
    }
    let first = keys(&delivery);
    assert!(first.iter().all(|key| *key == first[0]), "{first:?}");
    drop((store, delivery));
    let delivery = started(&out.join("data"), at);
    let store = &delivery.shared.store;
    // One is taken meanwhile; another comes, which is of no message that was tried.
    logged(store, &Alert { state: alerts::State::Acknowledged, ..sample(3) }, 2, "noted", "t");
    made(store, &Alert { number: 4, reference: "avon-4".into(), ..sample(4) });
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(out.join("aside"), &file).unwrap();
    AT.fetch_add(600_000_000, Ordering::SeqCst);
    let said = wait(out, "desk", 1).remove(0);
    assert_eq!((&said["kind"], &said["id"]), (&"digest".into(), &json!(first[0].unwrap())), "{said}");
    let references: Vec<&str> =
        said["alerts"].as_array().unwrap().iter().map(|one| one["reference"].as_str().unwrap()).collect();
    assert_eq!(references, ["avon-1", "avon-2", "avon-3"]);
    let text = said["text"].as_str().unwrap();
    for part in
        ["3 alerts (more than 1 in an hour)", "acknowledge it by 2026-11-25 10:30 GMT", "NMC desk, 0300 555 0100"]
    {
        assert!(text.contains(part), "{part}: {text}");
    }
    let code = said["link"].as_str().unwrap().strip_prefix("https://h/a/").unwrap();
    assert!(text.contains(code), "{text}");
    let linked = delivery.linked(code).unwrap().unwrap();
    let of: Vec<&str> = linked.alerts.iter().map(|alert| alert.reference.as_str()).collect();
    assert_eq!(of, ["avon-1", "avon-2", "avon-3"]);
    let (page, _) = delivery.page(Some((&linked, &[Standing::Open, Standing::Open, Standing::Others]))).unwrap();
    assert_eq!(page.matches("<button").count(), 3, "one for each that is open, and one for both: {page}");
    // One that comes to be about the contact is not on it any more.
    let entities = vec![crate::model::Entity { kind: "user".into(), value: "desk@avon.example".into() }];
    logged(store, &Alert { entities, ..sample(2) }, 2, "noted", "t");
    assert_eq!(delivery.linked(code).unwrap().unwrap().alerts.len(), 2);
}

#[test]
fn a_clock_that_goes_back_holds_no_message_up() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set(&AT, "2026-11-25T10:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({}));
    let (file, store) = (out.join("desk.ndjson"), &delivery.shared.store);
    std::fs::rename(&file, out.join("aside")).unwrap();
    std::fs::create_dir(&file).unwrap();
    made(store, &sample(1));
    let begun = Instant::now();
    while delivery.waiting(None).unwrap().iter().all(|waits| waits.message.tries == 0) {
        assert!(begun.elapsed() < Duration::from_secs(20));
        std::thread::sleep(Duration::from_millis(10));
    }
    // By a day; what was tried is tried again, and what comes is told at once.
    set(&AT, "2026-11-24T10:00:00Z");
    std::fs::remove_dir(&file).unwrap();
    std::fs::rename(out.join("aside"), &file).unwrap();
    made(store, &Alert { number: 2, reference: "avon-2".into(), ..sample(2) });
    let said = wait(out, "desk", 2);
    let mut of: Vec<&str> = said.iter().map(|said| said["reference"].as_str().unwrap()).collect();
    of.sort_unstable();
    assert_eq!(of, ["avon-1", "avon-2"]);
}

#[test]
fn beyond_what_a_contact_is_told_one_by_one_there_is_one_message_a_minute_however_the_alerts_come() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set(&AT, "2026-11-25T10:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({ "hourly": 1 }));
    let store = &delivery.shared.store;
    let come = |number: u64| made(store, &Alert { number, reference: format!("avon-{number}"), ..sample(number) });
    come(1);
    assert_eq!(wait(out, "desk", 1)[0]["reference"], "avon-1");
    come(2);
    assert_eq!(wait(out, "desk", 2)[1]["kind"], "digest");
    for number in 3..=6 {
        come(number);
        look();
    }
    assert_eq!(wait(out, "desk", 0).len(), 2, "they gather");
    AT.fetch_add(60_000_000, Ordering::SeqCst);
    come(7);
    let third = wait(out, "desk", 3).remove(2);
    assert_eq!(third["alerts"].as_array().unwrap().len(), 5, "{third}");
}

#[test]
fn what_is_found_late_over_some_minutes_goes_out_as_one_message() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set(&AT, "2026-11-25T10:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({}));
    let (store, force) = (&delivery.shared.store, Force::new("avon").unwrap());
    for number in 1..=3 {
        made(store, &Alert { number, reference: format!("avon-{number}"), late: true, ..sample(number) });
        let begun = Instant::now();
        while delivery.waiting(Some(&force)).unwrap().len() < number as usize {
            assert!(begun.elapsed() < Duration::from_secs(20));
            look();
        }
        AT.fetch_add(120_000_000, Ordering::SeqCst);
    }
    assert_eq!(wait(out, "desk", 0).len(), 0);
    AT.fetch_add(240_000_000, Ordering::SeqCst);
    // A look at the clock is what a further alert gives.
    made(store, &Alert { number: 4, reference: "avon-4".into(), ..sample(4) });
    let said = wait(out, "desk", 2);
    let late = said.iter().find(|said| said["kind"] == "digest").unwrap();
    assert_eq!(late["alerts"].as_array().unwrap().len(), 3, "{late}");
    look();
    assert_eq!(wait(out, "desk", 0).len(), 2);
}

#[test]
fn a_clock_that_goes_back_by_a_day_holds_no_step_of_a_ladder_up() {
    static AT: AtomicI64 = AtomicI64::new(0);
    fn at() -> i64 {
        AT.load(Ordering::SeqCst)
    }
    let folder = tempfile::tempdir().unwrap();
    let out = folder.path();
    set(&AT, "2026-11-25T10:00:00Z");
    let delivery = started(&out.join("data"), at);
    contact(&delivery, out, "avon", "desk", json!({}));
    contact(&delivery, out, "avon", "call", json!({ "step": 2 }));
    made(&delivery.shared.store, &Alert { severity: Severity::High, ..sample(1) });
    let _ = wait(out, "desk", 1);
    // A little is nothing.
    set(&AT, "2026-11-25T09:58:00Z");
    look();
    assert_eq!(wait(out, "call", 0).len(), 0);
    set(&AT, "2026-11-24T10:00:00Z");
    assert_eq!(wait(out, "call", 1)[0]["unanswered"], true);
}
