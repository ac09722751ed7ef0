//! The head of the audit's chain, sent to where whoever could rewrite the audit cannot change it: at each start and stop, and
//! daily between them. What could not be sent is tried again with the next look.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use crate::audit::Audit;
use crate::config::AuditConfig;
use crate::findings::rfc3339;

/// A day, in microseconds.
const DAY: i64 = 86_400_000_000;
/// How long an address may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// See the module.
pub(super) struct Heads {
    audit: Arc<Audit>,
    file: Option<PathBuf>,
    url: Option<String>,
    /// When each was last sent to, in microseconds since 1970 UTC.
    to_file: i64,
    to_url: i64,
}

impl Heads {
    pub(super) fn new(audit: Arc<Audit>, config: &AuditConfig) -> Self {
        let AuditConfig { head_file, head_url } = config.clone();
        Self { audit, file: head_file, url: head_url, to_file: 0, to_url: 0 }
    }

    /// Sends it where a day is over since it was last sent; everywhere when the host starts or stops. `now` is in
    /// microseconds since 1970 UTC.
    pub(super) fn send(&mut self, why: &str, now: i64) {
        let (records, head) = self.audit.head();
        let line = json!({ "time": rfc3339(now), "why": why, "records": records, "head": head }).to_string();
        let is_due = |last: i64| why != "daily" || now.saturating_sub(last) >= DAY;
        if let Some(file) = self.file.as_deref().filter(|_| is_due(self.to_file)) {
            match append(file, &line) {
                Ok(()) => self.to_file = now,
                Err(error) => tracing::error!("{}: the audit's head cannot be written: {error}", file.display()),
            }
        }
        if let Some(url) = self.url.as_deref().filter(|_| is_due(self.to_url)) {
            match post(url, &line) {
                Ok(()) => self.to_url = now,
                // The address may hold a secret.
                Err(error) => tracing::error!("`audit.head-url`: the audit's head cannot be sent: {error}"),
            }
        }
    }
}

fn append(file: &Path, line: &str) -> std::io::Result<()> {
    let mut file = File::options().append(true).create(true).open(file)?;
    file.write_all(format!("{line}\n").as_bytes())?;
    file.sync_data()
}

fn post(url: &str, line: &str) -> Result<(), String> {
    let agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().new_agent();
    let sent = agent.post(url).header("content-type", "application/json").send(line);
    sent.map(drop).map_err(|error| match error {
        ureq::Error::StatusCode(status) => format!("it answered {status}"),
        ureq::Error::BadUri(_) => "it is no address".into(),
        other => other.to_string(),
    })
}
