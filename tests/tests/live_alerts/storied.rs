//! Alerts that are one story, what is seen of them as it happens, and how rules do.

use serde_json::Value;

use crate::sigma;
use crate::support::Live;

#[test]
fn alerts_about_one_account_are_an_incident_whose_score_explains_itself() {
    let live = Live::with(sigma::rules);
    sigma::post(&live, &["New-InboxRule"], "anna@avon.example", "192.0.2.1");
    sigma::post(&live, &["New-InboxRule"], "ben@avon.example", "192.0.2.7");
    let _ = live.alerts_of("sigma-rules", 2);
    // The same account from elsewhere; then whoever was at that address, too.
    sigma::post(&live, &["Consent to application."], "ANNA@avon.example", "198.51.100.4");
    let alerts = live.alerts_of("sigma-rules", 3);
    let operator = live.host.operator();
    let listed = operator.run(&["incident", "list", "--for", "avon"]).ends(0).out;
    assert!(listed.ends_with("1 incident\n") && listed.contains("2 alerts"), "{listed}");
    let reference = listed.split_whitespace().next().unwrap();
    let shown = operator.run(&["incident", "show", reference]).ends(0).out;
    // Medium at medium confidence is 15, high 37.5; collection and credential access make the sum a quarter more.
    assert!(shown.contains("score 66, 1.25 times"), "{shown}");
    for part in ["37.5  sigma-rules/", "15.0  sigma-rules/", "tactics collection, credential-access", "priority high"] {
        assert!(shown.contains(part), "{part}: {shown}");
    }
    let risk = operator.run(&["incident", "risk", "anna@AVON.example", "--for", "avon"]).ends(0).out;
    assert!(risk.contains("score 66"), "{risk}");
    let consent = alerts.iter().find(|alert| alert["severity"] == "high").unwrap()["reference"].as_str().unwrap();
    let alert = operator.run(&["alert", "show", consent]).ends(0).out;
    assert!(alert.contains("T1528 Steal Application Access Token") && alert.contains(reference), "{alert}");
    // What people say was no attack weighs nothing; and an incident without open alerts is over.
    let _ = operator.run(&["alert", "resolve", consent, "--verdict", "false-positive"]).ends(0);
    assert!(operator.run(&["incident", "show", reference]).ends(0).out.contains("score 15"));
    let found =
        operator.run(&["alert", "list", "--for", "avon", "--entity", "Anna@avon.example", "--state", "all"]).ends(0);
    assert!(found.out.ends_with("2 alerts\n"), "{}", found.out);
    let scores = operator.run(&["scorecard", "--for", "avon", "--format", "json"]).ends(0).out;
    let scores: Value = serde_json::from_str(&scores).unwrap();
    let rules = scores["rules"].as_array().unwrap();
    let rule = rules.iter().find(|rule| rule["false-positives"] == 1).unwrap();
    assert_eq!((&rule["alerts"], &rule["false-positive-ratio"], &rule["open"]), (&1.into(), &1.0.into(), &0.into()));
    assert!(rule["between"][0].as_f64().unwrap() < 0.3 && rule["plugin-cpu-seconds"].as_f64().unwrap() > 0.0, "{rule}");
    assert!(operator.run(&["scorecard"]).ends(0).out.contains("100% (21 to 100%)"));
}

#[test]
fn who_watches_sees_each_change_once_also_over_a_restart_and_a_force_its_own_only() {
    let mut live = Live::start();
    let _ = live.host.add_force("kent");
    let token = live.host.token("force-contact", Some("kent"));
    live.post(&["one"]);
    let first = live.alerts(1).remove(0);
    let operator = live.host.operator();
    let reference = first["reference"].as_str().unwrap();
    let _ = operator.run(&["alert", "ack", reference]).ends(0);
    live.kill();
    let operator = live.host.operator();
    live.post(&["two"]);
    let _ = live.alerts(2);
    let seen = |from: &str, limit: &str| -> Vec<(u64, String, String)> {
        let watch = ["alert", "watch", "--for", "avon", "--after", from, "--limit", limit, "--format", "json"];
        let lines = operator.run(&watch).ends(0).out;
        let one = |line: &str| {
            let value: Value = serde_json::from_str(line).unwrap();
            let text = |value: &Value| value.as_str().unwrap().to_owned();
            (value["number"].as_u64().unwrap(), text(&value["alert"]["key"]), text(&value["change"]["kind"]))
        };
        lines.lines().map(one).filter(|(_, key, _)| ["one", "two"].contains(&key.as_str())).collect()
    };
    let all = seen("0", "3");
    let of: Vec<(&str, &str)> = all.iter().map(|(_, key, kind)| (key.as_str(), kind.as_str())).collect();
    assert_eq!(of, [("one", "created"), ("one", "acknowledged"), ("two", "created")]);
    let again = seen(&all[0].0.to_string(), "2");
    assert_eq!(again, all[1..]);
    let file = live.folder.path().join("kent.token");
    std::fs::write(&file, token).unwrap();
    let _ = live.host.with_token(&file).run(&["alert", "watch", "--for", "avon", "--limit", "1"]).ends(2);
}
