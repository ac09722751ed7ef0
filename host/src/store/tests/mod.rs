//! On real files.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod crash;

use super::*;

fn number(n: u64) -> Vec<u8> {
    n.to_be_bytes().to_vec()
}

#[test]
fn effects_are_made_together_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    store.commit(Effects::new().put(Space::Cursor, b"a", b"1".to_vec())).unwrap();
    let changed = |expected: &[u8]| {
        let effects = Effects::new().expect(Space::Cursor, b"a", Some(expected.to_vec()));
        effects.put(Space::Cursor, b"a", b"2".to_vec()).put(Space::Cursor, b"b", b"2".to_vec())
    };
    assert_eq!(store.commit(changed(b"0")), Err(StoreError::Conflict));
    assert_eq!(store.get(Space::Cursor, b"b").unwrap(), None);
    store.commit(changed(b"1")).unwrap();
    assert_eq!(store.get(Space::Cursor, b"a").unwrap(), Some(b"2".to_vec()));
    assert_eq!(store.get(Space::Cursor, b"b").unwrap(), Some(b"2".to_vec()));
    // Another keyspace has nothing of it.
    assert_eq!(store.get(Space::Skip, b"a").unwrap(), None);
    store.commit(Effects::new().delete(Space::Cursor, b"a")).unwrap();
    assert_eq!(store.get(Space::Cursor, b"a").unwrap(), None);
}

#[test]
fn what_is_listed_once_is_found_by_the_number_under_its_key() {
    let folder = tempfile::tempdir().unwrap();
    let list_once = |id: &[u8], value: &[u8]| {
        let then = Effects::new().put(Space::Skip, id, value.to_vec());
        Effects::new().list_once((Space::Finding, id), (Space::FindingOrder, b"avon\0"), value.to_vec(), then)
    };
    {
        let store = Store::open(folder.path()).unwrap();
        store.commit(list_once(b"x", b"first").and(list_once(b"x", b"second")).and(list_once(b"y", b"third"))).unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    store.commit(list_once(b"x", b"again").and(list_once(b"z", b"fourth"))).unwrap();
    let number = |id: &[u8]| store.number(Space::Finding, id).unwrap();
    assert_eq!([number(b"x"), number(b"y"), number(b"z")], [1, 2, 3]);
    let listed = store.list(Space::FindingOrder, b"avon\0", None, 10).unwrap();
    assert_eq!(listed.into_iter().map(|(_, value)| value).collect::<Vec<_>>(), [&b"first"[..], b"third", b"fourth"]);
    assert_eq!(store.get(Space::Skip, b"x").unwrap(), Some(b"first".to_vec()));
}

#[test]
fn what_is_set_once_stays_with_its_place_in_the_list() {
    let folder = tempfile::tempdir().unwrap();
    let once = |id: &[u8], value: &[u8]| {
        let listed = Effects::new().append(Space::FindingOrder, b"avon/", id.to_vec());
        Effects::new().once(Space::Finding, id, value.to_vec(), listed)
    };
    {
        let store = Store::open(folder.path()).unwrap();
        store.commit(once(b"x", b"first").and(once(b"x", b"second")).and(once(b"y", b"third"))).unwrap();
    }
    let store = Store::open(folder.path()).unwrap();
    store.commit(once(b"x", b"again").and(once(b"z", b"fourth"))).unwrap();
    assert_eq!(store.get(Space::Finding, b"x").unwrap(), Some(b"first".to_vec()));
    let order = store.list(Space::FindingOrder, b"avon/", None, 10).unwrap();
    let expected = |n: u64, id: &[u8]| ([b"avon/".as_slice(), &number(n)].concat(), id.to_vec());
    assert_eq!(order, [expected(1, b"x"), expected(2, b"y"), expected(3, b"z")]);
    let behind = store.list(Space::FindingOrder, b"avon/", Some(&order[0].0), 1).unwrap();
    assert_eq!(behind, [expected(2, b"y")]);
    assert_eq!(store.last(Space::FindingOrder, b"avon/").unwrap(), Some(expected(3, b"z")));
    assert_eq!(store.last(Space::FindingOrder, b"kent/").unwrap(), None);
}

#[test]
fn counters_add_up_over_commits_that_come_together_and_a_reopened_store() {
    let folder = tempfile::tempdir().unwrap();
    let counter = |store: &Store, at: &[u8]| {
        store.get(Space::Ledger, at).unwrap().map(|value| u64::from_le_bytes(value.try_into().unwrap()))
    };
    {
        let store = Store::open(folder.path()).unwrap();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..25 {
                        let twice = Effects::new().add(Space::Ledger, b"a", 1).add(Space::Ledger, b"a", 2);
                        store.commit(twice.add(Space::Ledger, b"b", 5)).unwrap();
                    }
                });
            }
        });
        let refused = Effects::new().add(Space::Ledger, b"a", 1).expect(Space::Ledger, b"b", None);
        assert_eq!(store.commit(refused), Err(StoreError::Conflict));
    }
    let store = Store::open(folder.path()).unwrap();
    assert_eq!((counter(&store, b"a"), counter(&store, b"b")), (Some(300), Some(500)));
    store.commit(Effects::new().add(Space::Ledger, b"b", u64::MAX).put(Space::Ledger, b"c", vec![1])).unwrap();
    assert_eq!(counter(&store, b"b"), Some(u64::MAX));
    // What is no counter is left as it is, and so is all that was to change with it.
    assert!(store.commit(Effects::new().add(Space::Ledger, b"a", 1).add(Space::Ledger, b"c", 1)).is_err());
    assert_eq!((counter(&store, b"a"), store.get(Space::Ledger, b"c").unwrap()), (Some(300), Some(vec![1])));
}

#[test]
fn of_two_that_expect_the_same_one_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let made = std::thread::scope(|scope| {
        let one = |n: u64| {
            let effects = Effects::new().expect(Space::Force, b"avon", None).put(Space::Force, b"avon", number(n));
            store.commit(effects)
        };
        let threads: Vec<_> = (0..8).map(|n| scope.spawn(move || one(n))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).filter(Result::is_ok).count()
    });
    assert_eq!(made, 1);
}

#[test]
fn limits_are_named_and_large_things_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let large = vec![7; VALUE_BYTES + 1];
    let error = store.commit(Effects::new().put(Space::Finding, b"a", large.clone())).unwrap_err();
    assert!(matches!(&error, StoreError::TooLarge(text) if text.contains("keep it as a file")), "{error}");
    let nested = Effects::new().append(Space::Skip, b"", large.clone());
    let error = store.commit(Effects::new().once(Space::Finding, b"a", vec![], nested)).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge(_)), "{error}");
    let error = store.commit(Effects::new().put(Space::Finding, &[1; KEY_BYTES], vec![])).unwrap_err();
    assert!(matches!(error, StoreError::TooLarge(_)), "{error}");
    let digest = store.put_file(&large).unwrap();
    assert_eq!(store.put_file(&large).unwrap(), digest);
    assert_eq!(store.file(digest).unwrap(), Some(large.clone()));
    assert_eq!(store.file(Digest::of(b"other")).unwrap(), None);
    // A damaged one is not given, and is made good when it comes again.
    let path = folder.path().join("store/files").join(&digest.to_string()[..2]).join(digest.to_string());
    std::fs::write(&path, b"damaged").unwrap();
    assert_eq!(store.file(digest).unwrap(), None);
    store.put_file(&large).unwrap();
    assert_eq!(store.file(digest).unwrap(), Some(large));
}

#[test]
fn the_largest_values_never_become_files_that_sled_does_not_sync() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let value = |n: u64| {
        let mut random = fastrand::Rng::with_seed(n);
        (0..VALUE_BYTES).map(|_| random.u8(..)).collect::<Vec<u8>>()
    };
    // Enough in neighbouring keys to fill, split, consolidate and merge nodes.
    for round in 0..12_u64 {
        let puts = (0..20).fold(Effects::new(), |all, n| all.put(Space::Finding, &number(n), value(round * 100 + n)));
        store.commit(puts).unwrap();
    }
    let gone = (0..20).filter(|n| n % 3 != 0).fold(Effects::new(), |all, n| all.delete(Space::Finding, &number(n)));
    store.commit(gone).unwrap();
    let blobs = std::fs::read_dir(folder.path().join("store/sled/blobs")).unwrap().count();
    assert_eq!(blobs, 0);
    drop(store);
    let store = Store::open(folder.path()).unwrap();
    for n in 0..20 {
        let kept = (n % 3 == 0).then(|| value(1_100 + n));
        assert_eq!(store.get(Space::Finding, &number(n)).unwrap(), kept, "{n}");
    }
}

#[test]
fn a_second_opener_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let store = Store::open(folder.path()).unwrap();
    let error = Store::open(folder.path()).map(|_| ()).unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    assert!(error.contains("cordon status"), "{error}");
    drop(store);
    Store::open(folder.path()).unwrap();
}
