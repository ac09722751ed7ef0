//! Evidence as bytes: one line of JSON whose last member is the SHA-256 of everything before it.
//!
//! One content has one spelling, and every byte counts: the seal itself is compared as text, never decoded. The seal
//! notices damage and careless hands; whoever can write the file can make a new seal, which is what signatures are for.

use serde::{Deserialize, Serialize};

use super::{Evidence, EvidenceError};
use crate::ids::Digest;

/// Of the format.
pub const VERSION: u32 = 1;
/// Bytes of an evidence file at most: an event, the 64 that a finding may cite, each doubled by escapes, and room.
pub const EVIDENCE_BYTES: usize = 256 << 20;

/// How every evidence file begins, of whatever version.
const BEGINNING: &[u8] = b"{\"cordon_evidence\":";

/// The only member that is read of another version.
#[derive(Deserialize)]
struct AnyVersion {
    cordon_evidence: u32,
}

fn seal(sealed: &[u8]) -> String {
    format!(",\"sha256\":\"{}\"}}\n", Digest::of(sealed))
}

impl<F: Serialize> Evidence<F> {
    /// The file's bytes.
    ///
    /// # Errors
    /// [`EvidenceError::TooLarge`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, EvidenceError> {
        let mut bytes = serde_json::to_vec(self).map_err(|error| EvidenceError::NotUnderstood(error.to_string()))?;
        bytes.pop(); // the closing brace, which the seal brings
        bytes.extend_from_slice(seal(&bytes).as_bytes());
        if bytes.len() > EVIDENCE_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        Ok(bytes)
    }
}

impl Evidence {
    /// Reads what [`Evidence::to_bytes`] wrote, and nothing else.
    ///
    /// # Errors
    /// Too large, no evidence, altered, of another version, or sealed but not understood.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, EvidenceError> {
        if bytes.len() > EVIDENCE_BYTES {
            return Err(EvidenceError::TooLarge);
        }
        if !bytes.starts_with(BEGINNING) {
            return Err(EvidenceError::NotEvidence);
        }
        let split = bytes.len().checked_sub(seal(&[]).len()).and_then(|at| bytes.split_at_checked(at));
        let Some((sealed, found)) = split else { return Err(EvidenceError::Altered) };
        if found != seal(sealed).as_bytes() {
            return Err(EvidenceError::Altered);
        }
        let text = [sealed, b"}"].concat();
        let not_understood = |error: serde_json::Error| EvidenceError::NotUnderstood(error.to_string());
        let AnyVersion { cordon_evidence } = serde_json::from_slice(&text).map_err(not_understood)?;
        if cordon_evidence != VERSION {
            return Err(EvidenceError::OtherVersion { found: cordon_evidence, known: VERSION });
        }
        serde_json::from_slice(&text).map_err(not_understood)
    }
}
