//! Findings become alerts, and people work them to an end.

use std::fs;

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
    let ack = ["alert", "ack", &reference, "--on-behalf-of", "Sgt Harper, by phone", "--note", "on the way"];
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
