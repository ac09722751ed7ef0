//! The people who are told, in the demo: a receiver of webhooks that checks signatures, a contact of each force that has its
//! messages sent there, and what they did with the gravest.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::net::{SocketAddr, TcpListener};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context as _, Result, bail};
use axum::body::Bytes;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use cordon_contract::manifest::Severity;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};

use super::watch::Watch;
use crate::cli::client::Client;
use crate::cli::{style, text};
use crate::findings::text::safe;

/// The word of each force's contact.
const CONTACT: &str = "soc";
/// How long a test message may take, and the last alert.
const PATIENCE: Duration = Duration::from_secs(10);
/// Between two looks.
const LOOK: Duration = Duration::from_millis(20);

/// See the module. Its thread ends with the process.
pub(super) struct Desk {
    address: SocketAddr,
    got: Arc<Got>,
}

/// What came, and what must be right about it.
#[derive(Default)]
struct Got {
    /// The key of each force's signatures. The first message may come before it is known here: none is asked for until then.
    keys: Mutex<BTreeMap<String, String>>,
    messages: Mutex<Vec<Message>>,
}

#[derive(Clone)]
struct Message {
    at: Instant,
    force: String,
    body: Value,
}

impl Message {
    fn text(&self, name: &str) -> &str {
        self.body.get(name).and_then(Value::as_str).unwrap_or_default()
    }
}

impl Got {
    fn messages(&self) -> MutexGuard<'_, Vec<Message>> {
        self.messages.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Desk {
    /// Starts to receive on a free port of this machine.
    pub(super) fn start() -> Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").context("no free port for the receiver of alerts")?;
        listener.set_nonblocking(true)?;
        let address = listener.local_addr()?;
        let got = Arc::new(Got::default());
        let routes = axum::Router::new().route("/{force}", axum::routing::post(receive)).with_state(Arc::clone(&got));
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("desk".into()).spawn(move || {
            runtime.block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener)?;
                axum::serve(listener, routes).await
            })
        })?;
        Ok(Self { address, got })
    }

    /// Adds a contact of a force, which confirms its test message.
    pub(super) fn enrol(&self, operator: &Client, force: &str, display: &str) -> Result<()> {
        let contact = json!({
            "id": CONTACT, "for": force, "name": format!("SOC of {display}"), "level": "full", "severity": "medium",
            "marking": "OFFICIAL-SENSITIVE", "webhook": format!("http://{}/{force}", self.address),
        });
        let made = operator.post("/v1/contacts", &contact)?;
        let key = made.get("channel").and_then(|channel| channel.get("key")).and_then(Value::as_str);
        let key = key.context("the host gave no key of signatures")?.to_owned();
        self.got.keys.lock().unwrap_or_else(PoisonError::into_inner).insert(force.to_owned(), key);
        operator.post(&format!("/v1/contacts/{force}/{CONTACT}/test"), &json!({}))?;
        let begun = Instant::now();
        let code = loop {
            let test = self.got.messages().iter().find(|message| message.force == force).cloned();
            if let Some(code) = test.as_ref().and_then(|test| test.body.get("code")).and_then(Value::as_str) {
                break code.to_owned();
            }
            if begun.elapsed() > PATIENCE {
                bail!("the test message to the contact of {force} did not come within {} s", PATIENCE.as_secs());
            }
            std::thread::sleep(LOOK);
        };
        operator.post(&format!("/v1/contacts/{force}/{CONTACT}/confirm"), &json!({ "code": code }))?;
        Ok(())
    }

    /// Waits until every alert that is grave enough was told, shows the gravest as its reader sees it, and acknowledges it by its
    /// link. Whether all of that went well.
    pub(super) fn show(&self, operator: &Client, forces: &[&str], watch: &Watch) -> Result<bool> {
        let mut err = anstream::stderr();
        let begun = Instant::now();
        let alerts = loop {
            let alerts = alerts(operator, forces)?;
            let told = |alert: &Value| self.told(alert).is_some();
            if (!alerts.is_empty() && alerts.iter().all(told)) || begun.elapsed() > PATIENCE {
                break alerts;
            }
            std::thread::sleep(LOOK);
        };
        let told: Vec<(&Value, Message)> = alerts.iter().filter_map(|alert| Some((alert, self.told(alert)?))).collect();
        let mut waited: Vec<Duration> =
            told.iter().filter_map(|(alert, message)| waited(alert, message, watch)).collect();
        waited.sort_unstable();
        let colour = if told.len() == alerts.len() { style::GOOD } else { style::BAD };
        let (half, slowest) = (waited.get(waited.len() / 2), waited.last());
        let took = |time: Option<&Duration>| time.map_or_else(|| "-".to_owned(), |time| text::time(*time));
        writeln!(
            err,
            "\n{colour}{} of {} alerts reached their contacts{} by signed webhook: half of them {} after their event was acknowledged, the slowest {}",
            told.len(),
            alerts.len(),
            style::OFF,
            took(half),
            took(slowest)
        )?;
        let Some((_, gravest)) = told.iter().max_by_key(|(alert, _)| severity(alert)) else { return Ok(false) };
        writeln!(err, "What the gravest says:\n")?;
        let mut out = crate::cli::out();
        for line in gravest.text("text").lines() {
            writeln!(out, "    {}", safe(line))?;
        }
        drop(out);
        let taken = self.take(operator, gravest)?;
        writeln!(err, "\n{}: {}", safe(gravest.text("reference")), safe(&taken))?;
        Ok(told.len() == alerts.len() && taken.contains("acknowledged"))
    }

    /// Presses the button behind the link of a message; what the alert's history says then.
    fn take(&self, operator: &Client, message: &Message) -> Result<String> {
        let link = message.text("link");
        ureq::post(link).send_empty().with_context(|| format!("{link}: its page does not answer"))?;
        let shown = operator.get(&format!("/v1/alerts/{}", message.text("reference")))?;
        let history = shown.get("history").and_then(Value::as_array);
        let last = history.and_then(|history| history.last()).cloned().unwrap_or_default();
        let of = |name: &str| last.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(format!("{} by {}, {}", of("kind"), of("on-behalf-of"), of("note")))
    }

    /// The message that an alert was made.
    fn told(&self, alert: &Value) -> Option<Message> {
        let reference = alert.get("reference").and_then(Value::as_str)?;
        self.got.messages().iter().find(|message| message.text("reference") == reference).cloned()
    }
}

/// The alerts of national plugins that are grave enough for the contacts.
fn alerts(operator: &Client, forces: &[&str]) -> Result<Vec<Value>> {
    let mut found = Vec::new();
    for force in forces {
        let page = operator.get(&format!("/v1/alerts?for={force}&state=all&severity=medium&limit=1000"))?;
        let own = |alert: &&Value| {
            let plugin = alert.get("plugin").and_then(Value::as_str).unwrap_or_default();
            !plugin.starts_with(super::watch::OWN)
        };
        found.extend(page.get("alerts").and_then(Value::as_array).into_iter().flatten().filter(own).cloned());
    }
    Ok(found)
}

/// Where an alert's severity stands among the contract's, ascending.
fn severity(alert: &Value) -> Option<usize> {
    let word = alert.get("severity")?.as_str()?;
    Severity::WORDS.iter().position(|(known, _)| *known == word)
}

/// From the acknowledgement of an alert's first event to its message.
fn waited(alert: &Value, message: &Message, watch: &Watch) -> Option<Duration> {
    let first = alert.get("findings")?.as_array()?.first()?.as_str()?;
    Some(message.at.saturating_duration_since(watch.acknowledged_at(first)?))
}

async fn receive(
    State(got): State<Arc<Got>>,
    Path(force): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> StatusCode {
    let at = Instant::now();
    let key = got.keys.lock().unwrap_or_else(PoisonError::into_inner).get(&force).cloned();
    let signature = headers.get("cordon-signature").and_then(|value| value.to_str().ok());
    let is_signed = key.zip(signature).is_some_and(|(key, signature)| is_signed(&key, signature, &body));
    match serde_json::from_slice(&body) {
        Ok(body) if is_signed => {
            got.messages().push(Message { at, force, body });
            StatusCode::OK
        }
        _ => StatusCode::UNAUTHORIZED,
    }
}

fn is_signed(key: &str, signature: &str, body: &[u8]) -> bool {
    let parts = || {
        let (time, signature) = signature.split_once(',')?;
        let (time, signature) = (time.strip_prefix("t=")?, hex::decode(signature.strip_prefix("v1=")?).ok()?);
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(&hex::decode(key).ok()?).ok()?;
        mac.update(time.as_bytes());
        mac.update(b".");
        mac.update(body);
        mac.verify_slice(&signature).ok()
    };
    parts().is_some()
}
