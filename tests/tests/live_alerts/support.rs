//! A host whose plugin finds each event, and contacts.

use std::path::Path;

use cordon_tests::guest::{EACH_ROW, Guest};
use cordon_tests::host::Host;
use serde_json::Value;
use tempfile::TempDir;

use crate::receiver::Receiver;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// See the module. A finding of the guest has the event's operation as its key.
pub(crate) struct Live {
    pub(crate) host: Host,
    pub(crate) folder: TempDir,
    pub(crate) token: String,
    sent: std::cell::Cell<u64>,
}

impl Live {
    pub(crate) fn start() -> Self {
        Self::configured("")
    }

    pub(crate) fn configured(config: &str) -> Self {
        Self::made(config, |_| {})
    }

    /// With more in its folder before it starts.
    pub(crate) fn with(more: impl FnOnce(&Path)) -> Self {
        Self::made("", more)
    }

    fn made(config: &str, more: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("plugins")).unwrap();
        std::fs::write(folder.path().join("plugins/guest.wasm"), Guest::detecting(EACH_ROW).build()).unwrap();
        std::fs::write(folder.path().join("cordon.toml"), config).unwrap();
        more(folder.path());
        let host = begin(folder.path());
        let token = host.add_force("avon");
        Self { host, folder, token, sent: std::cell::Cell::new(0) }
    }

    /// Kills the host and starts it again.
    pub(crate) fn kill(&mut self) {
        self.host.kill();
        self.host = begin(self.folder.path());
    }

    /// An event with each of these operations.
    pub(crate) fn post(&self, operations: &[&str]) {
        let line = |operation: &&str| {
            self.sent.set(self.sent.get() + 1);
            let number = self.sent.get();
            format!("{{\"Operation\":\"{operation}\",\"UserId\":\"user@x.example\",\"Text\":\"{number}\"}}")
        };
        let lines: Vec<String> = operations.iter().map(line).collect();
        let sent = self.host.request("POST", "/v1/events/custom.test", Some(&self.token), &lines.join("\n")).unwrap();
        assert_eq!(sent.status, 200, "{}", sent.body);
    }

    pub(crate) fn get(&self, path: &str) -> Value {
        let answer = self.host.request("GET", path, Some(&self.host.first_token()), "").unwrap();
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Alerts of the guest, once there are so many.
    pub(crate) fn alerts(&self, count: usize) -> Vec<Value> {
        self.alerts_of("guest", count)
    }

    /// Alerts of a plugin, once there are so many.
    pub(crate) fn alerts_of(&self, plugin: &str, count: usize) -> Vec<Value> {
        for _ in 0..500 {
            let all = self.get("/v1/alerts?for=avon&state=all&limit=1000");
            let own = all["alerts"].as_array().unwrap().iter().filter(|alert| alert["plugin"] == plugin);
            let own: Vec<Value> = own.cloned().collect();
            if own.len() >= count {
                return own;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        panic!("fewer than {count} alerts");
    }

    /// A contact that has confirmed; the key of its signatures.
    pub(crate) fn contact(&self, id: &str, receiver: &Receiver) -> String {
        self.contact_with(id, receiver, &[])
    }

    /// The same, added with further arguments.
    pub(crate) fn contact_with(&self, id: &str, receiver: &Receiver, more: &[&str]) -> String {
        let operator = self.host.operator();
        let url = receiver.url();
        let add = ["contact", "add", id, "--for", "avon", "--name", id, "--webhook", &url];
        let level = if more.contains(&"--level") { &[][..] } else { &["--level", "full"] };
        let said = operator.run(&[&add[..], level, more].concat()).ends(0).out;
        let key = said.trim().rsplit(' ').next().unwrap().to_owned();
        let before = receiver.all().len();
        let _ = operator.run(&["contact", "test", id, "--for", "avon"]).ends(0);
        let test = receiver.wait(before + 1).pop().unwrap();
        assert!(test.is_signed(&key), "{test:?}");
        let code = test.json()["code"].as_str().unwrap().to_owned();
        let _ = operator.run(&["contact", "confirm", id, "--for", "avon", "--code", "0000000000"]).ends(2);
        let _ = operator.run(&["contact", "confirm", id, "--for", "avon", "--code", &code]).ends(0);
        key
    }
}

fn begin(folder: &Path) -> Host {
    Host::configured(BINARY, &folder.join("data"), &folder.join("plugins"), &folder.join("cordon.toml"))
}
