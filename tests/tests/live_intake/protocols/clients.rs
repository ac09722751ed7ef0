//! Real shippers, as people install them, send to the host unchanged.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::live::{Live, sources};

/// Nothing here takes longer on any machine.
const LONG: Duration = Duration::from_secs(60);

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Whether rsyslog with its output for Elasticsearch is here.
fn rsyslog() -> bool {
    let modules = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let found = modules.map(|entry| entry.path().join("rsyslog/omelasticsearch.so")).any(|module| module.exists());
    let daemon = ["/usr/sbin/rsyslogd", "/sbin/rsyslogd"].iter().any(|path| Path::new(path).exists());
    if !(found && daemon) {
        cordon_tests::skip("rsyslog (apt-get install rsyslog rsyslog-elasticsearch)");
    }
    found && daemon
}

/// The Python that has the clients.
fn python() -> Option<PathBuf> {
    let python = cordon_tests::cli::root().join("target/clients/bin/python");
    if !python.exists() {
        let with = "python3 -m venv target/clients && target/clients/bin/pip install -r tests/clients.txt";
        cordon_tests::skip(&format!("Python's clients ({with})"));
        return None;
    }
    Some(python)
}

/// Runs a script to its end. What it printed.
fn run(python: &Path, script: &str, arguments: &[&str]) -> String {
    let output = Command::new(python).args(["-c", script]).args(arguments).output().unwrap();
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{out}\n{err}");
    out.into_owned()
}

fn wait(until: impl Fn() -> bool, what: &str) {
    let begun = Instant::now();
    while !until() {
        assert!(begun.elapsed() < LONG, "{what}");
        std::thread::sleep(Duration::from_millis(50));
    }
}

#[test]
fn rsyslog_ships_a_file_and_a_socket_by_omelasticsearch_and_is_told_what_was_refused() {
    if !rsyslog() {
        return;
    }
    let live = Live::start();
    let folder = live.folder.path().display().to_string();
    let (address, port) = live.host.address().rsplit_once(':').unwrap();
    // A template of rsyslog's makes the JSON of what comes as text; JSON lines of a file go as they are.
    let config = format!(
        r#"
global(workDirectory="{folder}")
module(load="imfile" mode="inotify")
module(load="imuxsock" SysSock.Use="off")
module(load="omelasticsearch")
template(name="line" type="string" string="%msg%")
template(name="made" type="list" option.jsonf="on") {{
    property(outname="time" name="timereported" dateFormat="rfc3339" format="jsonf")
    property(outname="program" name="programname" format="jsonf")
    property(outname="message" name="msg" format="jsonf")
}}
ruleset(name="file") {{
    action(type="omelasticsearch" server="{address}" serverport="{port}" bulkmode="on" template="line" searchType=""
        searchIndex="vpn" uid="shipper" pwd="{token}" errorfile="{folder}/errors" retryfailures="on")
}}
ruleset(name="socket") {{
    action(type="omelasticsearch" server="{address}" serverport="{port}" bulkmode="on" template="made" searchType=""
        searchIndex="syslog" uid="shipper" pwd="{token}" errorfile="{folder}/errors")
}}
input(type="imfile" file="{folder}/app.log" tag="app" ruleset="file")
input(type="imuxsock" socket="{folder}/log" ruleset="socket" useSpecialParser="off" parseHostname="on")
"#,
        token = live.token
    );
    std::fs::write(live.folder.path().join("rsyslog.conf"), config).unwrap();
    let lines: Vec<String> = (0..300).map(|n| format!("{{\"n\":{n},\"text\":\"line {n}\"}}")).collect();
    std::fs::write(live.folder.path().join("app.log"), lines.join("\n") + "\n").unwrap();
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-f"]).arg(live.folder.path().join("rsyslog.conf"));
    command.arg("-i").arg(live.folder.path().join("rsyslog.pid")).stdout(Stdio::null()).stderr(Stdio::null());
    let running = Running(command.spawn().unwrap());
    let socket = live.folder.path().join("log");
    wait(|| socket.exists(), "rsyslog has its socket");
    let to = std::os::unix::net::UnixDatagram::unbound().unwrap();
    for n in 0..20 {
        to.send_to(format!("<13>Nov 25 15:00:00 host prog: said \"{n}\"").as_bytes(), &socket).unwrap();
    }
    let operator = live.host.first_token();
    let accepted = || {
        let ledger = live.host.request("GET", "/v1/ledger?for=avon", Some(&operator), "").unwrap().json();
        let lines = ledger["lines"].as_array().unwrap().iter();
        let ours = lines.filter(|line| line["source"].as_str().unwrap().starts_with("custom."));
        ours.map(|line| line["accepted"].as_u64().unwrap()).sum::<u64>()
    };
    wait(|| accepted() == 320, "rsyslog has sent everything");
    drop(running);
    let errors = std::fs::read_to_string(live.folder.path().join("errors")).unwrap_or_default();
    assert_eq!(errors, "");
    let mut stored = live.stored();
    let syslog = stored.remove("custom.syslog").unwrap();
    assert_eq!(syslog.len(), 20);
    for (n, event) in syslog.iter().enumerate() {
        let event: serde_json::Value = serde_json::from_str(event).unwrap();
        assert_eq!((&event["program"], event["message"].as_str()), (&"prog".into(), Some(&*format!(" said \"{n}\""))));
    }
    assert_eq!(stored, [("custom.vpn".to_owned(), lines)].into());
}

#[test]
fn pythons_elasticsearch_client_sends_in_bulk_and_is_told_which_item_was_refused() {
    let Some(python) = python() else { return };
    let live = Live::start();
    let script = r#"
import sys
from elasticsearch import Elasticsearch, helpers
url, token = sys.argv[1:]
clients = [Elasticsearch(url, api_key=token), Elasticsearch(url, api_key=("shipper", token)),
           Elasticsearch(url, basic_auth=("shipper", token)), Elasticsearch(url, bearer_auth=token, http_compress=True)]
for at, es in enumerate(clients):
    assert es.ping() and es.info()["version"]["number"].startswith("8."), es.info()
    assert es.license.get()["license"]["status"] == "active"
    assert es.xpack.info()["license"]["type"] == "basic"
    assert es.cluster.health()["status"] == "green"
    done, errors = helpers.bulk(es, ({"_index": "vpn", "n": n, "client": at} for n in range(700)))
    assert (done, errors) == (700, []), (done, errors)
actions = [{"_index": "vpn", "n": 1}, {"_op_type": "delete", "_index": "vpn", "_id": "1"},
           {"_op_type": "create", "_index": "vpn", "_id": "2", "n": 2}]
done, errors = helpers.bulk(clients[0], actions, raise_on_error=False)
assert done == 2 and len(errors) == 1, errors
print(errors[0]["delete"]["status"], errors[0]["delete"]["_id"], errors[0]["delete"]["error"]["reason"])
try:
    helpers.bulk(Elasticsearch(url, api_key="cordon_00"), actions)
except Exception as error:
    print(type(error).__name__)
"#;
    let url = format!("http://{}", live.host.address());
    let said = run(&python, script, &[&url, &live.token]);
    let said: Vec<&str> = said.lines().collect();
    assert!(said[0].starts_with("400 1 not-supported: `delete`"), "{said:?}");
    assert_eq!(said[1..], ["AuthenticationException"]);
    let stored = live.stored();
    assert_eq!(stored.keys().collect::<Vec<_>>(), ["custom.vpn"]);
    assert_eq!(stored["custom.vpn"].len(), 4 * 700 + 2);
}

#[test]
fn a_client_that_meets_a_busy_host_sends_again_and_nothing_is_lost_or_doubled() {
    let Some(python) = python() else { return };
    let live = Live::configured("[intake]\nat-once = 1\n");
    // Somebody who sends slowly has the only turn.
    let mut slow = TcpStream::connect(live.host.address()).unwrap();
    let head = format!(
        "POST /v1/events/custom.slow HTTP/1.1\r\nhost: x\r\nconnection: close\r\nauthorization: Bearer {}\r\ncontent-length: 8\r\n\r\n{{\"n\"",
        live.token
    );
    slow.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let script = r#"
import sys, logging
from elasticsearch import Elasticsearch, helpers
logging.basicConfig(level=logging.INFO, stream=sys.stdout)
es = Elasticsearch(sys.argv[1], api_key=sys.argv[2], max_retries=10, request_timeout=30)
print(helpers.bulk(es, ({"_index": "vpn", "n": n} for n in range(100))))
"#;
    let url = format!("http://{}", live.host.address());
    let said = std::thread::scope(|scope| {
        let client = scope.spawn(|| run(&python, script, &[&url, &live.token]));
        // Until the client was told to come again, however long Python takes to begin.
        let begun = std::time::Instant::now();
        let told = || {
            let status = live.host.request("GET", "/v1/status", Some(&live.host.first_token()), "").unwrap().json();
            status["intake_answers"]["at-once"].as_u64().is_some()
        };
        while !told() {
            assert!(begun.elapsed() < Duration::from_secs(25), "nobody was told that the host is busy");
            std::thread::sleep(Duration::from_millis(100));
        }
        slow.write_all(b":1}\n").unwrap();
        let mut answer = String::new();
        slow.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        client.join().unwrap()
    });
    assert!(said.contains("status:429") && said.contains("(100, [])"), "{said}");
    let stored = live.stored();
    assert_eq!((stored["custom.slow"].len(), stored["custom.vpn"].len()), (1, 100));
}

#[test]
fn pythons_splunk_handler_sends_its_records() {
    let Some(python) = python() else { return };
    let live = Live::start();
    let script = r#"
import json, logging, sys
from splunk_handler import SplunkHandler
host, port, token = sys.argv[1:]
class Record(logging.Formatter):
    def format(self, record):
        return json.dumps({"level": record.levelname, "message": record.getMessage()})
handler = SplunkHandler(host=host, port=port, token=token, index="main", protocol="http", sourcetype="App:Log",
                        flush_interval=1.0, retry_count=3)
handler.setFormatter(Record())
log = logging.getLogger("app")
log.addHandler(handler)
for n in range(50):
    log.warning("said \"%s\"", n)
handler.force_flush()
handler.close()
"#;
    let (address, port) = live.host.address().rsplit_once(':').unwrap();
    let said = run(&python, script, &[address, port, &live.token]);
    assert!(!said.contains("Exception"), "{said}");
    let expected: Vec<String> =
        (0..50).map(|n| format!("{{\"level\": \"WARNING\", \"message\": \"said \\\"{n}\\\"\"}}")).collect();
    let expected: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(live.stored(), sources(&[("custom.app-log", &expected)]));
}
