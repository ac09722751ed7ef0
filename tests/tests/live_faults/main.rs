//! Faults on the live host, through the real binary: what a plugin that faults costs the others (nothing), its force (as few
//! events as can be), and what is known of it afterwards.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod evidence;
mod hostile;
mod narrowing;
mod replay;
mod resting;

use std::path::{Path, PathBuf};

use cordon_tests::guest::{EACH_ROW, Guest, MANIFEST};
use cordon_tests::host::Host;
use serde_json::Value;
use tempfile::TempDir;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// What is done on an event whose operation is `poison`; all others give a finding each.
fn on_poison(does: &str) -> String {
    let poison = format!("(if (i32.eq (i32.load (i32.const 1108)) (i32.const 6)) (then {does}))\n(if (call $send)");
    let body = EACH_ROW.replace("(if (call $send)", &poison);
    assert_ne!(body, EACH_ROW);
    body
}

/// Stays in the run until its CPU time is used up.
const SPINS: &str = "(loop $for_ever (br $for_ever))";

fn plugin(folder: &Path, id: &str, detect: &str) {
    let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\"")) + "\n[limits]\ncpu-ms = 40\n";
    let wasm = Guest::detecting(detect).manifest(Some(&manifest)).build();
    std::fs::create_dir_all(folder).unwrap();
    std::fs::write(folder.join(format!("{id}.wasm")), wasm).unwrap();
}

fn event(operation: &str, n: usize) -> String {
    format!("{{\"Operation\":\"{operation}\",\"UserId\":\"user-{n}@avon.example\",\"ClientIP\":\"192.0.2.1\"}}")
}

/// So many events; those with these numbers, from 1, are poison.
fn events(count: usize, poison: &[usize]) -> String {
    let one = |n| match poison.contains(&n) {
        true => event("poison", n),
        false => event(&format!("operation-{n}"), n),
    };
    (1..=count).map(one).collect::<Vec<_>>().join("\n")
}

/// A host with a force `avon`, and what a test asks it.
struct Live {
    host: Host,
    folder: TempDir,
    config: PathBuf,
    intake: String,
    operator: String,
}

impl Live {
    /// `plugins` fills the folder of plugins.
    fn start(config: &str, plugins: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        plugins(&folder.path().join("plugins"));
        let file = folder.path().join("cordon.toml");
        std::fs::write(&file, config).unwrap();
        let host = Host::configured(BINARY, &folder.path().join("data"), &folder.path().join("plugins"), &file);
        let (intake, operator) = (host.add_force("avon"), host.first_token());
        Self { host, folder, config: file, intake, operator }
    }

    /// Stops the host and starts it again.
    fn restart(self) -> Self {
        let Self { host, folder, config, intake, operator } = self;
        assert_eq!(host.stop(), 0);
        let host = Host::configured(BINARY, &folder.path().join("data"), &folder.path().join("plugins"), &config);
        Self { host, folder, config, intake, operator }
    }

    fn post(&self, events: &str) {
        let sent = self.host.request("POST", "/v1/events/custom.test", Some(&self.intake), events).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }

    fn get(&self, path: &str) -> Value {
        self.get_as(path, &self.operator)
    }

    fn get_as(&self, path: &str, token: &str) -> Value {
        let answer = self.host.request("GET", path, Some(token), "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The operations of a plugin's findings.
    fn found_by(&self, plugin: &str) -> Vec<String> {
        let of = |one: &Value| one["evidence"]["operation"].as_str().unwrap().to_owned();
        let findings = self.host.findings(&self.operator, "avon");
        findings.iter().filter(|one| one["plugin"]["id"] == plugin).map(of).collect()
    }

    /// First, last and rows of each skip of a plugin.
    fn skips_of(&self, plugin: &str) -> Vec<(u64, u64, u64)> {
        let all = self.get("/v1/skips?for=avon&limit=1000");
        let number = |skip: &Value, name: &str| skip[name].as_u64().unwrap();
        let of = |skip: &Value| (number(skip, "first"), number(skip, "last"), number(skip, "rows"));
        all["skips"].as_array().unwrap().iter().filter(|skip| skip["plugin"] == plugin).map(of).collect()
    }

    fn faults_of(&self, plugin: &str) -> Vec<Value> {
        self.get(&format!("/v1/faults?plugin={plugin}"))["faults"].as_array().unwrap().clone()
    }

    /// The lane of a plugin.
    fn lane(&self, plugin: &str) -> Value {
        let status = self.get("/v1/status");
        let lanes = status["lanes"].as_array().unwrap();
        lanes.iter().find(|lane| lane["plugin"] == plugin).unwrap().clone()
    }

    /// Waits for the lane of a plugin to be so.
    fn wait(&self, plugin: &str, until: impl Fn(&Value) -> bool) -> Value {
        for _ in 0..1_000 {
            let lane = self.lane(plugin);
            if until(&lane) {
                return lane;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("{}", self.lane(plugin));
    }
}
