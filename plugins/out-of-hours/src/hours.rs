//! On how many days an account was active in each hour of working days and of weekends. Pure.

/// Days that are counted for an hour at most.
const MOST: u16 = 1_000;

/// Of one account. A day's hours are added when the next one begins: nobody's night makes itself usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Hours {
    /// Working days from midnight on, then weekends.
    counts: Vec<u16>,
    /// Days on which it was active, before the last one.
    pub(crate) days: i64,
    /// The last day since 1970 of the force's own time, and in which of `counts` it was active.
    last: (i64, u64),
    /// The day on which something was said last.
    told: i64,
}

impl Hours {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        serde_json::json!([self.counts, self.days, self.last, self.told]).to_string().into_bytes()
    }

    /// What was kept; nothing where it is not of this version.
    pub(crate) fn read(bytes: &[u8]) -> Self {
        let kept = serde_json::from_slice(bytes);
        kept.map(|(counts, days, last, told)| Self { counts, days, last, told }).unwrap_or_default()
    }

    /// Whether it was active around this hour of such a day, on days before.
    pub(crate) fn ever(&self, hour: u8, weekend: bool) -> bool {
        (23..=25).any(|beside| self.counts.get(slot((hour + beside) % 24, weekend)).is_some_and(|days| *days > 0))
    }

    /// Counts an hour of a day. Answers whether anything changed; what comes after its day does not count.
    pub(crate) fn count(&mut self, day: i64, hour: u8, weekend: bool) -> bool {
        let (last, active) = self.last;
        if active != 0 && day < last {
            return false;
        }
        if active != 0 && day > last {
            self.counts.resize(48, 0);
            for (slot, days) in self.counts.iter_mut().enumerate() {
                *days = MOST.min(*days + u16::from(active & (1 << slot) != 0));
            }
            self.days += 1;
            self.last = (day, 0);
        }
        let now = self.last.1 | (1 << slot(hour, weekend));
        let changed = self.last != (day, now);
        self.last = (day, now);
        changed
    }

    /// Whether this is to be said: once a day. Remembers that it was.
    pub(crate) fn tell(&mut self, day: i64) -> bool {
        let first = self.told != day;
        self.told = day;
        first
    }
}

fn slot(hour: u8, weekend: bool) -> usize {
    usize::from(hour % 24) + if weekend { 24 } else { 0 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_are_learnt_by_days_and_their_neighbours_count() {
        let mut hours = Hours::default();
        for day in 100..120 {
            assert!(hours.count(day, 9, false) && !hours.count(day, 9, false) && hours.count(day, 23, false));
        }
        assert!(hours.count(120, 3, false) && !hours.count(119, 4, false));
        assert_eq!(hours.days, 20);
        let known: Vec<u8> = (0..24).filter(|hour| hours.ever(*hour, false)).collect();
        assert_eq!(known, [0, 8, 9, 10, 22, 23]);
        assert!(!hours.ever(9, true));
        assert_eq!(Hours::read(&hours.bytes()), hours);
        assert_eq!(Hours::read(b"x"), Hours::default());
        assert!(hours.tell(120) && !hours.tell(120));
    }
}
