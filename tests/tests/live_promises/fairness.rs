//! One force with a backlog does not make the others wait for its end.

use crate::support::{EACH_ROW, Place, events, operations, post};

/// Some rounds for each row, then one finding for each: a batch that takes a while.
const SLOW: &str = "(local.set $n (i32.mul (call $len (local.get $batch)) (i32.const 40000)))
    (loop $rows (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $rows))))";

#[test]
fn a_forces_backlog_lets_others_through_many_times_before_it_is_done() {
    const BACKLOG: u64 = 40 * 4_096;
    let place = Place::new(&[("each-row", EACH_ROW), ("slow", SLOW)]);
    let config = "workers = 2\n[journal]\ndisk-floor-mib = 0\n";
    let host = place.logged("", config);
    let token = host.add_force("kent");
    let _ = host.add_force("avon");
    assert_eq!(host.stop(), 0);
    let quiet = |n: u64| format!("{{\"n\":{n}}}");
    let requests: Vec<String> = (0..BACKLOG / 4_096)
        .map(|at| (at * 4_096..(at + 1) * 4_096).map(quiet).collect::<Vec<_>>().join("\n"))
        .collect();
    place.append("avon", &requests);
    let host = place.logged("", config);
    let operator = host.first_token();
    // How far a force's last lane is, and how far it has to go.
    let stands = |force: &str| {
        let status = host.request("GET", "/v1/status", Some(&operator), "").unwrap().json();
        let lanes: Vec<_> =
            status["lanes"].as_array().unwrap().iter().filter(|lane| lane["force"] == force).cloned().collect();
        let number = |name: &str| lanes.iter().map(|lane| lane[name].as_u64().unwrap()).min().unwrap_or(0);
        (number("cursor"), number("head"))
    };
    let mut advanced = Vec::new();
    for round in 0..5 {
        let before = stands("avon").0;
        post(&host, &token, &events(round * 10..round * 10 + 10));
        while stands("kent").0 < (round + 1) * 10 {
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        advanced.push((stands("avon").0 - before) / 4_096);
    }
    let (cursor, head) = stands("avon");
    assert!(cursor < head, "the backlog was done before its neighbour: {advanced:?} batches of it a round");
    // Of 40 batches that stand before it, a neighbour's events wait for no more than these.
    assert!(advanced.iter().all(|batches| *batches <= 10), "{advanced:?}");
    assert_eq!(operations(&host, "kent").len(), 50);
}
