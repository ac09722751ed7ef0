//! What is bad is refused with its reason, and changes nothing.

use cordon_tests::guest::{Guest, MANIFEST};

use crate::support::{Live, component, events};

#[test]
fn a_bad_plugin_version_or_setting_is_refused_with_its_reason_and_changes_nothing() {
    let live = Live::start("");
    let token = live.host.add_force("avon");
    live.load("2.0.0");
    let before = live.get("/v1/plugins");
    let same = |what: &str| {
        let after = live.get("/v1/plugins");
        for part in ["generation", "deployments", "loaded"] {
            assert_eq!(after[part], before[part], "{what}");
        }
    };
    let traps = Guest::detecting("").configuring("unreachable").manifest(Some(MANIFEST)).build();
    for (name, bytes, why) in [
        ("traps.wasm", traps, "configure"),
        ("nothing.wasm", Vec::new(), "an empty file"),
        ("own.wasm", component("cordon-health", "9.0.0"), "the host's own"),
    ] {
        let file = live.file(name, &bytes);
        let said = live.operator().run(&["plugin", "load", &file]).ends(2).err;
        assert!(said.contains(why) && said.contains(name), "{said}");
        same(name);
    }
    let unfit = live.file("unfit.toml", b"[guest.run]\nlimit = \"many\"\n");
    let other = live.file("other.toml", b"[gest.run]\nlimit = 3\n");
    for (arguments, why) in [
        (vec!["guest@3.0.0", "--for", "all"], "loaded are 1.0.0"),
        (vec!["gest", "--for", "all"], "no version of `gest` is loaded"),
        (vec!["guest@2.0.0", "--for", "avno"], "nearest name is `avon`"),
        (vec!["guest@2.0.0"], "say for whom"),
        (vec!["guest@2.0.0", "--for", "all", "--settings", &unfit], "limit"),
        (vec!["guest@2.0.0", "--for", "all", "--settings", &other], "other plugins"),
        (vec!["cordon-health", "--for", "all", "--mode", "off"], "the host's own"),
    ] {
        let all = [&["deploy"], &arguments[..], &["--reason", "a test"]].concat();
        let said = live.operator().run(&all).ends(2).err;
        assert!(said.contains(why), "{all:?}: {said}");
        same(why);
    }
    let _ = live.operator().run(&["deploy", "guest", "--for", "all", "--reason", " "]).ends(2);
    let said = live.operator().run(&["plugin", "unload", "guest@1.0.0", "--reason", "x"]).ends(2).err;
    assert!(said.contains("is deployed"), "{said}");
    let _ = live.operator().run(&["rollback", "77", "--reason", "x"]).ends(2);
    let _ = live.operator().run(&["rollback", "guest", "--reason", "x"]).ends(2);
    same("rollback");
    // The version that runs goes on.
    live.post(&token, &events(0..3));
    live.settle();
    assert_eq!(live.found("avon").len(), 3);

    let _ = live.operator().run(&["plugin", "unload", "guest@2.0.0", "--reason", "x"]).ends(0);
    let said = live.operator().run(&["deploy", "guest@2.0.0", "--for", "all", "--reason", "x"]).ends(2).err;
    assert!(said.contains("is not loaded"), "{said}");
}
