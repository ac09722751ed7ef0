//! Claims from several threads, with requests that fail, against what a plain set says at the end.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use super::*;
use crate::journal::JournalOptions;

fn fingerprint(n: u8) -> Fingerprint {
    Fingerprint { identity: [n / 2; 16], event: [n; 16] }
}

fn duplicates(folder: &std::path::Path) -> Duplicates {
    let (journal, _) = Journal::open(JournalOptions::new(folder), &BTreeMap::new()).unwrap();
    Duplicates::new(Arc::new(journal), WindowLimits::default())
}

fn wanted<'a>(force: &'a Force, events: &'a [Option<Fingerprint>], request: Option<Digest>) -> Wanted<'a> {
    Wanted { force, request, events, received: 1 }
}

#[test]
fn each_event_becomes_durable_once_and_is_a_duplicate_only_of_a_durable_one() {
    let folder = tempfile::tempdir().unwrap();
    let (duplicates, force) = (duplicates(folder.path()), Force::new("avon").unwrap());
    let durable: Vec<AtomicU64> = (0..40).map(|_| AtomicU64::new(0)).collect();
    let changed = AtomicU64::new(0);
    std::thread::scope(|scope| {
        for thread in 0..6 {
            let (duplicates, force, durable, changed) = (&duplicates, &force, &durable, &changed);
            scope.spawn(move || {
                let mut random = fastrand::Rng::with_seed(thread);
                for _ in 0..300 {
                    let numbers: Vec<u8> = (0..random.usize(1..8)).map(|_| random.u8(0..40)).collect();
                    let events: Vec<_> = numbers.iter().map(|n| Some(fingerprint(*n))).collect();
                    let claim = duplicates.claim(&wanted(force, &events, None), || None::<()>).ok().unwrap();
                    let bring: Vec<usize> = numbers
                        .iter()
                        .zip(&claim.wanted)
                        .filter(|(_, wanted)| **wanted)
                        .map(|(n, _)| usize::from(*n))
                        .collect();
                    for (n, _) in numbers.iter().zip(&claim.wanted).filter(|(_, wanted)| !**wanted) {
                        // Nobody is told of a duplicate of what is not there: it is, or comes with this request.
                        assert!(
                            durable[usize::from(*n)].load(Ordering::SeqCst) == 1 || bring.contains(&usize::from(*n))
                        );
                    }
                    if random.u8(0..4) == 0 {
                        std::thread::sleep(Duration::from_micros(random.u64(0..300)));
                    }
                    if random.u8(0..3) > 0 {
                        bring.iter().for_each(|n| {
                            durable[*n].fetch_add(1, Ordering::SeqCst);
                        });
                        changed.fetch_add(claim.durable(), Ordering::SeqCst);
                    }
                }
            });
        }
    });
    assert!(durable.iter().all(|times| times.load(Ordering::SeqCst) == 1), "{durable:?}");
    // Two events of each identity: the second is the changed one, whichever that was.
    assert_eq!(changed.load(Ordering::SeqCst), 20);
}

#[test]
fn a_request_waits_for_the_one_that_brings_the_same_and_takes_over_when_that_fails() {
    let folder = tempfile::tempdir().unwrap();
    let (duplicates, force) = (duplicates(folder.path()), Force::new("avon").unwrap());
    let events = [Some(fingerprint(1)), None];
    let name = Some(Digest::of(b"body"));
    let first = duplicates.claim(&wanted(&force, &events, name), || None::<()>).ok().unwrap();
    assert_eq!(first.wanted, [true, true]);
    std::thread::scope(|scope| {
        let second = scope.spawn(|| duplicates.claim(&wanted(&force, &events, None), || None::<()>).ok().unwrap());
        let third = scope.spawn(|| duplicates.claim(&wanted(&force, &[None], name), || None::<()>).ok().unwrap());
        std::thread::sleep(Duration::from_millis(50));
        assert!(!second.is_finished() && !third.is_finished());
        drop(first);
        let second = second.join().unwrap();
        assert_eq!(second.wanted, [true, true], "the first one failed");
        assert_eq!(third.join().unwrap().wanted, [true]);
        second.durable();
    });
    let again = duplicates.claim(&wanted(&force, &events, None), || None::<()>).ok().unwrap();
    assert_eq!(again.wanted, [false, true], "what says nothing of itself is never a duplicate");
    drop(again);
    assert_eq!(duplicates.claim(&wanted(&force, &events, name), || Some(7)).err(), Some(7));
}
