//! What is found long after it came: by a back-fill, by a hunt.

use cordon_tests::guest::{EACH_ROW, Guest, MANIFEST};
use serde_json::Value;

use crate::receiver::Receiver;
use crate::sigma;
use crate::support::Live;

/// A plugin that finds each event, loaded and not deployed.
fn load(live: &Live, id: &str, more: &str) {
    let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\""));
    let manifest = manifest.replace("[[rules]]\n", &format!("[[rules]]\n{more}"));
    let file = live.folder.path().join(format!("{id}.wasm"));
    std::fs::write(&file, Guest::detecting(EACH_ROW).manifest(Some(&manifest)).build()).unwrap();
    let _ = live.host.operator().run(&["plugin", "load", file.to_str().unwrap()]).ends(0);
}

fn hunt(live: &Live, plugin: &str) {
    let start = ["hunt", "start", "-p", plugin, "--for", "avon", "--from", "beginning", "--reason", "INC-7"];
    let said = live.host.operator().run(&start).ends(0).out;
    let number: u64 = said.split(' ').nth(1).unwrap().parse().unwrap();
    for _ in 0..1_000 {
        let hunts = live.get("/v1/hunts")["hunts"].clone();
        let of = hunts.as_array().unwrap().iter().find(|hunt| hunt["number"].as_u64() == Some(number)).cloned();
        if of.unwrap()["state"] == "done" {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("hunt {number} does not end");
}

/// Number, count, late, hunt.
fn said(alert: &Value) -> (u64, u64, bool, Option<u64>) {
    (
        alert["number"].as_u64().unwrap(),
        alert["count"].as_u64().unwrap(),
        alert["late"].as_bool().unwrap(),
        alert["hunt"].as_u64(),
    )
}

#[test]
fn what_a_hunt_finds_is_a_late_alert_that_pages_nobody_once_however_many_hunts_find_it() {
    let mut live = Live::start();
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    load(&live, "seeker", "");
    live.post(&["one"]);
    let told = receiver.wait(2).len();
    // What runs has found it already.
    hunt(&live, "guest");
    hunt(&live, "seeker");
    let by_hunt = live.alerts_of("seeker", 1);
    assert_eq!((by_hunt.len(), said(&by_hunt[0])), (1, (2, 1, true, Some(2))), "{by_hunt:?}");
    hunt(&live, "seeker");
    live.kill();
    hunt(&live, "guest");
    live.post(&["two"]);
    let two = live.alerts(2);
    assert_eq!(two.iter().map(|alert| alert["count"].as_u64().unwrap()).collect::<Vec<_>>(), [1, 1], "{two:?}");
    assert_eq!(said(&live.alerts_of("seeker", 1)[0]), (2, 1, true, Some(2)));
    let all = receiver.wait(told + 1);
    assert!(all.iter().all(|got| got.json()["reference"] != "avon-2"), "{all:?}");
    let waits = live.host.operator().run(&["delivery", "list", "--for", "avon"]).out;
    assert!(waits.contains("avon-2"), "it waits for others, to go out with them: {waits}");
    // A rule whose worth it is says so.
    load(&live, "pages", "page-when-late = true\n");
    hunt(&live, "pages");
    let pages = live.alerts_of("pages", 2);
    assert!(pages.iter().all(|alert| alert["late"] == false && alert["hunt"].is_u64()), "{pages:?}");
    let all = receiver.wait(all.len() + 2);
    let text = all.last().unwrap().json()["text"].as_str().unwrap().to_owned();
    assert!(text.contains("Found by search 5 through what was stored"), "{text}");
}

#[test]
fn what_a_back_fill_finds_is_late_however_short_ago_it_came_and_what_comes_after_is_not() {
    let live = Live::start();
    load(&live, "seeker", "");
    live.post(&["one"]);
    let _ = live.alerts(1);
    let deploy = ["deploy", "seeker", "--for", "avon", "--mode", "live", "--from", "beginning", "--reason", "a test"];
    let deployed = live.host.operator().run(&deploy);
    assert_eq!(deployed.code, 0, "{deployed:?}");
    assert_eq!(live.alerts_of("seeker", 1)[0]["late"], true);
    live.post(&["two"]);
    let found = live.alerts_of("seeker", 2);
    let late: Vec<bool> = found.iter().map(|alert| alert["late"].as_bool().unwrap()).collect();
    assert_eq!(late, [true, false], "{found:?}");
}

#[test]
fn what_a_shadow_finds_is_no_alert_and_an_event_that_comes_hours_late_is_none_that_is_late() {
    let live = Live::with(sigma::rules);
    load(&live, "seeker", "");
    let deploy = ["deploy", "seeker", "--for", "avon", "--mode", "shadow", "--reason", "a test"];
    let _ = live.host.operator().run(&deploy).ends(0);
    live.post(&["one"]);
    let _ = live.alerts(1);
    live.host.settle(&live.host.first_token());
    let compared = live.get("/v1/plugins/seeker/compare?for=avon");
    assert_eq!(compared["comparisons"][0]["rules"]["rule-a"]["only-new"], 1, "{compared}");
    assert!(live.alerts_of("seeker", 0).is_empty());
    let before = cordon::findings::rfc3339(cordon::clock::now_micros() - 5 * 3_600_000_000);
    sigma::post_at(&live, &before[..19], &["New-InboxRule"], "kim@avon.example", "192.0.2.1");
    assert_eq!(live.alerts_of("sigma-rules", 1)[0]["late"], false);
}
