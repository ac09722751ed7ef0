//! Files of the data folder that were damaged while the host was down.

use std::path::Path;

use crate::support::{EACH_ROW, Place, event, events, files, operations, post, skips};

fn flip(file: &Path, at: usize) {
    let mut bytes = std::fs::read(file).unwrap();
    bytes[at] ^= 0x10;
    std::fs::write(file, bytes).unwrap();
}

fn cut(file: &Path, bytes: u64) {
    let open = std::fs::File::options().write(true).open(file).unwrap();
    open.set_len(open.metadata().unwrap().len() - bytes).unwrap();
}

/// A host that was stopped, its force's intake token, and then three requests that it has not seen.
fn with_unseen() -> (Place, String) {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let token = host.add_force("avon");
    post(&host, &token, &events(0..5));
    host.settle(&host.first_token());
    assert_eq!(host.stop(), 0);
    place.append("avon", &[events(5..10), events(10..15), events(15..20)]);
    (place, token)
}

fn expected(of: impl Iterator<Item = u64>) -> Vec<String> {
    of.map(|n| format!("op-{n}")).collect()
}

/// Where a text stands in a segment's records: requests are packed, so it is their order that tells.
fn record(segment: &Path, number: usize) -> usize {
    let bytes = std::fs::read(segment).unwrap();
    let magic = b"\xffcordon1";
    bytes.windows(magic.len()).enumerate().filter(|(_, window)| window == magic).nth(number).unwrap().0
}

#[test]
fn a_request_that_was_damaged_is_passed_with_a_record_and_named() {
    let (place, token) = with_unseen();
    let segment = place.segments("avon").pop().unwrap();
    // The body of the third of four: its header stays whole.
    let end = record(&segment, 3);
    flip(&segment, end - 3);
    let host = place.start();
    post(&host, &token, &event(20));
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon"), expected((0..10).chain(15..21)));
    assert_eq!(skips(&host, "avon"), [("each-row".into(), 11, 15, "lost".into())]);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_header_that_was_damaged_costs_its_own_request_and_names_the_file() {
    let (place, _) = with_unseen();
    let segment = place.segments("avon").pop().unwrap();
    flip(&segment, record(&segment, 2) + 20);
    let host = place.start();
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon"), expected((0..10).chain(15..20)));
    assert_eq!(skips(&host, "avon"), [("each-row".into(), 11, 15, "lost".into())]);
    assert_eq!(host.stop(), 0);
    let log = place.log();
    assert!(log.contains(&*segment.to_string_lossy()) && log.contains("from sequence 11 on are lost"), "{log}");
}

#[test]
fn a_segment_that_was_cut_off_names_what_was_cut_and_gives_no_number_twice() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let token = host.add_force("avon");
    post(&host, &token, &events(0..5));
    post(&host, &token, &events(5..10));
    host.settle(&host.first_token());
    assert_eq!(host.stop(), 0);
    let segment = place.segments("avon").pop().unwrap();
    cut(&segment, 10);
    let host = place.start();
    // Findings of what was cut off are kept, and new events get new numbers.
    assert_eq!(operations(&host, "avon"), expected(0..10));
    let sent = post(&host, &token, &events(10..12));
    assert_eq!(sent["sequence"].as_u64(), Some(11));
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon"), expected(0..12));
    assert_eq!(host.stop(), 0);
    let log = place.log();
    assert!(log.contains(&*segment.to_string_lossy()) && log.contains("torn-"), "{log}");
    assert!(log.contains("5 events of force avon from sequence 6 on are lost"), "{log}");
}

#[test]
fn an_index_that_is_damaged_or_gone_is_made_again() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let config = "[journal]\nsegment-mib = 1\n";
    let host = place.logged("", config);
    let token = host.add_force("avon");
    let mut random = fastrand::Rng::with_seed(1);
    for n in 0..9 {
        let noise: String = (0..700_000).map(|_| random.alphanumeric()).collect();
        post(&host, &token, &format!("{{\"Operation\":\"op-{n}\",\"Text\":\"{noise}\"}}"));
    }
    host.settle(&host.first_token());
    assert_eq!(host.stop(), 0);
    let indexes = files(&place.data.join("journal/avon"), "index");
    assert!(indexes.len() >= 2, "{indexes:?}");
    let made: Vec<Vec<u8>> = indexes.iter().map(|index| std::fs::read(index).unwrap()).collect();
    flip(&indexes[0], 40);
    std::fs::remove_file(&indexes[1]).unwrap();
    let host = place.logged("", config);
    assert_eq!(operations(&host, "avon"), expected(0..9));
    post(&host, &token, &event(9));
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon"), expected(0..10));
    assert_eq!(host.stop(), 0);
    let again: Vec<Vec<u8>> = indexes.iter().map(|index| std::fs::read(index).unwrap()).collect();
    assert_eq!(again, made);
}

#[test]
fn a_store_that_holds_less_than_was_durable_is_refused_with_its_file_and_the_way_out() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let token = host.add_force("avon");
    assert_eq!(host.stop(), 0);
    let (log, older) = (place.data.join("store/sled/db"), place.folder.path().join("older"));
    std::fs::copy(&log, &older).unwrap();
    let host = place.start();
    post(&host, &token, &events(0..5));
    host.settle(&host.first_token());
    assert_eq!(host.stop(), 0);
    // As a log whose end was cut off.
    std::fs::copy(&older, &log).unwrap();
    let (code, said) = place.refused();
    assert_eq!(code, Some(2), "{said}");
    let beside = place.data.join("store/commits");
    assert!(said.contains(&*log.to_string_lossy()) && said.contains(&*beside.to_string_lossy()), "{said}");
    // The operator goes on with what there is: the events are in the journal, and found again.
    std::fs::remove_file(beside).unwrap();
    let host = place.start();
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon"), expected(0..5));
    assert_eq!(host.stop(), 0);
}
