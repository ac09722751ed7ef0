//! A plugin that is disabled stops within one batch, for whom it is said, and goes on as it is told to.

use crate::support::{Live, events};

fn count(live: &Live, force: &str) -> usize {
    live.settle();
    live.found(force).len()
}

#[test]
fn disabling_stops_within_one_batch_and_enabling_goes_on_at_the_cursor_or_counts_what_it_passes() {
    let live = Live::start("");
    let tokens = ["avon", "kent"].map(|force| live.host.add_force(force));
    let post = |of: std::ops::Range<usize>| tokens.iter().for_each(|token| live.post(token, &events(of.clone())));
    let switch = |arguments: &[&str]| {
        let all = [&["plugin"], arguments, &["--reason", "INC-9"]].concat();
        live.operator().run(&all).ends(0).out
    };
    post(0..10);
    assert_eq!((count(&live, "avon"), count(&live, "kent")), (10, 10));
    switch(&["disable", "guest", "--for", "avon"]);
    assert!(live.lanes().iter().all(|(force, ..)| force == "kent"), "{:?}", live.lanes());
    post(10..20);
    assert_eq!((count(&live, "avon"), count(&live, "kent")), (10, 20));
    let shown = live.operator().run(&["plugin", "list"]).ends(0).out;
    assert!(shown.contains("guest for avon: disabled (INC-9)"), "{shown}");
    let live = live.restart();
    assert_eq!(count(&live, "avon"), 10, "a restart changes nothing of it");

    let switch = |arguments: &[&str]| {
        let all = [&["plugin"], arguments, &["--reason", "INC-9"]].concat();
        live.operator().run(&all).ends(0).out
    };
    let post = |of: std::ops::Range<usize>| tokens.iter().for_each(|token| live.post(token, &events(of.clone())));
    switch(&["enable", "guest", "--for", "avon", "--from", "cursor"]);
    assert_eq!(count(&live, "avon"), 20, "it sees what came meanwhile");
    switch(&["disable", "guest", "--for", "all"]);
    post(20..27);
    assert_eq!((count(&live, "avon"), count(&live, "kent")), (20, 20));
    let refused = live.operator().run(&["plugin", "disable", "guest", "--for", "avon", "--reason", "x"]);
    assert!(!refused.ends(2).err.is_empty());
    let said = switch(&["enable", "guest", "--for", "all", "--from", "now"]);
    for force in ["avon", "kent"] {
        assert!(said.contains(&format!("{force}/guest/custom.test passes 7 events")), "{said}");
    }
    post(27..30);
    assert_eq!((count(&live, "avon"), count(&live, "kent")), (23, 23));
    let skips = live.get("/v1/skips?for=avon");
    let [skip] = &skips["skips"].as_array().unwrap()[..] else { panic!("{skips}") };
    assert_eq!((skip["first"].as_u64(), skip["last"].as_u64(), skip["rows"].as_u64()), (Some(21), Some(27), Some(7)));
    live.adds_up("avon");
    live.adds_up("kent");
}

#[test]
fn a_plugin_that_is_switched_off_and_on_again_says_what_it_passed() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    live.post(&token, &events(0..5));
    live.settle();
    live.deploy("guest", "all", "off");
    assert_eq!(live.lanes(), []);
    live.post(&token, &events(5..9));
    live.settle();
    let said = live.deploy("guest", "all", "live");
    assert!(said.contains("passes 4 events that came meanwhile"), "{said}");
    live.post(&token, &events(9..10));
    assert_eq!(count(&live, "avon"), 6);
    live.adds_up("avon");
}
