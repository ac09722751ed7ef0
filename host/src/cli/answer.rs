//! Fields of a host's answer, made safe for a terminal.

use serde_json::Value;

use crate::findings::rfc3339;
use crate::findings::text::safe;

/// A text; empty where there is none.
pub(super) fn of(value: &Value, name: &str) -> String {
    safe(value.get(name).and_then(Value::as_str).unwrap_or_default())
}

/// A number; 0 where there is none.
pub(super) fn number(value: &Value, name: &str) -> u64 {
    value.get(name).and_then(Value::as_u64).unwrap_or(0)
}

/// A time in microseconds since 1970 UTC.
pub(super) fn time(value: &Value, name: &str) -> String {
    rfc3339(value.get(name).and_then(Value::as_i64).unwrap_or(0))
}

/// What a user gives as a time, in microseconds since 1970 UTC.
pub(super) fn parse_time(text: &str) -> Result<i64, String> {
    let whole = if text.contains('T') { text.to_owned() } else { format!("{text}T00:00:00Z") };
    let time: jiff::Timestamp = whole.parse().map_err(|_| "give 2026-11-01 or 2026-11-01T08:00:00Z".to_owned())?;
    Ok(time.as_microsecond())
}

/// An array; empty where there is none.
pub(super) fn array<'v>(value: &'v Value, name: &str) -> impl Iterator<Item = &'v Value> + use<'v> {
    value.get(name).and_then(Value::as_array).into_iter().flatten()
}

/// The first digits of its `digest`.
pub(super) fn short(value: &Value) -> String {
    of(value, "digest").chars().take(12).collect()
}
