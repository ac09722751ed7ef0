//! Ways in which a message is sent: one file each.

mod email;
mod file;
mod http;
mod syslog;
mod teams;
mod webhook;

use std::path::Path;
use std::sync::Arc;

use cordon_contract::manifest::Severity;
use email::Relay;
pub use email::{Mail, MailTls};
use http::Http;
use tokio_rustls::rustls::ClientConfig;

use super::channel::Channel;
use super::contacts::Contact;
use super::message::Note;
use super::ocsf;
use crate::clock::now_micros;
use crate::ids::Digest;

/// What became of a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Sent {
    /// The other side has it.
    Done,
    /// Not now: it is tried again.
    Later(String),
    /// Not like this, however often it is tried.
    Never(String),
    /// It takes no message of that size.
    TooLarge(String),
}

/// What messages go out by, as the configuration says.
pub(super) struct Ways {
    /// None where e-mail is not configured.
    relay: Option<Relay>,
    http: Http,
    /// Whom syslog by TLS trusts.
    trust: Arc<ClientConfig>,
}

impl Ways {
    /// Reads the files that the settings name; connects to nothing.
    pub(super) fn open(mail: Option<&Mail>, proxy: Option<&str>, authority: Option<&Path>) -> Result<Self, String> {
        Ok(Self {
            relay: mail.map(Relay::open).transpose()?,
            http: Http::open(proxy, authority)?,
            trust: syslog::trust(authority)?,
        })
    }

    /// Sends a message; waits until the other side has it, for a bounded time. What is too large for the other side is sent
    /// without its events at once, and under the same key.
    pub(super) fn send(&self, contact: &Contact, note: &Note, key: &Digest) -> Sent {
        match self.send_whole(contact, note, key) {
            Sent::TooLarge(_) => match self.send_whole(contact, &note.shortened(contact), key) {
                Sent::TooLarge(why) => Sent::Never(format!("{why}, also without the events of the message")),
                sent => sent,
            },
            sent => sent,
        }
    }

    fn send_whole(&self, contact: &Contact, note: &Note, key: &Digest) -> Sent {
        match &contact.channel {
            Channel::Webhook { url, key: secret } => {
                webhook::send(&self.http, url, secret, &body(note, key).to_string(), key)
            }
            Channel::File { path } => file::send(path, note, key),
            Channel::Email { to } => email::send(self.relay.as_ref(), to, note, key),
            Channel::Syslog { to, tls } => syslog::send(&self.trust, to, *tls, severity(note), note, key),
            Channel::Teams { url } => teams::send(&self.http, url, note),
            Channel::Ocsf { url, key: secret, version } => {
                let plain = || ocsf::of_note(note, contact, *version, *key, now_micros());
                let event = note.ocsf.clone().unwrap_or_else(plain);
                webhook::send(&self.http, url, secret, &event.to_string(), key)
            }
        }
    }
}

/// Of the alert that a message is about; what is about none is a notice.
fn severity(note: &Note) -> Severity {
    let of = note.data.get("severity").cloned();
    of.and_then(|of| serde_json::from_value(of).ok()).unwrap_or(Severity::Low)
}

/// A message for machines, with its text for people.
fn body(note: &Note, key: &Digest) -> serde_json::Value {
    let mut body = note.data.clone();
    body["id"] = serde_json::json!(key);
    body["subject"] = serde_json::json!(note.subject);
    body["text"] = serde_json::json!(note.text());
    body
}
