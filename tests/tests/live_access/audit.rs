//! The audit: filters, exports, the head that is kept elsewhere.

use std::io::{Read as _, Write as _};
use std::net::TcpListener;
use std::sync::Arc;

use cordon::audit::{Act, Audit, Filter, Record};
use cordon::model::Force;
use cordon::store::{Effects, Space, Store};
use cordon_tests::cli::Cordon;
use cordon_tests::host::Host;
use serde_json::Value;

use super::{Place, wait};

fn auditor(place: &Place, host: &Host) -> Cordon {
    let file = place.path("auditor");
    if !file.exists() {
        place.write("auditor", &host.token("auditor", None));
    }
    host.with_token(&file)
}

#[test]
fn reads_are_recorded_with_filter_and_rows_and_the_list_is_filtered_by_who_what_force_and_time() {
    let place = Place::new();
    let host = place.start();
    let _ = host.add_force("avon");
    let _ = host.add_force("kent");
    let operator = host.first_token();
    let _ = host.request("GET", "/v1/findings?for=avon&limit=7", Some(&operator), "").unwrap();
    let _ = host.request("GET", "/v1/skips?for=kent", Some(&operator), "").unwrap();
    let auditor = auditor(&place, &host);
    let list = |filter: &[&str]| {
        let arguments = [&["audit", "list", "--format", "json"], filter].concat();
        auditor.run(&arguments).ends(0).lines()
    };
    let words =
        |records: &[Value]| records.iter().map(|of| of["what"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let read = list(&["--for", "avon", "--what", "findings-read"]);
    assert_eq!(words(&read), ["findings-read"]);
    let details = &read[0]["details"];
    assert_eq!((&details["limit"], &details["rows"]), (&7.into(), &0.into()));
    assert_eq!(words(&list(&["--for", "kent"])), ["force-added", "token-created", "skips-read"]);
    assert_eq!(list(&["--who", "host"]).len(), 3);
    assert_eq!(list(&["--until", "2001-01-01"]), [] as [Value; 0]);
    assert_eq!(list(&["--from", "2100-01-01T00:00:00Z"]), [] as [Value; 0]);
    assert_eq!(list(&["--limit", "3"]).len(), 3);
    let own = list(&["--what", "audit-read"]);
    assert_eq!(own[0]["details"]["what"], "findings-read");
    assert_eq!((&own[0]["details"]["for"], &own[0]["details"]["rows"]), (&"avon".into(), &1.into()));
    let shown = auditor.run(&["audit", "show", "2"]).ends(0).out;
    assert!(shown.contains("token-created"), "{shown}");
    let absent = auditor.run(&["audit", "show", "9999"]).ends(2).err;
    assert!(absent.contains("no record 9999"), "{absent}");
}

#[test]
fn an_exported_file_is_verified_without_a_host_and_shows_every_change() {
    let place = Place::new();
    let host = place.start();
    let _ = host.add_force("avon");
    let auditor = auditor(&place, &host);
    let file = place.path("export.jsonl").to_string_lossy().into_owned();
    let _ = auditor.run(&["audit", "export", &file]).ends(0);
    let listed = auditor.run(&["audit", "list", "--format", "json"]).ends(0).lines();
    assert!(listed.iter().any(|record| record["what"] == "audit-exported"));
    assert_eq!(host.stop(), 0);
    let offline = place.person();
    let verify = |more: &[&str]| offline.run(&[&["audit", "verify", &file], more].concat());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("audit-exported"), "the export is in it");
    let holds = verify(&[]).ends(0).out;
    assert!(holds.starts_with("holds: 7 records"), "{holds}");
    let third = listed[2]["digest"].as_str().unwrap();
    let _ = verify(&["--head", third]).ends(0);
    let _ = verify(&["--head", &"0".repeat(64)]).ends(1);
    std::fs::write(&file, text.replace("\"avon\"", "\"kent\"")).unwrap();
    assert!(verify(&[]).ends(1).out.contains("was changed"));
    let lines: Vec<&str> = text.lines().collect();
    std::fs::write(&file, [&lines[..2], &lines[3..]].concat().join("\n")).unwrap();
    assert!(verify(&[]).ends(1).out.contains("record 3 of the audit is missing"));
    std::fs::write(&file, lines[..2].join("\n")).unwrap();
    let _ = verify(&[]).ends(0);
    assert!(verify(&["--head", third]).ends(1).out.contains("cut off or written anew"));
}

#[test]
fn the_head_that_is_kept_outside_shows_truncation_and_rewriting() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/heads", listener.local_addr().unwrap());
    let posted = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        let mut text = Vec::new();
        while !text.ends_with(b"}") {
            let mut chunk = [0; 4096];
            let read = stream.read(&mut chunk).unwrap();
            text.extend_from_slice(&chunk[..read]);
        }
        stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n").unwrap();
        String::from_utf8(text).unwrap()
    });
    let config = format!("[audit]\nhead-file = \"heads\"\nhead-url = \"{url}\"\n");
    let host = place.configured(&config);
    let _ = host.add_force("avon");
    let _ = auditor(&place, &host);
    let heads = || -> Vec<Value> {
        let text = std::fs::read_to_string(place.path("heads")).unwrap_or_default();
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    wait("the head is written at the start", || !heads().is_empty());
    let posted = posted.join().unwrap();
    assert!(
        posted.contains("\"why\":\"started\"") && posted.contains(heads()[0]["head"].as_str().unwrap()),
        "{posted}"
    );
    assert_eq!(host.stop(), 0);
    let heads = heads();
    assert_eq!(heads.iter().map(|line| line["why"].as_str().unwrap()).collect::<Vec<_>>(), ["started", "stopped"]);
    let last = heads[1]["head"].as_str().unwrap().to_owned();

    let verify = |head: &str, code: i32| {
        let host = place.start();
        let said = auditor(&place, &host).run(&["audit", "verify", "--head", head]).ends(code).out;
        // And in itself it holds.
        let _ = auditor(&place, &host).run(&["audit", "verify"]).ends(0);
        assert_eq!(host.stop(), 0);
        said
    };
    let _ = verify(&last, 0);
    // Whoever has the disk cuts off the last records.
    let store = || Arc::new(Store::open(&place.data).unwrap());
    {
        let store = store();
        let all = records(&store);
        let from = heads[1]["records"].as_u64().unwrap();
        for record in all.iter().filter(|record| record.number >= from) {
            store.commit(Effects::new().delete(Space::Audit, &record.number.to_be_bytes())).unwrap();
        }
    }
    assert!(verify(&last, 1).contains("cut off or written anew"));
    // Or writes all of them anew, somebody else's name in the second.
    let first = heads[0]["head"].as_str().unwrap().to_owned();
    let _ = verify(&first, 0);
    {
        let store = store();
        let all = records(&store);
        for record in &all {
            store.commit(Effects::new().delete(Space::Audit, &record.number.to_be_bytes())).unwrap();
        }
        let audit = Audit::open(&store).unwrap();
        for Record { number, time, who, role, force, what, details, .. } in all {
            let who = if number == 2 { "somebody else".into() } else { who };
            let force = force.map(|name| Force::new(&name).unwrap());
            let act = Act { time, who, role, force, what: Box::leak(what.into_boxed_str()), details };
            audit.commit(&store, act, Effects::new()).unwrap();
        }
    }
    assert!(verify(&first, 1).contains("cut off or written anew"));
}

fn records(store: &Store) -> Vec<Record> {
    Audit::open(store).unwrap().list(store, 0, 10_000, &Filter::default()).unwrap().0
}
