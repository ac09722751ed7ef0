//! Who may do what on the live host, through the real binary: forces, tokens, TLS, signals, audit, legal holds.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use cordon::audit::{Act, Audit};
use cordon::identity::{ForceRecord, Identity, NewToken, Role};
use cordon::model::Force;
use cordon::store::Store;
use cordon_tests::cli::Cordon;
use cordon_tests::guest::Guest;
use cordon_tests::host::Host;
use serde_json::Value;

mod audit;
mod client;
mod forces;
mod holds;
mod settings;
mod signals;
mod tls;
mod tokens;
mod walk;

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");
/// Stands in every event of the force that others must not see.
const MARK: &str = "MARK-7f3a";

/// One finding for each row.
const EACH_ROW: &str = "(local.set $n (call $len (local.get $batch)))
    (loop $rows (if (i32.lt_u (local.get $i) (local.get $n)) (then
        (call $emit (local.get $i)) (local.set $i (i32.add (local.get $i) (i32.const 1))) (br $rows))))";

/// Folders of a host that does not run yet.
struct Place {
    folder: tempfile::TempDir,
    data: PathBuf,
    plugins: PathBuf,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (data, plugins) = (folder.path().join("data"), folder.path().join("plugins"));
        std::fs::create_dir_all(&plugins).unwrap();
        std::fs::write(plugins.join("guest.wasm"), Guest::detecting(EACH_ROW).build()).unwrap();
        Self { folder, data, plugins }
    }

    fn start(&self) -> Host {
        Host::start(BINARY, &self.data, &self.plugins)
    }

    /// With this configuration; what it logs goes to a file.
    fn configured(&self, config: &str) -> Host {
        self.write("cordon.toml", config);
        let mut command = std::process::Command::new("sh");
        command.args(["-c", "log=$1; shift; exec \"$@\" 2>>\"$log\"", "sh"]).arg(self.log_file()).arg(BINARY);
        Host::configured_by(command, BINARY, &self.data, &self.plugins, &self.path("cordon.toml"))
    }

    fn log_file(&self) -> PathBuf {
        self.path("log")
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.log_file()).unwrap()
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    fn write(&self, name: &str, text: &str) -> PathBuf {
        std::fs::write(self.path(name), text).unwrap();
        self.path(name)
    }

    /// The command line of somebody with a configuration folder of their own.
    fn person(&self) -> Cordon {
        Cordon::new(BINARY, self.folder.path()).env("XDG_CONFIG_HOME", &self.path("config").to_string_lossy())
    }

    /// Forces and tokens, made before the host starts.
    fn prepare(&self, forces: &[&str], tokens: &[(Role, Option<&str>, i64)]) -> Vec<String> {
        let store = Arc::new(Store::open(&self.data).unwrap());
        let audit = Arc::new(Audit::open(&store).unwrap());
        let identity = Identity::open(store, audit).unwrap();
        for name in forces {
            identity.add_force(ForceRecord::new(Force::new(name).unwrap()), act()).unwrap();
        }
        let token = |(role, force, expires): &(Role, Option<&str>, i64)| {
            let force = force.map(|name| Force::new(name).unwrap());
            let new =
                NewToken { role: *role, force, name: String::new(), own: Vec::new(), created: 1, expires: *expires };
            identity.create_token(new, act()).unwrap().1
        };
        tokens.iter().map(token).collect()
    }
}

fn act() -> Act {
    let (who, role) = ("test".to_owned(), "host".to_owned());
    Act { time: 1, who, role, force: None, what: "prepared", details: Value::Null }
}

fn event(n: usize) -> String {
    format!("{{\"Operation\":\"op-{n}\",\"UserId\":\"{MARK}\"}}")
}

/// Waits until it is so.
#[track_caller]
fn wait(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}
