//! Loading: what is named in a refusal, what `configure` may do, and what the cache of artefacts does. What hostile
//! components are refused for: `hostile/`.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::time::Instant;

use cordon::sandbox::{Caps, LoadError, inspect};
use cordon_tests::guest::{Guest, MANIFEST};
use cordon_tests::sandboxes::{self, TestSandbox};
use serde_json::Map;

const PREPARER: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// The refusal of something that is the plugin's fault.
fn refusal(wasm: &[u8]) -> String {
    match TestSandbox::new(PREPARER).load(wasm) {
        Err(error) if error.is_plugins() => {
            let reason = error.to_string();
            assert!(!reason.contains('\n'), "one line: {reason}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn says(reason: &str, words: &[&str]) {
    for word in words {
        assert!(reason.contains(word), "`{word}` is not in: {reason}");
    }
}

#[test]
fn a_component_of_the_world_loads_and_says_what_it_is() {
    let wasm = Guest::detecting("").build();
    let inspection = inspect(&wasm).unwrap();
    assert_eq!(inspection.manifest_text, MANIFEST);
    assert!(
        inspection.imports.iter().all(|import| import.starts_with("cordon:detection/")),
        "{:?}",
        inspection.imports
    );
    assert!(inspection.exports.contains(&"detect".to_owned()));

    let plugin = TestSandbox::new(PREPARER).load(&wasm).unwrap();
    assert_eq!(plugin.manifest().plugin.id, "guest");
    assert_eq!(plugin.digest(), inspection.digest);
}

#[test]
fn what_is_no_component_is_named_with_the_way_out() {
    says(&refusal(b""), &["an empty file", "cordon build"]);
    says(&refusal(br#"{"Operation":"x"}"#), &["JSON", "without `-p`"]);
    says(&refusal(br#"[{"Operation":"x"}]"#), &["JSON", "without `-p`"]);
    says(&refusal(b"\x28\xB5\x2F\xFD1234"), &["compressed", "unpack"]);
    says(&refusal(b"hello there"), &["not WebAssembly", "cordon build"]);
    says(&refusal(MANIFEST.as_bytes()), &["a manifest", "cordon build"]);
    says(&refusal(&Guest::detecting("").core()), &["a core Wasm module", "cordon build"]);
    says(&refusal(b"(component)"), &["WebAssembly text"]);
    says(&refusal(&vec![0; 65 << 20]), &["65 MiB", "more than 64"]);
}

#[test]
fn a_broken_component_is_refused() {
    let wasm = Guest::detecting("").build();
    for cut in [9, 100, wasm.len() / 2, wasm.len() - 5] {
        let reason = refusal(&wasm[..cut]);
        assert!(!reason.is_empty());
    }
    // Flipping bytes breaks it, changes its code, or changes nothing: whatever it is, the host survives.
    let sandbox = TestSandbox::new(PREPARER);
    let mut random = fastrand::Rng::with_seed(7);
    for _ in 0..12 {
        let mut flipped = wasm.clone();
        for _ in 0..3 {
            let at = random.usize(8..flipped.len());
            flipped[at] ^= 1 << random.u8(0..8);
        }
        if let Err(LoadError::Host(reason)) = sandbox.load(&flipped) {
            panic!("not the host's fault: {reason}");
        }
    }
}

#[test]
fn a_manifest_is_due_and_its_mistakes_are_named_with_their_line() {
    let guest = Guest::detecting("");
    says(&refusal(&guest.clone().manifest(None).build()), &["no manifest", "cordon build"]);

    let unknown = MANIFEST.replace("summary =", "sumary = 1\nsummary =");
    says(&refusal(&guest.clone().manifest(Some(&unknown)).build()), &["cordon.toml line", "sumary"]);
}

#[test]
fn load_settings_of_the_wrong_type_are_refused() {
    let manifest =
        format!("{MANIFEST}\n[settings.load.words]\ntype = \"strings\"\ndefault = []\ndescription = \"Words.\"\n");
    let wasm = Guest::detecting("").manifest(Some(&manifest)).build();
    let sandbox = TestSandbox::new(PREPARER);
    let with = |value: serde_json::Value| sandbox.sandbox().load(&wasm, &Map::from_iter([("words".to_owned(), value)]));
    let Err(LoadError::Plugin(reason)) = with(7.into()) else { panic!("7 is no list") };
    says(&reason, &["words"]);
    assert_eq!(with(vec!["a"].into()).unwrap().load_settings()["words"], serde_json::json!(["a"]));
}

#[test]
fn configure_refusing_and_panicking_is_told_in_its_words() {
    let refusing = Guest::detecting("").configuring(
        "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 516) (i32.const 0))
         (i32.store (i32.const 520) (i32.const 2064)) (i32.store (i32.const 524) (i32.const 9))
         (return (i32.const 512))",
    );
    says(&refusal(&refusing.build()), &["`configure` refused", "bad settings: it looked"]);

    let panicking = "(call $write (i32.const 3) (i32.const 2112) (i32.const 42)) unreachable";
    let reason = refusal(&Guest::detecting("").configuring(panicking).build());
    says(&reason, &["`configure` trapped: panic at src/lib.rs:7: index out of bounds"]);
}

#[test]
fn configure_may_log() {
    let wasm = Guest::detecting("").configuring("(call $write (i32.const 1) (i32.const 2176) (i32.const 19))").build();
    TestSandbox::new(PREPARER).load(&wasm).unwrap();
}

#[test]
fn more_tables_or_a_larger_one_than_a_slot_holds_is_refused() {
    let wasm = Guest::detecting("").with(&"(table 1 funcref) ".repeat(9)).build();
    says(&refusal(&wasm), &["no slot of the pool", "limit of 8"]);
    let large = |elements: u32| Guest::detecting("").with(&format!("(table {elements} funcref)")).build();
    let reason = refusal(&large(20_001));
    says(&reason, &["table-elements", "20000"]);
    TestSandbox::new(PREPARER).load(&large(19_000)).unwrap();
}

#[test]
fn a_missing_preparer_is_the_hosts_fault() {
    let sandbox = TestSandbox::new("/nonexistent/cordon");
    let Err(LoadError::Host(reason)) = sandbox.load(&Guest::detecting("").build()) else { panic!("not refused") };
    says(&reason, &["/nonexistent/cordon"]);
}

fn artefacts(sandbox: &TestSandbox) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(sandbox.cache()).unwrap().map(|entry| entry.unwrap().path()).collect();
    found.sort();
    found
}

#[test]
fn a_second_load_takes_the_artefact_from_the_cache() {
    let wasm = Guest::detecting("").build();
    let sandbox = TestSandbox::new(PREPARER);
    let cold = Instant::now();
    sandbox.load(&wasm).unwrap();
    let cold = cold.elapsed();
    let files = artefacts(&sandbox);
    assert_eq!(files.len(), 2, "an index and an artefact, nothing left over: {files:?}");

    // A binary that could not prepare anything: the cache alone must do.
    let other = sandboxes::open("/nonexistent/cordon", sandbox.cache(), Caps::default());
    let warm = Instant::now();
    other.load(&wasm, &Map::new()).unwrap();
    println!("cold {cold:?}, cached {:?}", warm.elapsed());
}

#[test]
fn a_damaged_cache_entry_is_made_again() {
    let wasm = Guest::detecting("").build();
    let sandbox = TestSandbox::new(PREPARER);
    sandbox.load(&wasm).unwrap();
    let files = artefacts(&sandbox);
    type Damage<'a> = &'a dyn Fn(&PathBuf, Vec<u8>);
    let damage: [Damage<'_>; 4] = [
        &|path, bytes| fs::write(path, &bytes[..bytes.len() / 2]).unwrap(),
        &|path, mut bytes| {
            let middle = bytes.len() / 2;
            bytes[middle] ^= 1;
            fs::write(path, bytes).unwrap();
        },
        &|path, _| fs::write(path, b"").unwrap(),
        &|path, _| fs::remove_file(path).unwrap(),
    ];
    for file in &files {
        for damage in damage {
            let bytes = fs::read(file).unwrap();
            let mut permissions = fs::metadata(file).unwrap().permissions();
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, 0o600);
            fs::set_permissions(file, permissions).unwrap();
            damage(file, bytes.clone());
            sandbox.load(&wasm).unwrap();
            assert_eq!(fs::read(file).unwrap(), bytes, "{} is whole again", file.display());
        }
    }
}

#[test]
fn other_load_settings_are_another_artefact() {
    let manifest =
        format!("{MANIFEST}\n[settings.load.level]\ntype = \"integer\"\ndefault = 1\ndescription = \"A level.\"\n");
    let wasm = Guest::detecting("").manifest(Some(&manifest)).build();
    let sandbox = TestSandbox::new(PREPARER);
    sandbox.load(&wasm).unwrap();
    let set = |level: i64| Map::from_iter([("level".to_owned(), level.into())]);
    sandbox.sandbox().load(&wasm, &set(1)).unwrap();
    let index = |sandbox: &TestSandbox| {
        artefacts(sandbox).iter().filter(|path| path.extension().is_some_and(|ext| ext == "json")).count()
    };
    assert_eq!(index(&sandbox), 1, "the default said aloud is the default");
    sandbox.sandbox().load(&wasm, &set(2)).unwrap();
    assert_eq!(index(&sandbox), 2);
}

#[test]
fn two_at_once_prepare_the_same_plugin_without_harm() {
    let wasm = Guest::detecting("").build();
    let cache = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| sandboxes::open(PREPARER, cache.path(), Caps::default()).load(&wasm, &Map::new()).unwrap());
        }
    });
}
