//! Talks to a running host: where it is, whose token, and what it said.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use crate::ids::Digest;

/// Where a host listens that was told nothing else.
const HOST: &str = "http://127.0.0.1:7400";

/// Arguments of every verb that asks a host.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The host; else CORDON_HOST, else http://127.0.0.1:7400
    #[arg(long, value_name = "URL")]
    host: Option<String>,
    /// A file with the token; else CORDON_TOKEN_FILE. The host's first one is DATA/first-token
    #[arg(long, value_name = "FILE")]
    token_file: Option<PathBuf>,
}

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
    pub(super) fn client(&self) -> Result<Client> {
        let host = host(self.host.as_deref());
        let file = self.token_file.clone().or_else(|| std::env::var_os("CORDON_TOKEN_FILE").map(PathBuf::from));
        let file = file.context("whose token? name its file with --token-file or CORDON_TOKEN_FILE")?;
        Ok(Client::new(&host, &token(&file)?))
    }
}

/// A text as part of a query: whatever is no plain name is percent-encoded.
pub(super) fn in_url(text: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
    let encode = |byte: u8| if plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(encode).collect()
}

/// The host that is named, or that the environment names, or this machine's.
pub(super) fn host(named: Option<&str>) -> String {
    let host = named.map(str::to_owned).or_else(|| std::env::var("CORDON_HOST").ok());
    host.unwrap_or_else(|| HOST.to_owned()).trim_end_matches('/').to_owned()
}

pub(super) fn token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("{}: the token cannot be read", file.display()))?;
    Ok(text.trim().to_owned())
}

impl Client {
    pub(super) fn new(host: &str, token: &str) -> Self {
        let agent = ureq::Agent::config_builder().http_status_as_error(false).build().new_agent();
        Self { agent, host: host.to_owned(), token: token.to_owned() }
    }

    pub(super) fn get(&self, path: &str) -> Result<Value> {
        let request = self.agent.get(format!("{}{path}", self.host)).header("authorization", self.bearer());
        self.answer(request.call())?.good()
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

    /// Posts events; the answer as it is, also when it is a no.
    pub(super) fn send(&self, path: &str, events: &[u8]) -> Result<Answer> {
        let request = self.agent.post(format!("{}{path}", self.host)).header("authorization", self.bearer());
        // Sent again after an answer that was lost, it is taken once.
        let key = Digest::of_parts(&[path.as_bytes(), events]).to_string();
        let request = request.header("content-type", "application/x-ndjson").header("idempotency-key", key);
        self.answer(request.send(events))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn answer(&self, answer: Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Answer> {
        let mut answer = answer.with_context(|| {
            format!("{}: no host answers; start one with `cordon serve`, or name it with --host", self.host)
        })?;
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
