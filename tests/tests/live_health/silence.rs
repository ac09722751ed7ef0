//! A source that stops is itself a finding, once, also over a restart; and so is its return.

use super::{Place, event, health_findings, post, status, until, word};

#[test]
fn a_source_that_stops_is_a_finding_once_and_over_a_restart_and_its_return_closes_it() {
    let place = Place::new();
    let host = place.host("quiet-seconds = 2");
    let operator = host.first_token();
    host.add_live_force("avon", "custom.test", &place.folder.path().join("avon.ndjson"));
    let (intake, reader) = (host.token("intake", Some("avon")), host.token("force-reader", Some("avon")));
    let key = "source-silent/avon/custom.test";
    let found = |rule: &str| (rule.to_owned(), key.to_owned());
    post(&host, &intake, "custom.test", &[event(1)]);
    // In the national tenant, and in the force's own, whose token sees it.
    until("avon is told", || health_findings(&host, &reader, "avon").contains(&found("source-silent")).then_some(()));
    until("nmc is told", || health_findings(&host, &operator, "nmc").contains(&found("source-silent")).then_some(()));
    let red = status(&host, &operator, "");
    assert_eq!((red["red"].as_bool(), word(&red["conditions"][0], "key")), (Some(true), key), "{red}");
    let said = host.operator().run(&["status"]).ends(1);
    assert!(said.out.contains("1 force RED") && said.out.contains("SILENT"), "{}", said.out);
    assert_eq!(host.stop(), 0);

    let host = place.host("quiet-seconds = 2");
    assert!(status(&host, &operator, "")["red"].as_bool().unwrap(), "a restart does not forget");
    std::thread::sleep(std::time::Duration::from_secs(4));
    let before: Vec<_> = health_findings(&host, &reader, "avon");
    assert_eq!(before.iter().filter(|one| **one == found("source-silent")).count(), 1, "{before:?}");
    let back = until("its return is told", || {
        post(&host, &intake, "custom.test", &[event(2)]);
        let all = health_findings(&host, &reader, "avon");
        all.contains(&found("shipper-back")).then_some(all)
    });
    assert_eq!(back.iter().filter(|one| **one == found("source-silent")).count(), 1, "{back:?}");
    post(&host, &intake, "custom.test", &[event(3)]);
    until("nothing is red", || {
        post(&host, &intake, "custom.test", &[event(4)]);
        (host.operator().run(&["status"]).code == 0).then_some(())
    });
}

#[test]
fn a_live_force_whose_source_never_came_is_missed_and_one_that_is_set_up_is_not() {
    let place = Place::new();
    let host = place.host("quiet-seconds = 1");
    let operator = host.first_token();
    host.add_live_force("avon", "m365.audit", &place.folder.path().join("avon.ndjson"));
    let _ = host.operator().run(&["force", "add", "kent", "--expects", "m365.audit"]).ends(0);
    let key = "source-never-seen/avon/m365.audit".to_owned();
    let all = until("avon is missed", || {
        let all = health_findings(&host, &operator, "nmc");
        all.contains(&("source-never-seen".to_owned(), key.clone())).then_some(all)
    });
    assert_eq!(all.len(), 1, "{all:?}");
}

#[test]
fn refused_events_and_a_clock_that_is_ahead_are_findings_of_their_force() {
    let place = Place::new();
    let host = place.host("");
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let ahead = |n: u32| {
        format!(
            "{{\"Id\":\"{n}\",\"CreationTime\":\"2099-01-01T00:00:{:02}\",\"Operation\":\"x\",\"RecordType\":1,\"Workload\":\"Exchange\"}}",
            n % 60
        )
    };
    let mut events: Vec<String> = (0..40).map(ahead).collect();
    events.extend((0..12).map(|n| format!("{{\"broken\":{n}")));
    let sent = host.request("POST", "/v1/events/m365.audit", Some(&intake), &events.join("\n")).unwrap();
    assert_eq!((sent.status, sent.json()["refused"].as_u64()), (200, Some(12)), "{}", sent.body);
    for (rule, key) in [("clock-skew", "clock-skew/avon/m365.audit"), ("refusals-high", "refusals-high/avon")] {
        let told = (rule.to_owned(), key.to_owned());
        until(rule, || health_findings(&host, &operator, "avon").contains(&told).then_some(()));
    }
}
