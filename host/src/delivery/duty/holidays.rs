//! Bank holidays, as data. Pure.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use jiff::civil::Date;
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

/// A test reads the file: it is whole.
static KNOWN: LazyLock<BTreeMap<Calendar, BTreeSet<Date>>> = LazyLock::new(|| read().unwrap_or_default());

fn read() -> Result<BTreeMap<Calendar, BTreeSet<Date>>, toml::de::Error> {
    let text: BTreeMap<Calendar, Vec<toml::value::Datetime>> = toml::from_str(include_str!("holidays.toml"))?;
    let date = |at: toml::value::Datetime| at.to_string().parse().ok();
    Ok(text.into_iter().map(|(calendar, dates)| (calendar, dates.into_iter().filter_map(date).collect())).collect())
}

impl Calendar {
    /// Whether a day is one of its holidays.
    #[must_use]
    pub fn is_holiday(self, date: Date) -> bool {
        KNOWN.get(&self).is_some_and(|dates| dates.contains(&date))
    }

    /// The last year whose holidays are known.
    #[must_use]
    pub fn known_until(self) -> i16 {
        KNOWN.get(&self).and_then(BTreeSet::last).map_or(0, |date| date.year())
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn the_file_holds_every_calendar_with_its_own_days() {
        let known = read().unwrap();
        assert_eq!(known.len(), 3);
        for (calendar, days) in &known {
            assert!(days.len() >= 32 && calendar.known_until() >= 2028, "{calendar:?}");
            let weekend = |date: &Date| date.weekday().to_monday_zero_offset() > 4;
            assert!(!days.iter().any(weekend), "{calendar:?}: a holiday at a weekend has a substitute day");
        }
        assert!(Calendar::Scotland.is_holiday(date(2026, 11, 30)));
        assert!(!Calendar::EnglandAndWales.is_holiday(date(2026, 11, 30)));
        assert!(Calendar::NorthernIreland.is_holiday(date(2026, 7, 13)));
    }
}
