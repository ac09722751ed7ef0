//! The one link of a message: to a page of the host's own, where its contact says that they have the alert, or the alerts of a message
//! about several. Its code is a digest of what the message is about and of the contact with a key of the store's, so a message that is
//! sent again has the same; the store knows codes by digest.

use serde::{Deserialize, Serialize};

use super::{Contact, ContactError};
use crate::alerts::Alert;
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// How long a link is good after its contact was told last: a week, in microseconds. A message may wait for three days.
const LASTS: i64 = 7 * 86_400_000_000;
/// Bytes of a code.
const CODE: usize = 16;

/// See the module.
pub(super) struct Links {
    key: Vec<u8>,
    /// What a link begins with; none where messages have no link.
    public: Option<String>,
}

/// What a link's message is about.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of<'a> {
    /// One alert.
    Alert(&'a Alert),
    /// Several that go out together, under this key.
    Several(&'a Digest),
}

/// What a link is for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Link {
    pub(super) alerts: Vec<(Force, u64)>,
    /// The contact's key.
    pub(super) contact: Digest,
    /// When the contact was told last, microseconds since 1970 UTC.
    since: i64,
}

impl Links {
    /// Reads the key, or makes one where there is none. `public` is the host's address as contacts reach it.
    pub(super) fn open(store: &Store, public: Option<&str>) -> Result<Self, ContactError> {
        let public = public.map(|public| public.trim_end_matches('/').to_owned());
        if let Some(key) = store.get(Space::LinkKey, &[])? {
            return Ok(Self { key, public });
        }
        let mut key = vec![0; 32];
        getrandom::fill(&mut key).map_err(|error| ContactError::NotNow(format!("no random key: {error}")))?;
        store.commit(Effects::new().put(Space::LinkKey, &[], key.clone()))?;
        Ok(Self { key, public })
    }

    fn code(&self, of: Of<'_>, contact: &Contact) -> String {
        let (kind, name): (&[u8], &[u8]) = match of {
            Of::Alert(alert) => (b"alert", alert.reference.as_bytes()),
            Of::Several(key) => (b"several", &key.0),
        };
        let digest = Digest::of_parts(&[&self.key, kind, name, &contact.key().0]);
        hex::encode(digest.0.get(..CODE).unwrap_or_default())
    }

    /// The address for a message; none where the configuration gives the host no public one.
    pub(super) fn url(&self, of: Of<'_>, contact: &Contact) -> Option<String> {
        Some(format!("{}/a/{}", self.public.as_ref()?, self.code(of, contact)))
    }

    /// The effect that a contact who is told of these alerts now has a link.
    pub(super) fn put(
        &self,
        of: Of<'_>,
        alerts: Vec<(Force, u64)>,
        contact: &Contact,
        now: i64,
    ) -> Result<Effects, StoreError> {
        let link = Link { alerts, contact: contact.key(), since: now };
        let text = serde_json::to_vec(&link).map_err(|error| StoreError::TooLarge(format!("a link: {error}")))?;
        Ok(Effects::new().put(Space::Link, &Digest::of(self.code(of, contact).as_bytes()).0, text))
    }
}

/// What a code is for; none where it is none, or not good any more.
pub(super) fn find(store: &Store, code: &str, now: i64) -> Result<Option<Link>, StoreError> {
    let kept = store.get(Space::Link, &Digest::of(code.as_bytes()).0)?;
    let link = kept.and_then(|kept| serde_json::from_slice::<Link>(&kept).ok());
    Ok(link.filter(|link| now.saturating_sub(link.since) <= LASTS))
}
