//! `temporal_ordered`: whether events of all rules came one after the other, in the order in which the correlation names them,
//! within its time. Pure: what was seen of a group goes in and out as text, which the plugin keeps as state.

use serde::{Deserialize, Serialize};

/// Events that are kept of a group: of each rule the latest, so many in all. Each event of a correlation's reads and writes them
/// all, some 4 KiB, so that a whole batch of one group stays within what the host hands to a plugin (20 MiB).
const KEPT: usize = 64;
/// How late an event may come and still be put in its place: two hours, in microseconds.
const LATE: i64 = 7_200_000_000;

/// What was seen of a group, in the order of time; at the same time in the order of arrival.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen(Vec<One>);

/// An event of a rule: its time in microseconds, the rule's place in the correlation, and how the event is cited.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct One(i64, u32, String);

impl Seen {
    /// From its text; nothing where that is none.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Self {
        serde_json::from_slice(bytes).unwrap_or_default()
    }

    /// As text.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }

    /// Adds an event that is these steps of a correlation. Where it completes all `steps` in their order within `within`
    /// microseconds: how the events are cited, in that order. So whichever event comes last finds it, and late ones too.
    pub fn add(&mut self, time: i64, of: &[u32], reference: &str, steps: u32, within: i64) -> Option<Vec<String>> {
        // What is further away is of no use to any event that may still come.
        let newest = self.0.last().map_or(time, |last| last.0.max(time));
        self.0.retain(|one| newest.saturating_sub(one.0) <= within.saturating_add(LATE));
        let mut found = None;
        for step in of {
            let at = self.0.partition_point(|one| one.0 <= time);
            self.0.insert(at, One(time, *step, reference.to_owned()));
        }
        for (at, one) in self.0.iter().enumerate() {
            if found.is_none() && one.0 == time && one.2 == reference && of.contains(&one.1) {
                found = self.chain(at, steps, within);
            }
        }
        for step in of {
            let mut left = KEPT / (steps.max(1) as usize);
            let mut newest = self.0.len();
            while newest > 0 {
                newest -= 1;
                if self.0.get(newest).is_some_and(|one| one.1 == *step) {
                    if left == 0 {
                        self.0.remove(newest);
                    } else {
                        left -= 1;
                    }
                }
            }
        }
        found
    }

    /// All steps in their order through this one: the latest before it and the earliest behind it, which is the shortest way.
    fn chain(&self, at: usize, steps: u32, within: i64) -> Option<Vec<String>> {
        let mut chain = vec![self.0.get(at)?];
        let mut from = at;
        let first = chain.first()?.1;
        for step in (0..first).rev() {
            let next = chain.first()?;
            let before = self.0.get(..from)?.iter().rposition(|one| one.1 == step && one.2 != next.2)?;
            from = before;
            chain.insert(0, self.0.get(before)?);
        }
        let mut to = at + 1;
        for step in first + 1..steps {
            let last = chain.last()?;
            let behind = self.0.get(to..)?.iter().position(|one| one.1 == step && one.2 != last.2)?;
            chain.push(self.0.get(to + behind)?);
            to += behind + 1;
        }
        let (begin, end) = (chain.first()?.0, chain.last()?.0);
        (end - begin < within).then(|| chain.into_iter().map(|one| one.2.clone()).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What each event finds: pairs of time and step, in the order of arrival, of three steps within ten.
    fn found(events: &[(i64, u32)]) -> Vec<Option<Vec<String>>> {
        let mut seen = Seen::default();
        let add = |(number, (time, step)): (usize, &(i64, u32))| {
            let found = seen.add(*time, &[*step], &number.to_string(), 3, 10);
            seen = Seen::from_bytes(&seen.to_bytes());
            found
        };
        events.iter().enumerate().map(add).collect()
    }

    #[test]
    fn steps_in_their_order_within_the_time_are_found_by_whichever_event_comes_last() {
        let names = |of: &[usize]| Some(of.iter().map(ToString::to_string).collect::<Vec<_>>());
        assert_eq!(found(&[(1, 0), (2, 1), (3, 2)])[2], names(&[0, 1, 2]));
        // Late, and out of order.
        assert_eq!(found(&[(3, 2), (1, 0), (2, 1)])[2], names(&[1, 2, 0]));
        // Another of the first step in between changes nothing.
        assert_eq!(found(&[(1, 0), (2, 1), (3, 0), (4, 2)])[3], names(&[0, 1, 3]));
        // Not in order; too far apart; two steps only.
        assert_eq!(found(&[(1, 1), (2, 0), (3, 2)]), [None, None, None]);
        assert_eq!(found(&[(1, 0), (2, 1), (11, 2)]), [None, None, None]);
        assert_eq!(found(&[(1, 0), (2, 1), (10, 2)])[2], names(&[0, 1, 2]));
        assert_eq!(found(&[(1, 0), (2, 2)]), [None, None]);
        // At the same time arrival decides.
        assert_eq!(found(&[(1, 0), (1, 1), (1, 2)])[2], names(&[0, 1, 2]));
    }

    #[test]
    fn one_event_is_not_two_steps_and_a_flood_of_one_rule_does_not_drive_out_another() {
        let mut seen = Seen::default();
        assert_eq!(seen.add(1, &[0, 1], "a", 2, 10), None);
        assert_eq!(seen.add(2, &[1], "b", 2, 10), Some(vec!["a".to_owned(), "b".to_owned()]));
        let mut seen = Seen::default();
        assert_eq!(seen.add(0, &[0], "first", 2, 1_000), None);
        for number in 0..100 {
            seen.add(1 + number, &[0], &number.to_string(), 2, 1_000);
        }
        assert!(seen.0.len() <= KEPT && seen.to_bytes().len() < 1_000);
        assert!(seen.add(500, &[1], "last", 2, 1_000).is_some());
        assert_eq!(Seen::from_bytes(b"no"), Seen::default());
    }
}
