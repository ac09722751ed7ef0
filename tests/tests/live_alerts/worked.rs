//! Findings become alerts, and people work them to an end.

use std::fs;

use crate::receiver::Receiver;
use crate::sigma;
use crate::support::Live;

#[test]
fn findings_of_one_thing_are_one_alert_that_is_worked_to_an_end_and_comes_back_as_another() {
    let live = Live::start();
    live.post(&["first", "second", "first"]);
    live.post(&["first"]);
    live.host.settle(&live.host.first_token());
    let count = |key: &str| {
        let alerts = live.alerts(2);
        let of = alerts.iter().filter(|alert| alert["key"] == key);
        of.map(|alert| alert["count"].as_u64().unwrap()).collect::<Vec<u64>>()
    };
    while count("first") != [3] {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(count("second"), [1]);
    let operator = live.host.operator();
    let reference =
        live.alerts(2).iter().find(|alert| alert["key"] == "first").unwrap()["reference"].as_str().unwrap().to_owned();
    let shown = operator.run(&["alert", "show", &reference]).ends(0).out;
    for part in ["Rule A", "Nothing.", "All.", "3 times", "created by host"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let ack = ["alert", "ack", &reference, "--on-behalf-of", "Sgt Harper", "--by", "phone", "--note", "on the way"];
    let _ = operator.run(&ack).ends(0);
    let _ = operator.run(&ack).ends(2);
    // Two saw the same revision: the second is told.
    let _ = operator.run(&["alert", "assign", &reference, "--to", "Harper", "--revision", "2"]).ends(0);
    let said = operator.run(&["alert", "contain", &reference, "--revision", "2"]).ends(2).err;
    assert!(said.contains("revision 3, you saw 2"), "{said}");
    let _ = operator.run(&["alert", "note", &reference]).ends(2);
    let _ = operator.run(&["alert", "resolve", &reference, "--verdict", "benign", "--note", "a test"]).ends(0);
    let _ = operator.run(&["alert", "contain", &reference]).ends(2);
    let shown = operator.run(&["alert", "show", &reference]).ends(0).out;
    assert!(shown.contains("for Sgt Harper, by phone: on the way") && shown.contains("verdict"), "{shown}");
    live.post(&["first"]);
    let returned = live.alerts(3).pop().unwrap();
    assert_eq!((returned["earlier"].as_str(), returned["count"].as_u64()), (Some(reference.as_str()), Some(1)));
    let listed = operator.run(&["alert", "list", "--for", "avon", "--severity", "high"]).ends(0).out;
    assert!(listed.contains("2 alerts") && !listed.contains("resolved"), "{listed}");
    // Page by page, of all forces, and since when.
    let first = live.get("/v1/alerts?for=avon&state=all&limit=1");
    let second = live.get(&format!("/v1/alerts?for=avon&state=all&limit=1&after={}", first["next"]));
    let number = |page: &serde_json::Value| page["alerts"][0]["number"].as_u64();
    assert_eq!((number(&first), number(&second)), (Some(1), Some(2)));
    assert_eq!(live.get("/v1/alerts?state=all&limit=1")["more"], serde_json::json!(["avon"]));
    let listed = |more: &[&str]| operator.run(&[&["alert", "list", "--state", "all"], more].concat()).ends(0).out;
    assert!(listed(&[]).contains("3 alerts") && listed(&["--since", "2026-01-01"]).contains("3 alerts"));
    assert!(listed(&["--since", "2100-01-01T00:00:00Z"]).starts_with("0 alerts"));
}

#[test]
fn an_alert_shows_the_events_that_its_finding_cites_and_a_message_names_its_incident() {
    let live = Live::with(sigma::counting);
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    let before = receiver.all().len();
    sigma::post(&live, &["New-InboxRule", "New-InboxRule", "New-InboxRule"], "kim@avon.example", "192.0.2.1");
    let alerts = live.alerts_of("sigma-counting", 2);
    let again = alerts.iter().find(|alert| alert["title"] == "Again and again").unwrap();
    let evidence = again["evidence"].as_array().unwrap();
    let digests: std::collections::BTreeSet<&str> =
        evidence.iter().map(|one| one["sha256"].as_str().unwrap()).collect();
    assert_eq!((evidence.len(), digests.len()), (3, 3), "{again}");
    assert!(evidence.iter().all(|one| one["fields"].as_str().unwrap().contains("New-InboxRule")), "{again}");
    let told = receiver.wait(before + 2);
    let of = |title: &str| told.iter().map(|got| got.json()).find(|said| said["title"] == title).unwrap();
    let text = of("Again and again")["text"].as_str().unwrap().to_owned();
    assert!(digests.iter().all(|digest| text.contains(digest)), "{text}");
    assert_eq!(of("Again and again")["incident"]["alerts"], 2);
    assert!(text.contains("Part of incident avon-i1: 2 alerts, priority high"), "{text}");
    // That somebody works on it is told.
    let reference = again["reference"].as_str().unwrap();
    let _ = live.host.operator().run(&["alert", "start", reference]).ends(0);
    let started = receiver.wait(before + 3).pop().unwrap().json();
    assert!(started["text"].as_str().unwrap().contains("somebody works on it"), "{started}");
}

#[test]
fn a_rule_that_brings_many_alerts_at_once_is_one_alert_more_and_not_many() {
    let live = Live::start();
    let keys: Vec<String> = (0..200).map(|number| format!("key-{number}")).collect();
    live.post(&keys.iter().map(String::as_str).collect::<Vec<_>>());
    live.host.settle(&live.host.first_token());
    let alerts = live.alerts(51);
    let flood = alerts.iter().find(|alert| alert["title"].as_str().unwrap().starts_with("Many at once")).unwrap();
    let reference = flood["reference"].as_str().unwrap();
    while live.get(&format!("/v1/alerts/{reference}"))["alert"]["count"] != 150 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    // A known one goes on as ever.
    live.post(&["key-0"]);
    while live.alerts(51).iter().find(|alert| alert["key"] == "key-0").unwrap()["count"] != 2 {
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    assert_eq!(live.alerts(51).len(), 51);
}

#[test]
fn a_force_sees_and_works_its_own_alerts_only_and_each_act_is_in_the_audit() {
    let live = Live::start();
    let _ = live.host.add_force("kent");
    live.post(&["one"]);
    let reference = live.alerts(1)[0]["reference"].as_str().unwrap().to_owned();
    let contact = |force: &str, role: &str| {
        let file = live.folder.path().join(format!("{force}-{role}.token"));
        fs::write(&file, live.host.token(role, Some(force))).unwrap();
        live.host.with_token(&file)
    };
    let (avon, kent, reader) =
        (contact("avon", "force-contact"), contact("kent", "force-contact"), contact("avon", "force-reader"));
    for arguments in [["alert", "show", &reference], ["alert", "ack", &reference]] {
        let said = kent.run(&arguments).ends(2).err;
        assert!(said.contains("there is no alert"), "{said}");
    }
    assert!(kent.run(&["alert", "list"]).ends(0).out.ends_with("0 alerts\n"));
    let _ = reader.run(&["alert", "show", &reference]).ends(0);
    let _ = reader.run(&["alert", "ack", &reference]).ends(2);
    let _ = avon.run(&["alert", "ack", &reference]).ends(0);
    let file = live.folder.path().join("auditor.token");
    fs::write(&file, live.host.token("auditor", None)).unwrap();
    let audit = live.host.with_token(&file).run(&["audit", "list"]).ends(0).out;
    for what in ["alert-worked", "alert-read", "alerts-read"] {
        assert!(audit.contains(what), "{what}: {audit}");
    }
}
