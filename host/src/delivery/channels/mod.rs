//! Ways in which a message is sent: one file each.

mod email;
mod file;
mod webhook;

pub(super) use email::Relay;
pub use email::{Mail, MailTls};

use super::contacts::{Channel, Contact};
use super::message::Note;
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
}

/// Sends a message; waits until the other side has it, for a bounded time.
pub(super) fn send(relay: Option<&Relay>, contact: &Contact, note: &Note, key: &Digest) -> Sent {
    match &contact.channel {
        Channel::Webhook { url, key: secret } => webhook::send(url, secret, note, key),
        Channel::File { path } => file::send(path, note, key),
        Channel::Email { to } => email::send(relay, to, note, key),
    }
}

/// A message for machines, with its text for people.
fn body(note: &Note, key: &Digest) -> serde_json::Value {
    let mut body = note.data.clone();
    body["id"] = serde_json::json!(key);
    body["subject"] = serde_json::json!(note.subject);
    body["text"] = serde_json::json!(note.text);
    body
}
