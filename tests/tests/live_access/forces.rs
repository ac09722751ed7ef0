//! Forces: what they should send, suspension, the national tenant.

use super::{Place, event};

#[test]
fn a_suspended_force_is_told_why_keeps_its_events_and_is_taken_again_when_resumed() {
    let place = Place::new();
    let host = place.start();
    let intake = host.add_force("avon");
    let post = |n| host.request("POST", "/v1/events/custom.test", Some(&intake), &event(n)).unwrap();
    assert_eq!(post(1).status, 200);
    let operator = host.operator();
    let refused = operator.run(&["force", "suspend", "avon"]).ends(2);
    assert!(refused.err.contains("--reason"), "{}", refused.err);
    let _ = operator.run(&["force", "suspend", "avon", "--reason", "ticket 4711"]).ends(0);
    let told = post(2);
    assert!(told.status == 403 && told.body.contains("suspended (ticket 4711)"), "{told:?}");
    let again = operator.run(&["force", "suspend", "avon", "--reason", "again"]).ends(2);
    assert!(again.err.contains("suspended already"), "{}", again.err);
    let shown = operator.run(&["force", "show", "avon"]).ends(0).out;
    assert!(shown.contains("suspended") && shown.contains("ticket 4711"), "{shown}");
    // What it has sent is still looked at, and read.
    host.settle(&host.first_token());
    assert_eq!(host.findings(&host.first_token(), "avon").len(), 1);
    let token = host.first_token();
    assert_eq!(host.stop(), 0);
    let host = place.start();
    let told = host.request("POST", "/v1/events/custom.test", Some(&intake), &event(2)).unwrap();
    assert_eq!(told.status, 403, "it stays so over a restart");
    let _ = host.operator().run(&["force", "resume", "avon", "--reason", "4711 is closed"]).ends(0);
    assert_eq!(host.request("POST", "/v1/events/custom.test", Some(&intake), &event(2)).unwrap().status, 200);
    let why = host.request("GET", "/v1/forces/avon", Some(&token), "").unwrap().json();
    assert!(why["suspended"].is_null(), "{why}");
}

#[test]
fn what_a_force_should_send_is_named_shown_and_changed_with_a_reason_and_nothing_comes_of_a_slip() {
    let place = Place::new();
    let host = place.start();
    let operator = host.operator();
    let add = ["force", "add", "avon", "--expects", "m365.audit=60m,entra.signin", "--zone", "Europe/London"];
    let _ = operator.run(&add).ends(0);
    let shown = operator.run(&["force", "show", "avon", "--format", "json"]).ends(0).out;
    let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
    assert_eq!(shown["expects"], serde_json::json!({ "entra.signin": null, "m365.audit": 60 }));
    let set = ["force", "set", "avon", "--stage", "live", "--expects", "m365.audit=2h", "--reason", "calm"];
    // Whoever holds the tenant can stop what is sent into it.
    assert!(operator.run(&set).ends(2).err.contains("no confirmed contact outside of its tenant"));
    let file = place.folder.path().join("outside.ndjson").display().to_string();
    let add = ["contact", "add", "out", "--for", "avon", "--name", "Out", "--file", &file, "--outside"];
    let _ = operator.run(&add).ends(0);
    let _ = operator.run(&["contact", "test", "out", "--for", "avon"]).ends(0);
    let test: serde_json::Value = serde_json::from_str(&std::fs::read_to_string(&file).unwrap()).unwrap();
    let _ =
        operator.run(&["contact", "confirm", "out", "--for", "avon", "--code", test["code"].as_str().unwrap()]).ends(0);
    let set = operator.run(&set).ends(0).out;
    assert!(set.contains("live") && set.contains("at most 2h") && !set.contains("entra.signin"), "{set}");
    for (wrong, named) in [
        (&["force", "add", "kent", "--expects", "m365.audti"][..], "m365.audti"),
        (&["force", "add", "kent", "--expects", "m365.audit=soon"], "36h"),
        (&["force", "add", "kent", "--zone", "Europe/Lodnon"], "time zone"),
        (&["force", "add", "Kent"], "lower-case"),
        (&["force", "set", "avon", "--display", "Avon"], "--reason"),
        (&["force", "set", "avon", "--reason", "nothing"], "say what to change"),
        (&["force", "set", "avon", "--stage", "dead", "--reason", "r"], "stage"),
        (&["force", "show", "avno"], "nearest name is `avon`"),
        (&["force", "suspend", "avno", "--reason", "r"], "nearest name is `avon`"),
        (&["token", "create", "--role", "intake", "--for", "avno"], "nearest name is `avon`"),
        (&["force", "suspend", "nmc", "--reason", "r"], "cannot be suspended"),
    ] {
        let said = operator.run(wrong).ends(2).err;
        assert!(said.contains(named), "{wrong:?}: {said}");
    }
    let list = operator.run(&["force", "list"]).ends(0).out;
    assert!(list.lines().count() == 2 && list.contains("National Management Centre"), "{list}");
}
