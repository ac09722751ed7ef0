//! The same through the real binary: `cordon run` with a good plugin and a folder of hostile ones.

use std::collections::BTreeSet;
use std::fs;

use cordon_tests::cli::{Cordon, at, root};
use cordon_tests::hostile::{Ends, Hostile};
use serde_json::Value;

use super::{ALL, BINARY};

/// What must not depend on when it ran.
fn timeless(mut finding: Value) -> String {
    finding["event"].as_object_mut().unwrap().remove("received");
    finding.to_string()
}

/// Whether it ends here as in its contract: on these events, and not asked to explain itself.
fn ends_alike(guest: &Hostile) -> bool {
    !guest.contract.explain && !["column-flood", "paths-of-a-kilobyte"].contains(&guest.name.as_str())
}

#[test]
fn a_folder_of_hostile_plugins_changes_nothing_for_a_good_one_and_each_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let (good, bad, metrics) = (path("good"), path("bad"), path("cordon.prom"));
    let cordon = Cordon::new(BINARY, &root());
    let _ = cordon.run(&["build", "plugins/mail-forwarding", "--out", &good]).ends(0);
    fs::create_dir(&bad).unwrap();
    let guests: Vec<&Hostile> = ALL.iter().filter(|guest| !guest.needs_own_preparing()).collect();
    for guest in &guests {
        fs::write(folder.path().join("bad").join(format!("{}.wasm", guest.name)), &guest.wasm).unwrap();
    }
    let events = at("examples/events/m365-audit.jsonl");
    let common = [&events, "--format", "ndjson", "--for", "avon", "--workers", "2"];
    let run = |plugins: &[&str]| cordon.run(&[&["run"], plugins, &common].concat());

    let alone: Vec<String> = run(&["-p", &good]).ends(0).lines().into_iter().map(timeless).collect();
    assert!(!alone.is_empty());
    let said = run(&["-p", &good, "-p", &bad, "--metrics", &metrics]).ends(4);
    let beside: Vec<String> = said.lines().into_iter().map(timeless).collect();
    assert_eq!(beside, alone);

    let counted = fs::read_to_string(&metrics).unwrap();
    for guest in &guests {
        let name = &guest.name;
        match &guest.contract.ends {
            Ends::AtLoad { .. } => {
                let line = said
                    .err
                    .lines()
                    .find(|line| line.contains("not loaded:") && line.contains(&format!("{name}.wasm")));
                assert!(line.is_some(), "{name} is not named: {}", said.err);
            }
            Ends::In { outcome, limit } if outcome != "completed" && ends_alike(guest) => {
                let fault = format!("plugin `{name}` {outcome}");
                assert!(said.err.contains(&fault), "`{fault}` is not in: {}", said.err);
                if let Some(limit) = limit {
                    let hits = format!(
                        "cordon_plugin_limit_hits_total{{plugin=\"{name}\",force=\"avon\",limit=\"{limit}\"}} 2"
                    );
                    assert!(counted.contains(&hits), "`{hits}` is not in: {counted}");
                }
            }
            Ends::In { .. } => {}
        }
    }
    // An event that was delivered twice is given once.
    let events = fs::read_to_string(&events).unwrap().lines().collect::<BTreeSet<_>>().len();
    let judged = format!("cordon_plugin_events_total{{plugin=\"mail-forwarding\",force=\"avon\"}} {events}");
    assert!(counted.contains(&judged), "`{judged}` is not in: {counted}");
    assert!(!said.err.contains('\u{1b}') && !said.err.contains("panicked"), "{:?}", said.err);
}

#[test]
fn where_no_plugin_is_left_nothing_is_run_and_the_metrics_say_why() {
    let folder = tempfile::tempdir().unwrap();
    let (wasm, metrics) = (folder.path().join("m.wasm"), folder.path().join("cordon.prom"));
    let guest = ALL.iter().find(|guest| guest.name == "manifest-of-50-mb").unwrap();
    fs::write(&wasm, &guest.wasm).unwrap();
    let events = at("examples/events/m365-audit.jsonl");
    let arguments = ["run", "-p", wasm.to_str().unwrap(), &events, "--metrics", metrics.to_str().unwrap()];
    let said = Cordon::new(BINARY, &root()).run(&arguments).ends(2);
    assert!(said.err.contains("its manifest has") && said.out.is_empty(), "{}", said.err);
    let counted = fs::read_to_string(&metrics).unwrap();
    let refusal = "cordon_plugin_load_refusals_total{reason=\"limit\",limit=\"manifest-bytes\"} 1";
    assert!(counted.contains(refusal), "{counted}");
}
