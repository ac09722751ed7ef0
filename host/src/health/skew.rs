//! Clocks: event times that are ahead of their arrival, or all far behind it. Pure.

use std::collections::BTreeMap;

use super::condition::{About, Condition, Kind, Look};
use super::words::{SECOND, seconds, span};
use crate::intake::{AHEAD, Clock};
use crate::model::{Force, SourceName};

/// Events that must have come before anything is said.
const ENOUGH: u64 = 20;
/// From so many in a thousand on, events ahead are no single odd one.
const AHEAD_PER_MILLE: u64 = 10;
/// When even the least late event of an hour is later than this, the source is late: Microsoft's audit log takes up to 90
/// minutes by itself.
const LATE: i64 = 3 * 3_600 * SECOND;

/// Clocks that are wrong and those that are right; of the others too little is known. `now` in microseconds since 1970 UTC.
pub(super) fn skewed(clocks: &BTreeMap<(Force, SourceName), Clock>, now: i64, look: &mut Look) {
    for ((force, source), clock) in clocks.iter().filter(|(_, clock)| clock.events >= ENOUGH) {
        let key = format!("clock-skew/{force}/{source}");
        let is_ahead = clock.ahead * 1_000 >= clock.events * AHEAD_PER_MILLE && clock.ahead > 0;
        let (value, bound, unit, text) = if is_ahead {
            let (ahead, events, by) = (clock.ahead, clock.events, span(clock.furthest));
            let text = format!("{ahead} of {events} events of {source} from {force} are dated ahead, by up to {by}.");
            (clock.furthest, AHEAD, "seconds ahead", text)
        } else if clock.least_late > LATE {
            let by = span(clock.least_late);
            let text = format!("All events of {source} from {force} come at least {by} late.");
            (clock.least_late, LATE, "seconds late", text)
        } else {
            look.good.insert(key);
            continue;
        };
        let about = About { force: Some(force.to_string()), source: Some(source.to_string()), ..About::default() };
        let (value, bound, unit) = (seconds(value), seconds(bound), unit.to_owned());
        look.bad.push(Condition { kind: Kind::ClockSkew, key, about, since: now, level: 0, value, bound, unit, text });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_wrong_when_events_are_ahead_or_all_are_late_and_right_only_when_enough_say_so() {
        let hour = 3_600 * SECOND;
        // Events, ahead, furthest, least late; bad, good.
        let table = [
            (1_000, 10, hour, 0, Some("seconds ahead"), 0),
            (1_000, 9, hour, 0, None, 1),
            (20, 1, 7 * hour, 0, Some("seconds ahead"), 0),
            (19, 19, hour, 0, None, 0),
            (20, 0, 0, 4 * hour, Some("seconds late"), 0),
            (20, 0, 0, 3 * hour, None, 1),
            (19, 0, 0, 4 * hour, None, 0),
        ];
        for (events, ahead, furthest, least_late, bad, good) in table {
            let key = (Force::new("avon").unwrap(), SourceName::new("m365.audit").unwrap());
            let clocks = BTreeMap::from([(key, Clock { events, ahead, furthest, least_late })]);
            let mut look = Look::default();
            skewed(&clocks, 0, &mut look);
            assert_eq!(look.bad.first().map(|one| one.unit.as_str()), bad, "{events} {ahead} {least_late}");
            assert_eq!(look.good.len(), good, "{events} {ahead} {least_late}");
        }
    }
}
