//! Whether the ledger adds up: for a lane that is up to date, accepted = processed + skipped + lost + before. Pure.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::model::{Force, SourceName};
use crate::results::ledger::{Lines, OfLane};
use crate::scheduler::LaneStatus;

/// What a check found.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Sums {
    /// Whether everything that was checked adds up.
    pub adds_up: bool,
    /// Lanes that were checked, each in one source.
    pub checked: u64,
    /// Lanes that are behind, or moved meanwhile: the next check sees them.
    pub behind: u64,
    /// What does not add up, for people.
    pub wrong: Vec<String>,
}

/// Checks every lane that stood at the journal's end both before and after the lines were read.
#[must_use]
pub(super) fn check(lines: &Lines, before: &[LaneStatus], after: &[LaneStatus]) -> Sums {
    let at = |lane: &LaneStatus| (lane.force.clone(), lane.source.clone(), lane.plugin.clone());
    let stood: BTreeMap<(Force, SourceName, String), u64> = before
        .iter()
        .filter(|lane| lane.lane.is_live() && lane.cursor == lane.head)
        .map(|lane| (at(lane), lane.head))
        .collect();
    let mut sums = Sums::default();
    for lane in after.iter().filter(|lane| lane.lane.is_live()) {
        if lane.cursor != lane.head || stood.get(&at(lane)) != Some(&lane.head) {
            sums.behind += 1;
            continue;
        }
        sums.checked += 1;
        sums.wrong.extend(wrong(lines, lane));
    }
    sums.adds_up = sums.wrong.is_empty();
    sums
}

fn wrong(lines: &Lines, lane: &LaneStatus) -> Vec<String> {
    let mine = || {
        let of_source = lines.iter().filter(|((source, _), _)| *source == lane.source.as_str());
        of_source
            .map(|((_, hour), line)| (*hour, line.accepted, line.lanes.get(&lane.plugin).copied().unwrap_or_default()))
    };
    let (force, source, plugin) = (&lane.force, &lane.source, &lane.plugin);
    let said = |hour: &str, accepted: u64, of: &OfLane| {
        format!(
            "{force} {source} {plugin} {hour}: {accepted} accepted, but {} processed, {} skipped, {} lost, {} from before it",
            of.processed, of.skipped, of.lost, of.before
        )
    };
    // Of what was lost nobody knows the hour: then only the sums can be compared.
    if mine().any(|(_, _, of)| of.lost > 0) {
        let (accepted, all) =
            mine().fold((0, OfLane::default()), |(accepted, all), (_, more, of)| (accepted + more, all.and(of)));
        return (accepted != all.done()).then(|| said("in all", accepted, &all)).into_iter().collect();
    }
    let differs = mine().filter(|(_, accepted, of)| *accepted != of.done());
    differs.map(|(hour, accepted, of)| said(&super::words::time(hour), accepted, &of)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::results::ledger::{HOUR, Line};

    fn lane(cursor: u64, head: u64) -> LaneStatus {
        LaneStatus {
            force: Force::new("avon").unwrap(),
            source: SourceName::new("m365.audit").unwrap(),
            plugin: "p".into(),
            lane: crate::results::Lane::Live,
            version: "1.0.0".into(),
            digest: crate::ids::Digest::of(b"p"),
            ran: None,
            cursor,
            head,
            state: "running",
            why: None,
            resting: None,
            events: 0,
            findings: 0,
            skips: 0,
            faults: 0,
            cpu_us: 0,
            evicted: 0,
            late: 0,
        }
    }

    fn lines(hours: &[(i64, u64, OfLane)]) -> Lines {
        let line = |accepted, of| Line { accepted, lanes: BTreeMap::from([("p".into(), of)]), ..Line::default() };
        hours.iter().map(|(hour, accepted, of)| (("m365.audit".into(), hour * HOUR), line(*accepted, *of))).collect()
    }

    #[test]
    fn each_hour_adds_up_or_is_named_and_what_moves_is_left_for_the_next_time() {
        let none = OfLane::default();
        let good = lines(&[
            (1, 5, OfLane { before: 5, ..none }),
            (2, 7, OfLane { before: 1, processed: 4, skipped: 2, ..none }),
        ]);
        let stands = [lane(12, 12)];
        let sums = check(&good, &stands, &stands);
        assert_eq!((sums.adds_up, sums.checked, sums.behind), (true, 1, 0));
        let bad = lines(&[(1, 5, OfLane { processed: 4, ..none }), (2, 5, OfLane { processed: 6, ..none })]);
        let sums = check(&bad, &stands, &stands);
        assert!(!sums.adds_up && sums.wrong.len() == 2 && sums.wrong[0].contains("1970-01-01T01:00"), "{sums:?}");
        for (before, after) in
            [(lane(11, 12), lane(12, 12)), (lane(12, 12), lane(13, 13)), (lane(12, 12), lane(12, 13))]
        {
            let sums = check(&bad, &[before], &[after]);
            assert_eq!((sums.adds_up, sums.checked, sums.behind), (true, 0, 1));
        }
        // Nobody knows in which hour the lost ones came.
        let lost = lines(&[(0, 0, OfLane { lost: 2, ..none }), (1, 5, OfLane { processed: 3, ..none })]);
        assert!(check(&lost, &stands, &stands).adds_up);
        let lost = lines(&[(0, 0, OfLane { lost: 1, ..none }), (1, 5, OfLane { processed: 3, ..none })]);
        assert!(!check(&lost, &stands, &stands).adds_up);
    }
}
