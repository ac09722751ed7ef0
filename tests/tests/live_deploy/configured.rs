//! The configured folder and restarts.

use crate::support::{Live, component, events};

#[test]
fn a_restart_brings_back_exactly_the_same_set() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    let _ = live.host.add_force("kent");
    live.post(&token, &events(0..3));
    live.settle();
    live.load("2.0.0");
    live.load("3.0.0");
    live.deploy("guest@2.0.0", "all", "live");
    live.deploy("guest@3.0.0", "all", "shadow");
    let own = live.file("own.toml", b"[guest.run]\nlimit = 7\n");
    let tune = ["deploy", "guest", "--for", "kent", "--mode", "live", "--settings", &own, "--reason", "our limit"];
    let _ = live.operator().run(&tune).ends(0);
    let _ = live.operator().run(&["plugin", "disable", "guest", "--for", "kent", "--reason", "noise"]).ends(0);
    let before = live.set();
    assert_eq!(before.0, 5);
    assert_eq!(before.1["guest"]["forces"]["kent"]["reason"], "noise");
    let lanes = live.lanes();
    assert_eq!(lanes.iter().map(|lane| lane.1.as_str()).collect::<Vec<_>>(), ["live", "shadow"]);
    let live = live.restart();
    assert_eq!(live.set(), before);
    assert_eq!(live.lanes(), lanes);
    // Rolled back to what the configuration names: the configuration has nothing new to say.
    let _ = live.operator().run(&["rollback", "2", "--reason", "x"]).ends(0);
    let before = live.set();
    let live = live.restart();
    assert_eq!(live.set(), before);
    live.post(&token, &events(3..5));
    live.settle();
    assert_eq!(live.found("avon").len(), 5);
    live.adds_up("avon");
}

#[test]
fn a_configured_file_that_changed_is_deployed_by_the_next_start_and_a_bad_one_leaves_the_old_version_running() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    assert_eq!(live.set().0, 1);
    let file = live.folder.path().join("plugins/guest.wasm");
    std::fs::write(&file, component("guest", "1.1.0")).unwrap();
    let live = live.restart();
    assert_eq!(live.set().0, 2);
    std::fs::write(&file, b"no component").unwrap();
    let live = live.restart();
    assert_eq!(live.set().0, 2);
    live.post(&token, &events(0..2));
    live.settle();
    assert_eq!(live.found("avon").iter().filter(|(_, version)| version == "1.1.0").count(), 2);
    std::fs::remove_file(&file).unwrap();
    std::fs::write(live.folder.path().join("plugins/other.wasm"), component("other", "1.0.0")).unwrap();
    let live = live.restart();
    let (number, set) = live.set();
    assert!(number == 3 && set["guest"]["live"]["version"] == "1.1.0" && set["other"].is_object(), "{set}");
}

#[test]
fn a_file_that_comes_to_the_watched_folder_is_loaded_and_runs_nowhere_until_it_is_deployed() {
    let folder = tempfile::tempdir().unwrap();
    let live = Live::start(&format!("[deploy]\nload-from = \"{}\"\n", folder.path().display()));
    std::fs::write(folder.path().join("bad.wasm"), b"no component").unwrap();
    std::fs::write(folder.path().join("late.wasm"), component("late", "1.0.0")).unwrap();
    let is_loaded = || live.get("/v1/plugins")["loaded"].as_array().unwrap().iter().any(|one| one["id"] == "late");
    let begun = std::time::Instant::now();
    while !is_loaded() {
        assert!(begun.elapsed().as_secs() < 60);
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let (number, set) = live.set();
    assert!(number == 1 && set.get("late").is_none(), "{set}");
    live.deploy("late", "all", "live");
    assert!(live.set().1["late"].is_object());
}
