//! Events of a force that are refused. Pure.

use std::collections::BTreeMap;

use super::condition::{About, Condition, Kind, Look};
use crate::model::Force;

/// Percent of a force's events that may be refused.
const PERCENT: f64 = 1.0;
/// Events refused before anything is said: one odd line is none of the operator's business.
const ENOUGH: u64 = 10;

/// What came of a force in this hour and the one before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Arrived {
    /// Events that came, whatever became of them; in this hour.
    pub received: u64,
    /// Of these, refused.
    pub refused: u64,
    /// Refused in the hour before.
    pub refused_before: u64,
}

/// Forces of which too much is refused, and those of which it is not. `hour`: when this hour began, microseconds since 1970
/// UTC.
pub(super) fn refusals(arrived: &BTreeMap<Force, Arrived>, hour: i64, look: &mut Look) {
    for (force, of) in arrived {
        let key = format!("refusals-high/{force}");
        let percent = if of.received == 0 { 0.0 } else { of.refused as f64 * 100.0 / of.received as f64 };
        if of.refused >= ENOUGH && percent > PERCENT {
            let about = About { force: Some(force.to_string()), ..About::default() };
            let text = format!(
                "{} of {} events of {force} in this hour were refused ({percent:.1} %).",
                of.refused, of.received
            );
            look.bad.push(Condition {
                kind: Kind::RefusalsHigh,
                key,
                about,
                since: hour,
                level: u32::from(percent >= 20.0),
                value: percent,
                bound: PERCENT,
                unit: "percent".into(),
                text,
            });
        } else if of.received > ENOUGH * 10 || (of.refused == 0 && of.refused_before == 0) {
            look.good.insert(key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_than_one_in_a_hundred_is_too_much_once_there_are_ten() {
        // Received and refused in this hour, refused before; level where it is too much; whether it is shown to be over.
        let table = [
            (1_000, 10, 0, None, true),
            (999, 10, 0, Some(0), false),
            (10, 9, 0, None, false),
            (10, 10, 0, Some(1), false),
            (101, 1, 50, None, true),
            (50, 0, 50, None, false),
            (0, 0, 50, None, false),
            (0, 0, 0, None, true),
        ];
        for (received, refused, refused_before, level, good) in table {
            let of = Arrived { received, refused, refused_before };
            let mut look = Look::default();
            refusals(&BTreeMap::from([(Force::new("avon").unwrap(), of)]), 0, &mut look);
            assert_eq!(look.bad.first().map(|one| one.level), level, "{of:?}");
            assert_eq!(look.good.contains("refusals-high/avon"), good, "{of:?}");
        }
    }
}
