//! Whatever is appended is read back, in order, by source, through any number of segments and restarts.

use fastrand::Rng;

use super::*;

const SOURCES: [&str; 3] = ["windows.event", "entra.signin", "custom.x"];

/// Up to three parts of up to four events, some of them empty.
fn parts(random: &mut Rng) -> Vec<(usize, Vec<String>)> {
    let event = |random: &mut Rng| (0..random.usize(..40)).map(|_| random.char('a'..='\u{e9}')).collect();
    let events = |random: &mut Rng| (0..random.usize(1..5)).map(|_| event(random)).collect();
    (0..random.usize(1..4)).map(|_| (random.usize(..3), events(random))).collect()
}

#[test]
fn what_was_appended_is_read_back_through_segments_and_restarts() {
    for seed in 0..12 {
        read_back(seed);
    }
}

fn read_back(seed: u64) {
    let random = &mut Rng::with_seed(seed);
    let folder = tempfile::tempdir().unwrap();
    let small = JournalOptions { segment_bytes: 2_000, ..options(folder.path()) };
    let forces = [force("avon"), force("kent")];
    let mut expected: BTreeMap<(usize, usize), Vec<(u64, String)>> = BTreeMap::new();
    let mut next = [1_u64, 1];
    let mut journal = Journal::open(small.clone(), &BTreeMap::new()).unwrap().0;
    // A reader that lives as long as its journal sees what comes later, too.
    let mut reader = journal.reader(&forces[0], &source(SOURCES[0]), 0);
    let mut seen = Vec::new();
    for _ in 0..random.usize(1..40) {
        if random.u8(..) < 30 {
            seen.extend(read_from(&mut reader, 2, 1_000).0);
            let cursor = reader.cursor();
            drop(journal);
            let (again, found) = Journal::open(small.clone(), &BTreeMap::new()).unwrap();
            assert_eq!(found, [], "seed {seed}");
            journal = again;
            reader = journal.reader(&forces[0], &source(SOURCES[0]), cursor);
            continue;
        }
        let (of, parts) = (random.usize(..2), parts(random));
        let packed = parts.iter().map(|(at, events)| part(SOURCES[*at], events)).collect();
        let appended = journal.append(&forces[of], request(7, packed)).unwrap();
        assert_eq!(appended.first, next[of], "seed {seed}");
        for (at, events) in parts {
            for event in events {
                expected.entry((of, at)).or_default().push((next[of], event));
                next[of] += 1;
            }
        }
        assert_eq!(appended.first + appended.rows, next[of], "seed {seed}");
    }
    seen.extend(read_from(&mut reader, 2, 1_000).0);
    assert_eq!(&seen, expected.get(&(0, 0)).unwrap_or(&Vec::new()), "seed {seed}");
    for ((of, at), events) in expected {
        let (of, name) = (&forces[of], source(SOURCES[at]));
        assert_eq!(read_all(&journal, of, name.as_str()), (events.clone(), vec![]), "seed {seed}");
        assert_eq!(journal.heads()[of][&name], events.last().unwrap().0, "seed {seed}");
        for from in [0, events.len() / 2, events.len() - 1] {
            let mut reader = journal.reader(of, &name, events[from].0);
            assert_eq!(read_from(&mut reader, 100, 1_000).0, events[from + 1..].to_vec(), "seed {seed}");
        }
    }
}

#[test]
fn a_flood_of_one_source_does_not_stand_before_another() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    for round in 0..200 {
        let flood: Vec<String> = (0..50).map(|at| format!("{{\"n\":{round},\"at\":{at}}}")).collect();
        journal.append(&force("avon"), request(1, vec![part("windows.event", &flood)])).unwrap();
        if round % 100 == 99 {
            journal.append(&force("avon"), request(1, vec![part("entra.signin", &["{}"])])).unwrap();
        }
    }
    let mut reader = journal.reader(&force("avon"), &source("entra.signin"), 0);
    let Some(Piece::Rows(rows)) = reader.next(10, 1_000).unwrap() else { panic!("no sign-in") };
    assert_eq!(rows.iter().next().unwrap().0, 5_001);
    assert_eq!(read_all(&journal, &force("avon"), "entra.signin").0.len(), 2);
}

#[test]
fn requests_that_wait_together_are_all_answered_with_their_own_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let journal = &journal;
    let mut firsts: Vec<u64> = std::thread::scope(|scope| {
        let one = |n: usize| journal.append(&force("avon"), request(1, vec![part("custom.x", &[format!("{n}")])]));
        let threads: Vec<_> = (0..8)
            .map(|thread| {
                scope.spawn(move || (0..20).map(|n| one(thread * 100 + n).unwrap().first).collect::<Vec<_>>())
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    firsts.sort_unstable();
    assert_eq!(firsts, (1..=160).collect::<Vec<u64>>());
    assert_eq!(read_all(journal, &force("avon"), "custom.x").0.len(), 160);
}

#[test]
fn a_request_that_is_sent_again_is_written_once_also_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let keyed = |key: &[u8]| Request { key: Digest::of(key), ..request(1, vec![part("custom.a", &["{}", "{}"])]) };
    let avon = force("avon");
    let (journal, _) = open(folder.path());
    let first = journal.append(&avon, keyed(b"one")).unwrap();
    assert_eq!(first, Appended { first: 1, rows: 2, repeated: false });
    assert_eq!(journal.append(&avon, keyed(b"one")).unwrap(), Appended { repeated: true, ..first });
    // Another force's key is another key.
    assert!(!journal.append(&force("kent"), keyed(b"one")).unwrap().repeated);
    drop(journal);
    let (journal, _) = open(folder.path());
    assert_eq!(journal.append(&avon, keyed(b"one")).unwrap(), Appended { repeated: true, ..first });
    assert_eq!(journal.append(&avon, keyed(b"two")).unwrap().first, 3);
    // Many at once, in one group or not: one is written.
    let journal = &journal;
    let firsts: Vec<Appended> = std::thread::scope(|scope| {
        let threads: Vec<_> =
            (0..8).map(|_| scope.spawn(move || journal.append(&force("avon"), keyed(b"three")))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap().unwrap()).collect()
    });
    assert_eq!(firsts.iter().filter(|one| !one.repeated).count(), 1);
    assert!(firsts.iter().all(|one| one.first == 5));
    assert_eq!(read_all(journal, &avon, "custom.a").0.len(), 6);
}
