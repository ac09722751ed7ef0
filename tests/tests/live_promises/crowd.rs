//! Many connections that say nothing, clients that are slow, posts that come twice.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::{EACH_ROW, Place, events, operations, post};

#[test]
fn a_thousand_idle_connections_leave_the_host_responsive() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let token = host.add_force("avon");
    let idle: Vec<TcpStream> = (0..1_000).filter_map(|_| TcpStream::connect(host.address()).ok()).collect();
    assert!(idle.len() > 500, "{}", idle.len());
    let begun = Instant::now();
    assert_eq!(host.request("GET", "/healthz", None, "").unwrap().status, 200);
    post(&host, &token, &events(0..5));
    host.settle(&host.first_token());
    assert_eq!(operations(&host, "avon").len(), 5);
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    drop(idle);
    assert_eq!(host.stop(), 0);
}

#[test]
fn clients_that_send_a_byte_now_and_then_hold_up_nobody_else() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.logged("", "[intake]\nidle-seconds = 2\n");
    let (token, other) = (host.add_force("avon"), host.add_force("kent"));
    let slow = |_| {
        let mut stream = TcpStream::connect(host.address()).unwrap();
        let head = format!(
            "POST /v1/events/custom.test HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 1000\r\n\r\n{{"
        );
        stream.write_all(head.as_bytes()).unwrap();
        stream
    };
    let mut streams: Vec<TcpStream> = (0..64).map(slow).collect();
    std::thread::sleep(Duration::from_millis(300));
    let begun = Instant::now();
    post(&host, &other, &events(0..5));
    assert!(begun.elapsed() < Duration::from_secs(30), "{:?}", begun.elapsed());
    // They are told, and let go.
    let stream = &mut streams[0];
    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    let mut said = String::new();
    let _ = stream.read_to_string(&mut said);
    assert!(said.contains("idle-seconds"), "{said:?}");
    host.settle(&host.first_token());
    assert_eq!((operations(&host, "avon").len(), operations(&host, "kent").len()), (0, 5));
}

#[test]
fn the_same_post_from_many_connections_at_once_gives_each_finding_once() {
    let place = Place::new(&[("each-row", EACH_ROW)]);
    let host = place.start();
    let token = host.add_force("avon");
    let body = events(0..50);
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| post(&host, &token, &body));
        }
    });
    host.settle(&host.first_token());
    let expected: Vec<String> = (0..50).map(|n| format!("op-{n}")).collect();
    assert_eq!(operations(&host, "avon"), expected);
}
