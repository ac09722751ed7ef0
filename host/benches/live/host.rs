//! The host that is measured: the real binary, its own folder and port, killed when it is let go.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::http::Connection;
use crate::process::Process;
use crate::support::plugins::{self, Component};

/// See the module.
pub struct Host {
    child: Child,
    pub address: String,
    folder: Folder,
    /// From the command to the line that says where it listens.
    pub started: Duration,
    operator: String,
}

/// Where a host's data and plugins lie, also between two starts.
pub struct Folder(tempfile::TempDir);

impl Folder {
    /// With these plugins.
    pub fn new(components: &[Component]) -> Self {
        let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
        plugins::write(components, &folder.path().join("plugins"));
        Self(folder)
    }

    /// With a configuration.
    pub fn configured(self, text: &str) -> Self {
        std::fs::write(self.0.path().join("cordon.toml"), text).unwrap();
        self
    }

    pub fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }
}

/// The national plugins.
pub fn national() -> Vec<Component> {
    plugins::build(&plugins::NATIONAL)
}

impl Host {
    pub fn start(folder: Folder) -> Self {
        let begun = Instant::now();
        let cache = Path::new(env!("CARGO_TARGET_TMPDIR")).join("live-cache");
        let mut command = Command::new(env!("CARGO_BIN_EXE_cordon"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--data"]).arg(folder.data());
        let config = folder.0.path().join("cordon.toml");
        if config.exists() {
            command.arg("--config").arg(config);
        }
        command.arg("-p").arg(folder.0.path().join("plugins"));
        command.env("XDG_CACHE_HOME", cache).stdout(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        let started = begun.elapsed();
        let address = line.trim().strip_prefix("listening on http://").expect("its address comes first").to_owned();
        std::thread::spawn(move || std::io::copy(&mut out, &mut std::io::sink()));
        let operator = std::fs::read_to_string(folder.data().join("first-token")).unwrap().trim().to_owned();
        Self { child, address, folder, started, operator }
    }

    /// Its data folder.
    pub fn data(&self) -> PathBuf {
        self.folder.data()
    }

    pub fn process(&self) -> Process {
        Process(self.child.id())
    }

    pub fn operator(&self) -> Connection {
        Connection::open(&self.address, &self.operator)
    }

    /// A connection that sends events of a force.
    pub fn sender(&self, token: &str) -> Connection {
        Connection::open(&self.address, token)
    }

    /// So many forces, and a sender's token of each.
    pub fn forces(&self, count: usize) -> Vec<(String, String)> {
        let mut operator = self.operator();
        let force = |number: usize| {
            let name = format!("force-{number}");
            operator.json("POST", "/v1/forces", &json!({ "name": name }));
            let token = json!({ "role": "intake", "for": name, "minutes": 1_440 });
            let answer = operator.json("POST", "/v1/tokens", &token);
            (name, answer["token"].as_str().unwrap().to_owned())
        };
        (0..count).map(force).collect()
    }

    /// Waits until every lane is done with everything.
    pub fn settle(&self) {
        let mut operator = self.operator();
        while cursors(&mut operator).values().any(|(cursor, head)| cursor < head) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Findings of a force, up to 1,000.
    pub fn findings(&self, force: &str) -> usize {
        let page = self.operator().json("GET", &format!("/v1/findings?for={force}&limit=1000"), &Value::Null);
        page["findings"].as_array().unwrap().len()
    }

    /// Ends it, and gives its folder to the next.
    pub fn stop(mut self) -> Folder {
        self.end();
        let empty = Folder(tempfile::tempdir().unwrap());
        std::mem::replace(&mut self.folder, empty)
    }

    fn end(&mut self) {
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let begun = Instant::now();
        while matches!(self.child.try_wait(), Ok(None)) && begun.elapsed() < Duration::from_secs(60) {
            std::thread::sleep(Duration::from_millis(10));
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        self.end();
    }
}

/// Whether a lane is of a plugin that was added over what is stored: live work does not wait for it.
pub fn is_late(lane: &Value) -> bool {
    let national = |id: &str| plugins::NATIONAL.iter().any(|folder| folder.ends_with(&format!("/{id}")));
    lane["lane"] != "live" || !national(lane["plugin"].as_str().unwrap())
}

/// For each force where its last national lane stands in the audit log, and where the log ends.
pub fn national_cursors(operator: &mut Connection) -> BTreeMap<String, (u64, u64)> {
    cursors_of(operator, |lane| !is_late(lane))
}

/// The same of its last lane of all.
pub fn cursors(operator: &mut Connection) -> BTreeMap<String, (u64, u64)> {
    cursors_of(operator, |_| true)
}

fn cursors_of(operator: &mut Connection, counts: impl Fn(&Value) -> bool) -> BTreeMap<String, (u64, u64)> {
    let status = operator.json("GET", "/v1/status", &Value::Null);
    let mut found: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for lane in status["lanes"].as_array().unwrap() {
        if lane["source"] == "m365.audit" && counts(lane) {
            let number = |name: &str| lane[name].as_u64().unwrap();
            let of = found.entry(lane["force"].as_str().unwrap().to_owned()).or_insert((u64::MAX, 0));
            *of = (of.0.min(number("cursor")), of.1.max(number("head")));
        }
    }
    found
}
