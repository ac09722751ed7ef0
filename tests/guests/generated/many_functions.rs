//! contract: has 200,000 functions, to keep the compiler busy
//! ends: at load by prepare-cpu-time
//! says: more than 1 s of CPU time
//! caps: prepare-seconds 1

use std::fmt::Write as _;

use crate::guest::Guest;

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let mut functions = String::new();
    for at in 0..200_000 {
        let _ = write!(functions, "(func (param i32) (result i32) (i32.mul (local.get 0) (i32.const {at})))");
    }
    Guest::detecting("").with(&functions).manifest(Some(manifest)).build()
}
