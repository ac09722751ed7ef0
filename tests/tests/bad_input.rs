//! Bad input through the real binary: one clear message that names file, line, field or limit and the way out, the right
//! exit code, and nothing lost.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::sync::LazyLock;

use cordon_tests::cli::{Cordon, Said, at, root};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// A real plugin, built once.
static PLUGIN: LazyLock<String> = LazyLock::new(|| {
    let out = at("target/cordon/bad-input");
    let _ = cordon().run(&["build", "plugins/privileged-role", "--out", &out]).ends(0);
    format!("{out}/privileged-role.wasm")
});

const GOOD: &str = r#"{"CreationTime":"2026-01-05T10:00:00","Id":"1","Operation":"UserLoggedIn","OrganizationId":"o","RecordType":15,"UserType":0,"UserKey":"k","UserId":"a@example.org","Workload":"AzureActiveDirectory"}"#;

fn cordon() -> Cordon {
    Cordon::new(BINARY, &root()).env("NO_COLOR", "1")
}

fn run_file(name: &str, content: &[u8]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join(name);
    fs::write(&file, content).unwrap();
    cordon().run(&["run", "-p", &PLUGIN, file.to_str().unwrap()])
}

fn run_plugin(name: &str, content: &[u8]) -> Said {
    let folder = tempfile::tempdir().unwrap();
    let (events, plugin) = (folder.path().join("good.jsonl"), folder.path().join(name));
    fs::write(&events, GOOD).unwrap();
    fs::write(&plugin, content).unwrap();
    cordon().run(&["run", "-p", plugin.to_str().unwrap(), events.to_str().unwrap()])
}

#[track_caller]
fn expect(said: &Said, code: i32, words: &[&str]) {
    assert_eq!(said.code, code, "{}", said.err);
    for word in words {
        assert!(said.err.contains(word), "`{word}` is not in: {}", said.err);
    }
    assert!(!said.err.contains("panicked"), "{}", said.err);
}

#[test]
fn a_good_file_ends_with_0() {
    expect(&run_file("good.jsonl", GOOD.as_bytes()), 0, &[]);
}

#[test]
fn a_bad_line_is_named_counted_and_the_others_are_run() {
    for (bad, words) in [
        (r#"{"CreationTime":"2026-"#, "line 2"),
        (r#"{"CreationTime":"\ud800","Id":"1"}"#, "surrogate"),
        ("\"text\"", "object"),
    ] {
        let said = run_file("mixed.jsonl", format!("{GOOD}\n{bad}\n{GOOD}\n").as_bytes());
        expect(&said, 4, &["mixed.jsonl", words]);
    }
}

#[test]
fn invalid_utf8_is_named_with_its_line() {
    let mut bytes = format!("{GOOD}\n").into_bytes();
    bytes.extend_from_slice(b"{\"Id\":\"\xff\xfe\"}\n");
    expect(&run_file("latin.jsonl", &bytes), 4, &["line 2", "UTF-8"]);
}

#[test]
fn a_line_of_100_mb_is_skipped_and_counted() {
    let mut bytes = format!("{GOOD}\n{{\"Id\":\"").into_bytes();
    bytes.resize(bytes.len() + 100_000_000, b'x');
    bytes.extend_from_slice(format!("\"}}\n{GOOD}\n").as_bytes());
    expect(&run_file("long.jsonl", &bytes), 4, &["line 2", "1048576"]);
}

#[test]
fn nesting_10000_deep_is_refused_without_harm() {
    let deep = format!("{{\"a\":{}1{}}}", "[".repeat(10_000), "]".repeat(10_000));
    expect(&run_file("deep.jsonl", format!("{GOOD}\n{deep}\n").as_bytes()), 4, &["line 2", "128"]);
}

#[test]
fn numbers_beyond_64_bits_and_duplicate_keys_are_taken() {
    let odd = GOOD.replacen("\"RecordType\":15", "\"RecordType\":15,\"RecordType\":123456789012345678901234567890", 1);
    expect(&run_file("numbers.jsonl", odd.as_bytes()), 0, &["duplicate key"]);
}

#[test]
fn what_holds_no_events_ends_with_2_and_says_what_it_is() {
    expect(&run_file("empty.jsonl", b""), 2, &["empty.jsonl", "empty"]);
    expect(&run_file("plugin.jsonl", b"\0asm\x01\0\0\0"), 2, &["Wasm"]);
    expect(&cordon().run(&["run", "-p", &PLUGIN, "/tmp"]), 2, &["/tmp", "directory"]);
}

#[test]
fn mixed_sources_are_each_taken_and_an_unknown_one_is_refused_naming_the_nearest() {
    let entra = r#"{"time":"2026-01-05T10:00:00Z","category":"AuditLogs","operationName":"Add member to role","properties":{"activityDateTime":"2026-01-05T10:00:00Z","targetResources":[]}}"#;
    expect(&run_file("two.jsonl", format!("{GOOD}\n{entra}\n").as_bytes()), 0, &[]);
    let odd = r#"{"CreationTime":"2026-01-05T10:00:00","Operation":"x"}"#;
    expect(&run_file("odd.jsonl", format!("{GOOD}\n{odd}\n").as_bytes()), 4, &["line 2", "m365.audit"]);
}

#[test]
fn what_is_no_plugin_is_named_with_the_way_out() {
    let component = wat::parse_str("(component)").unwrap();
    expect(&run_plugin("core.wasm", &wat::parse_str("(module)").unwrap()), 2, &["core Wasm module", "cordon build"]);
    expect(&run_plugin("events.jsonl", GOOD.as_bytes()), 2, &["events.jsonl"]);
    expect(&run_plugin("bare.wasm", &component), 2, &["configure", "cordon build"]);
    let other = wat::parse_str(r#"(component (import "cordon:detection/events@2.0.0" (instance)))"#).unwrap();
    expect(&run_plugin("future.wasm", &other), 2, &["2.0.0", "1.0.0"]);
}

#[test]
fn a_manifest_that_is_broken_is_refused_with_its_line() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("src")).unwrap();
    fs::write(folder.path().join("Cargo.toml"), "[package]\nname = \"x\"\nversion = \"0.1.0\"\n").unwrap();
    fs::write(folder.path().join("src/lib.rs"), "").unwrap();
    fs::write(folder.path().join("cordon.toml"), "[plugin]\nid = \"x\"\ncolour = \"red\"\n").unwrap();
    let built = cordon().run(&["build", folder.path().to_str().unwrap()]);
    expect(&built, 2, &["line 3", "colour"]);
}
