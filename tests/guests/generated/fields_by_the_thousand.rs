//! contract: declares 50,000 fields
//! ends: at load
//! says: more than 1024 fields

use std::fmt::Write as _;

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut fields = "text = \"Text\"\n".to_owned();
    for at in 0..50_000 {
        let _ = writeln!(fields, "field_{at} = \"a{at}.b[Name=c].d\"");
    }
    Guest::detecting("").manifest(Some(&manifest.replacen("text = \"Text\"\n", &fields, 1))).build()
}
