//! A lane whose plugin is out of time rests in the end, through restarts, and goes on when an operator says so.

use cordon_tests::guest::EACH_ROW;

use super::{Live, SPINS, events, on_poison, plugin};

/// Tries come quickly here.
const QUICK: &str = "[retry]\ntries = 6\npause-ms = 20\n";

#[test]
fn a_lane_out_of_time_rests_through_a_restart_and_a_skip_passes_exactly_what_it_rests_on() {
    let live = Live::start(QUICK, |plugins| {
        plugin(plugins, "good", EACH_ROW);
        plugin(plugins, "spins", &on_poison(SPINS));
    });
    live.post(&events(30, &[20]));
    let lane = live.wait("spins", |lane| lane["state"] == "resting");
    // It came as far as it could.
    assert_eq!((lane["cursor"].as_u64(), lane["resting"]["first"].as_u64()), (Some(19), Some(20)), "{lane}");
    assert_eq!((lane["resting"]["rows"].as_u64(), lane["resting"]["limit"].as_str()), (Some(1), Some("cpu-time")));
    assert_eq!((live.found_by("good").len(), live.found_by("spins").len()), (30, 19));
    let shown = live.host.operator().run(&["plugin", "list"]).ends(1).out;
    assert!(shown.contains("avon/spins/custom.test is resting"), "{shown}");
    let [fault] = &live.faults_of("spins")[..] else { panic!("{:?}", live.faults_of("spins")) };
    assert_eq!((fault["outcome"].as_str(), fault["count"].as_u64()), (Some("out-of-time"), Some(6)), "{fault}");

    let live = live.restart();
    live.post(&events(5, &[]).replace("operation", "later"));
    live.wait("good", |lane| lane["events"] == 5);
    let after = live.lane("spins");
    assert_eq!(
        (&after["state"], &after["resting"], &after["cursor"]),
        (&"resting".into(), &lane["resting"], &19.into())
    );

    let operator = live.host.operator();
    let refused = operator.run(&["plugin", "skip", "avon/good", "--reason", "x"]).ends(2).err;
    assert!(refused.contains("names no lane that rests (avon/spins/custom.test)"), "{refused}");
    let _ = operator.run(&["plugin", "skip", "avon/spins", "--reason", " "]).ends(2);
    let passed = operator.run(&["plugin", "skip", "avon/spins", "--reason", "INC-1204"]).ends(0).out;
    assert!(passed.contains("avon/spins/custom.test passes 1 event, 20 to 20"), "{passed}");
    live.host.settle(&live.operator);
    let found = live.found_by("spins");
    assert!(found.len() == 34 && !found.contains(&"poison".to_owned()), "{found:?}");
    assert_eq!(live.skips_of("spins"), [(20, 20, 1)]);
    let auditor = live.host.token("auditor", None);
    let audit = live.get_as("/v1/audit?limit=1000", &auditor).to_string();
    assert!(audit.contains("\"lane-skipped\"") && audit.contains("INC-1204"), "{audit}");
    // Nothing of it is left after another restart.
    let live = live.restart();
    assert_eq!(live.lane("spins")["state"], "running");
}

#[test]
fn a_retry_wakes_a_lane_and_a_new_version_of_its_plugin_does_too() {
    let live = Live::start(QUICK, |plugins| plugin(plugins, "spins", &on_poison(SPINS)));
    live.post(&events(3, &[2]));
    let first = live.wait("spins", |lane| lane["state"] == "resting");
    let _ = live.host.operator().run(&["plugin", "retry", "avon/spins/custom.test", "--reason", "once more"]).ends(0);
    let again = live.wait("spins", |lane| {
        lane["state"] == "resting" && lane["resting"]["since"].as_i64() > first["resting"]["since"].as_i64()
    });
    assert_eq!((&again["cursor"], &again["resting"]["first"]), (&1.into(), &2.into()));
    plugin(&live.folder.path().join("plugins"), "spins", EACH_ROW);
    let live = live.restart();
    live.host.settle(&live.operator);
    assert_eq!(live.found_by("spins").len(), 3);
    assert_eq!(live.skips_of("spins"), []);
}
