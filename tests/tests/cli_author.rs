//! `cordon new`, `build`, `test` and `case add`, as an author meets them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use cordon_tests::cli::{Cordon, at};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

fn edit(path: &Path, change: impl FnOnce(String) -> String) {
    fs::write(path, change(fs::read_to_string(path).unwrap())).unwrap();
}

/// One story, because each step would otherwise build a plugin anew.
#[test]
fn a_new_plugin_in_an_empty_folder_passes_its_case_and_says_what_breaks_it() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = Cordon::new(BINARY, folder.path());
    let _ = cordon.run(&["new", "odd-hours"]).ends(0);
    let plugin = folder.path().join("odd-hours");
    let case = plugin.join("cases/first/case.toml");
    let junit = folder.path().join("cases.junit.xml");
    let junit = junit.to_str().unwrap();

    let said = cordon.run(&["test", "odd-hours", "--junit", junit]).ends(0);
    assert!(said.out.contains("holds  odd-hours/first"), "{}", said.out);
    assert!(fs::read_to_string(junit).unwrap().contains("failures=\"0\""));

    // Nothing of this machine is in the component.
    let wasm = fs::read(plugin.join("target/cordon/plugins/odd-hours.wasm")).unwrap();
    let here = folder.path().to_str().unwrap();
    assert!(!wasm.windows(here.len()).any(|bytes| bytes == here.as_bytes()), "a build path is inside");

    // Another expectation: a diff, exit 1, and --update writes what is found.
    edit(&case, |text| text.replace("key = \"ben\"", "key = \"cleo\""));
    let said = cordon.run(&["test", "odd-hours", "--junit", junit]).ends(1);
    assert!(said.out.contains("-key = \"cleo\"") && said.out.contains("+key = \"ben\""), "{}", said.out);
    assert!(fs::read_to_string(junit).unwrap().contains("failures=\"1\""));
    let _ = cordon.run(&["test", "odd-hours", "--update"]).ends(0);
    let _ = cordon.run(&["test", "odd-hours"]).ends(0);

    // An unknown key is refused with its line.
    let good = fs::read_to_string(&case).unwrap();
    edit(&case, |text| text.replace("source =", "sauce ="));
    let said = cordon.run(&["test", "odd-hours"]).ends(2);
    assert!(said.err.contains("line 4") && said.err.contains("sauce"), "{}", said.err);
    fs::write(&case, good).unwrap();

    // A plugin that counts rows breaks the row rule: named with row, rule and cut.
    edit(&plugin.join("src/lib.rs"), |text| {
        text.replace("_batch: &Batch", "batch: &Batch").replace(
            "            let mailbox",
            "            if batch.len() < 3 {\n                continue;\n            }\n            let mailbox",
        )
    });
    let said = cordon.run(&["test", "odd-hours"]).ends(1);
    for part in ["depend on how events are cut", "row 1", "mailbox-access", "batches of one"] {
        assert!(said.out.contains(part), "{part}: {}", said.out);
    }

    // What does not compile is shown as cargo shows it, with the author's own paths.
    edit(&plugin.join("src/lib.rs"), |text| text.replace("fields.mailbox", "fields.nothing"));
    let said = cordon.run(&["build", "odd-hours"]).ends(2);
    assert!(said.err.contains("src/lib.rs") && said.err.contains("nothing"), "{}", said.err);
}

#[test]
fn a_missing_target_is_named_in_three_lines_and_exit_3() {
    let folder = tempfile::tempdir().unwrap();
    for (name, script) in [("rustc", "echo /nowhere"), ("rustup", "exit 1")] {
        let path = folder.path().join(name);
        fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
    }
    let path = format!("{}:/usr/bin:/bin", folder.path().display());
    let said =
        Cordon::new(BINARY, Path::new(&at("."))).env("PATH", &path).run(&["build", "examples/hello-detector"]).ends(3);
    let lines: Vec<&str> = said.err.trim_end().lines().collect();
    assert_eq!(lines.len(), 3, "{}", said.err);
    assert!(lines[0].contains("wasm32-unknown-unknown") && lines[1].contains("rustup target add"), "{}", said.err);
}

#[test]
fn a_case_from_real_events_names_nobody() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = Cordon::new(BINARY, folder.path());
    let _ = cordon.run(&["new", "odd-hours"]).ends(0);
    let from = at("examples/events/m365-audit.jsonl");
    let add = ["case", "add", "--from", &from, "--row", "1,3", "--mask", "--name", "from-real", "odd-hours"];
    let _ = cordon.run(&add).ends(0);
    let text = fs::read_to_string(folder.path().join("odd-hours/cases/from-real/events.jsonl")).unwrap();
    assert_eq!(text.lines().count(), 2);
    assert!(!text.contains("westmarch") && text.contains("org1.example"), "{text}");
    let said = cordon.run(&add).ends(2);
    assert!(said.err.contains("such a case already"), "{}", said.err);
}

#[test]
fn names_and_folders_that_cannot_be_are_refused_with_the_way_out() {
    let folder = tempfile::tempdir().unwrap();
    let cordon = Cordon::new(BINARY, folder.path());
    assert!(cordon.run(&["new", "Odd Hours"]).ends(2).err.contains("lower-case"));
    assert!(cordon.run(&["build"]).ends(2).err.contains("cordon new"));
    assert!(cordon.run(&["test", "nowhere"]).ends(2).err.contains("no such folder"));
}
