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
    /// In how many seconds it may say something else, where it says so.
    pub(super) retry_after: Option<u64>,
    pub(super) body: Value,
}

impl Args {
    /// # Errors
    /// See [`Args::target`].
    pub(super) fn client(&self) -> Result<Client> {
        Client::new(self.target()?)
    }
}

/// A text as part of a query: whatever is no plain name is percent-encoded.
pub(super) fn in_url(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
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

/// The query that names a force, or none.
pub(super) fn of_force(name: Option<&str>) -> String {
    name.map_or_else(String::new, |name| format!("?for={}", in_url(name)))
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

    /// A client of a host that is known, with a token at hand.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub(super) fn at(host: &str, token: &str) -> Result<Self> {
        Self::new(Target::at(host, token))
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.call())?.good()
    }

    /// Every page of a list: what stands under `name` in the answers, until none says `next`. `path` has a query.
    ///
    /// # Errors
    /// When the host says no.
    pub(super) fn all(&self, path: &str, name: &str) -> Result<Vec<Value>> {
        let (mut all, mut after) = (Vec::new(), 0);
        loop {
            let mut page = self.get(&format!("{path}&limit=1000&after={after}"))?;
            all.extend(page.get_mut(name).and_then(Value::as_array_mut).map(std::mem::take).unwrap_or_default());
            match page.get("next").and_then(Value::as_u64) {
                Some(next) if next > after => after = next,
                _ => return Ok(all),
            }
        }
    }

    /// A file of at most `limit` bytes.
    pub(super) fn bytes(&self, path: &str, limit: usize) -> Result<Vec<u8>> {
        let request = self.agent.get(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.file(request.call(), limit)
    }

    /// A file of at most `limit` bytes, as the answer to a post.
    pub(super) fn post_for_bytes(&self, path: &str, body: &Value, limit: usize) -> Result<Vec<u8>> {
        let request = self.agent.post(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.file(request.send_json(body), limit)
    }

    fn file(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>, limit: usize) -> Result<Vec<u8>> {
        match answer {
            Ok(mut answer) if answer.status().is_success() => {
                let body = answer.body_mut().with_config().limit(limit as u64).read_to_vec();
                body.with_context(|| format!("{}: the answer broke off, or is too large", self.host))
            }
            answer => bail!("{}", self.answer(answer)?.reason()),
        }
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

    /// Loads a component, for one force or for all that the caller may load for; the answer is its version.
    pub(super) fn load_plugin(&self, scope: Option<&str>, reason: Option<&str>, wasm: &[u8]) -> Result<Value> {
        let given = [("for", scope), ("reason", reason)];
        let given = given.iter().filter_map(|(name, value)| Some(format!("{name}={}", in_url((*value)?))));
        let url = format!("{}/v1/plugins?{}", self.host, given.collect::<Vec<_>>().join("&"));
        let request = self.agent.post(url).header("authorization", self.bearer());
        self.answer(request.header("content-type", "application/wasm").send(wasm))?.good()
    }

    /// Puts a version of a list; the answer is its record.
    pub(super) fn put_list(&self, name: &str, given: &[(&str, Option<&str>)], entries: &[u8]) -> Result<Value> {
        let given = given.iter().filter_map(|(name, value)| Some(format!("{name}={}", in_url((*value)?))));
        let url = format!("{}/v1/lists/{}?{}", self.host, in_url(name), given.collect::<Vec<_>>().join("&"));
        let request = self.agent.put(url).header("authorization", self.bearer());
        self.answer(request.header("content-type", "application/octet-stream").send(entries))?.good()
    }

    pub(super) fn delete_with(&self, path: &str, body: &Value) -> Result<Value> {
        let request = self.agent.delete(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.force_send_body().send_json(body))?.good()
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
        let retry_after =
            answer.headers().get("retry-after").and_then(|value| value.to_str().ok()?.trim().parse().ok());
        let text =
            answer.body_mut().read_to_string().with_context(|| format!("{}: the answer broke off", self.host))?;
        let body = match text.trim() {
            "" => Value::Null,
            text => serde_json::from_str(text).unwrap_or_else(|_| Value::String(text.to_owned())),
        };
        Ok(Answer { status, retry_after, body })
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
