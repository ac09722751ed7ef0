//! Promise 2: no plugin harms another, or the host. Whatever it does, also while loading, the others' findings are
//! byte-identical to a run without it.
//!
//! The guests are in `tests/guests/`, one behaviour a file, each with its contract. `contracts` holds each to it, `neighbours`
//! looks at the other plugins, `binary` goes through the real `cordon run`. Memory, and what a plugin can make the host do for
//! it, are looked at in a process of their own (`hostile_memory/`).

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod binary;
mod contracts;
mod neighbours;

use std::sync::{Arc, LazyLock};

use cordon::events::Batch;
use cordon_tests::batches::batch;
use cordon_tests::hostile::{self, Hostile};

const BINARY: &str = env!("CARGO_BIN_EXE_cordon-under-test");

static ALL: LazyLock<Vec<Hostile>> = LazyLock::new(hostile::all);

/// Ten events that every guest reads, with enough text to matter.
static TEN: LazyLock<Arc<Batch>> = LazyLock::new(|| {
    let text = "a long text ".repeat(8_000);
    let line =
        |row: usize| format!(r#"{{"Operation":"op-{row}","UserId":"u","ClientIP":"192.0.2.1","Text":"{row} {text}"}}"#);
    batch("custom.test", &(0..10).map(line).collect::<Vec<_>>())
});
