//! Exercises, and maintenance windows.

use cordon_tests::cli::Said;

use crate::receiver::Receiver;
use crate::support::Live;

fn exercise(live: &Live, seconds: &str) -> Said {
    let file = live.folder.path().join("exercise.ndjson");
    std::fs::write(&file, "{\"Operation\":\"EXERCISE-ID\",\"UserId\":\"x\",\"Text\":\"EXERCISE-TIME\"}").unwrap();
    let run = ["exercise", "run", "--for", "avon", "--contact", "soc", "--source", "custom.test", "--seconds", seconds];
    live.host.operator().run(&[&run[..], &["--events", file.to_str().unwrap()]].concat())
}

/// Ends with 1, and names this hop and reason.
fn fails(said: Said, hop: &str, why: &str) {
    let said = said.ends(1).out;
    let line = said.lines().find(|line| line.contains("not passed")).unwrap();
    assert!(line.trim().starts_with(hop) && line.contains(why), "{said}");
}

#[test]
fn an_exercise_reaches_the_contact_marked_and_counts_nowhere_and_each_hop_that_fails_is_named() {
    let live = Live::start();
    let operator = live.host.operator();
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    let before = receiver.all().len();
    live.post(&["real"]);
    let said = exercise(&live, "30").ends(0).out;
    for hop in ["intake", "detection", "alert", "routing", "delivery"] {
        assert!(said.contains(&format!("  {hop:<10} after ")), "{hop}: {said}");
    }
    let got = receiver.wait(before + 2);
    let message = got.iter().find(|got| got.json().get("exercise").is_some()).unwrap().json();
    assert!(
        message["subject"].as_str().unwrap().starts_with("EXERCISE ")
            && message["text"].as_str().unwrap().contains("EXERCISE"),
        "{message}"
    );
    assert!(got.iter().any(|got| got.json()["kind"] == "created" && got.json().get("exercise").is_none()));
    let findings = live.host.findings(&live.host.first_token(), "avon");
    assert_eq!(findings.iter().filter(|finding| finding.get("exercise").is_some()).count(), 1);
    let card = operator.run(&["scorecard", "--for", "avon", "--format", "json"]).ends(0).out;
    let card: serde_json::Value = serde_json::from_str(&card).unwrap();
    let rule = card["rules"].as_array().unwrap().iter().find(|rule| rule["plugin"] == "guest").unwrap();
    assert_eq!(rule["alerts"], 1, "{card}");
    // Hop after hop is broken, from the last to the first.
    receiver.answers(503);
    fails(exercise(&live, "3"), "delivery", "503");
    receiver.answers(200);
    let _ = operator.run(&["contact", "remove", "soc", "--for", "avon"]).ends(0);
    fails(exercise(&live, "2"), "routing", "no such contact");
    let except = [
        "exception",
        "add",
        "all",
        "--for",
        "avon",
        "--plugin",
        "guest",
        "--rule",
        "rule-a",
        "--owner",
        "o",
        "--reason",
        "r",
        "--expires",
        "1d",
    ];
    let _ = operator.run(&except).ends(0);
    fails(exercise(&live, "2"), "alert", "exception");
    assert!(operator.run(&["exception", "report"]).ends(0).out.contains("hid 0 findings"));
    let _ = operator.run(&["plugin", "disable", "guest", "--for", "avon", "--reason", "r"]).ends(0);
    fails(exercise(&live, "2"), "detection", "no plugin");
    let _ = operator.run(&["force", "suspend", "avon", "--reason", "a test"]).ends(0);
    fails(exercise(&live, "2"), "intake", "suspended");
}

#[test]
fn in_a_maintenance_window_alerts_are_made_and_page_nobody_until_it_is_over() {
    let live = Live::start();
    let operator = live.host.operator();
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    let before = receiver.all().len();
    let add = |lasts: &str, pages: &str| {
        let add = ["maintenance", "add", "move", "--for", "avon", "--reason", "mailboxes move"];
        operator.run(&[&add[..], &["--lasts", lasts, "--pages", pages]].concat())
    };
    let said = add("30d", "critical").ends(2).err;
    assert!(said.contains("14 days"), "{said}");
    let _ = add("1h", "critical").ends(0);
    let _ = add("1h", "critical").ends(2);
    live.post(&["one"]);
    assert_eq!(live.alerts(1)[0]["maintenance"], "move");
    std::thread::sleep(std::time::Duration::from_millis(600));
    assert_eq!(receiver.all().len(), before);
    let _ = operator.run(&["maintenance", "end", "move", "--for", "avon"]).ends(0);
    assert!(operator.run(&["maintenance", "list"]).ends(0).out.starts_with("0 maintenance windows"));
    live.post(&["one"]);
    let told = receiver.wait(before + 1).pop().unwrap().json();
    assert_eq!((told["kind"].as_str(), told["count"].as_u64()), (Some("created"), Some(2)), "{told}");
    // What is grave enough pages within one, too.
    let _ = add("1h", "informational").ends(0);
    live.post(&["two"]);
    assert_eq!(receiver.wait(before + 2).pop().unwrap().json()["kind"], "created");
}
