//! A plugin that faults loses the events that it faults on, and no others.

use cordon_tests::guest::EACH_ROW;

use super::{Live, events, on_poison, plugin};

#[test]
fn a_plugin_that_faults_on_one_event_of_a_batch_loses_only_that_event() {
    let live = Live::start("", |plugins| {
        plugin(plugins, "good", EACH_ROW);
        plugin(plugins, "traps", &on_poison("unreachable"));
    });
    live.post(&events(3_000, &[1_777]));
    live.host.settle(&live.operator);
    assert_eq!(live.found_by("good").len(), 3_000);
    let found = live.found_by("traps");
    assert!(found.len() == 2_999 && !found.contains(&"poison".to_owned()), "{}", found.len());
    assert_eq!(live.skips_of("traps"), [(1_777, 1_777, 1)]);
    let [fault] = &live.faults_of("traps")[..] else { panic!("{:?}", live.faults_of("traps")) };
    assert_eq!((fault["outcome"].as_str(), fault["limit"].as_str()), (Some("trapped"), None));
    assert_eq!(
        (fault["first"].as_u64(), fault["rows"].as_u64(), fault["count"].as_u64()),
        (Some(1_777), Some(1), Some(1))
    );
    let shown = live.host.operator().run(&["plugin", "faults", "traps", "--for", "avon"]).ends(1).out;
    assert!(shown.contains("trapped") && shown.contains("avon custom.test, events 1777 to 1777"), "{shown}");
}

#[test]
fn a_plugin_that_always_faults_costs_a_bounded_number_of_runs() {
    let live = Live::start("", |plugins| plugin(plugins, "traps", "unreachable"));
    live.post(&events(4_096, &[]));
    live.host.settle(&live.operator);
    let metrics = live.host.request("GET", "/metrics", Some(&live.operator), "").unwrap().body;
    let line = metrics.lines().find(|line| line.starts_with("cordon_plugin_outcomes_total{plugin=\"traps\"")).unwrap();
    let runs: u32 = line.rsplit(' ').next().unwrap().parse().unwrap();
    let batches = u32::try_from(live.skips_of("traps").len()).unwrap();
    assert!(runs <= 80 * batches, "{line}, {batches} batches");
    assert_eq!(live.skips_of("traps").iter().map(|skip| skip.2).sum::<u64>(), 4_096);
    assert_eq!(live.faults_of("traps").len(), 1);
}

#[test]
fn only_its_own_force_an_operator_and_an_auditor_see_what_a_fault_says_and_reading_it_is_recorded() {
    let live = Live::start("", |plugins| plugin(plugins, "traps", "unreachable"));
    let _ = live.host.add_force("kent");
    live.post(&events(3, &[]));
    live.host.settle(&live.operator);
    let token = |role, force| live.host.token(role, force);
    for whole in [&live.operator, &token("auditor", None), &token("force-reader", Some("avon"))] {
        let faults = live.get_as("/v1/faults", whole);
        assert_eq!(
            (faults["faults"][0]["force"].as_str(), faults["faults"][0]["first"].as_u64()),
            (Some("avon"), Some(1))
        );
    }
    let kent = token("force-reader", Some("kent"));
    assert_eq!(live.get_as("/v1/faults", &kent)["faults"].as_array().unwrap().len(), 0);
    assert_eq!(live.host.request("GET", "/v1/faults?for=avon", Some(&kent), "").unwrap().status, 403);
    let author = live.get_as("/v1/faults?plugin=traps", &token("author", None));
    let fault = author["faults"][0].as_object().unwrap();
    assert_eq!(fault["outcome"], "trapped");
    for hidden in ["force", "reason", "log", "first", "last"] {
        assert!(!fault.contains_key(hidden), "{fault:?}");
    }
    let audit = live.get_as("/v1/audit?limit=1000", &token("auditor", None)).to_string();
    assert_eq!(audit.matches("\"faults-read\"").count(), 5, "{audit}");
}
