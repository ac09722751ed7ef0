//! Limits answer by name and change nothing.

use std::os::unix::fs::PermissionsExt as _;

use super::*;

#[test]
fn below_the_disk_floor_nothing_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let full = JournalOptions { disk_floor: u64::MAX, ..options(folder.path()) };
    let journal = Journal::open(full, &BTreeMap::new()).unwrap().0;
    let error = journal.append(&force("avon"), request(1, vec![part("custom.a", &["{}"])])).unwrap_err();
    assert!(matches!(error, AppendError::DiskFloor { floor: u64::MAX, .. }), "{error}");
    assert!(error.to_string().contains("disk floor"));
    assert_eq!(read_all(&journal, &force("avon"), "custom.a").0, []);
}

#[test]
fn a_full_queue_is_answered_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let narrow = JournalOptions { queue: 1, ..options(folder.path()) };
    let journal = Journal::open(narrow, &BTreeMap::new()).unwrap().0;
    let avon = force("avon");
    // The writer stands still in the first answer.
    let (go, wait) = bounded::<()>(0);
    let (told, answered) = bounded(1);
    let one = || request(1, vec![part("custom.a", &["{}"])]);
    journal
        .submit(&avon, one(), move |_| {
            let _ = told.send(());
            let _ = wait.recv();
        })
        .unwrap();
    answered.recv().unwrap();
    journal.submit(&avon, one(), |_| {}).unwrap();
    assert_eq!(journal.append(&avon, one()), Err(AppendError::Full { waiting: 1 }));
    drop(go);
    drop(journal);
    let (journal, _) = open(folder.path());
    assert_eq!(read_all(&journal, &avon, "custom.a").0.len(), 2);
}

#[test]
fn a_request_without_events_or_of_too_many_sources_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let error = journal.append(&force("avon"), request(1, vec![])).unwrap_err();
    assert_eq!(error, AppendError::Request("the request holds no event".into()));
    let many = (0..65).map(|n| part(&format!("custom.s{n}"), &["{}"])).collect();
    let error = journal.append(&force("avon"), request(1, many)).unwrap_err();
    assert!(error.to_string().contains("65 sources"), "{error}");
    assert_eq!(Part::pack(&source("custom.a"), std::iter::empty()), Ok(None));
    let mib = vec![b' '; 1 << 20];
    assert!(Part::pack(&source("custom.a"), std::iter::repeat_n(&mib[..], 65)).unwrap_err().contains("send fewer"));
}

#[test]
fn a_folder_that_cannot_be_written_is_named_and_the_next_request_tries_again() {
    if rustix::process::geteuid().is_root() {
        // Root writes everywhere: a file where the folder should be stands in the way of root, too.
        let folder = tempfile::tempdir().unwrap();
        let (journal, _) = open(folder.path());
        std::fs::write(folder.path().join("avon"), "").unwrap();
        let error = journal.append(&force("avon"), request(1, vec![part("custom.a", &["{}"])])).unwrap_err();
        assert!(matches!(&error, AppendError::Disk { file, .. } if file.starts_with(folder.path())), "{error}");
        std::fs::remove_file(folder.path().join("avon")).unwrap();
        assert_eq!(journal.append(&force("avon"), request(1, vec![part("custom.a", &["{}"])])).unwrap().first, 1);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (journal, _) = open(folder.path());
    let mode = |mode| std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
    mode(0o500);
    let refused = journal.append(&force("avon"), request(1, vec![part("custom.a", &["{}"])]));
    mode(0o700);
    assert!(matches!(refused, Err(AppendError::Disk { .. })), "{refused:?}");
    assert_eq!(journal.append(&force("avon"), request(1, vec![part("custom.a", &["{}"])])).unwrap().first, 1);
}
