//! What the promises share: plugins, events, hosts whose words are kept, journals that are written before a start.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use cordon::ids::Digest;
use cordon::journal::{Journal, JournalOptions, Part, Request};
use cordon::model::{Force, SourceName};
use cordon_tests::cli::root;
use cordon_tests::guest::{Guest, MANIFEST};
use cordon_tests::host::Host;
use serde_json::Value;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");
pub(crate) const SOURCE: &str = "custom.test";

/// One finding for each row.
pub(crate) const EACH_ROW: &str = "(local.set $n (call $len (local.get $batch)))
    (loop $rows (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (call $emit (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $rows))))";

/// A data folder, and one with plugins beside it.
pub(crate) struct Place {
    pub(crate) folder: tempfile::TempDir,
    pub(crate) data: PathBuf,
    pub(crate) plugins: PathBuf,
}

impl Place {
    /// With plugins, each an id and what it does.
    pub(crate) fn new(plugins: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Self { data: folder.path().join("data"), plugins: folder.path().join("plugins"), folder };
        std::fs::create_dir(&place.plugins).unwrap();
        for (id, detect) in plugins {
            let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\""));
            let wasm = Guest::detecting(detect).manifest(Some(&manifest)).build();
            std::fs::write(place.plugins.join(format!("{id}.wasm")), wasm).unwrap();
        }
        place
    }

    pub(crate) fn start(&self) -> Host {
        self.logged("", "")
    }

    /// What every host that was started here wrote to its log.
    pub(crate) fn log(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }

    /// A host, after these commands of a shell, with a configuration.
    pub(crate) fn logged(&self, before: &str, config: &str) -> Host {
        let (log, file) = (self.folder.path().join("log"), self.folder.path().join("cordon.toml"));
        std::fs::write(&file, config).unwrap();
        let mut command = Command::new("sh");
        let line = format!("{before}\nexec \"$@\" --config {} 2>>{}", file.display(), log.display());
        command.args(["-c", &line, "sh", BINARY]);
        Host::start_by(command, BINARY, &self.data, &self.plugins)
    }

    /// A start that must fail: its exit code, and what it says.
    pub(crate) fn refused(&self) -> (Option<i32>, String) {
        let cache = root().join("target/cordon/test-cache");
        let mut child = Command::new(BINARY)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&self.data)
            .env("XDG_CACHE_HOME", cache)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() > Duration::from_secs(30) {
                child.kill().unwrap();
                panic!("the host started");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
        let output = child.wait_with_output().unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    }

    /// Acknowledged requests that no host has seen: one a text, its lines the events.
    pub(crate) fn append(&self, force: &str, requests: &[String]) {
        let options = JournalOptions { disk_floor: 0, ..JournalOptions::new(&self.data.join("journal")) };
        let (journal, _) = Journal::open(options, &BTreeMap::new()).unwrap();
        let source = SourceName::new(SOURCE).unwrap();
        for request in requests {
            let part = Part::pack(&source, request.lines().map(str::as_bytes)).unwrap().unwrap();
            let request = Request { key: Digest([0; 32]), received: cordon::clock::now_micros(), parts: vec![part] };
            journal.append(&Force::new(force).unwrap(), request).unwrap();
        }
    }

    /// The segments of a force, in order.
    pub(crate) fn segments(&self, force: &str) -> Vec<PathBuf> {
        files(&self.data.join("journal").join(force), "segment")
    }
}

pub(crate) fn files(folder: &Path, extension: &str) -> Vec<PathBuf> {
    let listed = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut found: Vec<_> = listed.filter(|path| path.extension().is_some_and(|of| of == extension)).collect();
    found.sort();
    found
}

pub(crate) fn event(n: u64) -> String {
    format!("{{\"Operation\":\"op-{n}\",\"UserId\":\"user@avon.example\",\"ClientIP\":\"192.0.2.1\"}}")
}

pub(crate) fn events(of: std::ops::Range<u64>) -> String {
    of.map(event).collect::<Vec<_>>().join("\n")
}

/// Posts that must be taken.
pub(crate) fn post(host: &Host, token: &str, body: &str) -> Value {
    let answer = host.request("POST", &format!("/v1/events/{SOURCE}"), Some(token), body).unwrap();
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer.json()
}

/// The operations of all findings of a force, in the order of the list.
pub(crate) fn operations(host: &Host, force: &str) -> Vec<String> {
    let findings = host.findings(&host.first_token(), force);
    findings.iter().map(|finding| finding["evidence"]["operation"].as_str().unwrap().to_owned()).collect()
}

/// Skip records of a force: plugin, first and last sequence number, outcome.
pub(crate) fn skips(host: &Host, force: &str) -> Vec<(String, u64, u64, String)> {
    let mut all = Vec::new();
    let mut after = 0;
    loop {
        let path = format!("/v1/skips?for={force}&after={after}&limit=1000");
        let page = host.request("GET", &path, Some(&host.first_token()), "").unwrap().json();
        let found = page["skips"].as_array().unwrap();
        if found.is_empty() {
            return all;
        }
        let text = |skip: &Value, name: &str| skip[name].as_str().unwrap().to_owned();
        let number = |skip: &Value, name: &str| skip[name].as_u64().unwrap();
        all.extend(
            found
                .iter()
                .map(|skip| (text(skip, "plugin"), number(skip, "first"), number(skip, "last"), text(skip, "outcome"))),
        );
        after = page["next"].as_u64().unwrap();
    }
}
