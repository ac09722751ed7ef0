//! Nothing acknowledged is lost: what is answered has been synced, seen from outside of the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use cordon::ids::Digest;
use cordon::journal::{Journal, JournalOptions, Part, Request};
use cordon::model::{Force, SourceName};
use cordon::store::{Effects, Space, Store, VALUE_BYTES};
use cordon_tests::trace;

const FOLDER: &str = "CORDON_TEST_DURABILITY";

/// Runs the ignored test of that name as a process of its own under strace; its calls.
fn trace_of(test: &str, folder: &Path) -> String {
    let log = folder.join("calls");
    let program = std::env::current_exe().unwrap();
    let status = trace::traced(&program, &log)
        .args([test, "--exact", "--ignored", "--nocapture", "--test-threads=1"])
        .env(FOLDER, folder.join("data"))
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::read_to_string(log).unwrap()
}

fn folder() -> PathBuf {
    PathBuf::from(std::env::var_os(FOLDER).expect("started by a test here"))
}

#[allow(clippy::explicit_write, reason = "println! is captured")]
fn answered() {
    std::io::stderr().write_all(b"answered\n").unwrap();
}

/// All answers, each with every file synced; and the folder in which a new file's name stands.
fn assert_synced(test: &str, answers: usize, named_in: &str) {
    if !trace::can_trace() {
        cordon_tests::skip("strace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let calls = trace_of(test, folder.path());
    let data = folder.path().join("data").to_string_lossy().into_owned();
    let unsynced = trace::unsynced_at_answers(&calls, &data, "answered");
    assert_eq!(unsynced.len(), answers);
    for (at, files) in unsynced.iter().enumerate() {
        // The lock holds nothing that is worth keeping, what a segment holds is read from it again, and a number of commits
        // that is too small does no harm.
        let needless = |file: &str| ["/lock", ".index", "/store/commits"].iter().any(|end| file.ends_with(end));
        let lost: Vec<_> = files.iter().filter(|file| !needless(file)).collect();
        assert!(lost.is_empty(), "answer {at} was given while {lost:?} was not synced");
    }
    let name = format!("{data}/{named_in}");
    assert!(trace::synced(&calls).contains(name.as_str()), "{name} is not synced");
}

#[test]
#[ignore = "started by the test below"]
fn appends() {
    let options = JournalOptions { disk_floor: 0, segment_bytes: 10_000, ..JournalOptions::new(&folder()) };
    let (journal, _) = Journal::open(options, &BTreeMap::new()).unwrap();
    let source = SourceName::new("custom.x").unwrap();
    for n in 0..20_u64 {
        let force = Force::new(["avon", "kent"][n as usize % 2]).unwrap();
        let mut random = fastrand::Rng::with_seed(n);
        let event: Vec<u8> = (0..5_000).map(|_| random.u8(32..127)).collect();
        let part = Part::pack(&source, std::iter::once(event.as_slice())).unwrap().unwrap();
        journal.append(&force, Request { key: Digest([0; 32]), received: 0, parts: vec![part] }).unwrap();
        answered();
    }
}

#[test]
fn the_journal_syncs_what_it_wrote_before_it_answers() {
    assert_synced("appends", 20, "avon");
}

#[test]
#[ignore = "started by the test below"]
fn commits() {
    let store = Store::open(&folder()).unwrap();
    for n in 0..20_u64 {
        let value = |bytes: usize| {
            let mut random = fastrand::Rng::with_seed(n);
            (0..bytes).map(|_| random.u8(..)).collect::<Vec<u8>>()
        };
        let large = store.put_file(&value(300_000)).unwrap();
        let effects = Effects::new().put(Space::Cursor, &n.to_be_bytes(), large.0.to_vec());
        store.commit(effects.append(Space::Finding, b"", value(VALUE_BYTES))).unwrap();
        answered();
    }
}

#[test]
fn the_store_syncs_what_it_wrote_before_it_answers() {
    assert_synced("commits", 20, "store/sled");
}
