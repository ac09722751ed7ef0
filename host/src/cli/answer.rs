//! Fields of a host's answer, made safe for a terminal.

use serde_json::Value;

use crate::findings::text::safe;

/// A text; empty where there is none.
pub(super) fn of(value: &Value, name: &str) -> String {
    safe(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

/// A number; 0 where there is none.
pub(super) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// The first digits of its `digest`.
pub(super) fn short(value: &Value) -> String {
    of(value, "digest").chars().take(12).collect()
}
