//! contract: brings a manifest of 50 MB
//! ends: at load by manifest-bytes
//! says: its manifest has | more than 16777216

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    Guest::detecting("").manifest(Some(&format!("# {}\n{manifest}", "x".repeat(50_000_000)))).build()
}
