//! Time of day at the force. Pure arithmetic on what the batch says; no clock.

/// A day of the week.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[allow(missing_docs)]
pub enum Weekday {
    Monday,
    Tuesday,
    Wednesday,
    Thursday,
    Friday,
    Saturday,
    Sunday,
}

/// Hour, minute and day of the week in the force's time zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct LocalTime {
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// Monday to Sunday.
    pub weekday: Weekday,
}

impl LocalTime {
    /// From microseconds since 1970 UTC and the zone's offset in minutes east of UTC.
    pub(crate) fn new(micros: i64, offset: i16) -> Self {
        const MINUTE: i64 = 60_000_000;
        const WEEK: [Weekday; 7] = [
            Weekday::Thursday, // 1970-01-01
            Weekday::Friday,
            Weekday::Saturday,
            Weekday::Sunday,
            Weekday::Monday,
            Weekday::Tuesday,
            Weekday::Wednesday,
        ];
        let minutes = micros.div_euclid(MINUTE) + i64::from(offset);
        let of_day = minutes.rem_euclid(1_440);
        let day = minutes.div_euclid(1_440).rem_euclid(7);
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // remainders are small and not negative
        Self { hour: (of_day / 60) as u8, minute: (of_day % 60) as u8, weekday: WEEK[day as usize] }
    }

    /// Saturday or Sunday.
    #[must_use]
    pub fn is_weekend(self) -> bool {
        self.weekday >= Weekday::Saturday
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn local_time_is_that_of_the_zone() {
        for (micros, offset, hour, minute, weekday) in [
            (0, 0, 0, 0, Weekday::Thursday),
            (-1, 0, 23, 59, Weekday::Wednesday),
            (0, -60, 23, 0, Weekday::Wednesday),
            (1_616_893_199_000_000, 60, 1, 59, Weekday::Sunday), // 2021-03-28T00:59:59Z
            (1_616_893_199_000_000, 0, 0, 59, Weekday::Sunday),
            (1_709_164_800_000_000, 330, 5, 30, Weekday::Thursday), // 2024-02-29T00:00Z
            (i64::MAX, 840, 18, 0, Weekday::Sunday),
        ] {
            let at = LocalTime::new(micros, offset);
            assert_eq!((at.hour, at.minute, at.weekday), (hour, minute, weekday), "{micros} {offset}");
            assert_eq!(at.is_weekend(), matches!(weekday, Weekday::Saturday | Weekday::Sunday));
        }
    }
}
