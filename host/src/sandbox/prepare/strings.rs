//! Refuses components whose strings are not UTF-8.
//!
//! The host reads UTF-8 arguments in place and measures them before it copies anything (`link.rs`). In another encoding the
//! runtime decodes a text into memory of the host first, as long as the guest likes.

use wasmparser::{CanonicalFunction, CanonicalOption, Parser, Payload};

/// # Errors
/// Why it is refused, in one line.
pub(super) fn check(wasm: &[u8]) -> Result<(), String> {
    for payload in Parser::new(0).parse_all(wasm) {
        let broken = |error: wasmparser::BinaryReaderError| format!("it is no valid component: {error}");
        let Payload::ComponentCanonicalSection(section) = payload.map_err(broken)? else { continue };
        for function in section {
            let function = function.map_err(broken)?;
            let (CanonicalFunction::Lift { options, .. } | CanonicalFunction::Lower { options, .. }) = function else {
                continue;
            };
            if options.iter().any(|option| matches!(option, CanonicalOption::UTF16 | CanonicalOption::CompactUTF16)) {
                return Err("its strings are UTF-16: build it with UTF-8 strings (`cordon build` does)".into());
            }
        }
    }
    Ok(())
}
