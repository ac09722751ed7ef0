//! A process that is killed while it commits: everything that it acknowledged is there, and nothing by halves.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Command, Stdio};
use std::time::Duration;

use super::*;

const FOLDER: &str = "CORDON_TEST_STORE";

/// Not a test: what the test below starts as a process of its own, and kills.
#[test]
#[ignore = "started by the test below"]
#[allow(clippy::explicit_write, reason = "println! is captured")]
fn commits_until_it_is_killed() {
    let folder = PathBuf::from(std::env::var_os(FOLDER).expect("started by the test below"));
    let store = Store::open(&folder).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..3 {
            let store = &store;
            scope.spawn(move || {
                let key = |of: &str| format!("{thread}/{of}");
                let cursor = store.get(Space::Cursor, key("cursor").as_bytes()).unwrap();
                for n in cursor.map_or(0, |value| from(&value) + 1).. {
                    let value = || [number(n), vec![n as u8; 2_000 * thread]].concat();
                    // Cursor and finding of one commit: both or neither.
                    let effects = Effects::new().put(Space::Cursor, key("cursor").as_bytes(), value());
                    let effects = effects.append(Space::Finding, key("").as_bytes(), value());
                    store.commit(effects).unwrap();
                    std::io::stderr().write_all(format!("\n{thread} {n} done\n").as_bytes()).unwrap();
                }
            });
        }
    });
}

fn from(value: &[u8]) -> u64 {
    u64::from_be_bytes(value[..8].try_into().unwrap())
}

#[test]
fn what_a_killed_process_committed_is_there_and_whole() {
    let folder = tempfile::tempdir().unwrap();
    let mut acknowledged = [None; 3];
    for round in 0..6_u64 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["store::tests::crash::commits_until_it_is_killed", "--exact", "--ignored", "--nocapture"])
            .env(FOLDER, folder.path())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut said: Vec<String> = Vec::new();
        while said.len() < 30 {
            said.push(lines.next().expect("it commits until it is killed").unwrap());
        }
        std::thread::sleep(Duration::from_millis(round * 5));
        child.kill().unwrap();
        child.wait().unwrap();
        said.extend(lines.map_while(Result::ok));
        for line in said {
            if let [thread, n, "done"] = line.split(' ').collect::<Vec<_>>()[..] {
                acknowledged[thread.parse::<usize>().unwrap()] = Some(n.parse::<u64>().unwrap());
            }
        }
        let store = Store::open(folder.path()).unwrap();
        for (thread, acknowledged) in acknowledged.iter().enumerate() {
            let cursor = store.get(Space::Cursor, format!("{thread}/cursor").as_bytes()).unwrap();
            let cursor = cursor.as_deref().map(from);
            assert!(cursor >= *acknowledged, "thread {thread}: {cursor:?}, acknowledged {acknowledged:?}");
            let last = store.last(Space::Finding, format!("{thread}/").as_bytes()).unwrap();
            assert_eq!(last.map(|(_, value)| from(&value)), cursor, "thread {thread}");
        }
    }
    assert!(acknowledged.iter().all(|n| n.is_some_and(|n| n > 10)), "{acknowledged:?}");
}
