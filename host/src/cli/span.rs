//! Spans of time as people write them: `90m`, `36h`, `90d`.

/// Minutes of a span.
///
/// # Errors
/// Where it is none, or no whole number of minutes.
pub(super) fn minutes(text: &str) -> Result<u32, String> {
    let wrong = || format!("`{text}` is no span of time: write 90m, 36h or 90d");
    let (number, factor) = match text.as_bytes().last() {
        Some(b'm') => (text.strip_suffix('m'), 1),
        Some(b'h') => (text.strip_suffix('h'), 60),
        Some(b'd') => (text.strip_suffix('d'), 1_440),
        _ => return Err(wrong()),
    };
    let number = number.filter(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    number.and_then(|number| number.parse::<u32>().ok()?.checked_mul(factor)).ok_or_else(wrong)
}

/// `90m`, `36h`, `90d`: in the largest unit that says it whole.
pub(super) fn of_minutes(minutes: u64) -> String {
    match minutes {
        0 => "0m".to_owned(),
        minutes if minutes.is_multiple_of(1_440) => format!("{}d", minutes / 1_440),
        minutes if minutes.is_multiple_of(60) => format!("{}h", minutes / 60),
        minutes => format!("{minutes}m"),
    }
}

/// `40s`, `12m`, `3.5h`, `2.1d`: of seconds, for people.
pub(super) fn of_seconds(seconds: i64) -> String {
    #[allow(clippy::cast_precision_loss, reason = "shown with one digit")]
    let tenths = |unit: i64| seconds as f64 / unit as f64;
    match seconds {
        ..120 => format!("{seconds}s"),
        120..7_200 => format!("{}m", seconds / 60),
        7_200..172_800 => format!("{:.1}h", tenths(3_600)),
        _ => format!("{:.1}d", tenths(86_400)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_are_minutes_hours_and_days_and_nothing_else() {
        assert_eq!(["90m", "36h", "90d", "0m"].map(minutes), [Ok(90), Ok(2_160), Ok(129_600), Ok(0)]);
        for wrong in ["", "m", "90", "90s", "-1m", "+1m", "1.5h", "9999999999m", "4000000000d", "1 h"] {
            assert!(minutes(wrong).unwrap_err().contains("36h"), "{wrong}");
        }
        assert_eq!([90, 2_160, 129_600].map(of_minutes), ["90m", "36h", "90d"]);
    }
}
