//! Quotas: how many events and bytes one force may send. Pure but for the clock that only runs forward.
//!
//! A force that is within its quota is let in, and what it brought is counted against it afterwards: nobody knows a request's
//! events before they are read. So a quota is passed by one request for each that is read at the same time, never by more.
//! Counts begin anew with the host.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError, RwLock};
use std::time::Instant;

use crate::model::Force;

/// Microseconds.
const SECOND: u64 = 1_000_000;
const DAY: u64 = 86_400 * SECOND;

/// What one force may send.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Quota {
    /// Events a second over time.
    pub events_per_second: u64,
    /// Seconds whose events may come at once.
    pub burst_seconds: u64,
    /// Bytes of events a day; a day's may come at once, and then what the day brings back.
    pub bytes_per_day: u64,
}

impl Default for Quota {
    /// 100,000 events a second and ten seconds of them at once, 1 TiB a day.
    fn default() -> Self {
        Self { events_per_second: 100_000, burst_seconds: 10, bytes_per_day: 1 << 40 }
    }
}

/// A quota that is used up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Over {
    /// The setting.
    pub(super) limit: &'static str,
    pub(super) value: u64,
    /// Until the next request is let in.
    pub(super) seconds: u64,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Quotas {
    set: RwLock<Set>,
    used: Mutex<BTreeMap<Force, Used>>,
    begun: Instant,
}

#[derive(Debug)]
struct Set {
    usual: Quota,
    of: BTreeMap<Force, Quota>,
}

/// Up to when what a force sent is paid for, in microseconds since the beginning: later than now by what it is ahead.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Used {
    events: u64,
    bytes: u64,
}

impl Quotas {
    pub(super) fn new(usual: Quota, of: BTreeMap<Force, Quota>) -> Self {
        Self { set: RwLock::new(Set { usual, of }), used: Mutex::default(), begun: Instant::now() }
    }

    /// Others from now on. What a force is ahead stays.
    pub(super) fn change(&self, usual: Quota, of: BTreeMap<Force, Quota>) {
        *self.set.write().unwrap_or_else(PoisonError::into_inner) = Set { usual, of };
    }

    pub(super) fn admit(&self, force: &Force) -> Result<(), Over> {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.get(force).map_or(Ok(()), |used| used.admit(&self.quota(force), self.now()))
    }

    pub(super) fn charge(&self, force: &Force, events: u64, bytes: u64) {
        let (quota, now) = (self.quota(force), self.now());
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.entry(force.clone()).or_default().charge(&quota, now, events, bytes);
    }

    fn quota(&self, force: &Force) -> Quota {
        let set = self.set.read().unwrap_or_else(PoisonError::into_inner);
        set.of.get(force).copied().unwrap_or(set.usual)
    }

    fn now(&self) -> u64 {
        u64::try_from(self.begun.elapsed().as_micros()).unwrap_or(u64::MAX)
    }
}

impl Used {
    fn admit(&self, quota: &Quota, now: u64) -> Result<(), Over> {
        let over = |until: u64, ahead: u64| until.saturating_sub(now).checked_sub(ahead).filter(|over| *over > 0);
        let limits = [
            ("events-per-second", quota.events_per_second, over(self.events, quota.burst_seconds * SECOND)),
            ("mib-per-day", quota.bytes_per_day >> 20, over(self.bytes, DAY)),
        ];
        let longest = limits.into_iter().filter_map(|(limit, value, over)| Some((over?, limit, value))).max();
        match longest {
            None => Ok(()),
            Some((over, limit, value)) => Err(Over { limit, value, seconds: over.div_ceil(SECOND) }),
        }
    }

    fn charge(&mut self, quota: &Quota, now: u64, events: u64, bytes: u64) {
        let cost = |number: u64, span: u64, quota: u64| {
            u64::try_from(u128::from(number) * u128::from(span) / u128::from(quota.max(1))).unwrap_or(u64::MAX)
        };
        self.events = self.events.max(now).saturating_add(cost(events, SECOND, quota.events_per_second));
        self.bytes = self.bytes.max(now).saturating_add(cost(bytes, DAY, quota.bytes_per_day));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_is_let_in_and_then_the_rate_and_the_wait_is_exact() {
        let quota = Quota { events_per_second: 100, burst_seconds: 10, bytes_per_day: 1 << 40 };
        let (mut used, mut now) = (Used::default(), 5 * SECOND);
        used.charge(&quota, now, 1_000, 1);
        assert_eq!(used.admit(&quota, now), Ok(()), "a burst of ten seconds' events");
        used.charge(&quota, now, 250, 1);
        let over = used.admit(&quota, now).unwrap_err();
        assert_eq!((over.limit, over.value, over.seconds), ("events-per-second", 100, 3));
        now += 2_499_999;
        assert!(used.admit(&quota, now).is_err());
        now += 1;
        assert_eq!(used.admit(&quota, now), Ok(()));
        // Over a long time: exactly the rate and one burst.
        let (mut used, mut sent) = (Used::default(), 0);
        for now in (0..60 * SECOND).step_by(1_000) {
            if used.admit(&quota, now).is_ok() {
                used.charge(&quota, now, 7, 7);
                sent += 7;
            }
        }
        assert!((7_000..7_020).contains(&sent), "{sent}");
    }

    #[test]
    fn a_day_s_bytes_and_a_force_s_own_quota_count() {
        let quota = Quota { bytes_per_day: 24 << 20, ..Quota::default() };
        let mut used = Used::default();
        used.charge(&quota, 0, 1, 24 << 20);
        assert_eq!(used.admit(&quota, 0), Ok(()));
        used.charge(&quota, 0, 1, 1 << 20);
        let over = used.admit(&quota, 0).unwrap_err();
        assert_eq!((over.limit, over.value, over.seconds), ("mib-per-day", 24, 3_600));
        let (avon, kent) = (Force::new("avon").unwrap(), Force::new("kent").unwrap());
        let small = Quota { events_per_second: 1, burst_seconds: 0, ..quota };
        let quotas = Quotas::new(Quota::default(), BTreeMap::from([(avon.clone(), small)]));
        quotas.charge(&avon, 60, 1);
        quotas.charge(&kent, 60, 1);
        assert!(quotas.admit(&avon).is_err() && quotas.admit(&kent).is_ok());
    }
}
