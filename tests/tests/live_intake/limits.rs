//! Limits of intake: each is named when it is hit, and the sender is told when to come again.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use super::support::{Place, counts, post};

/// A request whose body is no text; the whole answer.
fn send_bytes(address: &str, path: &str, token: &str, body: &[u8]) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    let length = body.len();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\nauthorization: Bearer {token}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    // The host may have answered before it is all there.
    let _ = stream.write_all(body);
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

fn events(from: u64, to: u64) -> Vec<String> {
    (from..to).map(|n| format!("{{\"n\":{n}}}")).collect()
}

#[test]
fn a_force_over_its_quota_is_told_when_to_come_again_and_send_obeys_while_others_are_taken() {
    let place = Place::new();
    let host = place.configured("[quota.avon]\nevents-per-second = 100\nburst-seconds = 1\n");
    let (avon, kent) = (host.add_force("avon"), host.add_force("kent"));
    let path = "/v1/events/custom.test";
    assert_eq!(counts(&post(&host, path, &avon, &events(0, 300))), [300, 0, 0, 0], "let in once");
    let over = post(&host, path, &avon, &events(300, 301));
    assert_eq!(over.status, 429, "{}", over.body);
    assert!(
        over.body.contains("quota.events-per-second = 100") && over.body.contains("send again in"),
        "{}",
        over.body
    );
    assert_eq!(counts(&post(&host, path, &kent, &events(0, 300))), [300, 0, 0, 0]);
    std::fs::write(place.at("token"), &avon).unwrap();
    std::fs::write(place.at("more.jsonl"), events(400, 410).join("\n")).unwrap();
    let more = place.at("more.jsonl").to_string_lossy().into_owned();
    let begun = Instant::now();
    let sent = host.with_token(&place.at("token")).run(&["send", "--source", "custom.test", &more]).ends(0);
    assert!(sent.err.contains("10 events taken") && begun.elapsed() > Duration::from_millis(500), "{}", sent.err);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_body_bomb_is_refused_while_it_streams_and_a_full_disk_is_said() {
    let place = Place::new();
    let host = place.configured("[intake]\nrequest-mib = 4\nmemory-mib = 4\n");
    let intake = host.add_force("avon");
    // 2 GiB of events in 2 MB: what is read of it ends at the limit.
    let line = format!("{{\"text\":\"{}\"}}\n", "x".repeat(65_000));
    let mut packed = zstd::Encoder::new(Vec::new(), 1).unwrap();
    for _ in 0..32_000 {
        packed.write_all(line.as_bytes()).unwrap();
    }
    let packed = packed.finish().unwrap();
    let begun = Instant::now();
    let answer = send_bytes(host.address(), "/v1/events/custom.test", &intake, &packed);
    assert!(answer.starts_with("HTTP/1.1 413") && answer.contains("request-mib"), "{answer}");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    assert_eq!(host.stop(), 0);
    let host = place.configured("[journal]\ndisk-floor-mib = 4000000000\n");
    let full = post(&host, "/v1/events/custom.test", &intake, &events(0, 1));
    assert_eq!(full.status, 507, "{}", full.body);
    assert_eq!(host.stop(), 0);
}
