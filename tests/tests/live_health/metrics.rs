//! The text of `/metrics` is what its format says, and counts what happened.

use std::collections::BTreeMap;

use super::{Place, event, post};

/// Name and labels, and value, of every sample; panics where the text is not what OpenMetrics allows.
fn parse(text: &str) -> BTreeMap<String, f64> {
    let body = text.strip_suffix("# EOF\n").expect("the end is marked");
    let mut samples = BTreeMap::new();
    let mut family = (String::new(), String::new());
    for line in body.lines() {
        if let Some(rest) = line.strip_prefix("# ") {
            let (what, rest) = rest.split_once(' ').unwrap();
            let (name, value) = rest.split_once(' ').unwrap();
            match what {
                "HELP" => family = (name.to_owned(), String::new()),
                "TYPE" => {
                    assert_eq!(name, family.0, "{line}");
                    value.clone_into(&mut family.1);
                }
                "UNIT" => assert!(name.ends_with(value), "{line}"),
                _ => panic!("{line}"),
            }
            continue;
        }
        let (id, value) = line.rsplit_once(' ').unwrap();
        let (name, labels) = id.split_once('{').map_or((id, ""), |(name, labels)| (name, labels));
        let suffix = name.strip_prefix(&family.0).unwrap_or_else(|| panic!("{line} is not of {}", family.0));
        let allowed: &[&str] = match family.1.as_str() {
            "counter" => &["_total"],
            "gauge" => &[""],
            "histogram" => &["_bucket", "_sum", "_count"],
            "info" => &["_info"],
            other => panic!("{other}"),
        };
        assert!(allowed.contains(&suffix), "{line} of {family:?}");
        assert!(name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'), "{line}");
        assert!(labels.is_empty() || labels.ends_with("\"}"), "{line}");
        assert!(samples.insert(id.to_owned(), value.parse().unwrap()).is_none(), "{line} is there twice");
    }
    samples
}

#[test]
fn metrics_are_well_formed_and_count_what_was_sent_and_say_nothing_of_events() {
    let place = Place::new();
    place.plugin("traps", "custom.test", "unreachable");
    let host = place.host("");
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let marked = "{\"Operation\":\"MARK-91c2\",\"UserId\":\"MARK-91c2\"}".to_owned();
    post(&host, &intake, "custom.test", &[event(1), event(2), "{\"broken\":".into(), marked]);
    let refused = host.request("POST", "/v1/events", Some(&intake), "{\"a\":\"MARK-91c2\"}").unwrap();
    assert_eq!(refused.status, 400);
    host.settle(&operator);
    let text = host.request("GET", "/metrics", Some(&operator), "").unwrap().body;
    assert!(!text.contains("MARK"), "{text}");
    let samples = parse(&text);
    let of = |id: &str| samples.get(id).copied().unwrap_or_else(|| panic!("{id} is not in:\n{text}"));
    assert!(of("cordon_intake_events_total") >= 3.0);
    assert_eq!(of("cordon_intake_refused_total{reason=\"unknown-source\"}"), 1.0);
    assert!(of("cordon_intake_events_bytes_total") > 100.0);
    assert_eq!(of("cordon_http_requests_total{route=\"/v1/events/{source}\",code=\"200\"}"), 1.0);
    assert_eq!(of("cordon_http_requests_total{route=\"/v1/events\",code=\"400\"}"), 1.0);
    let lane = "{plugin=\"traps\",force=\"avon\",source=\"custom.test\"}";
    for (name, value) in [("lag_events", 0.0), ("lag_seconds", 0.0), ("standing", 0.0)] {
        assert_eq!(of(&format!("cordon_lane_{name}{lane}")), value, "{name}");
    }
    let plugin = "{plugin=\"traps\",force=\"avon\"}";
    assert_eq!(of(&format!("cordon_plugin_events_total{plugin}")), 3.0);
    assert!(of("cordon_journal_size_bytes") > 0.0 && of("cordon_journal_segments") >= 1.0);
    for stage in ["journal", "store"] {
        let (count, sum) =
            (of(&format!("cordon_{stage}_flush_seconds_count")), of(&format!("cordon_{stage}_flush_seconds_sum")));
        assert!(count >= 1.0 && sum > 0.0 && sum < 60.0, "{stage}: {count} {sum}");
        assert_eq!(of(&format!("cordon_{stage}_flush_seconds_bucket{{le=\"+Inf\"}}")), count);
        assert_eq!(of(&format!("cordon_{stage}_waiting")), 0.0);
    }
    assert_eq!(of(&format!("cordon_build_info{{version=\"{}\"}}", env!("CARGO_PKG_VERSION"))), 1.0);
}
