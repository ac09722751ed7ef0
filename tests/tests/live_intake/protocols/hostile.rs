//! Requests that mean harm, or are just broken: a clear answer, bounded memory, and nothing is taken.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use super::live::{Live, gzip, sources, zstd};

const MIB: usize = 1 << 20;

/// The most memory that the host has had, in MiB.
fn peak(live: &Live) -> usize {
    let status = std::fs::read_to_string(format!("/proc/{}/status", live.host.process())).unwrap();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap();
    line.split_whitespace().nth(1).unwrap().parse::<usize>().unwrap() >> 10
}

/// Many times the same packed piece: gzip and zstd read one after another.
fn bomb(pack: fn(&[u8]) -> Vec<u8>, head: &str, piece: &str, mib: usize) -> Vec<u8> {
    let packed = pack(piece.repeat(8 * MIB / piece.len()).as_bytes());
    [pack(head.as_bytes()), packed.repeat(mib / 8)].concat()
}

const ROUTES: [&str; 4] = [
    "/v1/events/custom.test",
    "/test/_bulk",
    "/services/collector?sourcetype=test",
    "/services/collector/raw?sourcetype=test",
];

#[test]
fn a_bomb_is_refused_while_it_streams_in_bounded_memory() {
    let live = Live::start();
    assert_eq!(live.post(ROUTES[0], &[], "{\"n\":1}").status, 200);
    let before = peak(&live);
    for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
        for path in ROUTES {
            // 256 MiB of nothing; of an endless line; of one string; of empty objects; of actions.
            for (head, piece) in [("", " "), ("", "x"), ("{\"a\":\"", "x"), ("", "{}\n"), ("", "{\"index\":{}}\n{}\n")]
            {
                let body = bomb(pack, head, piece, 256);
                assert!(body.len() < MIB, "{}", body.len());
                let answer = live.post(path, &[], body);
                assert!(matches!(answer.status, 400 | 413), "{path} {piece:?}: {answer:?}");
                assert!(answer.body.len() < 64 << 10, "{path} {piece:?}: {}", answer.body.len());
            }
        }
    }
    let grown = peak(&live) - before;
    println!("{grown} MiB more than after the first event");
    assert!(grown < 96, "{grown} MiB more");
    assert_eq!(live.stored(), sources(&[("custom.test", &["{\"n\":1}"])]));
}

#[test]
fn text_that_is_broken_costs_its_own_event_and_is_named() {
    let live = Live::start();
    let deep = "[".repeat(100_000);
    let bad = [
        ("{\"n\":\"\u{0}\"}".to_owned().into_bytes(), "not-json"),
        (b"{\"n\":\"\xc3\x28\"}".to_vec(), "not-utf8"),
        (format!("{{\"n\":{deep}").into_bytes(), "too-deep"),
        (format!("{{\"n\":\"{}\"}}", "x".repeat(MIB)).into_bytes(), "too-large"),
        (b"{\"n\":\"\\ud800\"}".to_vec(), "lone-surrogate"),
        (b"[1]".to_vec(), "not-an-object"),
    ];
    for (at, (event, kind)) in bad.iter().enumerate() {
        let lines = [format!("{{\"n\":{at}}}\n").as_bytes(), event, b"\n"].concat();
        let bulk =
            [format!("{{\"index\":{{}}}}\n{{\"n\":1{at}}}\n{{\"index\":{{}}}}\n").as_bytes(), event, b"\n"].concat();
        let bulk = live.post("/test/_bulk", &[], bulk);
        let item = &bulk.json()["items"][1]["index"];
        assert_eq!((bulk.status, &item["status"]), (200, &400.into()), "{kind}: {bulk:?}");
        assert!(item["error"]["reason"].as_str().unwrap().starts_with(kind), "{kind}: {bulk:?}");
        let raw = live.post("/services/collector/raw?sourcetype=test", &[], &lines);
        let said = raw.json();
        assert_eq!((raw.status, &said["accepted"], &said["refused"]), (400, &1.into(), &1.into()), "{kind}: {said}");
        assert_eq!(
            (&said["refused_lines"][0]["line"], &said["refused_lines"][0]["kind"]),
            (&2.into(), &(*kind).into())
        );
        // In an object of HEC's, brackets that do not end swallow what stands behind them.
        if *kind != "too-deep" {
            let object = [format!("{{\"event\":{{\"n\":2{at}}}}}{{\"event\":").as_bytes(), event, b"}"].concat();
            let hec = live.post("/services/collector?sourcetype=test", &[], object);
            let said = hec.json();
            assert_eq!((hec.status, said["code"].as_u64()), (400, Some(6)), "{kind}: {said}");
            assert_eq!((&said["accepted"], &said["invalid-event-number"]), (&1.into(), &1.into()), "{kind}: {said}");
        }
    }
    let nested = format!("{{\"event\":{{\"n\":{deep}{}}}}}", "]".repeat(100_000));
    let hec = live.post("/services/collector", &[], nested).json();
    assert_eq!(hec["refused_lines"][0]["kind"], "too-deep", "{hec}");
    let stored = live.stored();
    assert_eq!(stored.into_values().map(|events| events.len()).collect::<Vec<_>>(), [6 + 6 + 5]);
}

/// Sends bytes as they are and gives what comes back until the host closes.
fn raw(live: &Live, text: &str) -> String {
    let mut stream = TcpStream::connect(live.host.address()).unwrap();
    stream.write_all(text.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = Vec::new();
    let _ = stream.read_to_end(&mut answer);
    String::from_utf8(answer).unwrap()
}

#[test]
fn a_request_whose_length_is_wrong_or_whose_compression_breaks_off_is_taken_not_at_all() {
    let live = Live::start();
    let body = "{\"index\":{}}\n{\"n\":1}\n{\"index\":{}}\n{\"n\":2}\n";
    let many: String = (0..50_000).map(|n| format!("{{\"index\":{{}}}}\n{{\"n\":{n}}}\n")).collect();
    for path in ROUTES {
        let head = |length: usize| {
            format!(
                "POST {path} HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: {length}\r\n\r\n",
                live.token
            )
        };
        // Longer than what comes: the sender is gone. Less than nothing: no request.
        let long = raw(&live, &format!("{}{body}", head(body.len() + 100)));
        assert!(!long.starts_with("HTTP/1.1 2"), "{path}: {long}");
        let none = raw(&live, &head(0).replace("content-length: 0", "content-length: -1"));
        assert!(none.starts_with("HTTP/1.1 400"), "{path}: {none}");
        for pack in [gzip as fn(&[u8]) -> Vec<u8>, zstd] {
            let mut packed = pack(many.as_bytes());
            packed.truncate(packed.len() / 2);
            let cut = live.post(path, &[], packed);
            assert!(cut.status == 400 && cut.body.contains("cut off"), "{path}: {cut:?}");
        }
    }
    // Shorter than what comes: the rest would be another request, and is none.
    let head = format!(
        "POST /test/_bulk HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {}\r\ncontent-length: 21\r\n\r\n",
        live.token
    );
    let short = raw(&live, &format!("{head}{body}"));
    assert!(short.starts_with("HTTP/1.1 200") && short.contains("HTTP/1.1 400"), "{short}");
    assert_eq!(live.stored(), sources(&[("custom.test", &["{\"n\":1}"])]));
}

#[test]
fn a_request_with_more_actions_than_an_answer_names_is_refused_whole() {
    let live = Live::start();
    let answer = live.post("/test/_bulk", &[], "{\"index\":{}}\n{}\n".repeat(70_000));
    assert!(answer.status == 413 && answer.body.contains("65536 actions"), "{answer:?}");
    assert_eq!(answer.json()["error"]["type"], "content_too_long_exception");
    assert_eq!(live.stored(), sources(&[]));
}
