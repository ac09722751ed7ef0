//! Lanes: those that stand still, lag, or pass events without a result. Pure.

use std::collections::BTreeMap;

use super::condition::{About, Condition, Kind};
use super::words::{seconds, span};
use crate::model::Force;

/// One force's lane of one plugin, over all sources.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Lane {
    /// Why it rests, in any source.
    pub resting: Option<String>,
    /// Why it is paused, and since when (microseconds since 1970 UTC), in any source.
    pub paused: Option<(String, i64)>,
    /// When the oldest event came that waits for it, in the same.
    pub waiting_since: Option<i64>,
    /// Events passed without a result in this hour and the one before.
    pub passed: u64,
}

/// Lanes by force and plugin's id.
pub(super) type Lanes = BTreeMap<(Force, String), Lane>;

/// How long a lane may be paused before somebody is told, in microseconds: pauses of a second are no news.
const PAUSED: i64 = 30_000_000;

/// What is wrong with them. `lag`: microseconds that an event may wait. `now` in microseconds since 1970 UTC.
#[must_use]
pub(super) fn lanes(all: &Lanes, lag: i64, now: i64) -> Vec<Condition> {
    all.iter().flat_map(|((force, plugin), lane)| wrong(force, plugin, lane, lag, now)).collect()
}

fn wrong(force: &Force, plugin: &str, lane: &Lane, lag: i64, now: i64) -> Vec<Condition> {
    let condition = |kind, word: &str, since, value, bound, unit: &str, text| Condition {
        kind,
        key: format!("{word}/{force}/{plugin}"),
        about: About { force: Some(force.to_string()), plugin: Some(plugin.to_owned()), ..About::default() },
        since,
        level: 0,
        value,
        bound,
        unit: unit.to_owned(),
        text,
    };
    let mut found = Vec::new();
    let paused = lane.paused.as_ref().filter(|(_, since)| now.saturating_sub(*since) >= PAUSED);
    if let Some(why) = &lane.resting {
        let text = format!("{plugin} no longer runs for {force}: {why}");
        found.push(condition(Kind::LaneResting, "lane-resting", now, 0.0, 0.0, "", text));
    } else if let Some((why, since)) = paused {
        let text = format!("{plugin} is paused for {force} and tried again: {why}");
        found.push(condition(Kind::LanePaused, "lane-paused", *since, 0.0, 0.0, "", text));
    }
    let waits = lane.waiting_since.map_or(0, |since| now.saturating_sub(since));
    if waits > lag && lane.resting.is_none() {
        let text = format!("Events of {force} wait for {plugin} since {}; the bound is {}.", span(waits), span(lag));
        let mut lags = condition(Kind::LagHigh, "lag-high", now - waits, seconds(waits), seconds(lag), "seconds", text);
        lags.level = u32::from(waits >= lag.saturating_mul(10));
        found.push(lags);
    }
    if lane.passed > 0 {
        let text = format!("{plugin} passed {} events of {force} without a result.", lane.passed);
        let mut faulted =
            condition(Kind::PluginFaulted, "plugin-faulted", now, lane.passed as f64, 0.0, "events", text);
        faulted.level = u32::from(lane.passed > 1_000);
        found.push(faulted);
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lane_that_rests_lags_or_passes_events_is_told_of_once_for_each() {
        let second = 1_000_000;
        let why = || "out-of-time".to_owned();
        let table = [
            (Lane::default(), vec![]),
            (Lane { resting: Some(why()), ..Lane::default() }, vec![(Kind::LaneResting, 0)]),
            // What rests lags; that is said already.
            (Lane { resting: Some(why()), waiting_since: Some(0), ..Lane::default() }, vec![(Kind::LaneResting, 0)]),
            (Lane { paused: Some((why(), 971 * second)), ..Lane::default() }, vec![]),
            (Lane { paused: Some((why(), 970 * second)), ..Lane::default() }, vec![(Kind::LanePaused, 0)]),
            (Lane { waiting_since: Some(900 * second), ..Lane::default() }, vec![]),
            (Lane { waiting_since: Some(899 * second), ..Lane::default() }, vec![(Kind::LagHigh, 0)]),
            (Lane { waiting_since: Some(0), ..Lane::default() }, vec![(Kind::LagHigh, 1)]),
            (Lane { passed: 1_000, ..Lane::default() }, vec![(Kind::PluginFaulted, 0)]),
            (Lane { passed: 1_001, ..Lane::default() }, vec![(Kind::PluginFaulted, 1)]),
        ];
        for (lane, expected) in table {
            let all = BTreeMap::from([((Force::new("avon").unwrap(), "p".to_owned()), lane.clone())]);
            let found = lanes(&all, 100 * second, 1_000 * second);
            let found: Vec<(Kind, u32)> = found.iter().map(|one| (one.kind, one.level)).collect();
            assert_eq!(found, expected, "{lane:?}");
        }
    }
}
