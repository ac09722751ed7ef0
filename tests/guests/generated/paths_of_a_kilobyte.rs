//! contract: declares a thousand fields with paths as long as a path may be, and asks for one; that is allowed
//! ends: in completed
//! caps: cpu-ms 200

use std::fmt::Write as _;

use cordon_contract::limits::PATH_BYTES;

use crate::guest::{Guest, data};

pub(super) fn component(manifest: &str) -> Vec<u8> {
    let path = |at: usize| format!("{at:04}{}", "x".repeat(PATH_BYTES - 4));
    let mut fields = "text = \"Text\"\n".to_owned();
    for at in 0..1_000 {
        let _ = writeln!(fields, "field_{at} = \"{}\"", path(at));
    }
    let ask = format!(
        "(call $column (local.get $batch) (i32.const 8192) (i32.const {PATH_BYTES}) (i32.const 64))
         (if (i32.load8_u (i32.const 64)) (then (if (i32.ne (i32.const 0) (call $len (local.get $batch))) (then unreachable))))"
    );
    Guest::detecting(&ask)
        .with(&data(8192, &path(17)))
        .manifest(Some(&manifest.replacen("text = \"Text\"\n", &fields, 1)))
        .build()
}
