//! The live host's health, through the real binary: silence is noticed, every event is accounted for, and metrics say what
//! happened.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod conditions;
mod ledger;
mod metrics;
mod silence;
mod status;

use std::path::PathBuf;
use std::process::Command;
use std::time::{Duration, Instant};

use cordon_tests::guest::{Guest, MANIFEST};
use cordon_tests::host::Host;
use serde_json::Value;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// Where a host lives.
struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(folder.path().join("plugins")).unwrap();
        let place = Self { folder };
        // A folder without a plugin is refused; this one reads what nobody sends.
        place.plugin("idle", "custom.nobody", "");
        place
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    fn plugins(&self) -> PathBuf {
        self.folder.path().join("plugins")
    }

    /// A plugin that reads `source`.
    fn plugin(&self, id: &str, source: &str, detect: &str) {
        let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\"")).replace("custom.test", source);
        let wasm = Guest::detecting(detect).manifest(Some(&manifest)).build();
        std::fs::write(self.plugins().join(format!("{id}.wasm")), wasm).unwrap();
    }

    /// A host that looks every second.
    fn host(&self, health: &str) -> Host {
        self.host_by(Command::new(BINARY), health)
    }

    /// The same by a command, such as one with another clock.
    fn host_by(&self, command: Command, health: &str) -> Host {
        let config = self.folder.path().join("cordon.toml");
        std::fs::write(&config, format!("[health]\nlook-seconds = 1\n{health}\n")).unwrap();
        Host::configured_by(command, BINARY, &self.data(), &self.plugins(), &config)
    }

    /// A file with a token's text.
    fn token_file(&self, name: &str, text: &str) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    }
}

/// Posts events, which are all taken.
fn post(host: &Host, token: &str, source: &str, events: &[String]) {
    let sent = host.request("POST", &format!("/v1/events/{source}"), Some(token), &events.join("\n")).unwrap();
    assert_eq!(sent.status, 200, "{}", sent.body);
}

fn event(n: u64) -> String {
    format!("{{\"Operation\":\"op-{n}\",\"UserId\":\"user@avon.example\",\"ClientIP\":\"192.0.2.1\"}}")
}

/// Waits until something holds.
fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "{what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

fn status(host: &Host, token: &str, query: &str) -> Value {
    let answer = host.request("GET", &format!("/v1/status{query}"), Some(token), "").unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

fn word<'a>(of: &'a Value, name: &str) -> &'a str {
    of[name].as_str().unwrap_or_default()
}

/// Findings of the built-in plugin as (rule, key).
fn health_findings(host: &Host, token: &str, force: &str) -> Vec<(String, String)> {
    let found = host.findings(token, force);
    let own = found.iter().filter(|finding| word(&finding["plugin"], "id") == "cordon-health");
    own.map(|finding| (word(finding, "rule").to_owned(), word(finding, "key").to_owned())).collect()
}
