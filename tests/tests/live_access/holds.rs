//! Legal holds: what is due stays while a force is held, and goes when the last hold is released.

use cordon_tests::host::Host;
use serde_json::Value;

use super::{Place, wait};

/// Two large events that hardly compress.
fn noise(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let noise: String = (0..1_000_000).map(|_| random.alphanumeric()).collect();
    format!("{{\"Text\":\"{noise}\"}}\n{{\"Text\":\"{}\"}}", noise.to_lowercase())
}

fn segments(place: &Place, force: &str) -> usize {
    let folder = std::fs::read_dir(place.data.join("journal").join(force)).unwrap();
    folder.filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|of| of == "segment")).count()
}

fn holds(host: &Host) -> Vec<Value> {
    let said = host.operator().run(&["hold", "list", "--format", "json"]).ends(0).out;
    let said: Value = serde_json::from_str(&said).unwrap();
    said["holds"].as_array().unwrap().clone()
}

#[test]
fn a_legal_hold_keeps_what_is_due_for_disposal_says_so_and_its_release_lets_it_go() {
    let place = Place::new();
    let host = place.configured("[journal]\nsegment-mib = 1\nkeep-days = 0\n");
    let [avon, kent] = ["avon", "kent"].map(|name| host.add_force(name));
    let operator = host.operator();
    let refused = operator.run(&["hold", "add", "--for", "avno", "--reason", "case 1"]).ends(2).err;
    assert!(refused.contains("nearest name is `avon`"), "{refused}");
    let held = || operator.run(&["status"]).out.contains("legal hold");
    assert!(!held());
    let _ = operator.run(&["hold", "add", "--for", "avon", "--reason", "case 1"]).ends(0);
    assert!(held(), "who looks at the screen sees it");
    for n in 0..3 {
        for token in [&avon, &kent] {
            let sent = host.request("POST", "/v1/events/custom.test", Some(token), &noise(n)).unwrap();
            assert_eq!(sent.status, 200, "{}", sent.body);
        }
    }
    host.settle(&host.first_token());
    let kept = segments(&place, "avon");
    assert!(kept > 1, "{kept}");
    // A second hold makes the host look again: the other force's go, this one's are due and stay.
    let _ = operator.run(&["hold", "add", "--for", "avon", "--reason", "case 2"]).ends(0);
    wait("what nobody holds goes", || segments(&place, "kent") == 1);
    wait("what is due is said", || holds(&host)[0]["due"]["segments"].as_u64() == Some(kept as u64 - 1));
    let listed = operator.run(&["hold", "list"]).ends(0).out;
    assert!(listed.contains("case 1") && listed.contains("due for disposal and held"), "{listed}");
    let _ = operator.run(&["hold", "release", "1", "--reason", "closed"]).ends(0);
    assert_eq!(host.stop(), 0);
    let host = place.configured("[journal]\nsegment-mib = 1\nkeep-days = 0\n");
    wait("it is looked again after a restart", || holds(&host)[1]["due"]["segments"].as_u64() == Some(kept as u64 - 1));
    assert_eq!(segments(&place, "avon"), kept);
    let _ = host.operator().run(&["hold", "release", "2", "--reason", "closed"]).ends(0);
    wait("it goes", || segments(&place, "avon") == 1);
    let again = host.operator().run(&["hold", "release", "2", "--reason", "closed"]).ends(2).err;
    assert!(again.contains("released already"), "{again}");
    assert!(!host.operator().run(&["hold", "list"]).ends(0).out.contains("case"));
    let all = host.operator().run(&["hold", "list", "--all"]).ends(0).out;
    assert!(all.contains("case 1") && all.contains("released"), "{all}");
    let auditor = place.write("auditor", &host.token("auditor", None));
    let said = host.with_token(&auditor).run(&["audit", "list", "--for", "avon", "--format", "json"]).ends(0).lines();
    let what: Vec<&str> = said.iter().map(|record| record["what"].as_str().unwrap()).collect();
    let of = |word: &str| what.iter().filter(|what| **what == word).count();
    assert_eq!((of("hold-added"), of("hold-released"), of("segment-dropped")), (2, 2, kept - 1), "{what:?}");
    let dropped = said.iter().filter(|record| record["what"] == "segment-dropped");
    assert!(
        dropped.clone().all(|record| record["details"]["digest"].as_str().is_some_and(|digest| digest.len() == 64))
    );
    let last = what.iter().rposition(|what| *what == "hold-released").unwrap();
    assert!(
        what[..last].iter().all(|what| *what != "segment-dropped"),
        "nothing goes before the last release: {what:?}"
    );
}
