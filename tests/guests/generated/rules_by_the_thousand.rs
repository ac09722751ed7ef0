//! contract: declares 20,000 rules
//! ends: at load
//! says: declare 1 to 16384

use std::fmt::Write as _;

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut rules = manifest.to_owned();
    for at in 0..20_000 {
        let _ = writeln!(
            rules,
            "[[rules]]\nid = \"r-{at}\"\ntitle = \"t\"\nseverity = \"low\"\ndescription = \"d\"\nnext-steps = [\"n\"]\nfalse-positives = [\"f\"]"
        );
    }
    Guest::detecting("").manifest(Some(&rules)).build()
}
