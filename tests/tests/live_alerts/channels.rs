//! What each channel carries, to real receivers: rsyslog plain and by TLS, an HTTPS server behind a proxy, a collector of OCSF.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::receiver::Receiver;
use crate::support::Live;

/// A process that ends with the test.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate of `localhost` and its key, as files.
fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.display().to_string(), key.display().to_string())
}

fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(30));
    }
}

#[test]
fn rsyslog_gets_messages_of_rfc_5424_plain_and_by_tls_with_the_hosts_authority() {
    let modules = std::fs::read_dir("/usr/lib").into_iter().flatten().flatten();
    let has = modules.map(|entry| entry.path().join("rsyslog/lmnsd_ossl.so")).any(|module| module.exists());
    if !has || !Path::new("/usr/sbin/rsyslogd").exists() {
        return cordon_tests::skip("rsyslog with TLS (apt-get install rsyslog rsyslog-openssl)");
    }
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let (plain, tls, got) = (free_port(), free_port(), folder.path().join("got"));
    let config = format!(
        r#"
global(workDirectory="{folder}" defaultNetstreamDriver="ossl" defaultNetstreamDriverCAFile="{certificate}"
    defaultNetstreamDriverCertFile="{certificate}" defaultNetstreamDriverKeyFile="{key}")
module(load="imptcp")
module(load="imtcp" streamDriver.name="ossl" streamDriver.mode="1" streamDriver.authMode="anon")
template(name="parts" type="string" string="%inputname%~%pri%~%app-name%~%msgid%~%structured-data%~%msg%\n")
ruleset(name="all") {{ action(type="omfile" file="{got}" template="parts") }}
input(type="imptcp" address="127.0.0.1" port="{plain}" ruleset="all")
input(type="imtcp" address="127.0.0.1" port="{tls}" ruleset="all")
"#,
        folder = folder.path().display(),
        got = got.display(),
    );
    std::fs::write(folder.path().join("rsyslog.conf"), config).unwrap();
    let mut command = Command::new("/usr/sbin/rsyslogd");
    command.args(["-n", "-f"]).arg(folder.path().join("rsyslog.conf"));
    command.arg("-i").arg(folder.path().join("pid")).stdout(Stdio::null()).stderr(Stdio::null());
    let _running = Running(command.spawn().unwrap());
    wait("rsyslog listens", || {
        let listens = |port: u16| TcpStream::connect(("127.0.0.1", port)).is_ok();
        (listens(plain) && listens(tls)).then_some(())
    });
    let live = Live::configured(&format!("[delivery]\nca-file = \"{certificate}\"\n"));
    let operator = live.host.operator();
    let lines = |input: &str, count: usize| {
        wait("rsyslog has written", || {
            let all = std::fs::read_to_string(&got).unwrap_or_default();
            let of: Vec<String> = all.lines().filter(|line| line.starts_with(input)).map(str::to_owned).collect();
            (of.len() >= count).then_some(of)
        })
    };
    for (id, input, to) in
        [("plain", "imptcp", format!("tcp://127.0.0.1:{plain}")), ("tls", "imtcp", format!("tls://localhost:{tls}"))]
    {
        let add = ["contact", "add", id, "--for", "avon", "--name", id, "--level", "full", "--syslog", &to];
        let _ = operator.run(&add).ends(0);
        let _ = operator.run(&["contact", "test", id, "--for", "avon"]).ends(0);
        let test = lines(input, 1).remove(0);
        let code = test.rsplit(' ').next().unwrap();
        let _ = operator.run(&["contact", "confirm", id, "--for", "avon", "--code", code]).ends(0);
    }
    live.post(&["one"]);
    for input in ["imptcp", "imtcp"] {
        let said = lines(input, 2).remove(1);
        let parts: Vec<&str> = said.splitn(6, '~').collect();
        assert_eq!(parts[1..4], ["115", "cordon", "created"], "{said}");
        assert!(parts[4].contains("for=\"avon\" reference=\"avon-1\" severity=\"high\""), "{said}");
        assert!(parts[5].contains("avon-1: new | Alert of avon, severity high | Rule A"), "{said}");
        assert!(parts[5].contains("SHA-256"), "its event: {said}");
    }
    let _ = operator.run(&["delivery", "list"]).ends(0);
    let refused = ["contact", "add", "x", "--for", "avon", "--name", "x", "--syslog", "tcp://soc.example:601"];
    assert!(operator.run(&refused).ends(2).err.contains("tls://HOST:PORT"));
}

/// A proxy that connects whoever asks, and keeps whom they asked for.
fn proxy() -> (u16, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let (port, asked) = (listener.local_addr().unwrap().port(), Arc::new(Mutex::new(Vec::new())));
    let keeps = Arc::clone(&asked);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut client = stream.unwrap();
            let mut reader = BufReader::new(client.try_clone().unwrap());
            let (mut first, mut line) = (String::new(), String::new());
            reader.read_line(&mut first).unwrap();
            while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
                line.clear();
            }
            let to = first.split(' ').nth(1).unwrap().to_owned();
            keeps.lock().unwrap().push(first.trim().to_owned());
            let mut server = TcpStream::connect(to).unwrap();
            client.write_all(b"HTTP/1.1 200 OK\r\n\r\n").unwrap();
            let (mut from, mut into) = (server.try_clone().unwrap(), client.try_clone().unwrap());
            std::thread::spawn(move || std::io::copy(&mut from, &mut into));
            std::thread::spawn(move || std::io::copy(&mut client, &mut server));
        }
    });
    (port, asked)
}

#[test]
fn an_https_receiver_of_an_authority_of_ones_own_is_reached_by_the_configured_proxy() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let (port, got) = (free_port(), folder.path().join("got"));
    let script = "
import http.server, ssl, sys
class Takes(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers['content-length']))
        open(sys.argv[4], 'ab').write(body + b'\\n')
        self.send_response(202); self.send_header('content-length', '0'); self.end_headers()
    def log_message(self, *_): pass
server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Takes)
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[2], sys.argv[3])
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";
    let mut command = Command::new("python3");
    command.args(["-c", script, &port.to_string(), &certificate, &key]).arg(&got);
    let _running = Running(command.spawn().unwrap());
    wait("it listens", || TcpStream::connect(("127.0.0.1", port)).ok());
    let (by, asked) = proxy();
    let live =
        Live::configured(&format!("[delivery]\nproxy = \"http://127.0.0.1:{by}\"\nca-file = \"{certificate}\"\n"));
    let operator = live.host.operator();
    let url = format!("https://localhost:{port}/workflows/0/triggers?sig=secret");
    let add = ["contact", "add", "soc", "--for", "avon", "--name", "SOC", "--level", "full", "--teams", &url];
    let _ = operator.run(&add).ends(0);
    let _ = operator.run(&["contact", "test", "soc", "--for", "avon"]).ends(0);
    let cards = |count: usize| {
        wait("a card came", || {
            let all = std::fs::read_to_string(&got).unwrap_or_default();
            let all: Vec<Value> = all.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
            (all.len() >= count).then_some(all)
        })
    };
    let test = cards(1).remove(0).to_string();
    let code = &test[test.find("--code ").unwrap() + 7..][..10];
    let _ = operator.run(&["contact", "confirm", "soc", "--for", "avon", "--code", code]).ends(0);
    live.post(&["one"]);
    let card = cards(2).remove(1)["attachments"][0].clone();
    assert_eq!(card["contentType"], "application/vnd.microsoft.card.adaptive");
    let body = card["content"]["body"].to_string();
    assert!(body.contains("avon-1 (high): Rule A") && body.contains("Next: Nothing."), "{body}");
    assert!(asked.lock().unwrap().iter().all(|line| line.starts_with(&format!("CONNECT localhost:{port} "))));
    assert!(!asked.lock().unwrap().is_empty());
    // Whoever has the address may post there.
    for format in ["text", "json"] {
        let list = operator.run(&["contact", "list", "--format", format]).ends(0).out;
        assert!(list.contains("https://localhost") && !list.contains("secret"), "{list}");
    }
}

/// Fails unless an event is a Detection Finding as OCSF 1.8.0 says: what is required, what a number may be, its caption.
fn is_detection_finding(event: &Value) {
    let number = |at: &str| event.pointer(at).and_then(Value::as_i64).unwrap_or_else(|| panic!("{at}: {event}"));
    let text = |at: &str| event.pointer(at).and_then(Value::as_str).unwrap_or_else(|| panic!("{at}: {event}"));
    assert_eq!((number("/class_uid"), number("/category_uid")), (2004, 2));
    assert_eq!(number("/type_uid"), 200_400 + number("/activity_id"));
    let captions = |id: &str, caption: &str, of: &[(i64, &str)]| {
        if event[id].is_null() && id != "activity_id" && id != "severity_id" {
            return;
        }
        let (id, caption) = (number(&format!("/{id}")), text(&format!("/{caption}")));
        assert!(id == 99 || of.contains(&(id, caption)), "{id} {caption}: {event}");
    };
    captions("activity_id", "activity_name", &[(1, "Create"), (2, "Update"), (3, "Close")]);
    let severities = [(1, "Informational"), (2, "Low"), (3, "Medium"), (4, "High"), (5, "Critical"), (6, "Fatal")];
    captions("severity_id", "severity", &severities);
    captions("confidence_id", "confidence", &[(1, "Low"), (2, "Medium"), (3, "High")]);
    captions("status_id", "status", &[(1, "New"), (2, "In Progress"), (3, "Suppressed"), (4, "Resolved")]);
    let verdicts = [(1, "False Positive"), (2, "True Positive"), (5, "Benign"), (6, "Test"), (10, "Duplicate")];
    captions("verdict_id", "verdict", &verdicts);
    assert!(number("/time") > 1_700_000_000_000, "milliseconds: {event}");
    assert_eq!((text("/metadata/version"), text("/metadata/tenant_uid")), ("1.8.0", "avon"));
    assert!(!text("/metadata/product/name").is_empty() && !text("/metadata/uid").is_empty());
    assert!(!text("/finding_info/uid").is_empty() && event["is_alert"].is_boolean());
    let list = |at: &str| event.pointer(at).and_then(Value::as_array).cloned().unwrap_or_default();
    for attack in list("/finding_info/attacks") {
        assert!(attack["technique"]["uid"].is_string() || attack["sub_technique"]["uid"].is_string(), "{attack}");
    }
    let known: Vec<i64> = (0..=47).chain([99]).collect();
    for observable in list("/observables") {
        assert!(observable["name"].is_string() && known.contains(&observable["type_id"].as_i64().unwrap()));
    }
    for evidence in list("/evidences") {
        assert!(evidence["data"].is_object() && evidence["uid"].is_string(), "{evidence}");
    }
}

#[test]
fn a_collector_gets_every_alert_as_an_ocsf_detection_finding_signed_at_its_level_and_through_its_life() {
    let live = Live::start();
    let receiver = Receiver::start(200);
    let operator = live.host.operator();
    let add =
        ["contact", "add", "siem", "--for", "avon", "--name", "SIEM", "--level", "full", "--ocsf", &receiver.url()];
    let said = operator.run(&add).ends(0).out;
    let key = said.trim().rsplit(' ').next().unwrap().to_owned();
    let _ = operator.run(&["contact", "test", "siem", "--for", "avon"]).ends(0);
    let test = receiver.wait(1).remove(0);
    assert!(test.is_signed(&key), "{test:?}");
    is_detection_finding(&test.json());
    let code = test.json()["unmapped"]["code"].as_str().unwrap().to_owned();
    let _ = operator.run(&["contact", "confirm", "siem", "--for", "avon", "--code", &code]).ends(0);
    // More than others get one by one in an hour.
    let operations: Vec<String> = (0..40).map(|n| format!("op-{n}")).collect();
    live.post(&operations.iter().map(String::as_str).collect::<Vec<_>>());
    let all = receiver.wait(41);
    for got in &all[1..] {
        let event = got.json();
        is_detection_finding(&event);
        assert_eq!((&event["activity_id"], &event["is_alert"]), (&1.into(), &true.into()), "{event}");
        assert_eq!(event["evidences"][0]["uid"].as_str().unwrap().len(), 64, "{event}");
    }
    let reference = all[1].json()["finding_info"]["uid"].as_str().unwrap().to_owned();
    let _ = operator.run(&["alert", "ack", &reference]).ends(0);
    let _ = operator.run(&["alert", "resolve", &reference, "--verdict", "benign"]).ends(0);
    let ended = receiver.wait(43);
    let (taken, closed) = (ended[41].json(), ended[42].json());
    is_detection_finding(&taken);
    is_detection_finding(&closed);
    assert_eq!((&taken["activity_id"], &taken["finding_info"]["uid"]), (&2.into(), &reference.as_str().into()));
    let closing = (&closed["activity_id"], &closed["verdict_id"], &closed["is_alert"]);
    assert_eq!(closing, (&3.into(), &5.into(), &false.into()));
}
