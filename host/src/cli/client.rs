//! Talks to a running host, and tells what it said.

use std::path::Path;

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;
use ureq::tls::{PemItem, RootCerts, TlsConfig, parse_pem};

pub(super) use super::target::Args;
use super::target::Target;
use crate::ids::Digest;

/// See the module.
pub(super) struct Client {
    agent: ureq::Agent,
    host: String,
    token: String,
}

/// What the host answered.
pub(super) struct Answer {
    pub(super) status: u16,
    pub(super) body: Value,
}

impl Args {
    /// # Errors
    /// See [`Args::target`].
    pub(super) fn client(&self) -> Result<Client> {
        Client::new(self.target()?)
    }
}

/// The certificates of a file.
fn authorities(file: &Path) -> Result<RootCerts> {
    let text = std::fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?;
    let mut found = Vec::new();
    for item in parse_pem(&text) {
        if let PemItem::Certificate(certificate) = item.with_context(|| format!("{}: is no PEM", file.display()))? {
            found.push(certificate);
        }
    }
    ensure!(!found.is_empty(), "{}: holds no certificate (PEM)", file.display());
    Ok(found.into())
}

impl Client {
    /// # Errors
    /// When the authority's file is of no use.
    pub(super) fn new(target: Target) -> Result<Self> {
        let mut config = ureq::Agent::config_builder().http_status_as_error(false);
        if let Some(file) = &target.ca_file {
            config = config.tls_config(TlsConfig::builder().root_certs(authorities(file)?).build());
        }
        Ok(Self { agent: config.build().new_agent(), host: target.host, token: target.token })
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.call())?.good()
    }

    pub(super) fn delete(&self, path: &str) -> Result<Value> {
        let request = self.agent.delete(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.call())?.good()
    }

    pub(super) fn patch(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.patch(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.send_json(body))?.good()
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.post(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.send_json(body))?.good()
    }

    /// Posts events; the answer as it is, also when it is a no.
    pub(super) fn send(&self, path: &str, events: &[u8]) -> Result<Answer> {
        let request = self.agent.post(format!("{}{path}", self.host)).header("authorization", self.bearer());
        // Sent again after an answer that was lost, it is taken once.
        let key = Digest::of_parts(&[path.as_bytes(), events]).to_string();
        let request = request.header("content-type", "application/x-ndjson").header("idempotency-key", key);
        self.answer(request.send(events))
    }

    /// Writes the answer's body, whole, and answers its bytes.
    ///
    /// # Errors
    /// When the host says no, or the answer breaks off.
    pub(super) fn download(&self, path: &str, to: &mut impl std::io::Write) -> Result<u64> {
        let request = self.agent.get(format!("{}{path}", self.host)).header("authorization", self.bearer());
        let mut answer = self.reached(request.call())?;
        if !answer.status().is_success() {
            self.read(answer)?.good()?;
            bail!("{}: the answer has an unknown status", self.host);
        }
        std::io::copy(&mut answer.body_mut().as_reader(), to)
            .with_context(|| format!("{}: the answer broke off", self.host))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer> {
        self.read(self.reached(answer)?)
    }

    fn reached(
        &self,
        answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>,
    ) -> Result<ureq::http::Response<ureq::Body>> {
        answer.with_context(|| {
            format!("{}: no host answers; start one with `cordon serve`, or name it with --host", self.host)
        })
    }

    fn read(&self, mut answer: ureq::http::Response<ureq::Body>) -> Result<Answer> {
        let status = answer.status().as_u16();
        let text =
            answer.body_mut().read_to_string().with_context(|| format!("{}: the answer broke off", self.host))?;
        let body = match text.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Ok(Answer { status, body })
    }
}

impl Answer {
    /// The body of an answer that says yes.
    pub(super) fn good(self) -> Result<Value> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        bail!("{}", self.reason());
    }

    /// Why it says no.
    pub(super) fn reason(&self) -> String {
        let reason = self.body.get("error").and_then(Value::as_str).or(self.body.as_str());
        format!("the host says {}: {}", self.status, reason.unwrap_or("nothing else"))
    }
}
