//! A rule that suddenly brings many alerts at once is itself the news: from then on what it finds is one alert more, until it is
//! quiet again. In memory: after a restart a rule may bring as many again.

use std::collections::HashMap;

use super::join::Found;
use crate::model::Force;

/// Microseconds.
const HOUR: i64 = 3_600_000_000;
/// Rules of all forces that are remembered; then all begin anew.
const RULES: usize = 20_000;

/// When alerts of each rule were made, within the last hour.
pub(super) struct Flood {
    made: HashMap<(Force, String, String), Vec<i64>>,
    /// Alerts of one rule in a force that are made one by one within an hour.
    hourly: usize,
}

impl Flood {
    pub(super) fn of(hourly: usize) -> Self {
        Self { made: HashMap::new(), hourly }
    }

    /// Whether a finding that would be a new alert is to be part of its rule's one alert instead; counted where it is not.
    pub(super) fn takes(&mut self, force: &Force, found: &Found, now: i64) -> bool {
        if self.made.len() >= RULES {
            self.made.clear();
        }
        let made = self.made.entry((force.clone(), found.plugin.id.clone(), found.rule.clone())).or_default();
        // Where the clock went back, what was made lies ahead: it is forgotten.
        made.retain(|at| (0..HOUR).contains(&now.saturating_sub(*at)));
        if made.len() >= self.hourly {
            return true;
        }
        made.push(now);
        false
    }
}

/// The finding as one of its rule's flood: all of them have one key, so that they are one alert.
pub(super) fn of_flood(found: &Found) -> Found {
    let mut found = found.clone();
    found.key = "many alerts of this rule in an hour".to_owned();
    found.title = format!("Many at once: {}", found.title);
    found.summary = format!(
        "The rule makes more alerts in an hour than are told one by one. Those that follow are counted here. The latest: {}",
        found.summary
    );
    found
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use serde_json::json;

    use super::*;
    use crate::ids::Digest;

    fn found(rule: &str) -> Found {
        let digest = Digest::of(b"p");
        serde_json::from_value(json!({
            "id": digest, "plugin": { "id": "p", "version": "1.0.0", "digest": digest }, "rule": rule, "severity": "low",
            "confidence": "high", "title": "T", "summary": "S", "attack": [], "key": "k", "entities": [],
            "event": { "time": "2026-03-02T09:00:00Z", "digest": digest },
        }))
        .unwrap()
    }

    #[test]
    fn fifty_an_hour_are_made_one_by_one_of_each_rule_and_force() {
        let (avon, kent) = (Force::new("avon").unwrap(), Force::new("kent").unwrap());
        let mut flood = Flood::of(50);
        let taken = (0..70).filter(|now| flood.takes(&avon, &found("a"), *now)).count();
        assert_eq!(taken, 20);
        assert!(!flood.takes(&avon, &found("b"), 70) && !flood.takes(&kent, &found("a"), 70));
        assert!(flood.takes(&avon, &found("a"), HOUR - 1) && !flood.takes(&avon, &found("a"), HOUR));
        // The clock goes back by a day: the rule is not held for as long.
        assert!(!flood.takes(&avon, &found("a"), -24 * HOUR));
        // Those of a flood are one alert, whatever their keys were.
        let (mut one, other) = (found("a"), found("a"));
        one.key = "another".into();
        assert_eq!(of_flood(&one).fingerprint(), of_flood(&other).fingerprint());
    }
}
