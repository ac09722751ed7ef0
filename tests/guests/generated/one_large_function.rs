//! contract: has one function of two and a half million operations on a thousand variables, to keep the compiler busy
//! ends: at load by prepare-cpu-time
//! says: more than 1 s of CPU time
//! caps: prepare-seconds 1

use std::fmt::Write as _;

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut body = format!("(local {})", "i32 ".repeat(1_000));
    for at in 0..625_000 {
        let (to, from, by) = (at * 7 % 1_000, at * 13 % 1_000, at * 31 % 1_000);
        let _ = write!(body, "(local.set {to} (i32.mul (local.get {from}) (local.get {by})))");
    }
    Guest::detecting("").with(&format!("(func {body})")).manifest(Some(manifest)).build()
}
