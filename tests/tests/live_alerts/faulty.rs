//! Receivers that are not there, show another certificate, or take a message and never answer; and a host that is killed while they do.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use crate::channels::{Running, certificate, free_port, wait};
use crate::receiver::Receiver;
use crate::support::Live;

/// Takes connections and says nothing, ever.
fn silent() -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || listener.incoming().collect::<Vec<_>>());
    port
}

#[test]
fn receivers_that_hang_or_are_not_there_delay_nobody_are_tried_again_and_no_secret_is_told_of_them() {
    let (http, syslog, smtp, gone) = (silent(), silent(), silent(), free_port());
    let live = Live::configured(&format!(
        "[mail]\nrelay = \"127.0.0.1\"\nport = {smtp}\ntls = \"none\"\nfrom = \"alerts@nmc.example\"\n"
    ));
    let good = Receiver::start(200);
    let _ = live.contact("good", &good);
    let operator = live.host.operator();
    let (http, gone) = (format!("http://127.0.0.1:{http}/"), format!("http://127.0.0.1:{gone}/?sig=secret"));
    let syslog = format!("tcp://127.0.0.1:{syslog}");
    let bad = [
        ("hangs", "--webhook", http.as_str()),
        ("mute", "--syslog", &syslog),
        ("mail", "--email", "x@avon.example"),
        ("gone", "--teams", &gone),
    ];
    for (id, channel, to) in bad {
        let _ = operator.run(&["contact", "add", id, "--for", "avon", "--name", id, channel, to]).ends(0);
    }
    let tests: Vec<_> = std::thread::scope(|scope| {
        let run = |id| operator.run(&["contact", "test", id, "--for", "avon"]);
        let all: Vec<_> = bad.iter().map(|(id, ..)| scope.spawn(move || (run(id), Instant::now()))).collect();
        // Meanwhile others are told at once.
        let begun = Instant::now();
        live.post(&["one"]);
        let _ = good.wait(2);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(5), "{took:?}");
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    for ((id, ..), (said, _)) in bad.iter().zip(tests) {
        let said = said.ends(2).err;
        assert!(said.contains("could not be sent") && !said.contains("secret"), "{id}: {said}");
    }
}

#[test]
fn a_receiver_that_takes_a_message_and_never_answers_delays_no_other_and_is_asked_again_under_the_same_key() {
    let live = Live::start();
    let (good, bad) = (Receiver::start(200), Receiver::start(200));
    let _ = live.contact("good", &good);
    let _ = live.contact("bad", &bad);
    let (told, asked) = (good.all().len(), bad.all().len());
    bad.holds(true);
    live.post(&["one"]);
    let _ = bad.wait(asked + 1);
    // While it hangs, others are told of this and of the next.
    live.post(&["two"]);
    let _ = good.wait(told + 2);
    assert_eq!(bad.all().len(), asked + 1, "it hangs");
    bad.holds(false);
    let all = bad.wait(asked + 3);
    assert!(all[asked + 1..].iter().any(|again| again.key == all[asked].key), "{all:?}");
}

#[test]
fn a_receiver_with_a_certificate_of_nobody_known_gets_no_message() {
    let folder = tempfile::tempdir().unwrap();
    let (certificate, key) = certificate(folder.path());
    let (port, got) = (free_port(), folder.path().join("got"));
    let script = "
import socket, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); context.load_cert_chain(sys.argv[2], sys.argv[3])
listener = socket.create_server(('127.0.0.1', int(sys.argv[1])))
while True:
    plain, _ = listener.accept()
    try:
        with context.wrap_socket(plain, server_side=True) as stream: open(sys.argv[4], 'ab').write(stream.recv(9999))
    except OSError: pass
";
    let mut command = std::process::Command::new("python3");
    command.args(["-c", script, &port.to_string(), &certificate, &key]).arg(&got);
    let _running = Running(command.spawn().unwrap());
    wait("it listens", || std::net::TcpStream::connect(("127.0.0.1", port)).ok());
    let live = Live::configured(&format!(
        "[mail]\nrelay = \"localhost\"\nport = {port}\ntls = \"tls\"\nfrom = \"alerts@nmc.example\"\n"
    ));
    let operator = live.host.operator();
    let (https, syslog) = (format!("https://localhost:{port}/?sig=secret"), format!("tls://localhost:{port}"));
    for (id, channel, to) in [
        ("hook", "--webhook", https.as_str()),
        ("card", "--teams", &https),
        ("siem", "--ocsf", &https),
        ("log", "--syslog", &syslog),
        ("mail", "--email", "x@avon.example"),
    ] {
        let _ = operator.run(&["contact", "add", id, "--for", "avon", "--name", id, channel, to]).ends(0);
        let said = operator.run(&["contact", "test", id, "--for", "avon"]).ends(2).err;
        assert!(said.contains("certificate") && !said.contains("secret"), "{id}: {said}");
    }
    assert!(!got.exists() || std::fs::read(&got).unwrap().is_empty(), "nothing was sent");
}

#[test]
fn a_kill_between_sending_and_marking_sends_once_more_under_the_same_key_and_one_before_sending_loses_nothing() {
    let mut live = Live::start();
    let receiver = Receiver::start(200);
    let _ = live.contact("soc", &receiver);
    let before = receiver.all().len();
    // It has the message, and the host does not know: killed before the answer.
    receiver.holds(true);
    live.post(&["one"]);
    let _ = receiver.wait(before + 1);
    // The first stays without an answer.
    receiver.holds(false);
    live.kill();
    let all = receiver.wait(before + 2);
    assert_eq!((&all[before].key, &all[before].body), (&all[before + 1].key, &all[before + 1].body));
    // It is committed and cannot be sent: killed before it was.
    receiver.answers(503);
    live.post(&["two"]);
    let _ = receiver.wait(before + 3);
    live.kill();
    receiver.answers(200);
    let begun = Instant::now();
    while !receiver.all().iter().any(|got| got.status == 200 && got.json()["reference"] == "avon-2") {
        assert!(begun.elapsed() < Duration::from_secs(60));
        std::thread::sleep(Duration::from_millis(20));
    }
    std::thread::sleep(Duration::from_millis(500));
    let taken: Vec<_> = receiver.all().into_iter().skip(before).filter(|got| got.status == 200).collect();
    let keys: std::collections::BTreeSet<String> = taken.iter().map(|got| got.key.clone()).collect();
    assert_eq!((taken.len(), keys.len()), (3, 2), "one of two messages was sent twice");
}
