//! What the tests share: versions of a plugin, a host with forces, what is asked of it.

use std::path::{Path, PathBuf};

use cordon_tests::cli::Cordon;
use cordon_tests::guest::{EACH_ROW, Guest, MANIFEST};
use cordon_tests::host::Host;
use serde_json::{Value, json};
use tempfile::TempDir;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// A component: one finding for each row. Two versions differ in their manifest.
pub(crate) fn component(id: &str, version: &str) -> Vec<u8> {
    component_of(id, version, EACH_ROW)
}

pub(crate) fn component_of(id: &str, version: &str, detect: &str) -> Vec<u8> {
    let manifest = MANIFEST.replace("id = \"guest\"", &format!("id = \"{id}\""));
    let manifest = manifest.replace("version = \"1.0.0\"", &format!("version = \"{version}\""));
    let manifest = manifest + "\n[settings.run.limit]\ntype = \"integer\"\ndefault = 3\ndescription = \"For tests.\"\n";
    Guest::detecting(detect).manifest(Some(&manifest)).build()
}

pub(crate) fn event(n: usize) -> String {
    format!("{{\"Operation\":\"op-{n}\",\"UserId\":\"user@x.example\",\"ClientIP\":\"192.0.2.1\"}}")
}

pub(crate) fn events(of: std::ops::Range<usize>) -> String {
    of.map(event).collect::<Vec<_>>().join("\n")
}

/// A host with its folders.
pub(crate) struct Live {
    pub(crate) host: Host,
    pub(crate) folder: TempDir,
    pub(crate) config: PathBuf,
}

impl Live {
    /// `guest` 1.0.0 is in the configured folder.
    pub(crate) fn start(config: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        std::fs::write(folder.path().join("plugins/guest.wasm"), component("guest", "1.0.0")).unwrap();
        let file = folder.path().join("cordon.toml");
        std::fs::write(&file, config).unwrap();
        let host = run(folder.path(), &file);
        Self { host, folder, config: file }
    }

    /// Stops the host and starts it again.
    pub(crate) fn restart(self) -> Self {
        let Self { host, folder, config } = self;
        assert_eq!(host.stop(), 0);
        let host = run(folder.path(), &config);
        Self { host, folder, config }
    }

    /// Starts it again, where it was stopped.
    pub(crate) fn again(folder: TempDir, config: PathBuf) -> Self {
        let host = run(folder.path(), &config);
        Self { host, folder, config }
    }

    /// Kills the host and starts it again.
    pub(crate) fn kill(&mut self) {
        self.host.kill();
        self.host = run(self.folder.path(), &self.config);
    }

    pub(crate) fn file(&self, name: &str, bytes: &[u8]) -> String {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path.to_string_lossy().into_owned()
    }

    pub(crate) fn operator(&self) -> Cordon {
        self.host.operator()
    }

    /// The command line with a new token of this role.
    pub(crate) fn as_role(&self, role: &str, force: Option<&str>) -> Cordon {
        let token = self.host.token(role, force);
        let file = self.file(&format!("{role}-{}.token", force.unwrap_or("none")), token.as_bytes());
        self.host.with_token(Path::new(&file))
    }

    /// Loads a version of `guest`.
    pub(crate) fn load(&self, version: &str) {
        let file = self.file(&format!("guest-{version}.wasm"), &component("guest", version));
        let _ = self.operator().run(&["plugin", "load", &file]).ends(0);
    }

    pub(crate) fn deploy(&self, plugin: &str, scope: &str, mode: &str) -> String {
        let arguments = ["deploy", plugin, "--for", scope, "--mode", mode, "--reason", "a test"];
        self.operator().run(&arguments).ends(0).out
    }

    pub(crate) fn post(&self, token: &str, events: &str) {
        let sent = self.host.request("POST", "/v1/events/custom.test", Some(token), events).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.host.request("GET", path, Some(&self.host.first_token()), "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// The number of the generation, and its set.
    pub(crate) fn set(&self) -> (u64, Value) {
        let plugins = self.get("/v1/plugins");
        (plugins["generation"].as_u64().unwrap(), plugins["deployments"].clone())
    }

    /// Force, mode, version and version that ran last of each lane of `guest`.
    pub(crate) fn lanes(&self) -> Vec<(String, String, String, String)> {
        let plugins = self.get("/v1/plugins");
        let mut found = Vec::new();
        for plugin in plugins["plugins"].as_array().unwrap().iter().filter(|plugin| plugin["id"] == "guest") {
            for lane in plugin["lanes"].as_array().unwrap() {
                let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
                let ran = text(&lane["ran"]["version"]);
                found.push((text(&lane["force"]), text(&plugin["mode"]), text(&plugin["version"]), ran));
            }
        }
        found.sort();
        found
    }

    /// Operation and version of each live finding of `guest`.
    pub(crate) fn found(&self, force: &str) -> Vec<(String, String)> {
        let all = self.host.findings(&self.host.first_token(), force);
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        let own = all.iter().filter(|one| one["plugin"]["id"] == "guest");
        own.map(|one| (text(&one["evidence"]["operation"]), text(&one["plugin"]["version"]))).collect()
    }

    pub(crate) fn settle(&self) {
        self.host.settle(&self.host.first_token());
    }

    /// The ledger of a force adds up.
    pub(crate) fn adds_up(&self, force: &str) {
        let _ = self.operator().run(&["ledger", "--for", force, "--check"]).ends(0);
    }
}

/// The body of a deployment for all.
pub(crate) fn to(version: &str, mode: &str) -> String {
    json!({ "plugin": "guest", "version": version, "for": "all", "mode": mode, "reason": "a test" }).to_string()
}

fn run(folder: &Path, config: &Path) -> Host {
    Host::configured(BINARY, &folder.join("data"), &folder.join("plugins"), config)
}
