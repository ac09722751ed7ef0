//! When a contact is at work, in the force's time zone. Pure.

use std::fmt;

use jiff::civil::{Date, Time, Weekday};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};
use serde::{Deserialize, Serialize};

use super::holidays::Calendar;

/// Spans at most.
const SPANS: usize = 14;
/// Days that are looked ahead for the next hours.
const AHEAD: i32 = 31;
const DAYS: [&str; 7] = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];

/// `mon-fri 08:00-18:00, sat 09:00-12:00`; always where it is empty.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Hours(Vec<Span>);

/// On these days from one time to another; over midnight where the second is not later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Span {
    first: i8,
    last: i8,
    from: Time,
    to: Time,
}

impl Hours {
    /// Whether there are no hours: always.
    #[must_use]
    pub fn is_always(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether a time (microseconds since 1970 UTC) lies in them.
    #[must_use]
    pub fn hold(&self, at: i64, zone: &TimeZone, holidays: Option<Calendar>) -> bool {
        if self.is_always() {
            return true;
        }
        let Ok(at) = Timestamp::from_microsecond(at) else { return false };
        let local = zone.to_datetime(at);
        let (today, time) = (local.date(), local.time());
        let yesterday = today.yesterday().ok();
        self.0.iter().any(|span| {
            let over_midnight = span.to <= span.from;
            let now = time >= span.from && (over_midnight || time < span.to);
            let still = over_midnight && time < span.to;
            (now && span.is_on(today, holidays)) || (still && yesterday.is_some_and(|day| span.is_on(day, holidays)))
        })
    }

    /// When they begin next at or after a time, microseconds since 1970 UTC; none where that is more than a month off.
    #[must_use]
    pub fn next(&self, at: i64, zone: &TimeZone, holidays: Option<Calendar>) -> Option<i64> {
        if self.hold(at, zone, holidays) {
            return Some(at);
        }
        let today = zone.to_datetime(Timestamp::from_microsecond(at).ok()?).date();
        let begins = (0..AHEAD).filter_map(|days| today.checked_add(days.days()).ok()).flat_map(|day| {
            let on = self.0.iter().filter(move |span| span.is_on(day, holidays));
            // A time that a clock change leaves out counts as what comes after it.
            on.filter_map(move |span| Some(day.to_datetime(span.from).to_zoned(zone.clone()).ok()?.timestamp()))
        });
        begins.map(Timestamp::as_microsecond).filter(|begin| *begin >= at).min()
    }
}

impl Span {
    fn is_on(&self, day: Date, holidays: Option<Calendar>) -> bool {
        let weekday = day.weekday().to_monday_zero_offset();
        let within = match self.first <= self.last {
            true => (self.first..=self.last).contains(&weekday),
            false => weekday >= self.first || weekday <= self.last,
        };
        within && !holidays.is_some_and(|calendar| calendar.is_holiday(day))
    }
}

impl TryFrom<String> for Hours {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let spans = text.split(',').map(str::trim).filter(|span| !span.is_empty() && *span != "always");
        let spans: Vec<Span> = spans.map(span).collect::<Result<_, _>>()?;
        if spans.len() > SPANS {
            return Err(format!("hours: give at most {SPANS} spans"));
        }
        Ok(Self(spans))
    }
}

fn span(text: &str) -> Result<Span, String> {
    let wrong = || format!("hours: `{text}` is not of the form `mon-fri 08:00-18:00`, with days mon to sun");
    let (days, times) = text.split_once(' ').ok_or_else(wrong)?;
    let day = |text: &str| DAYS.iter().position(|day| *day == text.to_lowercase()).map(|day| day as i8);
    let (first, last) = days.split_once('-').unwrap_or((days, days));
    let (from, to) = times.trim().split_once('-').ok_or_else(wrong)?;
    let time = |text: &str| -> Option<Time> {
        let (hour, minute) = text.split_once(':')?;
        match (hour.parse().ok()?, minute.parse().ok()?) {
            // The end of a day is the beginning of the next.
            (24, 0) => Time::new(0, 0, 0, 0).ok(),
            (hour, minute) => Time::new(hour, minute, 0, 0).ok(),
        }
    };
    let span = || Some(Span { first: day(first)?, last: day(last)?, from: time(from)?, to: time(to)? });
    span().ok_or_else(wrong)
}

impl From<Hours> for String {
    fn from(hours: Hours) -> Self {
        hours.to_string()
    }
}

impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.is_always() {
            return f.write_str("always");
        }
        let word = |day: i8| {
            Weekday::from_monday_zero_offset(day)
                .map_or("", |day| DAYS[usize::from(day.to_monday_zero_offset().unsigned_abs())])
        };
        for (at, Span { first, last, from, to }) in self.0.iter().enumerate() {
            let comma = if at == 0 { "" } else { ", " };
            let days =
                if first == last { word(*first).to_owned() } else { format!("{}-{}", word(*first), word(*last)) };
            let time = |time: &Time| format!("{:02}:{:02}", time.hour(), time.minute());
            write!(f, "{comma}{days} {}-{}", time(from), time(to))?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> i64 {
        text.parse::<Timestamp>().unwrap().as_microsecond()
    }

    fn hours(text: &str) -> Hours {
        Hours::try_from(text.to_owned()).unwrap()
    }

    #[test]
    fn hours_are_local_and_know_holidays_and_midnight() {
        let london = TimeZone::get("Europe/London").unwrap();
        let day = hours("mon-fri 08:00-18:00");
        let holidays = Some(Calendar::EnglandAndWales);
        // In July 07:30 UTC is 08:30 in London; in January it is not.
        assert!(day.hold(at("2026-07-15T07:30:00Z"), &london, holidays));
        assert!(!day.hold(at("2026-01-14T07:30:00Z"), &london, holidays));
        assert!(!day.hold(at("2026-12-28T12:00:00Z"), &london, holidays), "a substitute day");
        assert!(day.hold(at("2026-12-28T12:00:00Z"), &london, None));
        let night = hours("fri-sun 22:00-06:00");
        assert!(night.hold(at("2026-01-12T05:59:00Z"), &london, None), "Sunday's night goes on into Monday");
        assert!(!night.hold(at("2026-01-12T06:00:00Z"), &london, None));
        assert!(!night.hold(at("2026-01-09T05:00:00Z"), &london, None), "Thursday's night is not in it");
        assert!(hours("").hold(0, &london, None));
        assert_eq!(String::from(hours("MON-fri 8:00-18:00,sat 09:00-24:00")), "mon-fri 08:00-18:00, sat 09:00-00:00");
        assert!(Hours::try_from("weekdays 9-5".to_owned()).unwrap_err().contains("mon-fri 08:00-18:00"));
    }

    #[test]
    fn both_clock_change_nights_have_their_hours_once() {
        let london = TimeZone::get("Europe/London").unwrap();
        let night = hours("sun 01:30-03:00");
        // 29 March 2026: 01:00 becomes 02:00 at 01:00 UTC, so 01:30 is left out and the span begins at 02:00 local time.
        assert!(!night.hold(at("2026-03-29T00:59:59Z"), &london, None));
        assert!(night.hold(at("2026-03-29T01:00:00Z"), &london, None));
        assert!(!night.hold(at("2026-03-29T02:00:00Z"), &london, None));
        let next = night.next(at("2026-03-28T12:00:00Z"), &london, None);
        assert_eq!(next, Some(at("2026-03-29T01:30:00Z")), "the first time after the gap of an hour");
        // 25 October 2026: 02:00 becomes 01:00 at 01:00 UTC, so 01:30 is there twice; hours begin with the first.
        assert_eq!(night.next(at("2026-10-24T12:00:00Z"), &london, None), Some(at("2026-10-25T00:30:00Z")));
        assert!(night.hold(at("2026-10-25T00:30:00Z"), &london, None));
        assert!(night.hold(at("2026-10-25T02:59:00Z"), &london, None));
        assert!(!night.hold(at("2026-10-25T03:00:00Z"), &london, None));
    }
}
