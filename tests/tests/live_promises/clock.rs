//! A clock that is set back.

use cordon_tests::clock::Clock;

use crate::support::{EACH_ROW, Place, events, operations, post};

#[test]
fn a_clock_that_goes_back_costs_no_event_and_no_finding() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let Some(clock) = Clock::new(place.folder.path()) else { return };
    let set: Vec<String> = clock.environment().iter().map(|(name, value)| format!("{name}={value}")).collect();
    let fake = format!("export {}", set.join(" "));
    let host = place.logged(&fake, "");
    let token = host.add_force("avon");
    let first = post(&host, &token, &events(0..10));
    // While it runs: two hours back.
    clock.set(-7_200);
    let second = post(&host, &token, &events(10..20));
    host.settle(&host.first_token());
    assert_eq!((first["sequence"].as_u64(), second["sequence"].as_u64()), (Some(1), Some(11)));
    let received: Vec<String> = host
        .findings(&host.first_token(), "avon")
        .iter()
        .map(|finding| finding["event"]["received"].as_str().unwrap().to_owned())
        .collect();
    assert!(received[10] < received[9], "the clock did go back: {received:?}");
    assert_eq!(host.stop(), 0);
    // And over a restart: a day back, then forward again.
    clock.set(-86_400);
    let host = place.logged(&fake, "");
    let third = post(&host, &token, &events(20..30));
    assert_eq!(third["sequence"].as_u64(), Some(21));
    clock.set(3_600);
    let fourth = post(&host, &token, &events(30..40));
    assert_eq!(fourth["sequence"].as_u64(), Some(31));
    host.settle(&host.first_token());
    let expected: Vec<String> = (0..40).map(|n| format!("op-{n}")).collect();
    assert_eq!(operations(&host, "avon"), expected);
    let auditor = place.folder.path().join("auditor");
    std::fs::write(&auditor, host.token("auditor", None)).unwrap();
    let verified = host.with_token(&auditor).run(&["audit", "verify"]).ends(0);
    assert!(verified.out.starts_with("holds"), "{}", verified.out);
    assert_eq!(host.stop(), 0);
}
