//! Parts of a time in text: `2025-11-28T08:30:20.9Z`, `2025-11-28 08:30:20`, with or without a zone; in UTC. Pure.

use crate::test::TimePart;

/// The part of the time that a text holds; none where it holds none.
#[must_use]
pub fn part(text: &str, part: TimePart) -> Option<f64> {
    let minutes = minutes(text)?;
    let (days, minute_of_day) = (minutes.div_euclid(1440), minutes.rem_euclid(1440));
    let (year, month, day) = civil(days);
    let number = match part {
        TimePart::Minute => minute_of_day % 60,
        TimePart::Hour => minute_of_day / 60,
        TimePart::Day => day,
        TimePart::Month => month,
        TimePart::Year => year,
        TimePart::Week => week(days),
    };
    // Small whole numbers.
    #[allow(clippy::cast_precision_loss)]
    Some(number as f64)
}

/// Minutes since 1970 in UTC.
fn minutes(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    let digits = |from: usize, to: usize| -> Option<i64> {
        let digits = bytes.get(from..to)?;
        digits.iter().all(u8::is_ascii_digit).then(|| digits.iter().fold(0, |n, d| n * 10 + i64::from(d - b'0')))
    };
    let at = |place: usize, any: &[u8]| bytes.get(place).is_some_and(|b| any.contains(b));
    let (year, month, day) = (digits(0, 4)?, digits(5, 7)?, digits(8, 10)?);
    if !at(4, b"-") || !at(7, b"-") || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let date = days(year, month, day) * 1440;
    if bytes.len() == 10 {
        return Some(date);
    }
    let (hour, minute) = (digits(11, 13)?, digits(14, 16)?);
    if !at(10, b"T t") || !at(13, b":") || hour > 23 || minute > 59 {
        return None;
    }
    // Seconds and fractions change no part; then the zone, where there is one.
    let rest = text.get(16..)?;
    let zone = rest.find(['+', '-']).map_or(Some(0), |sign| {
        let zone = rest.get(sign + 1..)?.replace(':', "");
        let (hours, minutes) =
            (zone.get(..2)?.parse::<i64>().ok()?, zone.get(2..4).map_or(Some(0), |m| m.parse().ok())?);
        let offset = hours * 60 + minutes;
        Some(if rest.as_bytes().get(sign) == Some(&b'-') { -offset } else { offset })
    })?;
    Some(date + hour * 60 + minute - zone)
}

/// Days since 1970-01-01 of a date of the Gregorian calendar.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}

/// Year, month and day.
fn civil(days: i64) -> (i64, i64, i64) {
    let shifted = days + 719_468;
    let (era, of_era) = (shifted.div_euclid(146_097), shifted.rem_euclid(146_097));
    let year = (of_era - of_era / 1_460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let shifted_month = (5 * of_year + 2) / 153;
    let month = if shifted_month < 10 { shifted_month + 3 } else { shifted_month - 9 };
    (year + era * 400 + i64::from(month <= 2), month, of_year - (153 * shifted_month + 2) / 5 + 1)
}

/// Week of the year by ISO 8601: that of its Thursday.
fn week(date: i64) -> i64 {
    let thursday = date - (date + 3).rem_euclid(7) + 3;
    (thursday - days(civil(thursday).0, 1, 1)) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::part;
    use crate::test::TimePart::{Day, Hour, Minute, Month, Week, Year};

    #[test]
    fn parts_are_those_of_the_calendar_in_utc() {
        for (text, expected) in [
            ("2025-11-28T08:30:20.966901Z", [30, 8, 28, 48, 11, 2025]),
            ("2024-12-31 23:59:59", [59, 23, 31, 1, 12, 2024]),
            ("2024-02-29T00:30:00+01:00", [30, 23, 28, 9, 2, 2024]),
            ("2021-01-03T10:00:00-0230", [30, 12, 3, 53, 1, 2021]),
            ("1970-01-01", [0, 0, 1, 1, 1, 1970]),
        ] {
            let parts = [Minute, Hour, Day, Week, Month, Year].map(|of| part(text, of));
            assert_eq!(parts, expected.map(|n| Some(f64::from(n))), "{text}");
        }
        for text in ["", "yesterday", "2025-13-01", "2025-11-28T25:00:00Z", "28/11/2025 08:30"] {
            assert_eq!(part(text, Hour), None, "{text}");
        }
    }
}
