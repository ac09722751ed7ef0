//! A plugin that is deployed from an earlier time catches up beside what is live.

use std::collections::BTreeMap;

use cordon::ids::Digest;
use cordon::journal::{Journal, JournalOptions, Part, Request};
use cordon::model::{Force, SourceName};

use crate::support::{Live, component, events};

const HOUR: i64 = 3_600_000_000;

#[test]
fn a_plugin_deployed_from_an_earlier_time_sees_exactly_what_came_since_marked_late_and_the_ledger_adds_up() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    let Live { host, folder, config } = live;
    assert_eq!(host.stop(), 0);
    // Ten events in each of the hours 72, 48, 24 and 3 before now.
    {
        let data = folder.path().join("data");
        let options = JournalOptions { disk_floor: 0, ..JournalOptions::new(&data.join("journal")) };
        let (journal, _) = Journal::open(options, &BTreeMap::new()).unwrap();
        let source = SourceName::new("custom.test").unwrap();
        for (at, hours) in [72, 48, 24, 3].into_iter().enumerate() {
            let text = events(at * 10..at * 10 + 10);
            let part = Part::pack(&source, text.lines().map(str::as_bytes)).unwrap().unwrap();
            let received = cordon::clock::now_micros() - hours * HOUR;
            let request = Request { key: Digest([0; 32]), received, parts: vec![part] };
            journal.append(&Force::new("avon").unwrap(), request).unwrap();
        }
    }
    let live = Live::again(folder, config);
    live.settle();
    for (id, from) in [("late-a", "30h"), ("late-b", "beginning"), ("late-c", "now")] {
        let file = live.file(&format!("{id}.wasm"), &component(id, "1.0.0"));
        let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
        let deploy = ["deploy", id, "--for", "all", "--mode", "live", "--from", from, "--reason", "a test"];
        let _ = live.operator().run(&deploy).ends(0);
    }
    live.post(&token, &events(100..103));
    live.settle();
    let found = live.host.findings(&live.host.first_token(), "avon");
    let of = |id: &str, late: bool| {
        let fits = |one: &&serde_json::Value| one["plugin"]["id"] == id && (one["late"] == true) == late;
        found.iter().filter(fits).count()
    };
    let counts = |id: &str| (of(id, true), of(id, false));
    assert_eq!([counts("late-a"), counts("late-b"), counts("late-c")], [(20, 3), (40, 3), (0, 3)]);
    live.adds_up("avon");
    // What runs is not sent back.
    let again = ["deploy", "late-c", "--for", "all", "--mode", "live", "--from", "7d", "--reason", "a test"];
    let _ = live.operator().run(&again).ends(0);
    assert_eq!(live.set().0, 4, "nothing differs");
    let wrong = ["deploy", "late-c", "--for", "all", "--mode", "live", "--from", "yesterday", "--reason", "a test"];
    let said = live.operator().run(&wrong).ends(2).err;
    assert!(said.contains("beginning"), "{said}");
    // A shadow of it may look back, too.
    let file = live.file("late-c2.wasm", &component("late-c", "2.0.0"));
    let _ = live.operator().run(&["plugin", "load", &file]).ends(0);
    let shadow = ["deploy", "late-c", "--for", "all", "--from", "30h", "--reason", "a test"];
    let _ = live.operator().run(&shadow).ends(0);
    live.settle();
    let rule = live.get("/v1/plugins/late-c/compare")["comparisons"][0]["rules"]["rule-a"].clone();
    assert_eq!((rule["only-new"].as_u64(), rule["both"].as_u64()), (Some(20), Some(3)), "{rule}");
    live.adds_up("avon");
}
