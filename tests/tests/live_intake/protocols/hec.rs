//! Splunk's HTTP event collector, request by request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::live::{Live, gzip, sources, zstd};

#[test]
fn events_one_after_another_are_taken_by_their_source_type_and_stored_before_the_answer() {
    let live = Live::start();
    let token = format!("Splunk {}", live.token);
    let post = |path: &str, body: &[u8]| live.host.send("POST", path, &[("authorization", &token)], body).unwrap();
    let events = b"{\"time\":1.5,\"host\":\"h\",\"event\":{ \"n\" :1.0}}{\"sourcetype\":\"VPN\",\"event\":{\"n\":2}}\n{\"event\":\"{\\\"n\\\":3}\"}";
    for (path, body) in [
        ("/services/collector/event?sourcetype=fw:paloalto", events.to_vec()),
        ("/services/collector?sourcetype=vpn", gzip(b"{\"event\":{\"n\":4}}")),
        ("/services/collector/event/1.0?sourcetype=vpn", zstd(b"{\"event\":{\"n\":5}}")),
        ("/services/collector/raw?sourcetype=vpn&channel=x", b"{\"n\":6}\n\n{\"n\":7}\r\n".to_vec()),
    ] {
        let answer = post(path, &body);
        assert_eq!((answer.status, answer.body.as_str()), (200, "{\"text\":\"Success\",\"code\":0}"), "{path}");
    }
    let basic = format!("Basic {}", STANDARD.encode(format!("x:{}", live.token)));
    let answer = live.host.send(
        "POST",
        "/services/collector?sourcetype=vpn",
        &[("authorization", &basic)],
        b"{\"event\":{\"n\":8}}",
    );
    assert_eq!(answer.unwrap().status, 200);
    let vpn = ["{\"n\":2}", "{\"n\":4}", "{\"n\":5}", "{\"n\":6}", "{\"n\":7}", "{\"n\":8}"];
    let paloalto = ["{ \"n\" :1.0}", "{\"n\":3}"];
    assert_eq!(live.stored(), sources(&[("custom.fw-paloalto", &paloalto), ("custom.vpn", &vpn)]));
}

#[test]
fn what_is_refused_has_its_code_and_its_number_and_the_others_are_taken() {
    let live = Live::start();
    let post = |body: &str| live.post("/services/collector?sourcetype=vpn", &[], body);
    for (body, code, number) in [
        ("{\"event\":{\"n\":1}}{\"time\":1}", 12, Some(1)),
        ("{\"event\":\" \"}", 13, Some(0)),
        ("{\"event\":{\"n\":2}}{\"event\":{\"n\":3}}{\"event\":\"Accepted password for root\"}", 6, Some(2)),
        ("{\"event\":{\"n\":4}} {\"event\":", 6, Some(1)),
        ("{\"event\":{\"n\":5}}{\"event\":{},\"sourcetype\":\"cordon.audit\"}", 6, Some(1)),
        ("", 5, None),
        (" \n", 5, None),
    ] {
        let answer = post(body);
        let said = answer.json();
        assert_eq!((answer.status, said["code"].as_u64()), (400, Some(code)), "{body}: {said}");
        assert_eq!(said["invalid-event-number"].as_u64(), number, "{body}: {said}");
    }
    let text = post("{\"event\":\"Accepted password for root\"}").json();
    assert!(text["reason"].as_str().unwrap().contains("let the shipper send JSON"), "{text}");
    assert_eq!((&text["refused"], &text["refused_lines"][0]["unit"]), (&1.into(), &"event".into()));
    let none = live.host.send("POST", "/services/collector/event", &[], b"{}").unwrap();
    assert_eq!((none.status, none.json()["code"].as_u64()), (401, Some(2)), "{none:?}");
    let unknown = live.host.send("POST", "/services/collector/raw", &[("authorization", "Splunk x")], b"{}").unwrap();
    assert_eq!((unknown.status, unknown.json()["code"].as_u64()), (403, Some(4)), "{unknown:?}");
    let health = live.host.send("GET", "/services/collector/health", &[], b"").unwrap();
    assert_eq!((health.status, health.json()["code"].as_u64()), (200, Some(17)), "{health:?}");
    let events = ["{\"n\":1}", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}", "{\"n\":5}"];
    assert_eq!(live.stored(), sources(&[("custom.vpn", &events)]));
}
