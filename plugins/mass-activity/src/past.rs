//! What was usual for an account: the largest number of each of its last days. Pure.

/// Days that are kept.
const DAYS: usize = 30;
/// Microseconds of a day.
const DAY: i64 = 86_400_000_000;

/// Of one account and kind of act.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Past {
    /// Day since 1970 UTC, and its largest number; ascending.
    days: Vec<(i64, u32)>,
    /// The day on which something was said last, and the number that was said.
    told: (i64, u32),
    /// Minutes since 1970 and what happened in each: of mail, of which one record names many; of the last hour.
    minutes: Vec<(i64, u32)>,
}

/// What a number means against the past.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    /// Days before this one on which there was such an act.
    pub(crate) days: usize,
    /// The largest number of them.
    pub(crate) largest: u32,
}

impl Past {
    /// As it is kept.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::json!([self.days, self.told, self.minutes]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).map(|(days, told, minutes)| Self { days, told, minutes }).unwrap_or_default()
    }

    /// Adds to a minute. Answers how many there were in the hour that ends with it.
    pub(crate) fn add(&mut self, time: i64, many: u32) -> u32 {
        let minute = time.div_euclid(60_000_000);
        match self.minutes.binary_search_by_key(&minute, |(minute, _)| *minute) {
            Ok(at) => self.minutes.iter_mut().skip(at).take(1).for_each(|(_, sum)| *sum = sum.saturating_add(many)),
            Err(at) => self.minutes.insert(at, (minute, many)),
        }
        let newest = self.minutes.last().map_or(minute, |(minute, _)| *minute);
        self.minutes.retain(|(known, _)| *known > newest - 60);
        let hour = self.minutes.iter().filter(|(known, _)| (minute - 59..=minute).contains(known));
        hour.fold(0, |sum, (_, many)| sum.saturating_add(*many))
    }

    /// Takes a number into its day. Answers whether anything changed.
    pub(crate) fn learn(&mut self, time: i64, value: u32) -> bool {
        let day = time.div_euclid(DAY);
        match self.days.binary_search_by_key(&day, |(day, _)| *day) {
            Ok(at) => match self.days.get_mut(at) {
                Some((_, largest)) if *largest < value => *largest = value,
                _ => return false,
            },
            Err(0) if self.days.len() >= DAYS => return false,
            Err(at) => {
                self.days.insert(at, (day, value));
                if self.days.len() > DAYS {
                    self.days.remove(0);
                }
            }
        }
        true
    }

    /// What the days before this one say.
    pub(crate) fn before(&self, time: i64) -> Verdict {
        let day = time.div_euclid(DAY);
        let before = self.days.iter().filter(|(known, _)| *known < day);
        let (days, largest) = before.fold((0, 0), |(days, largest), (_, value)| (days + 1, largest.max(*value)));
        Verdict { days, largest }
    }

    /// Days since the first one that is kept: of an account that was known before its first day was kept by itself.
    pub(crate) fn known_for(&self, time: i64) -> i64 {
        self.days.first().map_or(0, |(first, _)| (time.div_euclid(DAY) - first).max(0))
    }

    /// Whether this is to be said: the first of its day, or twice what was said. Remembers that it was.
    pub(crate) fn tell(&mut self, time: i64, value: u32) -> bool {
        let day = time.div_euclid(DAY);
        let (told, number) = self.told;
        let again = told == day && value < number.saturating_mul(2);
        if !again {
            self.told = (day, value);
        }
        !again
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_past_is_other_days_and_is_bounded() {
        let mut past = Past::default();
        for day in 0..100 {
            assert!(past.learn(day * DAY, 5) && !past.learn(day * DAY + 1, 4));
        }
        assert!(past.learn(99 * DAY, 50) && !past.learn(0, 900));
        assert_eq!(past.before(99 * DAY), Verdict { days: 29, largest: 5 });
        assert_eq!(past.before(100 * DAY), Verdict { days: 30, largest: 50 });
        assert_eq!((past.known_for(100 * DAY), past.known_for(0), Past::default().known_for(DAY)), (30, 0, 0));
        assert!(past.bytes().len() < 1_024);
        assert_eq!(Past::read(&past.bytes()), past);
        assert_eq!(Past::read(b"old"), Past::default());
    }

    #[test]
    fn an_hour_is_summed_and_no_more_is_kept() {
        let (mut past, minute) = (Past::default(), 60_000_000);
        let sums: Vec<u32> = (0..120).map(|at| past.add(at * minute, 2)).collect();
        assert_eq!((sums[0], sums[59], sums[119], past.minutes.len()), (2, 120, 120, 60));
        // What arrives late has an hour of its own, of which little is known any more.
        assert_eq!((past.add(0, 9), past.add(70 * minute, 1)), (0, 23));
    }

    #[test]
    fn a_flood_is_said_once_a_day_and_when_it_has_doubled() {
        let mut past = Past::default();
        let told: Vec<u32> = (100..450).filter(|value| past.tell(DAY, *value)).collect();
        assert_eq!(told, [100, 200, 400]);
        assert!(past.tell(2 * DAY, 100));
    }
}
