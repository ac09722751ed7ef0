//! What a plugin says to its author; never evidence, never shown to contacts. `cordon test` shows it when a case fails.
//!
//! The contract takes 8 KiB a message and 64 KiB a call, and refuses the whole output beyond: so long messages are cut
//! visibly, and a flood ends with a note instead of costing the findings.

use std::cell::Cell;
use std::fmt::{Display, Write as _};

use cordon_contract::limits::{LOG_BYTES, LOG_MESSAGE_BYTES};

use crate::backend;
use crate::text::shorten;

/// A level. Ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Level {
    /// For the author, at work on the plugin.
    Debug,
    /// Worth knowing.
    Info,
    /// Odd, and handled.
    Warn,
    /// Wrong.
    Error,
}

/// Says something at level debug.
///
/// ```
/// # use cordon_sdk::prelude::*;
/// log::info("plain text");
/// log::info(format_args!("{} rows", 3));
/// ```
pub fn debug(message: impl Display) {
    write(Level::Debug, &message);
}

/// Says something at level info.
pub fn info(message: impl Display) {
    write(Level::Info, &message);
}

/// Says something at level warn.
pub fn warn(message: impl Display) {
    write(Level::Warn, &message);
}

/// Says something at level error.
pub fn error(message: impl Display) {
    write(Level::Error, &message);
}

/// Bytes kept free for the note that ends a flood, and for a panic's message.
const RESERVE: usize = LOG_MESSAGE_BYTES + 1_024;

thread_local! {
    /// Bytes still to be had in this call.
    static LEFT: Cell<usize> = const { Cell::new(LOG_BYTES - RESERVE) };
}

/// A new call of `configure` or `detect` has the whole allowance.
pub(crate) fn restart() {
    LEFT.set(LOG_BYTES - RESERVE);
}

fn write(level: Level, message: &dyn Display) {
    let left = LEFT.get();
    if left == 0 {
        return;
    }
    let mut text = String::new();
    if write!(text, "{message}").is_err() {
        text.push_str("(a value could not be displayed)");
    }
    let text = shorten(&text, LOG_MESSAGE_BYTES);
    if text.len() > left {
        LEFT.set(0);
        backend::log(Level::Warn, "the log's limit of 64 KiB a call is near: further messages are left out");
        return;
    }
    LEFT.set(left - text.len());
    backend::log(level, &text);
}

/// A panic's message; always let through.
#[cfg(target_arch = "wasm32")]
pub(crate) fn last_words(text: &str) {
    backend::log(Level::Error, &shorten(text, LOG_MESSAGE_BYTES));
}
