//! How busy people are through the day and the week, in their own time zone. Services keep no hours.

use jiff::Timestamp;
use jiff::civil::Weekday;
use jiff::tz::TimeZone;

/// For each hour of a working day; a force is never empty.
const WORKING: [u32; 24] = [
    180, 140, 120, 110, 120, 200, 450, 1_000, 1_900, 2_600, 2_700, 2_500, 1_900, 2_200, 2_500, 2_400, 2_000, 1_200,
    600, 450, 400, 350, 300, 230,
];
/// For each hour of a Saturday or Sunday.
const FREE: [u32; 24] = [
    200, 160, 130, 110, 110, 130, 190, 260, 330, 380, 400, 390, 360, 350, 350, 340, 330, 310, 300, 300, 310, 300, 270,
    230,
];

/// How many times the week's mean people do at that time.
pub(super) fn busy(zone: &TimeZone, micros: i64) -> f64 {
    let Ok(time) = Timestamp::from_microsecond(micros) else { return 1.0 };
    let local = zone.to_datetime(time);
    let day = match local.weekday() {
        Weekday::Saturday | Weekday::Sunday => &FREE,
        _ => &WORKING,
    };
    let hour = usize::try_from(local.hour()).ok().and_then(|hour| day.get(hour)).copied().unwrap_or(0);
    let week: u32 = WORKING.iter().sum::<u32>() * 5 + FREE.iter().sum::<u32>() * 2;
    f64::from(hour) * 168.0 / f64::from(week)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_week_has_its_mean_and_nights_are_quiet_where_the_force_is() {
        let zone = TimeZone::get("America/New_York").unwrap();
        let start: Timestamp = "2026-01-05T00:00:00-05:00".parse().unwrap();
        let hour = |hour: i64| busy(&zone, start.as_microsecond() + hour * 3_600_000_000);
        let mean = (0..168).map(hour).sum::<f64>() / 168.0;
        assert!((mean - 1.0).abs() < 1e-9, "{mean}");
        assert!(hour(3) < 0.2 && hour(10) > 2.0 && hour(5 * 24 + 10) < 0.5);
    }
}
