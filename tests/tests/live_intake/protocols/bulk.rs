//! Elasticsearch's `_bulk`, request by request.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::live::{Live, gzip, sources};

const NDJSON: (&str, &str) = ("content-type", "application/x-ndjson");

/// The statuses of an answer's items.
fn statuses(answer: &Value) -> Vec<u64> {
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| item.as_object().unwrap().values().next().unwrap()["status"].as_u64().unwrap()).collect()
}

#[test]
fn each_action_is_answered_in_order_and_what_is_answered_201_is_stored() {
    let live = Live::start();
    let record = "{\"CreationTime\":\"2026-03-01T00:00:00\",\"Id\":\"1\",\"Operation\":\"o\",\"RecordType\":1}";
    let body = format!(
        "{{\"index\":{{\"_index\":\"m365-audit\",\"_id\":\"a\"}}}}\n{record}\n{{\"create\":{{}}}}\n{{ \"n\": 1.0 }}\n{{\"create\":{{}}}}\nno json\n{{\"update\":{{\"_id\":\"a\"}}}}\n{{\"doc\":{{}}}}\n{{\"delete\":{{\"_id\":\"a\"}}}}\n{{\"index\":{{\"_index\":\"cordon.finding\"}}}}\n{{}}\n{{\"index\":{{\"_index\":\"events\"}}}}\n{{\"n\":2}}\n{{\"index\":{{}}}}\n{{\"n\":3}}\n"
    );
    let answer = live.post("/vpn-2026.11.25/_bulk", &[NDJSON], &body);
    assert_eq!((answer.status, answer.header("x-elastic-product")), (200, Some("Elasticsearch")), "{answer:?}");
    let said = answer.json();
    assert_eq!(statuses(&said), [201, 201, 400, 400, 400, 400, 400, 201], "{said}");
    assert_eq!(said["errors"], true);
    assert_eq!(
        (&said["items"][0]["index"]["_id"], &said["items"][0]["index"]["_index"]),
        (&"a".into(), &"m365-audit".into())
    );
    let reason = |at: usize, verb: &str| said["items"][at][verb]["error"]["reason"].as_str().unwrap().to_owned();
    assert!(reason(2, "create").contains("not JSON"), "{said}");
    assert!(reason(6, "index").contains("unknown-source"), "{said}");
    // The same by PUT, compressed, without an index in the path.
    let token = format!("Bearer {}", live.token);
    let headers = [("authorization", token.as_str()), ("content-encoding", "gzip"), NDJSON];
    let packed = gzip(b"{\"index\":{\"_index\":\"vpn\"}}\n{\"n\":4}");
    let answer = live.host.send("PUT", "/_bulk", &headers, &packed).unwrap();
    assert_eq!((answer.status, &answer.json()["errors"]), (200, &false.into()), "{answer:?}");
    let vpn = ["{ \"n\": 1.0 }", "{\"n\":3}", "{\"n\":4}"];
    assert_eq!(live.stored(), sources(&[("custom.vpn", &vpn), ("m365.audit", &[record])]));
}

#[test]
fn a_request_that_has_lost_count_of_its_lines_is_refused_whole() {
    let live = Live::start();
    let answer = live.post("/vpn/_bulk", &[NDJSON], "{\"index\":{}}\n{\"n\":1}\n{\"n\":2}\n{\"n\":3}\n");
    let said = answer.json();
    assert_eq!((answer.status, &said["status"]), (400, &400.into()), "{answer:?}");
    assert_eq!(said["error"]["type"], "illegal_argument_exception");
    assert!(said["error"]["reason"].as_str().unwrap().starts_with("line 3: an action is due"), "{said}");
    let missing = live.post("/vpn/_bulk", &[NDJSON], "{\"index\":{}}\n{\"n\":1}\n{\"index\":{}}\n").json();
    assert_eq!(statuses(&missing), [201, 400]);
    assert!(missing.to_string().contains("its document is missing"), "{missing}");
    assert_eq!(live.stored(), sources(&[("custom.vpn", &["{\"n\":1}"])]));
}

#[test]
fn a_full_disk_is_answered_item_by_item_so_that_clients_send_again() {
    let live = Live::configured("[journal]\ndisk-floor-mib = 4000000000\n");
    let answer = live.post("/vpn/_bulk", &[NDJSON], "{\"index\":{}}\n{\"n\":1}\n{\"create\":{}}\n{\"n\":2}\n");
    let said = answer.json();
    assert_eq!((answer.status, statuses(&said)), (200, vec![429, 429]), "{said}");
    assert_eq!(said["items"][0]["index"]["error"]["type"], "es_rejected_execution_exception");
    assert!(said.to_string().contains("disk is full"), "{said}");
    let hec = live.post("/services/collector", &[], "{\"event\":{\"n\":1},\"sourcetype\":\"vpn\"}");
    assert_eq!((hec.status, &hec.json()["code"]), (503, &9.into()), "{hec:?}");
    assert_eq!(hec.header("retry-after"), Some("1"));
    assert_eq!(live.stored(), sources(&[]));
}

#[test]
fn what_clients_look_for_first_is_answered_as_an_elasticsearch_8_does() {
    let live = Live::start();
    let token = format!("ApiKey {}", live.token);
    for (method, path, expected) in [
        ("GET", "/", "\"number\":\"8."),
        ("HEAD", "/", ""),
        ("GET", "/_license", "\"status\":\"active\""),
        ("GET", "/_xpack", "\"type\":\"basic\""),
        ("GET", "/_cat/health", "green"),
        ("GET", "/_cluster/health", "\"status\":\"green\""),
    ] {
        for version in ["8", "9"] {
            let kind = format!("application/vnd.elasticsearch+json; compatible-with={version}");
            let headers = [("authorization", token.as_str()), ("accept", kind.as_str())];
            let answer = live.host.send(method, path, &headers, b"").unwrap();
            assert!(answer.status == 200 && answer.body.contains(expected), "{method} {path}: {answer:?}");
            assert_eq!(answer.header("x-elastic-product"), Some("Elasticsearch"), "{method} {path}");
            if !path.starts_with("/_cat") {
                let given = answer.header("content-type").unwrap();
                assert_eq!(given, kind.replace("; ", ";"), "{method} {path}");
            }
        }
    }
}

#[test]
fn a_token_may_be_shown_in_every_form_that_clients_have_and_without_one_nothing_is_said() {
    let live = Live::start();
    let pair = STANDARD.encode(format!("shipper:{}", live.token));
    let forms = [
        format!("Bearer {}", live.token),
        format!("ApiKey {}", live.token),
        format!("ApiKey {pair}"),
        format!("Basic {pair}"),
    ];
    for form in &forms {
        assert_eq!(live.host.send("GET", "/", &[("authorization", form)], b"").unwrap().status, 200, "{form}");
    }
    let none = live.host.send("GET", "/", &[], b"").unwrap();
    let said = none.json();
    assert_eq!((none.status, &said["error"]["type"]), (401, &"security_exception".into()), "{none:?}");
    assert!(none.head.contains("Basic realm=") && !none.body.contains("8."), "{none:?}");
    let unknown = live.host.send("POST", "/_bulk", &[("authorization", "ApiKey cordon_00")], b"").unwrap();
    assert!(unknown.status == 401 && unknown.body.contains("unknown"), "{unknown:?}");
    // These forms are for shippers: elsewhere a browser would show a remembered password to whoever asks it to.
    let elsewhere = live.host.send("GET", "/v1/forces", &[("authorization", &forms[3])], b"").unwrap();
    assert_eq!(elsewhere.status, 401);
    let reader = live.host.token("force-reader", Some("avon"));
    let may_not = live.host.send("POST", "/_bulk", &[("authorization", &format!("ApiKey {reader}"))], b"").unwrap();
    assert_eq!((may_not.status, &may_not.json()["error"]["type"]), (403, &"security_exception".into()));
}
