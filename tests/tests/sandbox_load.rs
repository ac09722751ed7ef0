//! Loading: what is refused and with what words, what `configure` may do, and what the cache of artefacts does.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use cordon::sandbox::{Caps, LoadError, inspect};
use cordon_tests::guest::{self, Guest, MANIFEST};
use cordon_tests::sandboxes::{self, TestSandbox};
use serde_json::Map;

const PREPARER: &str = env!("CARGO_BIN_EXE_preparer");

/// The refusal of something that is the plugin's fault.
fn refusal(wasm: &[u8]) -> String {
    refusal_with(wasm, Caps::default())
}

fn refusal_with(wasm: &[u8], caps: Caps) -> String {
    match TestSandbox::with(PREPARER, caps).load(wasm) {
        Err(LoadError::Plugin(reason)) => {
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
        match sandbox.load(&flipped) {
            Ok(_) | Err(LoadError::Plugin(_)) => {}
            Err(LoadError::Host(reason)) => panic!("not the host's fault: {reason}"),
        }
    }
}

#[test]
fn imports_beyond_the_contract_are_refused_by_name() {
    let importing = |name: &str| {
        let text = format!(r#"(component (import "{name}" (instance)))"#);
        let mut wasm = wat::parse_str(text).unwrap();
        guest::append_manifest(&mut wasm, MANIFEST);
        refusal(&wasm)
    };
    says(
        &importing("wasi:clocks/wall-clock@0.2.0"),
        &["wasi:clocks/wall-clock@0.2.0", "no clock", "wasm32-unknown-unknown"],
    );
    says(&importing("wasi:sockets/tcp@0.2.3"), &["network"]);
    says(&importing("evil:things/here"), &["evil:things/here", "which no plugin is given"]);
    says(&importing("cordon:detection/events@2.0.0"), &["contract 2.0.0", "speaks 1.0.0"]);
    says(&importing("cordon:detection/state@1.0.0"), &["cordon:detection/state@1.0.0"]);
}

#[test]
fn missing_and_mistyped_exports_are_refused() {
    let mut none = wat::parse_str("(component)").unwrap();
    guest::append_manifest(&mut none, MANIFEST);
    says(&refusal(&none), &["exports no function `configure`", "detector@1.0.0"]);

    let mut other = wat::parse_str(
        r#"(component
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func (export "configure") (canon lift (core func $i "f")))
            (func (export "detect") (canon lift (core func $i "f"))))"#,
    )
    .unwrap();
    guest::append_manifest(&mut other, MANIFEST);
    says(&refusal(&other), &["`detect` is not the contract's"]);
}

#[test]
fn an_import_of_another_type_is_refused() {
    let mut wasm = wat::parse_str(
        r#"(component
            (import "cordon:detection/settings@1.0.0" (instance (export "get" (func (result u32)))))
            (core module $m (func (export "f")))
            (core instance $i (instantiate $m))
            (func (export "configure") (canon lift (core func $i "f")))
            (func (export "detect") (canon lift (core func $i "f"))))"#,
    )
    .unwrap();
    guest::append_manifest(&mut wasm, MANIFEST);
    says(&refusal(&wasm), &["its imports do not match the contract"]);
}

#[test]
fn exactly_one_readable_manifest_of_the_outermost_component_counts() {
    let guest = Guest::detecting("");
    says(&refusal(&guest.clone().manifest(None).build()), &["no manifest", "cordon build"]);

    let mut two = guest.build();
    guest::append_manifest(&mut two, MANIFEST);
    says(&refusal(&two), &["2 manifests"]);

    let unknown = MANIFEST.replace("summary =", "sumary = 1\nsummary =");
    says(&refusal(&guest.clone().manifest(Some(&unknown)).build()), &["cordon.toml line", "sumary"]);

    let large = format!("# {}\n{MANIFEST}", "x".repeat(50 << 20));
    says(&refusal(&guest.clone().manifest(Some(&large)).build()), &["its manifest has", "more than 4194304"]);

    let mut not_text = guest.clone().manifest(None).build();
    guest::append_manifest(&mut not_text, MANIFEST);
    let at = not_text.len() - 3;
    not_text[at] = 0xFF;
    says(&refusal(&not_text), &["not UTF-8"]);

    // A manifest of a nested component, or of the core module, is not the plugin's.
    let mut inner = wat::parse_str("(component)").unwrap();
    guest::append_manifest(&mut inner, MANIFEST);
    let mut nesting = guest.manifest(None).build();
    nesting.push(4); // a component section
    wasm_encoder::Encode::encode(&inner[..], &mut nesting);
    says(&refusal(&nesting), &["no manifest"]);
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
fn configure_refusing_panicking_trapping_and_looking_too_early_is_told() {
    let refusing = Guest::detecting("").configuring(
        "(i32.store8 (i32.const 512) (i32.const 1)) (i32.store8 (i32.const 516) (i32.const 0))
         (i32.store (i32.const 520) (i32.const 2064)) (i32.store (i32.const 524) (i32.const 9))
         (return (i32.const 512))",
    );
    says(&refusal(&refusing.build()), &["`configure` refused", "bad settings: it looked"]);

    let panicking = "(call $write (i32.const 3) (i32.const 2112) (i32.const 42)) unreachable";
    let reason = refusal(&Guest::detecting("").configuring(panicking).build());
    says(&reason, &["`configure` trapped: panic at src/lib.rs:7: index out of bounds"]);

    let trapping = "(drop (i32.load (i32.const -1)))";
    says(
        &refusal(&Guest::detecting("").configuring(trapping).build()),
        &["`configure` trapped", "out of bounds memory access"],
    );

    let early = Guest::detecting("").configuring("(call $settings (i32.const 64))").build();
    says(&refusal(&early), &["settings@1.0.0#get", "until the snapshot"]);

    let recursing = Guest::detecting("").configuring("(call $deep)").with("(func $deep (call $deep))").build();
    says(&refusal(&recursing), &["the limit stack"]);
}

#[test]
fn configure_may_log() {
    let wasm = Guest::detecting("").configuring("(call $write (i32.const 1) (i32.const 2176) (i32.const 19))").build();
    TestSandbox::new(PREPARER).load(&wasm).unwrap();
}

#[test]
fn a_configure_that_hangs_ends_at_its_limit() {
    let caps = Caps { prepare_seconds: 2, ..Caps::default() };
    let begun = Instant::now();
    let reason = refusal_with(&Guest::detecting("").configuring("(loop (br 0))").build(), caps);
    says(&reason, &["`configure` hit the limit cpu-time", "1000 ms"]);
    assert!(begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_start_function_is_bounded_like_configure() {
    let caps = Caps { prepare_seconds: 2, ..Caps::default() };
    let wasm = Guest::detecting("").with("(func $start (loop (br 0))) (start $start)").build();
    says(&refusal_with(&wasm, caps), &["its start hit the limit cpu-time"]);
}

#[test]
fn configure_may_grow_memory_to_exactly_its_limit_but_not_above() {
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 2\n");
    // 2 pages to begin with, 32 are 2 MiB.
    let growing = |pages: u32| {
        let body = format!("(if (i32.eq (memory.grow (i32.const {pages})) (i32.const -1)) (then unreachable))");
        Guest::detecting("").configuring(&body).manifest(Some(&manifest)).build()
    };
    TestSandbox::new(PREPARER).load(&growing(30)).unwrap();
    says(&refusal(&growing(31)), &["the limit memory", "2 MiB"]);
}

#[test]
fn a_memory_at_its_own_maximum_is_refused_not_a_crash() {
    let body = "(drop (memory.grow (i32.const 2)))";
    let wasm = Guest::detecting("").configuring(body).pages(2).maximum(4).build();
    says(&refusal(&wasm), &["a snapshot cannot carry it", "two free pages"]);
}

#[test]
fn what_a_snapshot_cannot_carry_is_refused_with_the_reason() {
    let table =
        Guest::detecting("").with("(table $t 1 funcref) (func $change (table.set $t (i32.const 0) (ref.null func)))");
    says(&refusal(&table.build()), &["cannot be snapshotted", "table.set"]);
    let dropping = Guest::detecting("").with("(data $d \"x\") (func $forget (data.drop $d))");
    says(&refusal(&dropping.build()), &["cannot be snapshotted", "data.drop"]);
    let reference = Guest::detecting("").with("(global (mut funcref) (ref.null func))");
    says(&refusal(&reference.build()), &["cannot be snapshotted", "reference type"]);
    let vector = Guest::detecting("").with("(global (mut v128) (v128.const i64x2 0 0))");
    assert!(!refusal(&vector.build()).is_empty());
}

#[test]
fn proposals_that_are_off_are_refused() {
    let items = [
        "(memory $shared 1 1 shared)",
        "(memory $long i64 1)",
        "(type $s (struct (field i32)))",
        "(tag $t (param i32)) (func $f (throw $t (i32.const 1)))",
        "(func (param v128 v128 v128) (result v128) (f32x4.relaxed_madd (local.get 0) (local.get 1) (local.get 2)))",
        "(func (param i64 i64 i64 i64) (result i64 i64) (i64.add128 (local.get 0) (local.get 1) (local.get 2) (local.get 3)))",
    ];
    for item in items {
        let reason = refusal(&Guest::detecting("").with(item).build());
        says(&reason, &["no valid component for this host"]);
    }
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
fn preparing_is_bounded_in_memory_and_cpu() {
    // A snapshot of a large memory needs several times as much to be taken.
    let manifest = format!("{MANIFEST}\n[limits]\nmemory-mib = 256\n");
    let body =
        "(drop (memory.grow (i32.const 4000))) (memory.fill (i32.const 65536) (i32.const 1) (i32.const 262000000))";
    let wasm = Guest::detecting("").configuring(body).manifest(Some(&manifest)).build();
    let caps = Caps { prepare_mib: 128, ..Caps::default() };
    says(&refusal_with(&wasm, caps), &["128 MiB"]);

    let many: String = (0..20_000)
        .map(|at| format!("(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const {at})))"))
        .collect();
    let wasm = Guest::detecting("").with(&many).build();
    let caps = Caps { prepare_seconds: 1, ..Caps::default() };
    let begun = Instant::now();
    if let Err(LoadError::Plugin(reason)) = TestSandbox::with(PREPARER, caps).load(&wasm) {
        says(&reason, &["CPU time"]);
    }
    assert!(begun.elapsed() < Duration::from_secs(30));
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
