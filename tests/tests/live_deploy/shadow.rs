//! A shadow runs beside the live version, tells nobody, is compared with it, and takes over.

use std::collections::BTreeSet;

use cordon_tests::guest::EACH_ROW;

use crate::support::{Live, component_of, event, events};

/// Passes over events whose operation has six bytes, and finds all others.
fn picky() -> String {
    let picky = EACH_ROW.replace(
        "(if (call $send) (then unreachable))",
        "(if (i32.ne (i32.load (i32.const 1108)) (i32.const 6)) (then (if (call $send) (then unreachable))))",
    );
    assert_ne!(picky, EACH_ROW);
    picky
}

#[test]
fn a_shadow_tells_nobody_is_compared_with_the_live_version_and_takes_over_where_both_stand() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    live.post(&token, &events(0..5));
    live.settle();
    let file = live.file("picky.wasm", &component_of("guest", "2.0.0", &picky()));
    let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
    let said = live.operator().run(&["deploy", "guest", "--for", "all", "--reason", "a test"]).ends(0).out;
    assert!(said.contains("live 1.0.0") && said.contains("and shadow 2.0.0"), "{said}");
    // op-5 to op-9 have four bytes, op-100 to op-104 six.
    live.post(&token, &events(5..10));
    live.post(&token, &events(100..105));
    live.settle();
    let found = live.found("avon");
    assert!(found.len() == 15 && found.iter().all(|(_, version)| version == "1.0.0"), "{found:?}");

    let compared = live.get("/v1/plugins/guest/compare");
    let rule = &compared["comparisons"][0]["rules"]["rule-a"];
    let counts = ["both", "only-new", "only-old"].map(|name| rule[name].as_u64().unwrap());
    assert_eq!(counts, [5, 0, 5], "{compared}");
    assert_eq!(rule["old-samples"][0]["key"], "op-100");
    assert_eq!(compared["comparisons"][0]["seen"]["custom.test"][0], 6, "{compared}");
    let shown = live.operator().run(&["plugin", "compare", "guest"]).ends(1).out;
    assert!(shown.contains("rule-a: 5 by both, 0 by the shadow only, 5 by the live version only"), "{shown}");
    let _ = live.operator().run(&["plugin", "compare", "guest", "--for", "kent"]).ends(2);

    live.deploy("guest@2.0.0", "all", "live");
    live.post(&token, &event(106));
    live.post(&token, &event(11));
    live.settle();
    let found = live.found("avon");
    let once: BTreeSet<&String> = found.iter().map(|(operation, _)| operation).collect();
    assert_eq!((found.len(), once.len()), (16, 16), "{found:?}");
    assert!(found.contains(&("op-11".into(), "2.0.0".into())), "{found:?}");
    let lanes = live.lanes();
    assert!(lanes.len() == 1 && lanes[0].1 == "live" && lanes[0].3 == "2.0.0", "{lanes:?}");
    live.adds_up("avon");
}
