//! `POST /v1/events`: formats, compressions, recognition, CloudEvents.

use super::live::{Live, gzip, sources, zstd};

const HEAD: &str = "\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/s\",\"type\":\"t\"";

#[test]
fn every_format_and_compression_gives_the_same_events() {
    let live = Live::start();
    let bodies = [
        "{\"n\":NN1}\n{ \"n\" : NN2 }\n",
        "[{\"n\":NN1},\n{ \"n\" : NN2 }]",
        "{\"records\":[{\"n\":NN1},{ \"n\" : NN2 }]}",
        "{\n\"n\":NN1}{ \"n\" : NN2 }",
    ];
    let plain = <[u8]>::to_vec as fn(&[u8]) -> Vec<u8>;
    let ways = [
        (None, plain),
        (Some("identity"), plain),
        (Some("gzip"), gzip),
        (None, gzip),
        (Some("zstd"), zstd),
        (None, zstd as fn(&[u8]) -> Vec<u8>),
    ];
    let mut expected = Vec::new();
    for (at, body) in (1..).zip(bodies) {
        for (way, (said, pack)) in ways.iter().enumerate() {
            // Every event is another one: what was sent before is not taken twice.
            let number = format!("{at}{way}");
            let headers: Vec<(&str, &str)> = said.iter().map(|said| ("content-encoding", *said)).collect();
            let sent = pack(body.replace("NN", &number).as_bytes());
            let answer = live.post("/v1/events/custom.test", &headers, sent);
            assert_eq!((answer.status, &answer.json()["accepted"]), (200, &2.into()), "{number}: {answer:?}");
            let feed = if body.starts_with("{\n") { "\n" } else { "" };
            expected.push(format!("{{{feed}\"n\":{number}1}}"));
            expected.push(format!("{{ \"n\" : {number}2 }}"));
        }
    }
    for (encoding, named) in [("br", "br"), ("gzip, gzip", "gzip, gzip")] {
        let refused = live.post("/v1/events/custom.test", &[("content-encoding", encoding)], "{\"n\":1}");
        assert!(refused.status == 415 && refused.body.contains(named), "{refused:?}");
    }
    assert_eq!(live.stored(), [("custom.test".to_owned(), expected)].into());
}

#[test]
fn azure_records_are_recognised_by_their_category() {
    let live = Live::start();
    let record = |category: &str| {
        format!(
            "{{\"time\":\"2026-03-01T00:00:00Z\",\"category\":\"{category}\",\"operationName\":\"o\",\"resourceId\":\"/r\",\"properties\":{{\"id\":\"{category}\"}}}}"
        )
    };
    let of = |categories: &[&str]| categories.iter().map(|one| record(one)).collect::<Vec<_>>();
    let signin =
        of(&["SignInLogs", "NonInteractiveUserSignInLogs", "ServicePrincipalSignInLogs", "ManagedIdentitySignInLogs"]);
    let (audit, activity) = (of(&["AuditLogs"]), of(&["Administrative", "Policy", "ServiceHealth"]));
    let all = [&signin[..2], &audit, &activity, &signin[2..]].concat();
    let unknown = record("StorageRead");
    let answer = live.post("/v1/events", &[], format!("{{\"records\":[{},{unknown}]}}", all.join(",")));
    let said = answer.json();
    assert_eq!((answer.status, &said["accepted"], &said["refused"]), (200, &8.into(), &1.into()), "{said}");
    let refused = &said["refused_lines"][0];
    assert_eq!((&refused["line"], &refused["unit"]), (&9.into(), &"element".into()), "{said}");
    assert_eq!(refused["kind"], "unknown-source");
    let expected = [("entra.signin", signin), ("entra.audit", audit), ("azure.activity", activity)];
    assert_eq!(live.stored(), expected.map(|(source, events)| (source.to_owned(), events)).into());
}

#[test]
fn cloud_events_are_taken_in_all_three_modes_and_the_event_is_the_data() {
    let live = Live::start();
    let (one, batch) = ("application/cloudevents+json; charset=utf-8", "application/cloudevents-batch+json");
    let post = |kind: &str, body: String| live.post("/v1/events/custom.test", &[("content-type", kind)], body);
    assert_eq!(post(one, format!("{{{HEAD},\"data\":{{ \"n\":1 }}}}")).status, 200);
    let mixed = format!("[{{{HEAD},\"data_base64\":\"eyJuIjoyfQ==\"}},{{\"n\":9}},{{{HEAD},\"data\":{{\"n\":3}}}}]");
    let answer = post(batch, mixed);
    let said = answer.json();
    assert_eq!((answer.status, &said["accepted"], &said["refused"]), (200, &2.into(), &1.into()), "{said}");
    let refused = &said["refused_lines"][0];
    assert_eq!((&refused["line"], &refused["kind"]), (&2.into(), &"not-a-cloud-event".into()), "{said}");
    let attributes = [("ce-specversion", "1.0"), ("ce-id", "1"), ("ce-source", "/s"), ("ce-type", "t")];
    assert_eq!(live.post("/v1/events/custom.test", &attributes, "{\"n\":4}").status, 200);
    // The same without one attribute, in another version, in another format, without an event.
    let lacks = live.post("/v1/events/custom.test", &attributes[..3], "{\"n\":5}");
    assert!(lacks.status == 400 && lacks.body.contains("`type`"), "{lacks:?}");
    let old = live.post("/v1/events/custom.test", &[("ce-specversion", "0.3")], "{\"n\":6}");
    assert!(old.status == 400 && old.body.contains("only 1.0"), "{old:?}");
    assert_eq!(post("application/cloudevents+avro", "x".into()).status, 415);
    let none = post(batch, "[]".into());
    assert!(none.status == 400 && none.body.contains("no event"), "{none:?}");
    let expected = ["{ \"n\":1 }", "{\"n\":2}", "{\"n\":3}", "{\"n\":4}"];
    assert_eq!(live.stored(), sources(&[("custom.test", &expected)]));
}

#[test]
fn a_cloud_event_is_recognised_by_the_shape_of_its_data() {
    let live = Live::start();
    let record = "{\"CreationTime\":\"2026-03-01T00:00:00\",\"Id\":\"1\",\"Operation\":\"o\",\"RecordType\":1}";
    let body = format!("{{{HEAD},\"data\":{record}}}");
    let answer = live.post("/v1/events", &[("content-type", "application/cloudevents+json")], body);
    assert_eq!(answer.status, 200, "{answer:?}");
    assert_eq!(live.stored(), sources(&[("m365.audit", &[record])]));
}
