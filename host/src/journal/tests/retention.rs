//! Retention drops whole segments, oldest first, and nothing that is still needed.

use super::*;

#[test]
fn retention_stops_at_a_cursor_and_at_the_horizon() {
    let folder = tempfile::tempdir().unwrap();
    let avon = force("avon");
    let small = JournalOptions { segment_bytes: 1, ..options(folder.path()) };
    let journal = Journal::open(small.clone(), &BTreeMap::new()).unwrap().0;
    for n in 0..6 {
        let name = if n == 2 { "custom.b" } else { "custom.a" };
        journal.append(&avon, request(n * 10, vec![part(name, &[format!("{n}")])])).unwrap();
    }
    let retain = |received, passed: &dyn Fn(&SourceName) -> u64, most: usize| {
        let mut dropped: Vec<Dropped> = Vec::new();
        let record = |one: &Dropped| {
            assert!(one.segment.exists(), "it is recorded before it goes");
            dropped.push(one.clone());
            dropped.len() <= most
        };
        journal.retain(&avon, received, passed, record).unwrap();
        dropped
    };
    let firsts = |dropped: &[Dropped]| dropped.iter().map(|one| one.first).collect::<Vec<_>>();
    // Nobody needs anything, but only two were received before 20.
    let dropped = retain(20, &|_| u64::MAX, 10);
    assert_eq!(firsts(&dropped), [1, 2]);
    assert!(dropped.iter().all(|one| !one.segment.exists() && one.bytes > 0));
    assert_ne!(dropped[0].digest, dropped[1].digest);
    // A reader of the other source stands before its event.
    let passed = |name: &SourceName| if *name == source("custom.b") { 2 } else { u64::MAX };
    assert_eq!(firsts(&retain(i64::MAX, &passed, 10)), Vec::<u64>::new());
    // What cannot be recorded stays.
    assert_eq!(firsts(&retain(i64::MAX, &|_| u64::MAX, 0)), [3]);
    // The open segment stays in any case.
    assert_eq!(firsts(&retain(i64::MAX, &|_| u64::MAX, 10)), [3, 4, 5]);
    assert_eq!(read_all(&journal, &avon, "custom.a").0, [(6, "5".to_owned())]);
    drop(journal);
    let (journal, found) = Journal::open(small, &BTreeMap::new()).unwrap();
    assert_eq!(found, []);
    assert_eq!(journal.append(&avon, request(1, vec![part("custom.a", &["{}"])])).unwrap().first, 7);
}
