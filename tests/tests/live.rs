//! The live host, through the real binary: what is acknowledged is processed, whatever happens to the process.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use cordon::journal::{Journal, JournalOptions, Piece};
use cordon::model::{Force, SourceName};
use cordon_tests::cli::Cordon;
use cordon_tests::guest::{Guest, MANIFEST};
use cordon_tests::host::Host;
use cordon_tests::trace;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// One finding for each row.
const EACH_ROW: &str = "(local.set $n (call $len (local.get $batch)))
    (loop $rows (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (call $emit (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $rows))))";

fn plugin(folder: &Path, id: &str, detect: &str) {
    let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\""));
    let wasm = Guest::detecting(detect).manifest(Some(&manifest)).build();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{id}.wasm")), wasm).unwrap();
}

fn event(n: u64) -> String {
    format!("{{\"Operation\":\"op-{n}\",\"UserId\":\"user@avon.example\",\"ClientIP\":\"192.0.2.1\"}}")
}

fn text<'a>(of: &'a Value, path: &[&str]) -> &'a str {
    path.iter().fold(of, |value, name| &value[*name]).as_str().unwrap()
}

#[test]
fn events_that_are_sent_become_findings_and_refused_ones_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let host = Host::start(BINARY, &data, &plugins);
    let intake = folder.path().join("intake");
    std::fs::write(&intake, host.add_force("avon")).unwrap();
    let lines = [event(1), "{\"Operation\":".into(), event(2), "[{\n\"Operation\":\"op-3\"\n}]".into()].join("\n");
    std::fs::write(data.join("events.jsonl"), lines).unwrap();
    let sent = host.with_token(&intake).run(&["send", "--source", "custom.test", "events.jsonl"]).ends(4);
    assert!(
        sent.err.contains("events.jsonl line 2: ") && sent.err.contains("3 events taken, 1 refused"),
        "{}",
        sent.err
    );
    let operator = host.first_token();
    host.settle(&operator);
    let findings = host.findings(&operator, "avon");
    let operations: Vec<&str> = findings.iter().map(|finding| text(finding, &["evidence", "operation"])).collect();
    assert_eq!(operations, ["op-1", "op-2", "op-3"]);
    // The same request again is not taken again; the same events in another one are the same findings.
    let again = host.with_token(&intake).run(&["send", "--source", "custom.test", "events.jsonl"]).ends(4);
    assert!(again.err.contains("3 events taken"), "{}", again.err);
    std::fs::write(data.join("events.jsonl"), format!("{}\n{}", event(2), event(1))).unwrap();
    let _ = host.with_token(&intake).run(&["send", "--source", "custom.test", "events.jsonl"]).ends(0);
    host.settle(&operator);
    assert_eq!(host.findings(&operator, "avon"), findings);
    let status = host.request("GET", "/v1/status", Some(&operator), "").unwrap().json();
    assert_eq!(status["lanes"][0]["head"], 5, "{status}");
    let status = host.operator().run(&["status", "--all"]).ends(0);
    assert!(status.out.contains("each-row") && status.out.contains("up to date"), "{}", status.out);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_killed_host_loses_nothing_acknowledged_and_doubles_no_finding() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "first", EACH_ROW);
    plugin(&plugins, "second", EACH_ROW);
    let mut host = Host::start(BINARY, &data, &plugins);
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let acknowledged: Mutex<BTreeMap<u64, String>> = Mutex::default();
    let rounds = std::env::var("CORDON_TEST_KILLS").map_or(6, |kills| kills.parse().unwrap());
    for round in 0..rounds {
        let stop = AtomicBool::new(false);
        let address = host.address().to_owned();
        std::thread::scope(|scope| {
            for thread in 0..3_u64 {
                let (host, intake, stop, acknowledged) = (&address, &intake, &stop, &acknowledged);
                scope.spawn(move || {
                    for n in 0.. {
                        let first = ((round * 10 + thread) * 10_000 + n) * 10;
                        let events: Vec<String> = (first..first + 1 + n % 9).map(event).collect();
                        let path = "/v1/events/custom.test";
                        let answer = cordon_tests::host::request(host, "POST", path, Some(intake), &events.join("\n"));
                        let Ok(answer) = answer else { return };
                        assert_eq!(answer.status, 200, "{}", answer.body);
                        let sequence = answer.json()["sequence"].as_u64().unwrap();
                        let numbered = (sequence..).zip(events);
                        acknowledged.lock().unwrap().extend(numbered);
                        if stop.load(Ordering::Relaxed) {
                            return;
                        }
                    }
                });
            }
            std::thread::sleep(Duration::from_millis(60 + round % 6 * 90));
            host.kill();
            stop.store(true, Ordering::Relaxed);
        });
        host = Host::start(BINARY, &data, &plugins);
    }
    host.settle(&operator);
    let findings = host.findings(&operator, "avon");
    assert_eq!(host.stop(), 0);

    // The journal holds everything that was acknowledged, under the number that was answered.
    let (journal, found) = Journal::open(JournalOptions::new(&data.join("journal")), &BTreeMap::new()).unwrap();
    assert_eq!(found, []);
    let mut reader = journal.reader(&Force::new("avon").unwrap(), &SourceName::new("custom.test").unwrap(), 0);
    let mut stored = BTreeMap::new();
    while let Some(piece) = reader.next(1_000, 1 << 20).unwrap() {
        let Piece::Rows(rows) = piece else { panic!("{piece:?}") };
        stored.extend(rows.iter().map(|(at, text)| (at, String::from_utf8(text.to_vec()).unwrap())));
    }
    let acknowledged = acknowledged.into_inner().unwrap();
    assert!(acknowledged.len() > 100, "{}", acknowledged.len());
    for (sequence, event) in &acknowledged {
        assert_eq!(stored.get(sequence), Some(event));
    }
    // And an undisturbed run over it gives the same findings: each once.
    let all = stored.values().cloned().collect::<Vec<_>>().join("\n");
    std::fs::write(folder.path().join("all.jsonl"), all).unwrap();
    let plugins = plugins.to_string_lossy().into_owned();
    let arguments =
        ["run", "-p", &plugins, "all.jsonl", "--source", "custom.test", "--for", "avon", "--format", "ndjson"];
    let undisturbed = Cordon::new(BINARY, folder.path()).run(&arguments).ends(0).lines();
    let ids = |findings: &[Value]| findings.iter().map(|one| text(one, &["id"]).to_owned()).collect::<Vec<_>>();
    let (live, expected) = (ids(&findings), ids(&undisturbed));
    assert_eq!(live.len(), stored.len() * 2);
    assert_eq!(live.iter().collect::<BTreeSet<_>>(), expected.iter().collect::<BTreeSet<_>>());
    assert_eq!(live.iter().collect::<BTreeSet<_>>().len(), live.len());
}

#[test]
fn a_plugin_that_traps_is_passed_with_a_record_and_holds_nobody_back() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    plugin(&plugins, "traps", "unreachable");
    let host = Host::start(BINARY, &data, &plugins);
    let (intake, operator) = (host.add_force("avon"), host.first_token());
    let events: Vec<String> = (0..5).map(event).collect();
    let sent = host.request("POST", "/v1/events/custom.test", Some(&intake), &events.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
    host.settle(&operator);
    assert_eq!(host.findings(&operator, "avon").len(), 5);
    let metrics = host.request("GET", "/metrics", Some(&operator), "").unwrap().body;
    let trapped = "cordon_plugin_outcomes_total{plugin=\"traps\",force=\"avon\",outcome=\"trapped\"} ";
    assert!(metrics.contains(trapped), "{metrics}");
    let skips = host.request("GET", "/v1/skips?for=avon", Some(&operator), "").unwrap().json();
    let [skip] = &skips["skips"].as_array().unwrap()[..] else { panic!("{skips}") };
    assert_eq!((text(skip, &["plugin"]), text(skip, &["outcome"])), ("traps", "trapped"));
    assert_eq!((skip["first"].as_u64(), skip["last"].as_u64(), skip["rows"].as_u64()), (Some(1), Some(5), Some(5)));
}

#[test]
fn no_force_sees_anothers_data_and_the_force_comes_from_the_token() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let host = Host::start(BINARY, &data, &plugins);
    let (avon, _kent) = (host.add_force("avon"), host.add_force("kent"));
    let kent = host.token("force-reader", Some("kent"));
    let marked = "{\"Operation\":\"MARK-7f3a\",\"force\":\"kent\",\"UserId\":\"MARK-7f3a\"}";
    assert_eq!(host.request("POST", "/v1/events/custom.test", Some(&avon), marked).unwrap().status, 200);
    host.settle(&host.first_token());
    assert_eq!(host.findings(&host.first_token(), "avon").len(), 1);
    let of_kent = [
        host.request("GET", "/v1/findings", Some(&kent), "").unwrap(),
        host.request("GET", "/v1/findings?for=avon", Some(&kent), "").unwrap(),
        host.request("GET", "/v1/skips?for=avon", Some(&kent), "").unwrap(),
        host.request("GET", "/v1/status", Some(&kent), "").unwrap(),
        host.request("GET", "/v1/forces", Some(&kent), "").unwrap(),
        host.request("GET", "/metrics", Some(&kent), "").unwrap(),
    ];
    assert_eq!(of_kent.each_ref().map(|answer| answer.status), [200, 403, 403, 200, 200, 403]);
    for answer in &of_kent {
        assert!(!answer.body.contains("MARK-7f3a"), "{answer:?}");
        assert!(!answer.body.contains("\"avon\""), "{answer:?}");
    }
    let nobody = host.request("GET", "/v1/findings?for=avno", Some(&host.first_token()), "").unwrap();
    assert!(nobody.status == 404 && nobody.body.contains("nearest name is `avon`"), "{nobody:?}");
}

#[test]
fn bad_requests_get_a_clear_answer_and_change_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let host = Host::start(BINARY, &data, &plugins);
    let intake = host.add_force("avon");
    let post = |path: &str, body: &str| host.request("POST", path, Some(&intake), body).unwrap();
    let empty = post("/v1/events", "");
    assert!(empty.status == 400 && empty.body.contains("is empty"), "{empty:?}");
    let cut_off = post("/v1/events/custom.test", "[{\"a\":1},{\"a\":");
    assert!(cut_off.status == 400 && cut_off.body.contains("cut off"), "{cut_off:?}");
    let unknown = post("/v1/events", "{\"a\":1}");
    assert!(unknown.status == 400 && unknown.body.contains("unknown-source"), "{unknown:?}");
    let source = post("/v1/events/custom", "{\"a\":1}");
    assert!(source.status == 400 && source.body.contains("custom.NAME"), "{source:?}");
    assert_eq!(post("/v1/events/cordon.finding", "{\"a\":1}").status, 403);
    let large = format!("[{}", " ".repeat(33 << 20));
    let large = post("/v1/events/custom.test", &large);
    assert!(large.status == 413 && large.body.contains("request-mib"), "{large:?}");
    assert_eq!(std::fs::read_dir(data.join("journal")).unwrap().count(), 0);
    // A second host on the same data is told who has it.
    let second =
        Cordon::new(BINARY, folder.path()).run(&["serve", "--listen", "127.0.0.1:0", "--data", "data"]).ends(2);
    assert!(second.err.contains("in use by process") && second.err.contains("cordon status"), "{}", second.err);
}

#[test]
fn an_answer_comes_after_the_events_are_synced() {
    if !trace::can_trace() {
        cordon_tests::skip("strace");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let log = folder.path().join("calls");
    let host = Host::start_by(trace::traced(Path::new(BINARY), &log), BINARY, &data, &plugins);
    let intake = host.add_force("avon");
    for n in 0..10 {
        let sent = host.request("POST", "/v1/events/custom.test", Some(&intake), &event(n)).unwrap();
        assert_eq!(sent.status, 200);
    }
    assert_eq!(host.stop(), 0);
    let calls = std::fs::read_to_string(log).unwrap();
    let unsynced = trace::unsynced_at_answers(&calls, &data.join("journal").to_string_lossy(), "HTTP/1.1 200");
    assert!(unsynced.len() >= 10, "{}", unsynced.len());
    assert!(unsynced.iter().all(BTreeSet::is_empty), "{unsynced:?}");
}

#[test]
fn what_people_do_and_read_is_in_a_chain_that_shows_what_was_cut_off() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let host = Host::start(BINARY, &data, &plugins);
    let _ = host.add_force("avon");
    let _ = host.findings(&host.first_token(), "avon");
    let auditor = folder.path().join("auditor");
    std::fs::write(&auditor, host.token("auditor", None)).unwrap();
    let auditor = host.with_token(&auditor);
    let listed = auditor.run(&["audit", "list", "--format", "json"]).ends(0).lines();
    let acts: Vec<&str> = listed.iter().map(|record| text(record, &["what"])).collect();
    assert_eq!(
        acts,
        [
            "force-added",
            "token-created",
            "plugins-configured",
            "force-added",
            "token-created",
            "findings-read",
            "token-created"
        ]
    );
    assert!(listed.iter().all(|record| !record.to_string().contains("cordon_")), "no token's text is in it");
    let head = text(&listed[3], &["digest"]);
    let holds = auditor.run(&["audit", "verify", "--head", head]).ends(0);
    assert!(holds.out.starts_with("holds: 8 records"), "{}", holds.out);
    let other = auditor.run(&["audit", "verify", "--head", &head.replace(['1', '2', '3'], "0")]).ends(1);
    assert!(other.out.contains("cut off or written anew"), "{}", other.out);
    let refused = host.operator().run(&["audit", "list"]).ends(2);
    assert!(refused.err.contains("role operator may not"), "{}", refused.err);
}

#[test]
fn what_is_old_and_done_with_is_disposed_of_and_that_is_recorded() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    let config = folder.path().join("cordon.toml");
    std::fs::write(&config, "[journal]\nsegment-mib = 1\nkeep-days = 0\n").unwrap();
    let start = || Host::configured(BINARY, &data, &plugins, &config);
    let host = start();
    let intake = host.add_force("avon");
    let auditor = folder.path().join("auditor");
    std::fs::write(&auditor, host.token("auditor", None)).unwrap();
    for n in 0..4 {
        let sent = host.request("POST", "/v1/events/custom.test", Some(&intake), &noise(n)).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }
    host.settle(&host.first_token());
    let segments = || {
        std::fs::read_dir(data.join("journal/avon"))
            .unwrap()
            .filter(|entry| entry.as_ref().unwrap().path().extension().is_some_and(|extension| extension == "segment"))
            .count()
    };
    assert!(segments() > 1);
    assert_eq!(host.stop(), 0);
    let host = start();
    let auditor = host.with_token(&auditor);
    let begun = std::time::Instant::now();
    while segments() > 1 {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    let listed = auditor.run(&["audit", "list"]).ends(0).out;
    assert!(listed.contains("avon segment-dropped {\"segment\":\"00000000000000000001.segment\""), "{listed}");
    assert_eq!(host.request("POST", "/v1/events/custom.test", Some(&intake), "{\"n\":1}").unwrap().status, 200);
}

/// Two large events that hardly compress.
fn noise(seed: u64) -> String {
    let mut random = fastrand::Rng::with_seed(seed);
    let noise: String = (0..1_000_000).map(|_| random.alphanumeric()).collect();
    format!("{{\"Text\":\"{noise}\"}}\n{{\"Text\":\"{}\"}}", noise.to_lowercase())
}

#[test]
fn a_write_that_fails_costs_its_own_request_and_the_next_one_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
    plugin(&plugins, "each-row", EACH_ROW);
    // No file may grow beyond 3 MiB: that is how a disk fails, as far as the writer sees.
    let mut command = std::process::Command::new("sh");
    command.args(["-c", "trap '' XFSZ; ulimit -f 6144; exec \"$@\"", "sh", BINARY]);
    let host = Host::start_by(command, BINARY, &data, &plugins);
    let intake = host.add_force("avon");
    let mut taken = 0;
    let mut failed = 0;
    for n in 0..6 {
        let sent = host.request("POST", "/v1/events/custom.test", Some(&intake), &noise(n)).unwrap();
        match sent.status {
            200 => taken += 2,
            503 => failed += 1,
            other => panic!("{other}: {}", sent.body),
        }
    }
    assert!(taken >= 6 && failed >= 1, "{taken} taken, {failed} failed");
    host.settle(&host.first_token());
    let findings = host.findings(&host.first_token(), "avon");
    assert_eq!(findings.len(), taken);
    // They are larger than a value of the store may be, and whole all the same.
    assert!(findings.iter().all(|finding| text(finding, &["evidence", "text"]).len() == 1_000_000));
    drop(host);
    let (_, found) = Journal::open(JournalOptions::new(&data.join("journal")), &BTreeMap::new()).unwrap();
    assert_eq!(found, []);
}
