//! A clock that is set back.

use std::path::PathBuf;

use crate::support::{EACH_ROW, Place, events, operations, post};

/// Where Debian's `faketime` keeps what makes the clock another.
fn faketime() -> Option<PathBuf> {
    let found = glob("/usr/lib").into_iter().chain(glob("/usr/lib64"));
    let library = found.into_iter().find(|path| path.exists());
    if library.is_none() {
        cordon_tests::skip("faketime (apt-get install faketime)");
    }
    library
}

fn glob(lib: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(lib) else { return Vec::new() };
    entries.flatten().map(|entry| entry.path().join("faketime/libfaketimeMT.so.1")).collect()
}

#[test]
fn a_clock_that_goes_back_costs_no_event_and_no_finding() {
    let Some(library) = faketime() else { return };
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let setting = place.folder.path().join("clock");
    let fake = format!(
        "export LD_PRELOAD={} FAKETIME_TIMESTAMP_FILE={} FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1",
        library.display(),
        setting.display()
    );
    let set = |offset: &str| std::fs::write(&setting, format!("{offset}\n")).unwrap();
    set("+0");
    let host = place.logged(&fake, "");
    let token = host.add_force("avon");
    let first = post(&host, &token, &events(0..10));
    // While it runs: two hours back.
    set("-7200");
    let second = post(&host, &token, &events(10..20));
    host.settle(&host.first_token());
    assert_eq!((first["sequence"].as_u64(), second["sequence"].as_u64()), (Some(1), Some(11)));
    let received: Vec<String> = host
        .findings(&host.first_token(), "avon")
        .iter()
        .map(|finding| finding["event"]["received"].as_str().unwrap().to_owned())
        .collect();
    assert!(received[10] < received[9], "the clock did go back: {received:?}");
    assert_eq!(host.stop(), 0);
    // And over a restart: a day back, then forward again.
    set("-86400");
    let host = place.logged(&fake, "");
    let third = post(&host, &token, &events(20..30));
    assert_eq!(third["sequence"].as_u64(), Some(21));
    set("+3600");
    let fourth = post(&host, &token, &events(30..40));
    assert_eq!(fourth["sequence"].as_u64(), Some(31));
    host.settle(&host.first_token());
    let expected: Vec<String> = (0..40).map(|n| format!("op-{n}")).collect();
    assert_eq!(operations(&host, "avon"), expected);
    let auditor = place.folder.path().join("auditor");
    std::fs::write(&auditor, host.token("auditor", None)).unwrap();
    let verified = host.with_token(&auditor).run(&["audit", "verify"]).ends(0);
    assert!(verified.out.starts_with("holds"), "{}", verified.out);
    assert_eq!(host.stop(), 0);
}
