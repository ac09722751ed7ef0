//! Bank holidays of any year, by the rules that the Banking and Financial Dealings Act 1971 and the yearly proclamations follow: fixed
//! days, Mondays of a month, and Easter; a fixed day at a weekend has the next free weekday instead. What a proclamation adds once is
//! data (`holidays.toml`). Pure.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use jiff::ToSpan as _;
use jiff::civil::{Date, Weekday};
use serde::{Deserialize, Serialize};

/// Whose bank holidays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Calendar {
    EnglandAndWales,
    Scotland,
    NorthernIreland,
}

/// What was proclaimed once.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Proclaimed {
    /// Days that are holidays, too.
    #[serde(default)]
    also: Vec<toml::value::Datetime>,
    /// Days that are none that year.
    #[serde(default)]
    not: Vec<toml::value::Datetime>,
}

/// For each day that was proclaimed whether it is a holiday. A test reads the file: it is whole.
static PROCLAIMED: LazyLock<BTreeMap<(Calendar, Date), bool>> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<BTreeMap<(Calendar, Date), bool>, toml::de::Error> {
    let text: BTreeMap<Calendar, Proclaimed> = toml::from_str(include_str!("holidays.toml"))?;
    let date = |at: toml::value::Datetime| at.to_string().parse().ok();
    let days = text.into_iter().flat_map(|(calendar, Proclaimed { also, not })| {
        let not = not.into_iter().filter_map(date).map(|day| (day, false));
        let days = also.into_iter().filter_map(date).map(|day| (day, true)).chain(not);
        days.map(move |(day, is)| ((calendar, day), is)).collect::<Vec<_>>()
    });
    Ok(days.collect())
}

impl Calendar {
    /// Whether a day is one of its holidays.
    #[must_use]
    pub fn is_holiday(self, date: Date) -> bool {
        let by_rule = || self.of(date.year()).is_some_and(|days| days.contains(&date));
        PROCLAIMED.get(&(self, date)).copied().unwrap_or_else(by_rule)
    }

    /// Those of a year that come by rule; none where the calendar has no such year.
    fn of(self, year: i16) -> Option<Vec<Date>> {
        let easter = easter(year)?;
        let day = |month: i8, day: i8| Date::new(year, month, day).ok();
        let mut days = vec![
            easter.checked_sub(2.days()).ok()?,
            day(5, 1)?.nth_weekday_of_month(1, Weekday::Monday).ok()?,
            day(5, 1)?.nth_weekday_of_month(-1, Weekday::Monday).ok()?,
        ];
        let mut fixed = vec![day(1, 1)?, day(12, 25)?, day(12, 26)?];
        match self {
            Self::Scotland => {
                days.push(day(8, 1)?.nth_weekday_of_month(1, Weekday::Monday).ok()?);
                fixed.extend([day(1, 2)?, day(11, 30)?]);
            }
            Self::EnglandAndWales | Self::NorthernIreland => {
                days.push(easter.tomorrow().ok()?);
                days.push(day(8, 1)?.nth_weekday_of_month(-1, Weekday::Monday).ok()?);
            }
        }
        if self == Self::NorthernIreland {
            fixed.extend([day(3, 17)?, day(7, 12)?]);
        }
        fixed.sort_unstable();
        // Those on weekdays first: no day is instead of another that is one itself.
        let (at_weekends, on_weekdays): (Vec<Date>, Vec<Date>) = fixed.into_iter().partition(|day| is_weekend(*day));
        days.extend(on_weekdays);
        for mut instead in at_weekends {
            while is_weekend(instead) || days.contains(&instead) {
                instead = instead.tomorrow().ok()?;
            }
            days.push(instead);
        }
        Some(days)
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

/// Easter Sunday of a year of the Gregorian calendar, as Meeus, Jones and Butcher have it.
fn easter(year: i16) -> Option<Date> {
    let year_of = i32::from(year);
    let (a, b, c) = (year_of % 19, year_of / 100, year_of % 100);
    let (d, e) = (b / 4, b % 4);
    let g = (8 * b + 13) / 25;
    let h = (19 * a + b - d - g + 15) % 30;
    let (i, k) = (c / 4, c % 4);
    let l = (32 + 2 * e + 2 * i - h - k) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let month = (h + l - 7 * m + 114) / 31;
    let day = (h + l - 7 * m + 114) % 31 + 1;
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    /// As published on <https://www.gov.uk/bank-holidays>: month and day, by year.
    const PUBLISHED: &[(Calendar, i16, &str)] = &[
        (Calendar::EnglandAndWales, 2025, "1-1 4-18 4-21 5-5 5-26 8-25 12-25 12-26"),
        (Calendar::EnglandAndWales, 2026, "1-1 4-3 4-6 5-4 5-25 8-31 12-25 12-28"),
        (Calendar::EnglandAndWales, 2027, "1-1 3-26 3-29 5-3 5-31 8-30 12-27 12-28"),
        (Calendar::EnglandAndWales, 2028, "1-3 4-14 4-17 5-1 5-29 8-28 12-25 12-26"),
        (Calendar::Scotland, 2025, "1-1 1-2 4-18 5-5 5-26 8-4 12-1 12-25 12-26"),
        (Calendar::Scotland, 2026, "1-1 1-2 4-3 5-4 5-25 6-15 8-3 11-30 12-25 12-28"),
        (Calendar::Scotland, 2027, "1-1 1-4 3-26 5-3 5-31 8-2 11-30 12-27 12-28"),
        (Calendar::Scotland, 2028, "1-3 1-4 4-14 5-1 5-29 8-7 11-30 12-25 12-26"),
        (Calendar::NorthernIreland, 2025, "1-1 3-17 4-18 4-21 5-5 5-26 7-14 8-25 12-25 12-26"),
        (Calendar::NorthernIreland, 2026, "1-1 3-17 4-3 4-6 5-4 5-25 7-13 8-31 12-25 12-28"),
        (Calendar::NorthernIreland, 2027, "1-1 3-17 3-26 3-29 5-3 5-31 7-12 8-30 12-27 12-28"),
        (Calendar::NorthernIreland, 2028, "1-3 3-17 4-14 4-17 5-1 5-29 7-12 8-28 12-25 12-26"),
    ];

    #[test]
    fn the_rules_give_the_published_holidays_of_four_years_and_no_others() {
        assert_eq!(read().map(|days| days.len()).ok(), Some(1));
        for (calendar, year, published) in PUBLISHED {
            let days = date(*year, 1, 1).series(1.day()).take_while(|day| day.year() == *year);
            let found: Vec<String> = days
                .filter(|day| calendar.is_holiday(*day))
                .map(|day| format!("{}-{}", day.month(), day.day()))
                .collect();
            assert_eq!(found.join(" "), *published, "{calendar:?} {year}");
        }
    }

    #[test]
    fn a_year_that_nobody_has_published_has_its_holidays() {
        // Easter of 2049 is 18 April; 25 December 2044 is a Sunday.
        assert_eq!(easter(2049), Some(date(2049, 4, 18)));
        assert!(Calendar::EnglandAndWales.is_holiday(date(2049, 4, 16)));
        assert!(Calendar::EnglandAndWales.is_holiday(date(2044, 12, 26)));
        assert!(Calendar::EnglandAndWales.is_holiday(date(2044, 12, 27)));
        assert!(!Calendar::EnglandAndWales.is_holiday(date(2044, 12, 25)), "a Sunday has a substitute day");
        assert!(Calendar::Scotland.is_holiday(date(2034, 1, 3)), "2 January 2034 is a Monday, 1 January a Sunday");
    }
}
