//! A disk that is full, or may not be written.

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::support::{EACH_ROW, Place, events, operations, post};

/// A file system of our own; goes with it.
struct Mounted<'a>(&'a Path);

impl<'a> Mounted<'a> {
    /// None where this machine does not let us.
    fn new(at: &'a Path, arguments: &[&str]) -> Option<Self> {
        std::fs::create_dir_all(at).unwrap();
        if mount(at, arguments) {
            return Some(Self(at));
        }
        println!("skipped: needs root, to mount a file system");
        None
    }
}

impl Drop for Mounted<'_> {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}

fn mount(at: &Path, arguments: &[&str]) -> bool {
    let output = Command::new("mount").args(arguments).arg(at).output();
    output.is_ok_and(|output| output.status.success())
}

/// Two large events that hardly compress.
fn noise(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let noise: String = (0..500_000).map(|_| random.alphanumeric()).collect();
    format!("{{\"Operation\":\"noise-{seed}\",\"Text\":\"{noise}\"}}")
}

#[test]
fn a_full_disk_refuses_events_and_loses_none_that_it_took() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let Some(_disk) = Mounted::new(&place.data, &["-t", "tmpfs", "-o", "size=80m", "cordon-test"]) else { return };
    // No floor: the disk itself says when it is full.
    let host = place.logged("", "[journal]\ndisk-floor-mib = 0\n");
    let token = host.add_force("avon");
    let mut taken = Vec::new();
    let mut refused = 0;
    for n in 0..200 {
        let answer = host.request("POST", "/v1/events/custom.test", Some(&token), &noise(n)).unwrap();
        match answer.status {
            200 => taken.push(format!("noise-{n}")),
            503 | 507 => refused += 1,
            other => panic!("{other}: {}", answer.body),
        }
        if refused == 3 {
            break;
        }
    }
    assert!(taken.len() > 10 && refused == 3, "{} taken, {refused} refused", taken.len());
    assert_eq!(host.request("GET", "/healthz", None, "").unwrap().status, 200);
    drop(host);
    assert!(
        place.log().contains(&*place.data.to_string_lossy()),
        "the log names what could not be written: {}",
        place.log()
    );
    // The operator makes room; the host goes on with what it took.
    assert!(mount(&place.data, &["-o", "remount,size=400m", "cordon-test"]));
    let host = place.logged("", "[journal]\ndisk-floor-mib = 0\n");
    post(&host, &token, &events(0..1));
    host.settle(&host.first_token());
    let found = operations(&host, "avon");
    let lost: Vec<_> = taken.iter().filter(|one| !found.contains(one)).collect();
    assert!(lost.is_empty(), "{lost:?}");
    assert_eq!(found.len(), taken.len() + 1);
    assert_eq!(host.stop(), 0);
}

#[test]
fn below_the_disk_floor_events_are_refused_and_what_is_stored_is_still_worked_on() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let Some(_disk) = Mounted::new(&place.data, &["-t", "tmpfs", "-o", "size=80m", "cordon-test"]) else { return };
    let host = place.logged("", "[journal]\ndisk-floor-mib = 40\n");
    let token = host.add_force("avon");
    let mut taken = 0;
    let last = loop {
        let answer = host.request("POST", "/v1/events/custom.test", Some(&token), &noise(taken)).unwrap();
        if answer.status != 200 {
            break answer;
        }
        taken += 1;
        assert!(taken < 200);
    };
    assert!(last.status == 507 && last.body.contains("disk is full"), "{last:?}");
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon").len() as u64, taken);
    assert!(place.log().contains("`disk floor`"), "{}", place.log());
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_data_folder_that_may_not_be_written_is_named() {
    let place = Place::new(&[]);
    let Some(_disk) = Mounted::new(&place.data, &["-t", "tmpfs", "-o", "ro,size=8m", "cordon-test"]) else { return };
    let (code, said) = place.refused();
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains(&*place.data.to_string_lossy()) && said.contains("ead-only"), "{said}");
}

#[test]
fn a_data_folder_in_use_names_its_process_and_the_way_out() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let (code, said) = place.refused();
    assert_eq!(code, Some(2), "{said}");
    let lock = std::fs::read_to_string(place.data.join("lock")).unwrap();
    assert!(said.contains(lock.trim()) && said.contains("cordon status"), "{said}");
    // The first one did not notice.
    let token = host.add_force("avon");
    post(&host, &token, &events(0..3));
    let begun = Instant::now();
    host.settle(&host.first_token());
    assert!(begun.elapsed() < Duration::from_secs(60));
    assert_eq!(operations(&host, "avon").len(), 3);
}
