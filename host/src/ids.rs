//! Identities: digests and how they are made. Pure; the same inputs give the same id on every machine.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

/// A SHA-256 digest. Displays and serialises as 64 lower-case hex digits.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(pub [u8; 32]);

impl Digest {
    /// Of plain bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        Self(Sha256::digest(bytes).into())
    }

    /// Of several parts; each is preceded by its length, so that no two lists of parts collide.
    #[must_use]
    pub fn of_parts(parts: &[&[u8]]) -> Self {
        let mut hash = Sha256::new();
        for part in parts {
            hash.update((part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        Self(hash.finalize().into())
    }

    /// From 64 lower-case hex digits, and no other spelling.
    #[must_use]
    pub fn from_hex(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text, &mut bytes).ok()?;
        (hex::encode(bytes) == text).then_some(Self(bytes))
    }

    /// The first 12 hex digits: enough for people, never for machines.
    #[must_use]
    pub fn short(&self) -> String {
        hex::encode(&self.0[..6])
    }
}

/// Bytes whose SHA-256 is an event's identity: a file of them is named by it.
#[must_use]
pub fn identity_bytes(source: &str, bytes: &[u8]) -> Vec<u8> {
    let mut all = Vec::with_capacity(16 + source.len() + bytes.len());
    for part in [source.as_bytes(), bytes] {
        all.extend_from_slice(&(part.len() as u64).to_le_bytes());
        all.extend_from_slice(part);
    }
    all
}

/// The event in such bytes, of that source.
#[must_use]
pub fn of_identity_bytes<'b>(source: &str, bytes: &'b [u8]) -> Option<&'b [u8]> {
    bytes.get(8 + source.len() + 8..)
}

/// Identity of an event: of its source and its exact bytes.
#[must_use]
pub fn event_identity(source: &str, bytes: &[u8]) -> Digest {
    Digest::of_parts(&[source.as_bytes(), bytes])
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.short())
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::from_hex(&text).ok_or_else(|| serde::de::Error::custom("a digest is 64 lower-case hex digits"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_of_an_events_identity_bytes_is_named_by_its_identity() {
        let bytes = identity_bytes("m365.audit", b"{}");
        assert_eq!(Digest::of(&bytes), event_identity("m365.audit", b"{}"));
        assert_eq!(of_identity_bytes("m365.audit", &bytes), Some(b"{}".as_slice()));
    }
}
