//! On a real store.

use std::sync::Arc;

use super::*;
use crate::model::{Force, SourceName};
use crate::store::Store;

fn new(line: u64, bytes: &[u8]) -> New {
    New { line, unit: "line", kind: "not-json", reason: "it is none".into(), bytes: Some(bytes.to_vec()) }
}

fn lines(of: impl IntoIterator<Item = New>) -> Lines {
    let mut lines = Lines::default();
    of.into_iter().for_each(|new| lines.take(new));
    lines
}

#[test]
fn lines_stay_with_their_exact_bytes_over_restarts_until_they_are_taken_off() {
    let folder = tempfile::tempdir().unwrap();
    let (avon, kent) = (Force::new("avon").unwrap(), Force::new("kent").unwrap());
    let source = SourceName::new("m365.audit").unwrap();
    let large: Vec<u8> = (0..900_000_u32).map(|n| (n % 251) as u8).collect();
    let open = || RefusedList::new(Arc::new(Store::open(folder.path()).unwrap()), RefusedLimits::default());
    {
        let list = open();
        let kept = lines([new(1, b"{\xff"), new(2, &large), new(3, b"{\xff")]);
        assert_eq!(list.keep(&avon, Some(&source), 7, &kept).unwrap(), 0);
        assert_eq!(list.keep(&avon, Some(&source), 8, &lines([new(9, b"{\xff")])).unwrap(), 0, "it is there already");
        assert_eq!(list.keep(&avon, None, 9, &lines([new(1, b"{\xff")])).unwrap(), 0);
    }
    let list = open();
    let page = list.page(&avon, 0, 10).unwrap();
    let about: Vec<_> = page.iter().map(|entry| (entry.number, entry.time, entry.line, entry.bytes)).collect();
    assert_eq!(about, [(1, 7, 1, Some(2)), (2, 7, 2, Some(900_000)), (3, 9, 1, Some(2))]);
    assert_eq!(page[0].source.as_deref(), Some("m365.audit"));
    assert_eq!(list.get(&avon, 1).unwrap().unwrap().1.unwrap(), b"{\xff");
    assert_eq!(list.get(&avon, 2).unwrap().unwrap().1.unwrap(), large);
    assert!(list.page(&kent, 0, 10).unwrap().is_empty() && list.get(&kent, 1).unwrap().is_none());
    let commit = |effects| list.store_for_tests().commit(effects);
    assert!(list.remove(&avon, 2, Gone::Discarded, commit).unwrap());
    assert!(!list.remove(&avon, 2, Gone::Discarded, commit).unwrap());
    assert!(list.get(&avon, 2).unwrap().is_none());
    let files = walk(&folder.path().join("store/files"));
    assert_eq!(files, 0, "its file is gone with it");
    let waiting = list.waiting(&avon, 10).unwrap();
    assert_eq!((waiting.waiting, waiting.waiting_bytes, waiting.oldest, waiting.held.discarded), (2, 4, Some(7), 1));
    // A number is never given again.
    list.keep(&avon, None, 10, &lines([new(1, b"other")])).unwrap();
    assert_eq!(list.page(&avon, 3, 10).unwrap()[0].number, 4);
}

fn walk(folder: &std::path::Path) -> usize {
    let entries = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.map(|path| if path.is_dir() { walk(&path) } else { 1 }).sum()
}

#[test]
fn what_goes_over_a_limit_is_counted_and_what_is_old_goes() {
    let folder = tempfile::tempdir().unwrap();
    let force = Force::new("avon").unwrap();
    let store = Arc::new(Store::open(folder.path()).unwrap());
    let limits = RefusedLimits { lines: 3, bytes: 10, micros: 100 };
    let list = RefusedList::new(Arc::clone(&store), limits);
    let four = lines([new(1, b"aaaa"), new(2, b"bbbb"), new(3, b"cccc"), new(4, b"d"), new(5, b"e")]);
    assert_eq!(list.keep(&force, None, 0, &four).unwrap(), 2, "three lines, ten bytes");
    let waiting = |list: &RefusedList, now| list.waiting(&force, now).unwrap();
    assert_eq!((waiting(&list, 99).waiting, waiting(&list, 99).held.over), (3, 2));
    let list = RefusedList::new(store, limits);
    let later = waiting(&list, 100);
    assert_eq!((later.waiting, later.held.over, later.held.expired), (0, 2, 3));
    // One request does not fill the list of a force.
    let many = lines((0..5_000).map(|n| new(n, n.to_string().as_bytes())));
    assert_eq!((many.lines.len(), many.more), (1_000, 4_000));
}
