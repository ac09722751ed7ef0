//! The plugins that remember, and sign-ins for them.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use cordon::author::build::{Talk, build};
use cordon::author::find;
use cordon_tests::cli::{Cordon, root};
use serde_json::{Value, json};

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

/// `remembering`, `password-spray`, `guessed-password` and `stepping`, built in one call: a folder each.
pub(crate) static PLUGINS: LazyLock<PathBuf> = LazyLock::new(|| {
    // Statics are never dropped, so it is none of the temporary folders.
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("remembering");
    let _ = std::fs::remove_dir_all(&out); // not there the first time
    let folders = [
        "tests/guests/sdk/remembering",
        "plugins/password-spray",
        "examples/guessed-password",
        "examples/watched-accounts",
        "tests/guests/sdk/stepping",
    ];
    let folders = folders.map(|folder| root().join(folder));
    for built in build(&find(&folders, &root()).unwrap(), Some(&out), Talk::ErrorsOnly).unwrap() {
        let folder = out.join(&built.id);
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::rename(&built.path, folder.join(format!("{}.wasm", built.id))).unwrap();
    }
    out
});

pub(crate) fn component(id: &str) -> Vec<u8> {
    std::fs::read(PLUGINS.join(id).join(format!("{id}.wasm"))).unwrap()
}

pub(crate) fn plugin(id: &str) -> String {
    PLUGINS.join(id).to_string_lossy().into_owned()
}

pub(crate) fn cordon(folder: &Path) -> Cordon {
    Cordon::new(BINARY, folder)
}

/// A sign-in so many seconds after 2025-12-01 09:00 UTC.
#[derive(Debug, Clone)]
pub(crate) struct SignIn {
    pub(crate) id: u64,
    pub(crate) seconds: i64,
    pub(crate) user: String,
    pub(crate) ip: String,
    pub(crate) code: u32,
    pub(crate) operation: &'static str,
}

/// 2025-12-01 09:00 UTC, in seconds.
const NINE: i64 = 1_764_579_600;

impl SignIn {
    pub(crate) fn new(id: u64, seconds: i64, user: &str, ip: &str) -> Self {
        let (user, ip) = (format!("{user}@westmarch.example"), ip.to_owned());
        Self { id, seconds, user, ip, code: 50_126, operation: "Sign-in activity" }
    }

    pub(crate) fn time(&self) -> String {
        jiff::Timestamp::from_second(NINE + self.seconds).unwrap().to_string()
    }

    pub(crate) fn line(&self) -> String {
        self.line_at(&self.time())
    }

    pub(crate) fn line_at(&self, time: &str) -> String {
        json!({
            "time": time, "category": "SignInLogs", "operationName": self.operation,
            "resultType": self.code.to_string(), "callerIpAddress": self.ip,
            "properties": {
                "id": format!("id-{}", self.id), "createdDateTime": time, "userPrincipalName": self.user,
                "userId": self.user, "ipAddress": self.ip, "status": { "errorCode": self.code },
                "location": { "countryOrRegion": if self.id.is_multiple_of(7) { "NL" } else { "GB" } },
            },
        })
        .to_string()
    }
}

impl SignIn {
    /// The same in the audit log.
    pub(crate) fn audit(&self) -> String {
        json!({
            "CreationTime": self.time().trim_end_matches('Z'), "Id": format!("a-{}", self.id),
            "Operation": if self.code == 0 { "UserLoggedIn" } else { "UserLoginFailed" }, "OrganizationId": "westmarch",
            "RecordType": 15, "UserKey": self.user, "UserType": 0, "Workload": "AzureActiveDirectory",
            "ClientIP": self.ip, "UserId": self.user, "ErrorNumber": self.code.to_string(),
        })
        .to_string()
    }
}

/// Sign-ins of some users from some addresses, over some hours: in the order of time, failures and successes.
pub(crate) fn sign_ins(seed: u64, count: u64) -> Vec<SignIn> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut seconds = 0;
    let one = |id| {
        seconds += random.i64(0..60);
        let ip = format!("203.0.113.{}", random.u8(0..6));
        let mut one = SignIn::new(id, seconds, &format!("user{}", random.u8(0..12)), &ip);
        one.code = if random.u8(0..10) == 0 { 0 } else { 50_126 };
        one
    };
    (0..count).map(one).collect()
}

/// Each finding as `rule key: summary`, by the identity of its event; sorted.
pub(crate) fn told(findings: &[Value]) -> Vec<String> {
    let text = |finding: &Value, name: &str| finding[name].as_str().unwrap_or_default().to_owned();
    let mut all: Vec<String> = findings
        .iter()
        .map(|finding| {
            let [rule, key, summary] = ["rule", "key", "summary"].map(|name| text(finding, name));
            let digest = text(&finding["event"], "digest");
            format!("{} {rule} {key}: {summary} {}", &digest[..12], text(finding, "id"))
        })
        .collect();
    all.sort();
    all
}
