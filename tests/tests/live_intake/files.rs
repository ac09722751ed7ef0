//! Folders and files as intake: everything in them is taken once, whatever happens to them and to the process.

use std::fs::{self, File, OpenOptions};
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use cordon_tests::host::Host;

use super::support::Place;

/// Waits until the host has taken so many events from files since it was started.
fn wait(host: &Host, what: &str, until: impl Fn(&serde_json::Value) -> bool) {
    let begun = Instant::now();
    loop {
        let status = host.request("GET", "/v1/status", Some(&host.first_token()), "").unwrap().json();
        if until(&status["files"][0]) {
            return;
        }
        assert!(begun.elapsed() < Duration::from_secs(40), "{what}: {status}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// No event of it says which one it is: only marks and keys keep it from being taken twice.
fn event(n: u64) -> String {
    format!("{{\"n\":{n}}}")
}

fn append(file: &Path, from: u64, to: u64) {
    let text: String = (from..to).map(|n| event(n) + "\n").collect();
    OpenOptions::new().create(true).append(true).open(file).unwrap().write_all(text.as_bytes()).unwrap();
}

fn numbers(place: &Place) -> Vec<u64> {
    let number = |event: &String| serde_json::from_str::<serde_json::Value>(event).unwrap()["n"].as_u64().unwrap();
    place.journal("avon", "custom.door").iter().map(number).collect()
}

#[test]
fn each_complete_file_of_a_folder_is_taken_once_over_kills_and_put_away() {
    let place = Place::new();
    let folder = place.at("spool");
    fs::create_dir(&folder).unwrap();
    let config = "[[watch]]\nforce = \"avon\"\nsource = \"custom.door\"\nfolder = \"spool\"\ndone = \"move\"\n";
    let mut host = place.configured(config);
    wait(&host, "a force that is not there is a problem", |stands| {
        stands["problem"].as_str().is_some_and(|problem| problem.contains("force avon is not there"))
    });
    let said = host.operator().run(&["status"]).ends(1).out;
    assert!(said.contains("watch ") && said.contains("force avon is not there"), "{said}");
    let _ = host.add_force("avon");
    for round in 0..3_u64 {
        for file in 0..4_u64 {
            let first = (round * 4 + file) * 1_000;
            append(&folder.join(format!("log-{round}-{file}.jsonl")), first, first + 1_000);
        }
        // About when they have settled and are being taken.
        std::thread::sleep(Duration::from_millis(2_900 + round * 150));
        host.kill();
        host = place.configured(config);
    }
    let mut packed = zstd::Encoder::new(File::create(folder.join("packed.zst")).unwrap(), 1).unwrap();
    packed.write_all(format!("{}\nno json\n{}\n", event(12_000), event(12_001)).as_bytes()).unwrap();
    packed.finish().unwrap();
    append(&folder.join(".hidden"), 90_000, 90_001);
    wait(&host, "the last file", |stands| stands["refused"] == 1);
    let begun = Instant::now();
    while fs::read_dir(folder.join("done")).map_or(0, Iterator::count) < 13 {
        assert!(begun.elapsed() < Duration::from_secs(40));
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 2, "only the hidden one and `done` are left");
    let listed = host.operator().run(&["refused", "list", "--for", "avon"]).ends(1).out;
    assert!(listed.contains("custom.door line 2") && listed.contains("not-json"), "{listed}");
    assert_eq!(host.stop(), 0);
    let mut taken = numbers(&place);
    taken.sort_unstable();
    assert_eq!(taken, (0..12_002).collect::<Vec<_>>());
}

#[test]
fn a_followed_file_is_taken_line_by_line_once_over_kills_rotation_and_truncation() {
    let place = Place::new();
    let file = place.at("door.jsonl");
    let config = "[[follow]]\nforce = \"avon\"\nsource = \"custom.door\"\nfile = \"door.jsonl\"\n";
    let mut host = place.configured(config);
    let _ = host.add_force("avon");
    let mut next = 0;
    let mut write = |lines: u64| {
        append(&file, next, next + lines);
        next += lines;
        next
    };
    // Kills while it is followed, at any moment.
    for round in 0..4_u64 {
        for _ in 0..4 {
            write(50);
            std::thread::sleep(Duration::from_millis(120 + round * 37));
        }
        host.kill();
        host = place.configured(config);
    }
    // Rotated while the host is away, and with lines that it has not seen.
    write(30);
    host.kill();
    write(30);
    fs::rename(&file, place.at("door.jsonl.1")).unwrap();
    write(30);
    host = place.configured(config);
    wait(&host, "both files", |stands| stands["accepted"].as_u64() >= Some(60) && stands["files"] == 1);
    // Half a line is waited for.
    let begun = write(20);
    OpenOptions::new().append(true).open(&file).unwrap().write_all(b"{\"n\":").unwrap();
    std::thread::sleep(Duration::from_millis(1_200));
    OpenOptions::new().append(true).open(&file).unwrap().write_all(format!("{begun}}}\n").as_bytes()).unwrap();
    let taken = |host: &Host| {
        let status = host.request("GET", "/v1/status", Some(&host.first_token()), "").unwrap().json();
        status["files"][0]["accepted"].as_u64().unwrap()
    };
    let mut before = 0;
    // Until nothing more comes: then it may be truncated.
    loop {
        let now = taken(&host);
        if now == before && now > 0 {
            break;
        }
        before = now;
        std::thread::sleep(Duration::from_millis(1_500));
    }
    File::create(&file).unwrap();
    append(&file, begun + 1, begun + 11);
    wait(&host, "after the truncation", |stands| stands["accepted"].as_u64() >= Some(before + 10));
    assert_eq!(host.stop(), 0);
    assert_eq!(numbers(&place), (0..begun + 11).collect::<Vec<_>>());
}
