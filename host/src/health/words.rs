//! Numbers as people say them.

/// Microseconds of a second.
pub(super) const SECOND: i64 = 1_000_000;

/// `90 seconds`, `70 minutes`, `25 hours`, `3 days`: of a time in microseconds.
pub(super) fn span(micros: i64) -> String {
    let seconds = micros.max(0) / SECOND;
    let (number, word) = match seconds {
        ..=119 => (seconds, "second"),
        120..=7_199 => (seconds / 60, "minute"),
        7_200..=172_799 => (seconds / 3_600, "hour"),
        _ => (seconds / 86_400, "day"),
    };
    format!("{number} {word}{}", if number == 1 { "" } else { "s" })
}

/// A time in microseconds since 1970 UTC, as RFC 3339.
pub(super) fn time(micros: i64) -> String {
    jiff::Timestamp::from_microsecond(micros).unwrap_or_default().to_string()
}

/// Microseconds as seconds.
pub(super) fn seconds(micros: i64) -> f64 {
    (micros / SECOND) as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_said_in_the_largest_unit_that_says_enough() {
        let said = |seconds: i64| span(seconds * SECOND);
        assert_eq!([said(1), said(119), said(4_200)], ["1 second", "119 seconds", "70 minutes"]);
        assert_eq!([said(90_000), said(300_000), said(-5)], ["25 hours", "3 days", "0 seconds"]);
    }
}
