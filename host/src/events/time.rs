//! Event times as they stand in logs, and the force's time zone at them.
//!
//! Microsoft writes times without a zone (UTC), with 7 or 9 fractional digits, with a blank for the `T`, as `/Date(ms)/`
//! and as epoch numbers. All become microseconds since 1970 UTC; finer digits are cut off.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Deserialize;

const SECOND: i64 = 1_000_000;
const DAY: i64 = 86_400 * SECOND;

/// How a time field is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum TimeFormat {
    /// Any form; UTC where it names no zone.
    Utc,
    /// ISO 8601 that names its zone; without one it is some machine's local time, and no time for us.
    Zoned,
}

/// A time in a string or a number; `None` where it is none.
pub(super) fn parse(text: &str, format: TimeFormat) -> Option<i64> {
    let text = text.trim();
    if let Some((time, zoned)) = iso(text.as_bytes()) {
        return (zoned || format == TimeFormat::Utc).then_some(time).filter(|time| in_range(*time));
    }
    match text.strip_prefix("/Date(").and_then(|rest| rest.strip_suffix(")/")) {
        // A zone offset after the milliseconds is for display only.
        Some(inside) => {
            let end =
                inside.char_indices().skip(1).find(|(_, c)| matches!(c, '+' | '-')).map_or(inside.len(), |(at, _)| at);
            inside[..end].parse::<i64>().ok()?.checked_mul(1_000)
        }
        None => epoch(text),
    }
    .filter(|time| in_range(*time))
}

/// What a calendar can show in every zone: up to the last days of the year 9999.
fn in_range(time: i64) -> bool {
    (Timestamp::MIN.as_microsecond()..=Timestamp::MAX.as_microsecond()).contains(&time)
}

/// Seconds, milliseconds, microseconds or nanoseconds since 1970, told apart by size: each unit holds for the years
/// 1973 to 5138.
fn epoch(text: &str) -> Option<i64> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    if whole.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let number: i64 = whole.parse().ok()?;
    match number {
        0..100_000_000_000 => {
            let micros = fraction.bytes().chain(std::iter::repeat(b'0')).take(6);
            let fraction = micros.fold(0, |value, digit| value * 10 + i64::from(digit - b'0'));
            Some(number * SECOND + fraction)
        }
        100_000_000_000..100_000_000_000_000 => Some(number * 1_000),
        100_000_000_000_000..100_000_000_000_000_000 => Some(number),
        _ => Some(number / 1_000),
    }
}

/// `2021-03-23T15:45:38[.fraction][Z|+hh:mm|+hhmm]`, a blank for the `T`, or a date alone. And whether it names a zone.
fn iso(text: &[u8]) -> Option<(i64, bool)> {
    let number = |at: usize, len: usize| {
        let digits = text.get(at..at + len)?;
        digits
            .iter()
            .try_fold(0i64, |value, digit| digit.is_ascii_digit().then(|| value * 10 + i64::from(*digit - b'0')))
    };
    let is = |at: usize, any: &[u8]| text.get(at).is_some_and(|byte| any.contains(byte));
    let (year, month, day) = (number(0, 4)?, number(5, 2)?, number(8, 2)?);
    if !is(4, b"-") || !is(7, b"-") || year == 0 || !(1..=12).contains(&month) || day < 1 || day > days(year, month) {
        return None;
    }
    let date = days_from_civil(year, month, day) * DAY;
    if text.len() == 10 {
        return Some((date, false));
    }
    let (hour, minute, second) = (number(11, 2)?, number(14, 2)?, number(17, 2)?);
    if !is(10, b"Tt ") || !is(13, b":") || !is(16, b":") || hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let mut at = 19;
    let mut micros = 0;
    if is(at, b".,") {
        at += 1;
        let start = at;
        let mut unit = SECOND;
        while let Some(digit @ b'0'..=b'9') = text.get(at) {
            unit /= 10;
            micros += i64::from(*digit - b'0') * unit;
            at += 1;
        }
        if at == start {
            return None;
        }
    }
    let time = date + ((hour * 60 + minute) * 60 + second) * SECOND + micros;
    if is(at, b" ") {
        at += 1;
    }
    match text.get(at..)? {
        [] => Some((time, false)),
        b"Z" | b"z" | b"UTC" | b"GMT" => Some((time, true)),
        [sign @ (b'+' | b'-'), rest @ ..] => {
            let minutes_at = match rest.len() {
                2 => None,
                4 => Some(at + 3),
                5 if rest[2] == b':' => Some(at + 4),
                _ => return None,
            };
            let hours = number(at + 1, 2)?;
            let minutes = minutes_at.map_or(Some(0), |at| number(at, 2))?;
            if hours > 23 || minutes > 59 {
                return None;
            }
            let offset = (hours * 60 + minutes) * 60 * SECOND;
            Some((if *sign == b'+' { time - offset } else { time + offset }, true))
        }
        _ => None,
    }
}

fn days(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar, counted in years that begin in March.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year.rem_euclid(400);
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Offsets of one time zone, remembering between which changes the last one holds.
#[derive(Debug)]
pub(super) struct LocalMinutes {
    zone: TimeZone,
    from: i64,
    until: i64,
    minutes: i16,
}

impl LocalMinutes {
    pub(super) fn new(zone: TimeZone) -> Self {
        Self { zone, from: 0, until: 0, minutes: 0 }
    }

    /// Minutes east of UTC at a time.
    pub(super) fn at(&mut self, time: i64) -> i16 {
        if time < self.from || time >= self.until {
            // Times beyond what a calendar shows take the offset of its first or last moment.
            let moment = Timestamp::from_microsecond(
                time.clamp(Timestamp::MIN.as_microsecond(), Timestamp::MAX.as_microsecond()),
            )
            .unwrap_or_default();
            self.minutes = (self.zone.to_offset(moment).seconds() / 60) as i16;
            self.from = time;
            // The transition after a time; the one at or before it would be `preceding`, which excludes the moment itself.
            let next = self.zone.following(moment).next();
            self.until = next.map_or(i64::MAX, |change| change.timestamp().as_microsecond());
        }
        self.minutes
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    fn micros(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    #[test]
    fn every_way_that_logs_write_a_time_is_read() {
        for (given, expected) in [
            ("2021-03-23T15:45:38", "2021-03-23T15:45:38Z"),
            ("2024-12-17T11:45:00.1234567Z", "2024-12-17T11:45:00.123456Z"),
            ("2026-02-18T07:32:50.552947800Z", "2026-02-18T07:32:50.552947Z"),
            ("2025-01-15 09:30:45.123", "2025-01-15T09:30:45.123Z"),
            ("2025-01-15T09:30:45+02:00", "2025-01-15T07:30:45Z"),
            ("2025-01-15T09:30:45-0130", "2025-01-15T11:00:45Z"),
            ("2024-02-29", "2024-02-29T00:00:00Z"),
            ("2021-03-23 15:45:38 UTC", "2021-03-23T15:45:38Z"),
            ("/Date(1616514338000)/", "2021-03-23T15:45:38Z"),
            ("/Date(1616514338000+0100)/", "2021-03-23T15:45:38Z"),
            ("1616514338", "2021-03-23T15:45:38Z"),
            ("1616514338.25", "2021-03-23T15:45:38.25Z"),
            ("1616514338000", "2021-03-23T15:45:38Z"),
            ("1616514338000000", "2021-03-23T15:45:38Z"),
            ("1616514338000000000", "2021-03-23T15:45:38Z"),
            ("0001-01-01T00:00:00", "0001-01-01T00:00:00Z"),
            ("9999-12-30T21:59:59.9999999", "9999-12-30T21:59:59.999999Z"),
        ] {
            assert_eq!(parse(given, TimeFormat::Utc), Some(micros(expected)), "{given}");
        }
    }

    #[test]
    fn what_is_no_time_is_none() {
        for given in [
            "",
            "now",
            "2021-13-01T00:00:00",
            "2021-02-29",
            "2021-03-23T24:00:00",
            "2021-03-23T15:45",
            "-1",
            "1e9",
            "/Date(x)/",
            "/Date()/",
            "2021-03-23T15:45:38.",
            "2021-03-23T15:45:38+1",
            "99999999999999999999",
            "0000-01-01",
            "9999-12-31T23:59:59",
            "/Date(9223372036854775807)/",
        ] {
            assert_eq!(parse(given, TimeFormat::Utc), None, "{given}");
        }
        assert_eq!(parse("2020-06-09 22:51:07", TimeFormat::Zoned), None);
        assert_eq!(parse("2020-06-09T22:51:07+02:00", TimeFormat::Zoned), Some(micros("2020-06-09T20:51:07Z")));
    }

    #[test]
    fn local_minutes_follow_summer_time_in_any_order() {
        let mut dutch = LocalMinutes::new(TimeZone::get("Europe/Amsterdam").unwrap());
        for (time, minutes) in [
            ("2021-03-28T00:59:59Z", 60),
            ("2021-03-28T01:00:00Z", 120),
            ("2021-10-31T00:59:59Z", 120),
            ("2021-10-31T01:00:00Z", 60),
            ("2021-07-01T00:00:00Z", 120),
            ("2021-01-01T00:00:00Z", 60),
            ("9999-12-30T00:00:00Z", 60),
        ] {
            assert_eq!(dutch.at(micros(time)), minutes, "{time}");
        }
        assert_eq!(dutch.at(i64::MAX), 60);
        assert_eq!(LocalMinutes::new(TimeZone::UTC).at(i64::MIN), 0);
    }
}
