//! A torn end is cut off, damage is found and passed; what is whole is always read.

use std::fs;

use super::*;

/// Four requests of one force; events by source.
fn four(folder: &Path) -> Vec<(u64, String)> {
    let (journal, _) = open(folder);
    let avon = force("avon");
    for n in 0..4 {
        let events = [format!("{{\"n\":{n}}}"), format!("{{\"n\":{n},\"second\":true}}")];
        journal.append(&avon, request(n, vec![part("custom.a", &events), part("custom.b", &events[..1])])).unwrap();
    }
    read_all(&journal, &avon, "custom.a").0
}

#[test]
fn a_segment_cut_off_at_any_byte_keeps_every_whole_request() {
    let made = quick_folder();
    let all = four(made.path());
    let bytes = fs::read(segment_of(made.path(), "avon")).unwrap();
    let ends = record_ends(&bytes);
    assert_eq!(*ends.last().unwrap(), bytes.len());
    for length in 0..=bytes.len() {
        let folder = quick_folder();
        fs::create_dir(folder.path().join("avon")).unwrap();
        fs::write(segment_of(folder.path(), "avon"), &bytes[..length]).unwrap();
        let (journal, found) = open(folder.path());
        let whole = ends.iter().filter(|end| **end <= length).count();
        let clean = length <= segment::START as usize || ends.contains(&length);
        assert_eq!(found.is_empty(), clean, "at {length}: {found:?}");
        if let Some(Found { damage: Damage::Torn { kept, bytes: torn, .. }, .. }) = found.first() {
            assert_eq!(fs::read(kept).unwrap(), bytes[length - *torn as usize..length]);
        }
        assert_eq!(read_all(&journal, &force("avon"), "custom.a"), (all[..whole * 2].to_vec(), vec![]), "at {length}");
        // And it goes on where it stopped.
        let more = journal.append(&force("avon"), request(9, vec![part("custom.a", &["{}"])])).unwrap();
        assert_eq!(more.first, whole as u64 * 3 + 1);
        drop(journal);
        let (journal, found) = open(folder.path());
        assert_eq!(found, [], "at {length}");
        assert_eq!(read_all(&journal, &force("avon"), "custom.a").0.len(), whole * 2 + 1);
    }
}

fn record_ends(bytes: &[u8]) -> Vec<usize> {
    let mut ends = Vec::new();
    let mut at = segment::START as usize;
    while let Some(header) = record::Header::read(&bytes[at..]) {
        at += header.record() as usize;
        ends.push(at);
    }
    ends
}

#[test]
fn a_byte_that_flips_costs_its_own_request_and_no_other() {
    let made = quick_folder();
    let all = four(made.path());
    let bytes = fs::read(segment_of(made.path(), "avon")).unwrap();
    let ends = record_ends(&bytes);
    for at in 0..bytes.len() {
        let folder = quick_folder();
        fs::create_dir(folder.path().join("avon")).unwrap();
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x10;
        fs::write(segment_of(folder.path(), "avon"), &damaged).unwrap();
        let (journal, found) = open(folder.path());
        let (events, lost) = read_all(&journal, &force("avon"), "custom.a");
        if at < segment::START as usize {
            assert_eq!((events, lost), (all.clone(), vec![]), "byte {at}");
            assert!(matches!(found[..], [Found { damage: Damage::Header, .. }]), "byte {at}: {found:?}");
            continue;
        }
        let hit = ends.iter().filter(|end| **end <= at).count();
        let others: Vec<_> = all.iter().filter(|(n, _)| (*n - 1) / 3 != hit as u64).cloned().collect();
        let first = hit as u64 * 3 + 1;
        let source_b = lost.is_empty() && read_all(&journal, &force("avon"), "custom.b").1 == [(first + 2, 1)];
        if source_b {
            // The other source's part of that request.
            assert_eq!(events, all, "byte {at}");
            continue;
        }
        assert_eq!(events, others, "byte {at}");
        let torn = matches!(found[..], [Found { damage: Damage::Torn { .. }, .. }]);
        assert!(lost == [(first, 3)] || lost == [(first, 2)] || (hit == 3 && torn), "byte {at}: {lost:?} {found:?}");
    }
}

#[test]
fn zeros_behind_the_last_request_are_a_torn_end() {
    let folder = tempfile::tempdir().unwrap();
    let all = four(folder.path());
    let path = segment_of(folder.path(), "avon");
    let length = fs::metadata(&path).unwrap().len();
    fs::File::options().write(true).open(&path).unwrap().set_len(length + 70_000).unwrap();
    let (journal, found) = open(folder.path());
    assert!(matches!(found[..], [Found { damage: Damage::Torn { bytes: 70_000, .. }, .. }]), "{found:?}");
    assert_eq!(read_all(&journal, &force("avon"), "custom.a").0, all);
    assert_eq!(fs::metadata(&path).unwrap().len(), length);
}

#[test]
fn damage_in_a_closed_segment_and_a_segment_that_is_gone_are_reported_and_passed() {
    let folder = tempfile::tempdir().unwrap();
    let avon = force("avon");
    let small = JournalOptions { segment_bytes: 1, ..options(folder.path()) };
    let journal = Journal::open(small.clone(), &BTreeMap::new()).unwrap().0;
    for n in 0..5 {
        journal.append(&avon, request(n, vec![part("custom.a", &[format!("{n}")])])).unwrap();
    }
    drop(journal);
    let path = |first| segment::path(&folder.path().join("avon"), first);
    // Its record's header is gone, and the file that says what it held.
    let mut bytes = fs::read(path(2)).unwrap();
    bytes[segment::START as usize + 3] ^= 1;
    fs::write(path(2), bytes).unwrap();
    fs::remove_file(entries::beside(&path(2))).unwrap();
    fs::remove_file(path(4)).unwrap();
    let (journal, found) = Journal::open(small, &BTreeMap::new()).unwrap();
    let lost: Vec<&Damage> = found.iter().map(|found| &found.damage).collect();
    assert_eq!(lost, [&Damage::Lost { first: 2, rows: 1 }, &Damage::Lost { first: 4, rows: 1 }]);
    let expected = [(1, "0"), (3, "2"), (5, "4")].map(|(at, text)| (at, text.to_owned()));
    assert_eq!(read_all(&journal, &avon, "custom.a"), (expected.to_vec(), vec![(2, 1), (4, 1)]));
}

#[test]
fn damaged_entries_beside_a_segment_are_made_again() {
    let folder = quick_folder();
    let avon = force("avon");
    let small = JournalOptions { segment_bytes: 1, ..options(folder.path()) };
    let journal = Journal::open(small.clone(), &BTreeMap::new()).unwrap().0;
    for n in 0..3 {
        journal.append(&avon, request(n, vec![part("custom.a", &[format!("{n}")])])).unwrap();
    }
    drop(journal);
    let index = entries::beside(&segment::path(&folder.path().join("avon"), 1));
    let whole = fs::read(&index).unwrap();
    for at in 0..whole.len() {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        fs::write(&index, damaged).unwrap();
        let (journal, found) = Journal::open(small.clone(), &BTreeMap::new()).unwrap();
        assert_eq!(found, []);
        assert_eq!(read_all(&journal, &avon, "custom.a").0.len(), 3);
        assert_eq!(fs::read(&index).unwrap(), whole);
    }
}

#[test]
fn a_segment_of_another_force_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    four(folder.path());
    fs::rename(folder.path().join("avon"), folder.path().join("kent")).unwrap();
    let error = Journal::open(options(folder.path()), &BTreeMap::new()).map(|_| ()).unwrap_err();
    assert!(error.to_string().contains("belongs to force `avon`"), "{error}");
}

#[test]
fn a_number_that_a_cursor_has_passed_is_never_given_again() {
    let folder = tempfile::tempdir().unwrap();
    four(folder.path());
    let after = BTreeMap::from([(force("avon"), 100)]);
    let (journal, _) = Journal::open(options(folder.path()), &after).unwrap();
    let more = journal.append(&force("avon"), request(9, vec![part("custom.a", &["{}"])])).unwrap();
    assert_eq!(more.first, 101);
}
