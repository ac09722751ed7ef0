//! The disk with the data folder: how long it lasts at the rate of the last hours. Pure.

use std::collections::VecDeque;

use super::condition::{About, Condition, Kind};
use super::words::SECOND;

const HOUR: i64 = 3_600 * SECOND;
/// The rate is that of so many hours at most.
const WINDOW: i64 = 6 * HOUR;
/// Before that much time has been seen, there is no rate.
const SHORTEST: i64 = 600 * SECOND;
/// Between two samples that are kept.
const APART: i64 = 60 * SECOND;
/// Hours below which it is critical.
const LAST_HOURS: f64 = 2.0;

/// How much was free when.
#[derive(Debug, Default)]
pub(super) struct Samples(VecDeque<(i64, u64)>);

/// The disk at one moment.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Disk {
    /// Bytes that are free.
    pub free: u64,
    /// Bytes that must stay free: below it no event is taken.
    pub floor: u64,
    /// Hours that it lasts; none where nothing fills it, or too little is known.
    pub hours: Option<f64>,
    /// Whether it was seen for long enough to know.
    pub seen: bool,
}

impl Samples {
    /// Adds what is free now (microseconds since 1970 UTC); the disk as it then stands.
    pub(super) fn add(&mut self, now: i64, free: u64, floor: u64) -> Disk {
        // A clock that went back makes what was known unusable.
        if self.0.back().is_some_and(|(at, _)| *at > now) {
            self.0.clear();
        }
        if self.0.back().is_none_or(|(at, _)| now - at >= APART) {
            self.0.push_back((now, free));
        }
        while self.0.front().is_some_and(|(at, _)| now - at > WINDOW) {
            self.0.pop_front();
        }
        let first = self.0.front().filter(|(at, _)| now - at >= SHORTEST);
        let rate = first.and_then(|(at, before)| {
            let filled = before.checked_sub(free).filter(|filled| *filled > 0)?;
            Some(filled as f64 / (now - at) as f64 * HOUR as f64)
        });
        let hours = rate.map(|rate| free.saturating_sub(floor) as f64 / rate);
        Disk { free, floor, hours, seen: first.is_some() }
    }
}

/// Whether it is low: it lasts less than `bound` hours, or less than a tenth of the floor is left above the floor.
#[must_use]
pub(super) fn low(disk: &Disk, bound: u32, now: i64) -> Option<Condition> {
    let left = disk.free.saturating_sub(disk.floor);
    let near = disk.floor > 0 && left <= disk.floor / 10;
    let hours = if near { 0.0 } else { disk.hours.unwrap_or(f64::INFINITY) };
    if hours > f64::from(bound) {
        return None;
    }
    let mib = |bytes: u64| bytes >> 20;
    let text = match disk.hours.filter(|_| !near) {
        Some(hours) => {
            format!("At the rate of the last hours the disk lasts {hours:.1} hours; {} MiB are free.", mib(disk.free))
        }
        None => format!(
            "{} MiB of the disk are free, and {} MiB must stay free: below that no event is taken.",
            mib(disk.free),
            mib(disk.floor)
        ),
    };
    Some(Condition {
        kind: Kind::DiskLow,
        key: "disk-low".into(),
        about: About::default(),
        since: now,
        level: u32::from(hours <= LAST_HOURS),
        value: (hours * 10.0).round() / 10.0,
        bound: f64::from(bound),
        unit: "hours".into(),
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const GIB: u64 = 1 << 30;

    #[test]
    fn a_disk_lasts_as_long_as_the_rate_of_the_last_hours_says() {
        let mut samples = Samples::default();
        let disk = samples.add(0, 100 * GIB, 10 * GIB);
        assert_eq!((disk.hours, disk.seen), (None, false));
        // A gibibyte in ten minutes is six in an hour, and 89 are left.
        let disk = samples.add(600 * SECOND, 99 * GIB, 10 * GIB);
        assert!((disk.hours.unwrap() - 89.0 / 6.0).abs() < 0.01, "{disk:?}");
        assert_eq!(low(&disk, 48, 0).map(|one| one.level), Some(0));
        assert_eq!(low(&disk, 10, 0), None);
        // Nothing fills it any more.
        let disk = samples.add(601 * SECOND, 100 * GIB, 10 * GIB);
        assert_eq!((disk.hours, disk.seen), (None, true));
        // What lies behind the window does not count.
        let disk = samples.add(8 * HOUR, 50 * GIB, 10 * GIB);
        assert_eq!(disk.hours, None);
        assert!(samples.0.len() <= 2);
    }

    #[test]
    fn near_the_floor_it_is_critical_whatever_the_rate() {
        let disk = |free| Disk { free, floor: 10 * GIB, hours: None, seen: false };
        assert_eq!(low(&disk(12 * GIB), 48, 0), None);
        assert_eq!(low(&disk(11 * GIB), 48, 0).map(|one| one.level), Some(1));
        assert_eq!(low(&disk(GIB), 48, 0).map(|one| one.level), Some(1));
        assert_eq!(low(&Disk { free: GIB, floor: 0, hours: None, seen: false }, 48, 0), None);
    }
}
