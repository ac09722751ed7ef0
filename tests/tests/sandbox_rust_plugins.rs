//! Plugins written with the SDK and built by `cordon build`, in the production sandbox.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordon::author::build::{Talk, build};
use cordon::author::find;
use cordon::sandbox::{Outcome, RunInput, inspect};
use cordon_tests::batches::batch;
use cordon_tests::sandboxes::TestSandbox;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// Every plugin of the checkout, and the Rust guests of the tests, built in one call: id and component.
static BUILT: LazyLock<Vec<(String, Vec<u8>)>> = LazyLock::new(|| {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let folders: Vec<PathBuf> =
        ["plugins", "examples", "tests/guests/sdk/panicking"].map(|folder| root.join(folder)).into();
    let out = tempfile::tempdir().unwrap();
    let built = build(&find(&folders, &root).unwrap(), Some(out.path()), Talk::ErrorsOnly).unwrap();
    built.into_iter().map(|built| (built.id, std::fs::read(built.path).unwrap())).collect()
});

fn component(id: &str) -> &'static [u8] {
    &BUILT.iter().find(|(name, _)| name == id).unwrap_or_else(|| panic!("{id} was not built")).1
}

#[test]
fn a_rust_plugin_imports_the_contract_and_nothing_else() {
    assert!(BUILT.len() >= 6, "{:?}", BUILT.iter().map(|(id, _)| id).collect::<Vec<_>>());
    for (id, wasm) in BUILT.iter() {
        let inspection = inspect(wasm).unwrap();
        assert_eq!(&inspection.manifest.plugin.id, id);
        assert!(!inspection.imports.is_empty());
        for import in &inspection.imports {
            assert!(import.starts_with("cordon:detection/"), "{id} imports {import}");
        }
    }
}

#[test]
fn every_plugin_of_the_checkout_loads() {
    let sandbox = TestSandbox::new(PREPARER);
    for (id, wasm) in BUILT.iter() {
        let plugin = sandbox.load(wasm).unwrap_or_else(|error| panic!("{id}: {error}"));
        assert_eq!(&plugin.manifest().plugin.id, id);
    }
}

#[test]
fn a_panics_message_file_and_line_reach_the_host_and_the_next_batch_is_as_if_nothing_was() {
    let sandbox = TestSandbox::new(PREPARER);
    let plugin = sandbox.load(component("panicking")).unwrap();
    let run = |lines: &[&str]| sandbox.sandbox().run(&plugin, &batch("custom.test", lines), &RunInput::default());
    let (see, boom) = (r#"{"Operation":"see"}"#, r#"{"Operation":"boom"}"#);
    let good = run(&[see, "{}", see]);
    assert_eq!((good.outcome, good.findings.len()), (Outcome::Completed, 2));

    let bad = run(&[see, boom]);
    let Outcome::Trapped { reason, limit: None } = &bad.outcome else { panic!("{:?}", bad.outcome) };
    for words in ["panic at", "src/lib.rs:20", "index out of bounds: the len is 3 but the index is 4"] {
        assert!(reason.contains(words), "`{words}` is not in: {reason}");
    }
    assert!(bad.findings.is_empty());

    assert_eq!(run(&[see, "{}", see]).findings, good.findings);
}
