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
pub(crate) struct Running(pub(crate) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// A certificate of `localhost` and its key, as files.
pub(crate) fn certificate(folder: &Path) -> (String, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let (certificate, key) = (folder.join("tls.pem"), folder.join("tls.key"));
    std::fs::write(&certificate, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    (certificate.display().to_string(), key.display().to_string())
}

pub(crate) fn wait<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
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

/// Adds a collector, which confirms its test message; the key of its signatures.
fn collector(live: &Live, id: &str, receiver: &Receiver, more: &[&str]) -> String {
    let operator = live.host.operator();
    let url = receiver.url();
    let add = ["contact", "add", id, "--for", "avon", "--name", id, "--severity", "informational", "--ocsf", &url];
    let said = operator.run(&[&add[..], more].concat()).ends(0).out;
    let key = said.trim().rsplit(' ').next().unwrap().to_owned();
    let _ = operator.run(&["contact", "test", id, "--for", "avon"]).ends(0);
    let test = receiver.wait(1).remove(0);
    assert!(test.is_signed(&key), "{test:?}");
    let code = test.json()["unmapped"]["code"].as_str().unwrap().to_owned();
    let _ = operator.run(&["contact", "confirm", id, "--for", "avon", "--code", &code]).ends(0);
    key
}

#[test]
fn a_collector_gets_every_alert_as_an_ocsf_detection_finding_by_the_published_schema_of_its_version_through_its_life() {
    let live = Live::configured("[delivery]\npublic-url = \"https://cordon.nmc.example/\"\n");
    let operator = live.host.operator();
    let mut collectors = Vec::new();
    for version in ["1.8.0", "1.1.0"] {
        for level in ["full", "summary", "reference"] {
            let receiver = Receiver::start(200);
            let id = format!("{level}{}", version.replace('.', ""));
            let more = ["--level", level, "--marking", "OFFICIAL", "--ocsf-version", version];
            let key = collector(&live, &id, &receiver, &more);
            collectors.push((version, level, receiver, key));
        }
    }
    let refused =
        ["contact", "add", "x", "--for", "avon", "--name", "x", "--ocsf", "https://x/", "--ocsf-version", "1.0"];
    assert!(operator.run(&refused).ends(2).err.contains("1.1.0"));
    // More than others get one by one in an hour.
    let operations: Vec<String> = (0..40).map(|n| format!("op-{n}")).collect();
    live.post(&operations.iter().map(String::as_str).collect::<Vec<_>>());
    let _ = live.alerts(40);
    let _ = operator.run(&["alert", "ack", "avon-6"]).ends(0);
    let verdicts = ["true-positive", "false-positive", "benign", "test", "duplicate"];
    for (at, verdict) in verdicts.iter().enumerate() {
        let _ = operator.run(&["alert", "resolve", &format!("avon-{}", at + 1), "--verdict", verdict]).ends(0);
    }
    for (version, level, receiver, key) in &collectors {
        let all = receiver.wait(1 + 40 + 1 + 5);
        for got in &all {
            let event = got.json();
            assert_eq!(cordon_tests::ocsf::faults(&event), Vec::<String>::new(), "{version} {level}: {event}");
            assert!(got.is_signed(key));
            assert_eq!(
                (&event["metadata"]["version"], &event["metadata"]["tenant_uid"]),
                (&(*version).into(), &"avon".into())
            );
        }
        let of = |reference: &str, activity: i64| {
            let mut events = all.iter().map(crate::receiver::Got::json);
            let is = |event: &Value| event["finding_info"]["uid"] == reference && event["activity_id"] == activity;
            events.find(is).unwrap_or_else(|| panic!("{version} {level} {reference} {activity}"))
        };
        let (made, taken, closed) = (of("avon-7", 1), of("avon-6", 2), of("avon-3", 3));
        assert_eq!(
            (&made["status"], &taken["status"], &closed["status"]),
            (&"New".into(), &"In Progress".into(), &"Resolved".into())
        );
        assert!(
            made["finding_info"]["src_url"].as_str().unwrap().starts_with("https://cordon.nmc.example/a/"),
            "{made}"
        );
        let alert = |event: &Value| {
            if *version == "1.8.0" { event["is_alert"].clone() } else { event["unmapped"]["is_alert"].clone() }
        };
        assert_eq!((alert(&made), alert(&closed)), (true.into(), false.into()));
        let verdict = if *version == "1.8.0" { &closed["verdict"] } else { &closed["status_detail"] };
        assert_eq!(verdict, "Benign", "{closed}");
        // At its level, and no more.
        let sha256 = made["evidences"][0]["data"]["sha256"].as_str().map(str::len);
        assert_eq!(sha256, (*level == "full").then_some(64), "{made}");
        assert_eq!(made["observables"].is_array(), *level == "full", "{made}");
        assert_eq!(made["finding_info"]["attacks"].is_array(), *level != "reference", "{made}");
        assert_eq!(made.to_string().contains("Rule A"), *level != "reference", "{made}");
    }
}
