//! How much the accounts of a force read on each of the last days, by doublings: without names. Pure.

/// Days that are kept: today, and two weeks before.
const DAYS: usize = 15;
/// Doublings: from 1 to 1,024.
const SIZES: usize = 11;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;
/// Days within which an account is named once.
const QUIET: i64 = 7;

/// The day since 1970 UTC.
pub(crate) fn day(time: i64) -> i64 {
    time.div_euclid(DAY)
}

/// Which doubling a number has reached.
fn size(value: u32) -> usize {
    usize::try_from(value.max(1).ilog2()).unwrap_or(0).min(SIZES - 1)
}

/// Of one account.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Own {
    /// The last day on which it read something, and the largest number that it reached.
    last: (i64, u32),
    /// The day on which it was named.
    told: Option<i64>,
}

impl Own {
    pub(crate) fn bytes(self) -> Vec<u8> {
        serde_json::json!([self.last, self.told]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map(|(last, told)| Self { last, told }).unwrap_or_default()
    }

    /// Reaches a number on a day. Answers the number of that day before, 0 for none; nothing where it changes nothing.
    pub(crate) fn reach(&mut self, day: i64, value: u32) -> Option<u32> {
        let (last, largest) = self.last;
        let before = match day.cmp(&last) {
            std::cmp::Ordering::Greater => 0,
            std::cmp::Ordering::Equal if value > largest => largest,
            _ => return None,
        };
        self.last = (day, value);
        Some(before)
    }

    /// Whether it is to be named: once a week. Remembers that it was.
    pub(crate) fn tell(&mut self, day: i64) -> bool {
        let quiet = self.told.is_some_and(|told| (day - told).abs() < QUIET);
        if !quiet {
            self.told = Some(day);
        }
        !quiet
    }
}

/// Of all accounts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Peers {
    /// Day, and how many accounts reached which doubling on it, and no more; ascending.
    days: Vec<(i64, [u32; SIZES])>,
}

impl Peers {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::json!(self.days).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map(|days| Self { days }).unwrap_or_default()
    }

    /// Days of accounts before this one, and how many of them reached the doubling of `value`.
    pub(crate) fn before(&self, day: i64, value: u32) -> (i64, i64) {
        let before = self.days.iter().filter(|(known, _)| *known < day);
        before.fold((0, 0), |(all, many), (_, sizes)| {
            let sum = |sizes: &[u32]| sizes.iter().copied().map(i64::from).sum::<i64>();
            (all + sum(sizes), many + sizes.get(size(value)..).map_or(0, sum))
        })
    }

    /// An account reached `value` on a day, after `before`; 0 is nothing yet.
    pub(crate) fn moved(&mut self, day: i64, before: u32, value: u32) {
        let at = match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(at) => at,
            Err(0) if self.days.len() >= DAYS => return,
            Err(at) => {
                self.days.insert(at, (day, [0; SIZES]));
                let surplus = self.days.len().saturating_sub(DAYS);
                self.days.drain(..surplus);
                at - surplus
            }
        };
        let Some((_, sizes)) = self.days.get_mut(at) else { return };
        let mut change = |value: u32, by: fn(u32, u32) -> u32| {
            sizes.iter_mut().skip(size(value)).take(1).for_each(|count| *count = by(*count, 1));
        };
        if before > 0 {
            change(before, u32::saturating_sub);
        }
        change(value, u32::saturating_add);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_account_is_counted_once_a_day_at_the_doubling_that_it_reached() {
        let (mut all, mut ada, mut ben) = (Peers::default(), Own::default(), Own::default());
        for value in [1, 2, 4, 8] {
            let before = ada.reach(5, value).unwrap();
            all.moved(5, before, value);
        }
        all.moved(5, ben.reach(5, 2).unwrap(), 2);
        assert_eq!((ada.reach(5, 4), ada.reach(4, 64)), (None, None));
        assert_eq!((all.before(6, 1), all.before(6, 8), all.before(6, 16)), ((2, 2), (2, 1), (2, 0)));
        assert_eq!(all.before(5, 1), (0, 0), "a day is not compared with itself");
        assert_eq!((Own::read(&ada.bytes()), Own::read(b"x")), (ada, Own::default()));
    }

    #[test]
    fn two_weeks_are_kept() {
        let mut all = Peers::default();
        (0..100).for_each(|day| all.moved(day, 0, u32::MAX));
        all.moved(3, 0, 1);
        assert_eq!((all.days.len(), all.before(100, 1_024)), (DAYS, (15, 15)));
        assert!(all.bytes().len() < 1_024);
        assert_eq!(Peers::read(&all.bytes()), all);
        assert_eq!(Peers::read(b"old"), Peers::default());
    }

    #[test]
    fn an_account_is_named_once_a_week() {
        let mut own = Own::default();
        let told: Vec<i64> = (0..20).filter(|day| own.tell(*day)).collect();
        assert_eq!(told, [0, 7, 14]);
    }
}
