//! Evidence as bytes: one line of JSON whose last member is the SHA-256 of everything before it.
//!
//! One content has one spelling, and every byte counts: the seal itself is compared as text, never decoded. The seal
//! notices damage and careless hands; whoever can write the file can make a new seal, which is what signatures are for.

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::{Evidence, EvidenceError};
use crate::ids::Digest;

/// Of the format.
pub const VERSION: u32 = 3;
/// Bytes of an evidence file at most: an event, the 64 that a finding may cite, each doubled by escapes, and room.
pub const EVIDENCE_BYTES: usize = 256 << 20;

/// A record that stands in a file of its own under a seal.
pub(super) trait Sealed: Serialize + DeserializeOwned {
    /// The first member of every such file, of whatever version.
    const NAME: &'static str;
    /// Its value.
    const VERSION: u32;

    /// What anything else is.
    fn not_one() -> EvidenceError;
}

impl Sealed for Evidence {
    const NAME: &'static str = "cordon_evidence";
    const VERSION: u32 = VERSION;

    fn not_one() -> EvidenceError {
        EvidenceError::NotEvidence
    }
}

fn seal_of(sealed: &[u8]) -> String {
    format!(",\"sha256\":\"{}\"}}\n", Digest::of(sealed))
}

/// A file's bytes.
pub(super) fn seal(record: &impl Serialize) -> Result<Vec<u8>, EvidenceError> {
    let mut bytes = serde_json::to_vec(record).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))?;
    bytes.pop(); // the closing brace, which the seal brings
    bytes.extend_from_slice(seal_of(&bytes).as_bytes());
    if bytes.len() > EVIDENCE_BYTES {
        return Err(EvidenceError::TooLarge);
    }
    Ok(bytes)
}

/// Reads what [`seal`] wrote, and nothing else.
pub(super) fn open<T: Sealed>(bytes: &[u8]) -> Result<T, EvidenceError> {
    if bytes.len() > EVIDENCE_BYTES {
        return Err(EvidenceError::TooLarge);
    }
    let beginning = format!("{{\"{}\":", T::NAME);
    let Some(rest) = bytes.strip_prefix(beginning.as_bytes()) else { return Err(T::not_one()) };
    let split = bytes.len().checked_sub(seal_of(&[]).len()).and_then(|at| bytes.split_at_checked(at));
    let Some((sealed, found)) = split else { return Err(EvidenceError::Altered) };
    if found != seal_of(sealed).as_bytes() {
        return Err(EvidenceError::Altered);
    }
    let not_understood = |error: serde_json::Error| EvidenceError::NotUnderstood(error.to_string());
    // The only member that is read of another version.
    let version: u32 = match serde_json::Deserializer::from_slice(rest).into_iter().next() {
        Some(version) => version.map_err(not_understood)?,
        None => return Err(EvidenceError::Altered),
    };
    if version != T::VERSION {
        return Err(EvidenceError::OtherVersion { found: version, known: T::VERSION });
    }
    serde_json::from_slice(&[sealed, b"}"].concat()).map_err(not_understood)
}

impl<F: Serialize> Evidence<F> {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EvidenceError> {
        seal(self)
    }
}

impl Evidence {
    /// Reads what [`Evidence::to_bytes`] wrote, and nothing else.
    ///
    /// # Errors
    /// Too large, no evidence, altered, of another version, or sealed but not understood.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        open(bytes)
    }
}
