//! A process that is killed while it appends: everything that it acknowledged is there, whole.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const FOLDER: &str = "CORDON_TEST_JOURNAL";

/// Not a test: what the test below starts as a process of its own, and kills.
#[test]
#[ignore = "started by the test below"]
#[allow(clippy::explicit_write, reason = "println! is captured")]
fn appends_until_it_is_killed() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("started by the test below"));
    let small = JournalOptions { segment_bytes: 20_000, ..options(&folder) };
    let (journal, _) = Journal::open(small, &BTreeMap::new()).unwrap();
    let journal = &journal;
    std::thread::scope(|scope| {
        for thread in 0..4 {
            scope.spawn(move || {
                for n in 0_u64.. {
                    let events: Vec<String> = (0..1 + n % 5).map(|at| format!("{thread}/{n}/{at}")).collect();
                    let who = force(["avon", "kent"][thread % 2]);
                    let appended = journal.append(&who, request(1, vec![part("custom.a", &events)])).unwrap();
                    let line = format!("\n{who} {} {}\n", appended.first, events.join(","));
                    std::io::stderr().write_all(line.as_bytes()).unwrap();
                }
            });
        }
    });
}

#[test]
fn what_a_killed_process_acknowledged_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = 0;
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["journal::tests::crash::appends_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said: Vec<String> = Vec::new();
        while said.len() < 20 {
            said.push(lines.next().expect("it appends until it is killed").unwrap());
        }
        std::thread::sleep(Duration::from_millis(round * 7));
        child.kill().unwrap();
        child.wait().unwrap();
        // The last line may be cut off; the others were acknowledged.
        said.extend(lines.map_while(Result::ok));
        let (journal, found) = open(folder.path());
        assert!(found.iter().all(|found| matches!(found.damage, Damage::Torn { .. })), "{found:?}");
        let stored: BTreeMap<String, BTreeMap<u64, String>> = ["avon", "kent"]
            .map(|name| (name.to_owned(), read_all(&journal, &force(name), "custom.a").0.into_iter().collect()))
            .into();
        let whole = said.iter().filter(|line| line.split(' ').count() == 3);
        for line in whole.take(said.len().saturating_sub(2)) {
            let [who, first, events] = line.split(' ').collect::<Vec<_>>()[..] else { continue };
            let Ok(first) = first.parse::<u64>() else { continue };
            for (at, event) in events.split(',').enumerate() {
                assert_eq!(stored[who].get(&(first + at as u64)).map(String::as_str), Some(event), "{line}");
                acknowledged += 1;
            }
        }
    }
    assert!(acknowledged > 100, "{acknowledged}");
}
