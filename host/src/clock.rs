//! The only place that reads the wall clock. Everything else is given its time, so that a run can be repeated.

/// Microseconds since 1970-01-01 UTC. A clock before 1970 reads as 0.
#[must_use]
#[allow(clippy::disallowed_methods, reason = "the one place")]
pub fn now_micros() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}
