//! Evidence of a live finding is obtainable later, also when its events' segment is gone, and makes it again.

use cordon_tests::cli::Cordon;
use cordon_tests::guest::EACH_ROW;

use super::{BINARY, Live, events, plugin};

/// The evidence of one finding of each plugin, and what `cordon reproduce` says of it.
fn reproduced(live: &Live, folder: &str, count: usize) -> String {
    let findings = live.host.findings(&live.operator, "avon");
    let ids: Vec<&str> = findings.iter().take(count).map(|one| one["id"].as_str().unwrap()).collect();
    let arguments = [&["evidence", "-o", folder][..], &ids].concat();
    let taken = live.host.operator().run(&arguments).ends(0).out;
    assert!(taken.contains("kept in"), "{taken}");
    let data = live.folder.path().join("data");
    Cordon::new(BINARY, &data).run(&["reproduce", folder]).ends(0).out
}

#[test]
fn evidence_of_a_live_finding_makes_it_again_identical_and_taking_it_is_recorded() {
    let live = Live::start("", |plugins| {
        plugin(plugins, "first", EACH_ROW);
        plugin(plugins, "second", EACH_ROW);
    });
    let _ = live.host.add_force("kent");
    live.post(&events(40, &[]));
    live.host.settle(&live.operator);
    let said = reproduced(&live, "kept", 80);
    assert!(said.contains("80 of 80 findings identical"), "{said}");
    // Another force's token gets none of it, and cannot tell whether it is there.
    let id = live.host.findings(&live.operator, "avon")[0]["id"].as_str().unwrap().to_owned();
    let kent = live.host.token("force-reader", Some("kent"));
    let asked = |id: &str| live.host.request("GET", &format!("/v1/findings/{id}/evidence"), Some(&kent), "").unwrap();
    assert_eq!(asked(&id), asked(&"0".repeat(64)));
    assert_eq!(asked(&id).status, 404);
    let avon = live.host.token("force-reader", Some("avon"));
    let own = live.get_as(&format!("/v1/findings/{id}/evidence"), &avon);
    assert!(own["trigger"]["event"].as_str().unwrap().contains("avon.example"), "{own}");
    let audit = live.get_as("/v1/audit?limit=1000", &live.host.token("auditor", None)).to_string();
    assert_eq!(audit.matches("\"evidence-read\"").count(), 81);
}

#[test]
fn disposal_of_a_segment_keeps_what_findings_cite() {
    let config = "[journal]\nsegment-mib = 1\nkeep-days = 0\n";
    let live = Live::start(config, |plugins| plugin(plugins, "each-row", EACH_ROW));
    live.post(&events(5, &[]));
    // Random text does not shrink: the segment is full, and the next request begins another.
    let mut random = fastrand::Rng::with_seed(17);
    let mut noise = |bytes: usize| (0..bytes).map(|_| random.alphanumeric()).collect::<String>();
    for _ in 0..3 {
        let lines: Vec<String> = (0..4).map(|_| format!("{{\"Noise\":\"{}\"}}", noise(200_000))).collect();
        let path = "/v1/events/custom.noise";
        let sent = live.host.request("POST", path, Some(&live.intake), &lines.join("\n")).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    live.host.settle(&live.operator);
    let segments = |live: &Live| {
        let folder = live.folder.path().join("data/journal/avon");
        let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.filter(|name| name.ends_with(".segment")).collect::<std::collections::BTreeSet<_>>()
    };
    let before = segments(&live);
    assert!(before.len() > 1, "{before:?}");
    // Disposal looks at start.
    let live = live.restart();
    for _ in 0..500 {
        if segments(&live).len() < before.len() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    let first = before.first().unwrap();
    assert!(!segments(&live).contains(first), "{first} is still there");
    let said = reproduced(&live, "kept", 5);
    assert!(said.contains("5 of 5 findings identical"), "{said}");
}
