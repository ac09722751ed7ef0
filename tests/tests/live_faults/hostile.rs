//! Promise 2, live: hostile plugins change nothing for the others.

use std::collections::BTreeSet;
use std::path::Path;

use cordon_tests::guest::EACH_ROW;
use cordon_tests::hostile::{Ends, Hostile, all};
use serde_json::Value;

use super::{Live, plugin};

/// Those that load and fault on every batch under the host's own limits.
fn hostile() -> Vec<Hostile> {
    let faults = |one: &Hostile| matches!(&one.contract.ends, Ends::In { outcome, .. } if outcome != "completed");
    all().into_iter().filter(|one| faults(one) && !one.needs_own_preparing() && !one.contract.explain).collect()
}

/// Ten events that every guest reads, with enough text to matter.
fn ten(post: usize) -> String {
    let text = "a long text ".repeat(8_000);
    let one =
        |row| format!(r#"{{"Operation":"op-{post}-{row}","UserId":"u","ClientIP":"192.0.2.1","Text":"{row} {text}"}}"#);
    (0..10).map(one).collect::<Vec<_>>().join("\n")
}

fn run(hostile: &[Hostile]) -> (Vec<Value>, Value, Live) {
    let config = "[retry]\ntries = 2\npause-ms = 10\n";
    let live = Live::start(config, |plugins: &Path| {
        plugin(plugins, "good", EACH_ROW);
        for one in hostile {
            std::fs::write(plugins.join(format!("{}.wasm", one.name)), &one.wasm).unwrap();
        }
    });
    for post in 0..4 {
        live.post(&ten(post));
        live.wait("good", |lane| lane["events"] == (post + 1) * 10);
    }
    let mut findings = live.host.findings(&live.operator, "avon");
    findings.retain(|one| one["plugin"]["id"] == "good");
    for finding in &mut findings {
        // When a request came is the clock's; numbers are shared with what the host itself says of the others.
        for name in ["received", "time", "sequence", "line"] {
            finding["event"][name] = Value::Null;
        }
    }
    let lane = live.lane("good");
    (findings, lane, live)
}

#[test]
fn hostile_plugins_change_nothing_of_a_good_ones_findings_and_each_is_listed_with_outcome_and_limit() {
    let hostile = hostile();
    assert!(hostile.len() > 15, "{}", hostile.len());
    let (alone, lane_alone, _) = run(&[]);
    let (beside, lane, live) = run(&hostile);
    assert_eq!(alone.len(), 40);
    assert_eq!(alone, beside);
    for name in ["state", "events", "findings", "skips", "faults"] {
        assert_eq!(lane_alone[name], lane[name], "{name}");
    }
    assert_eq!(lane["cursor"], lane["head"]);
    let known: BTreeSet<String> = live.get("/v1/plugins")["plugins"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| one["id"].as_str().unwrap().to_owned())
        .collect();
    for one in hostile.iter().filter(|one| known.contains(&one.name)) {
        let Ends::In { outcome, limit } = &one.contract.ends else { continue };
        live.wait(&one.name, |lane| lane["faults"].as_u64() > Some(0) || lane["state"] == "resting");
        let faults = live.faults_of(&one.name);
        let as_said = |fault: &Value| fault["outcome"] == **outcome && fault["limit"].as_str() == limit.as_deref();
        assert!(faults.iter().any(as_said), "{}: {outcome} {limit:?} {faults:?}", one.name);
    }
    assert_eq!(live.host.stop(), 0);
}
