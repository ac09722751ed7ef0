//! `cordon simulate --post` to a real host.

use std::io::Write as _;
use std::net::TcpStream;
use std::time::Duration;

use cordon_tests::cli::Cordon;
use cordon_tests::host::Host;
use serde_json::Value;

use crate::{BINARY, PLUGINS};

#[test]
fn events_are_posted_at_their_rate_and_without_limit_and_what_is_planted_is_found() {
    let folder = tempfile::tempdir().unwrap();
    let (data, tokens) = (folder.path().join("data"), folder.path().join("tokens"));
    let host = Host::start(BINARY, &data, std::path::Path::new(&**PLUGINS));
    std::fs::create_dir(&tokens).unwrap();
    for force in ["avon", "kent"] {
        std::fs::write(tokens.join(format!("{force}.token")), host.add_force(force)).unwrap();
    }
    let url = format!("http://{}", host.address());
    let post = |arguments: &[&str]| {
        let mut all = vec!["simulate", "--post", "--token-dir", "tokens", "--host", &url, "--format", "json"];
        all.extend(arguments);
        Cordon::new(BINARY, folder.path()).run(&all)
    };
    let said = post(&["--rate", "300/s", "--duration", "4s", "--attacks", "found", "-o", "out"]).ends(0);
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    let [accepted, there] = ["accepted", "duplicates"].map(|name| summary[name].as_u64().unwrap());
    let truth = std::fs::read_to_string(folder.path().join("out/truth.ndjson")).unwrap();
    let truth: Vec<Value> = truth.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let planted = truth.len() as u64;
    // Attacks come on top of the rate, a mass download with more than a hundred events.
    let attacks: usize = truth.iter().map(|one| one["events"].as_array().unwrap().len()).sum();
    assert!((600..=2_000).contains(&(accepted + there - attacks as u64)), "{attacks} {summary}");
    // What is delivered again is known to the host.
    assert!(there > 100, "{summary}");
    assert_eq!((summary["refused"].as_u64(), summary["attacks"].as_u64()), (Some(0), Some(planted)), "{summary}");
    assert!(planted >= 14, "{summary}");
    assert!(summary["p99_ms"].as_f64().unwrap() > 0.0, "{summary}");

    let operator = host.first_token();
    host.settle(&operator);
    for planted in &truth {
        let findings = host.findings(&operator, planted["force"].as_str().unwrap());
        assert!(findings.iter().any(|finding| finding["rule"] == planted["finds"]["rule"]), "{planted}");
    }

    let said = post(&["--unlimited", "--connections", "3", "--duration", "2s", "--attacks", "none"]).ends(0);
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    assert!(summary["accepted"].as_u64().unwrap() > accepted, "{summary}");
    assert_eq!(summary["refused"], 0);

    std::fs::write(tokens.join("kent.token"), "wrong").unwrap();
    let said = post(&["--duration", "2s"]).ends(2);
    assert!(said.err.contains("kent") && said.err.contains("401"), "{}", said.err);
    assert_eq!(host.stop(), 0);
}

#[test]
fn a_busy_host_is_asked_again_when_it_said_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let (data, config) = (folder.path().join("data"), folder.path().join("cordon.toml"));
    std::fs::write(&config, "[intake]\nat-once = 1\n").unwrap();
    let host = Host::configured(BINARY, &data, std::path::Path::new(&**PLUGINS), &config);
    let token = host.add_force("avon");
    std::fs::write(folder.path().join("avon.token"), &token).unwrap();
    // Somebody whose request does not end has the only turn.
    let mut slow = TcpStream::connect(host.address()).unwrap();
    let head = format!(
        "POST /v1/events HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {token}\r\ncontent-length: 9000\r\n\r\n{{"
    );
    slow.write_all(head.as_bytes()).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    let gone = std::thread::spawn(move || {
        std::thread::sleep(Duration::from_secs(6));
        drop(slow);
    });
    let url = format!("http://{}", host.address());
    let said = Cordon::new(BINARY, folder.path())
        .run(&[
            "simulate",
            "--post",
            "--token-dir",
            ".",
            "--host",
            &url,
            "--format",
            "json",
            "--rate",
            "50/s",
            "--duration",
            "2s",
        ])
        .ends(0);
    let summary: Value = serde_json::from_str(&said.out).unwrap();
    assert!(summary["busy"].as_u64() >= Some(1) && summary["refused"] == 0, "{summary}");
    let [accepted, there] = ["accepted", "duplicates"].map(|name| summary[name].as_u64().unwrap());
    assert!(accepted + there > 60, "{summary}");
    gone.join().unwrap();
    assert_eq!(host.stop(), 0);
}
