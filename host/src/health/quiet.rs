//! How long each source is usually quiet, learned from when its events came. A suggestion for people: nothing applies it by
//! itself. Pure but for the form in which it is kept.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

const MINUTE: i64 = 60_000_000;
const DAY: i64 = 1_440 * MINUTE;
/// Days that are remembered.
const KEPT: usize = 14;
/// Days after which there is a suggestion.
const ENOUGH: i64 = 7;

/// The longest time without events in each of the last days, in microseconds, by the day's number since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Quiet {
    days: BTreeMap<i64, i64>,
}

impl Quiet {
    /// Events came at `received`, and before that last at `before` (microseconds since 1970 UTC). True where that changed
    /// anything.
    pub(super) fn came(&mut self, before: i64, received: i64) -> bool {
        let gap = received.saturating_sub(before).max(0);
        let longest = self.days.entry(received.div_euclid(DAY)).or_insert(-1);
        let grew = gap > *longest;
        *longest = gap.max(*longest);
        while self.days.len() > KEPT {
            self.days.pop_first();
        }
        grew
    }

    /// Minutes for which it may be quiet: half more than the longest time of the last days, but for the worst of them, which
    /// may have been an outage. None before a week is over.
    #[must_use]
    pub(super) fn suggestion(&self) -> Option<u32> {
        let (first, last) = (self.days.keys().next()?, self.days.keys().next_back()?);
        if last - first < ENOUGH {
            return None;
        }
        let mut longest: Vec<i64> = self.days.values().copied().collect();
        longest.sort_unstable();
        let longest = longest.iter().rev().nth(1)?;
        let minutes = longest.saturating_mul(3) / 2 / MINUTE + 1;
        let step = match minutes {
            ..=60 => 5,
            61..=360 => 15,
            _ => 60,
        };
        u32::try_from((minutes + step - 1) / step * step).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_a_week_the_longest_time_but_the_worst_days_is_suggested() {
        let mut quiet = Quiet::default();
        let mut before = 0;
        for day in 0..8 {
            // Every 20 minutes; from 02:00 to 04:00 nothing; on day 3 half a day nothing.
            for slot in 0..72 {
                let at = day * DAY + slot * 20 * MINUTE;
                if (6..12).contains(&slot) || (day == 3 && (30..66).contains(&slot)) {
                    continue;
                }
                quiet.came(before, at);
                before = at;
            }
            assert_eq!(quiet.suggestion().is_some(), day >= 7, "{day}");
        }
        // 140 minutes, and half of that more.
        assert_eq!(quiet.suggestion(), Some(225));
        // What is old goes.
        for day in 8..40 {
            quiet.came(day * DAY, day * DAY + 3 * MINUTE);
        }
        assert_eq!((quiet.suggestion(), quiet.days.len()), (Some(5), KEPT));
    }
}
