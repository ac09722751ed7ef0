//! Who is told, where, and from what on. A contact counts once it has confirmed a test message. Each act commits with its audit
//! record.
//!
//! A webhook's key is made by the host, shown once, and stands in the data folder, which only the host's user reads.

use std::collections::BTreeMap;
use std::path::PathBuf;

use cordon_contract::manifest::{Severity, list_name};
use serde::{Deserialize, Serialize};
use serde_json::json;

use super::channel::Channel;
use super::duty::Duty;
use super::ocsf::Version;
use super::{Shared, outbox};
use crate::audit::Act;
use crate::ids::Digest;
use crate::model::{Entity, Force, is_named};
use crate::store::{Effects, Space, Store, StoreError};

/// Contacts of all forces at most: each has a thread.
const CONTACTS: usize = 512;
/// How long a test message may be confirmed: a day, in microseconds.
const CODE: i64 = 86_400_000_000;
/// Characters of texts.
const TEXT: usize = 200;
/// Accounts and numbers of a contact's own.
const OWN: usize = 32;

/// Somebody who is told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Contact {
    /// A word, told apart within the force.
    pub id: String,
    /// Whose alerts.
    pub force: Force,
    /// For people.
    pub name: String,
    /// Where to.
    pub channel: Channel,
    /// How much a message says.
    pub level: Level,
    /// The first line of each message, such as `OFFICIAL-SENSITIVE`; none where empty.
    pub marking: String,
    /// From this severity on.
    pub severity: Severity,
    /// Its own accounts, mailboxes and numbers: an alert about one of them is not sent to it.
    pub own: Vec<String>,
    /// Where others reach it by voice: a number or an address; none where empty.
    #[serde(default)]
    pub call: String,
    /// When it is told, and after whom.
    #[serde(default)]
    pub duty: Duty,
    /// Since when it counts, microseconds since 1970 UTC; none until it has confirmed a test message.
    pub confirmed: Option<i64>,
    /// The test that is to be confirmed: digest of its code, and when it was sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) test: Option<(Digest, i64)>,
}

/// How much a message says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// That there is one, and how grave: nothing of whom.
    Reference,
    /// What happened.
    #[default]
    Summary,
    /// All that a person needs: whom it is about and what to do.
    Full,
}

/// A contact to be added.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[allow(missing_docs, reason = "as in `Contact`")]
pub struct NewContact {
    pub id: String,
    #[serde(rename = "for")]
    pub force: Force,
    pub name: String,
    /// One of these.
    pub webhook: Option<String>,
    pub file: Option<PathBuf>,
    pub email: Option<String>,
    pub syslog: Option<String>,
    pub teams: Option<String>,
    pub ocsf: Option<String>,
    pub ocsf_version: Option<Version>,
    #[serde(default)]
    pub level: Level,
    #[serde(default)]
    pub marking: String,
    pub severity: Severity,
    #[serde(default)]
    pub own: Vec<String>,
    #[serde(default)]
    pub call: String,
    #[serde(default)]
    pub duty: Duty,
}

/// Why something about contacts is refused.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum ContactError {
    #[error("{0}")]
    Bad(String),
    #[error("{0}")]
    Absent(String),
    #[error("{0}")]
    NotNow(String),
    #[error("the message could not be sent: {0}")]
    Unsent(String),
    #[error("no thread could be started: {0}")]
    Thread(std::io::Error),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Contact {
    /// Tells it from all others.
    #[must_use]
    pub fn key(&self) -> Digest {
        Digest::of_parts(&[self.force.as_str().as_bytes(), self.id.as_bytes()])
    }

    /// Whether something is about the contact: its own accounts, mailboxes and numbers, where its mail goes, and where it is called.
    pub(super) fn is_subject_of(&self, entities: &[Entity]) -> bool {
        let mail = match &self.channel {
            Channel::Email { to } => to.as_str(),
            _ => "",
        };
        [mail, &self.call].into_iter().chain(self.own.iter().map(String::as_str)).any(|own| is_named(own, entities))
    }

    /// What it does is recorded as.
    #[must_use]
    pub fn signs(&self) -> String {
        format!("contact:{}/{}", self.force, self.id)
    }

    /// Without what nobody may see again.
    #[must_use]
    pub fn shown(mut self) -> Self {
        self.channel.hide();
        self.test = None;
        self
    }
}

fn at(force: &Force, id: &str) -> Vec<u8> {
    [force.as_str().as_bytes(), &[0], id.as_bytes()].concat()
}

fn put(contact: &Contact) -> Result<Effects, StoreError> {
    let text = serde_json::to_vec(contact).map_err(|error| StoreError::TooLarge(format!("a contact: {error}")))?;
    Ok(Effects::new().put(Space::Contact, &at(&contact.force, &contact.id), text))
}

/// All contacts.
pub(super) fn read(store: &Store) -> Result<BTreeMap<Digest, Contact>, StoreError> {
    let mut all = BTreeMap::new();
    for (_, text) in store.list(Space::Contact, &[], None, usize::MAX)? {
        let contact: Contact = serde_json::from_slice(&text)
            .map_err(|error| StoreError::Disk { file: "contacts".into(), reason: error.to_string() })?;
        all.insert(contact.key(), contact);
    }
    Ok(all)
}

pub(super) fn find(shared: &Shared, force: &Force, id: &str) -> Result<Contact, ContactError> {
    let known = shared.contacts();
    let found = known.values().find(|contact| contact.force == *force && contact.id == id).cloned();
    found.ok_or_else(|| ContactError::Absent(format!("{force} has no contact `{id}`: see `cordon contact list`")))
}

pub(super) fn add(
    shared: &Shared,
    new: NewContact,
    act: impl FnOnce(serde_json::Value) -> Act,
) -> Result<Contact, ContactError> {
    let bad = |reason: String| Err(ContactError::Bad(reason));
    let channel = Channel::given(&new)?;
    let NewContact { id, force, name, level, marking, severity, own, call, duty, .. } = new;
    if let Err(reason) = list_name(&id) {
        return bad(format!("id: {reason}"));
    }
    for (what, text) in
        [("name", &name), ("marking", &marking), ("call", &call)].into_iter().chain(own.iter().map(|own| ("own", own)))
    {
        if text.chars().count() > TEXT || text.chars().any(char::is_control) {
            return bad(format!("{what}: at most {TEXT} characters, none of them a control character"));
        }
    }
    duty.check(&force).map_err(ContactError::Bad)?;
    if own.len() > OWN {
        return bad(format!("own: at most {OWN}"));
    }
    let contact =
        Contact { id, force, name, channel, level, marking, severity, own, call, duty, confirmed: None, test: None };
    let mut known = shared.contacts();
    if known.contains_key(&contact.key()) {
        return Err(ContactError::NotNow(format!("{} has a contact `{}` already", contact.force, contact.id)));
    }
    if known.len() >= CONTACTS {
        return Err(ContactError::NotNow(format!("there are {CONTACTS} contacts: no more can be kept")));
    }
    let details = json!({
        "contact": contact.id, "name": contact.name, "severity": contact.severity, "level": contact.level,
        "call": contact.call, "duty": contact.duty,
    });
    shared.audit.commit(&shared.store, act(details), put(&contact)?)?;
    known.insert(contact.key(), contact.clone());
    Ok(contact)
}

pub(super) fn remove(
    shared: &Shared,
    contact: &Contact,
    act: impl FnOnce(serde_json::Value) -> Act,
) -> Result<(), ContactError> {
    let effects = Effects::new().delete(Space::Contact, &at(&contact.force, &contact.id));
    let effects = effects.and(outbox::all_dead(&shared.store, contact, "the contact was removed")?);
    shared.audit.commit(&shared.store, act(json!({ "contact": contact.id })), effects)?;
    shared.contacts().remove(&contact.key());
    Ok(())
}

/// The code that a test message is to hold.
pub(super) fn begin_test(
    shared: &Shared,
    force: &Force,
    id: &str,
    act: impl FnOnce(serde_json::Value) -> Act,
) -> Result<(Contact, String), ContactError> {
    let mut contact = find(shared, force, id)?;
    let mut random = [0; 5];
    getrandom::fill(&mut random).map_err(|error| ContactError::NotNow(format!("no random code: {error}")))?;
    let code = hex::encode(random);
    contact.test = Some((Digest::of(code.as_bytes()), (shared.now)()));
    shared.audit.commit(&shared.store, act(json!({ "contact": id })), put(&contact)?)?;
    shared.contacts().insert(contact.key(), contact.clone());
    Ok((contact, code))
}

pub(super) fn confirm(
    shared: &Shared,
    force: &Force,
    id: &str,
    code: &str,
    act: impl FnOnce(serde_json::Value) -> Act,
) -> Result<Contact, ContactError> {
    let mut contact = find(shared, force, id)?;
    let now = (shared.now)();
    match contact.test.take() {
        Some((digest, sent)) if digest == Digest::of(code.trim().as_bytes()) && now.saturating_sub(sent) <= CODE => {}
        Some(_) => {
            return Err(ContactError::Bad(
                "that is not the code of the last test message, or it is older than a day".into(),
            ));
        }
        None => {
            return Err(ContactError::NotNow(format!(
                "no test message was sent: `cordon contact test {id} --for {force}`"
            )));
        }
    }
    contact.confirmed = Some(now);
    shared.audit.commit(&shared.store, act(json!({ "contact": id })), put(&contact)?)?;
    shared.contacts().insert(contact.key(), contact.clone());
    shared.wake(&contact.key());
    Ok(contact)
}
