//! Conditions: something that is not as it should be, from its beginning to its end. Pure: time is given.
//!
//! Rules say what they find at one look; the book compares it with what was open before and answers what to tell: a condition
//! that begins, one that lasts (once a day, or at once when it became graver), one that is over.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

/// What kind of condition; the words are those of `plugins/cordon-health`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum Kind {
    SourceSilent,
    SourceNeverSeen,
    ClockSkew,
    RefusalsHigh,
    TokenExpiring,
    LanePaused,
    LaneResting,
    PluginFaulted,
    LagHigh,
    DiskLow,
}

/// Whom it concerns, by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct About {
    /// The force; none where it is the host itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub force: Option<String>,
    /// The source.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
    /// The plugin's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub plugin: Option<String>,
    /// The token's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// Its kind.
    #[serde(rename = "condition")]
    pub kind: Kind,
    /// Names it as long as it lasts, and when it comes again; findings of it have this key.
    pub key: String,
    /// Whom it concerns.
    #[serde(flatten)]
    pub about: About,
    /// Since when, microseconds since 1970 UTC.
    pub since: i64,
    /// It is told at once when this rises.
    pub level: u32,
    /// How much there is, in `unit`.
    pub value: f64,
    /// How much there may be.
    pub bound: f64,
    /// Of both.
    pub unit: String,
    /// For people.
    pub text: String,
}

/// A condition that was told.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Open {
    /// As it was last seen.
    #[serde(flatten)]
    pub condition: Condition,
    /// When it was last told, microseconds since 1970 UTC.
    pub told: i64,
}

/// What rules found at one look.
#[derive(Debug, Default)]
pub struct Look {
    /// Not as it should be.
    pub bad: Vec<Condition>,
    /// Kinds of which all there are are in `bad`: any other is over.
    pub complete: BTreeSet<Kind>,
    /// Conditions, by key, that are shown to be over.
    pub good: BTreeSet<String>,
}

/// What is to be told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum State {
    Begun,
    Lasts,
    Recovered,
}

/// A condition that lasts is told again after this time, in microseconds: a day.
const AGAIN: i64 = 86_400_000_000;

/// What to tell, given what is open and what a look found.
#[must_use]
pub fn compare(open: &BTreeMap<String, Open>, look: Look, now: i64) -> Vec<(State, Condition)> {
    let mut tell = Vec::new();
    let mut seen = BTreeSet::new();
    for condition in look.bad {
        if !seen.insert(condition.key.clone()) {
            continue;
        }
        match open.get(&condition.key) {
            None => tell.push((State::Begun, condition)),
            Some(before) => {
                let graver = condition.level > before.condition.level;
                if graver || now.saturating_sub(before.told) >= AGAIN {
                    // It began when it was first told, however the rule counts now.
                    let since = before.condition.since;
                    tell.push((State::Lasts, Condition { since, ..condition }));
                }
            }
        }
    }
    for (key, before) in open {
        let over = look.good.contains(key) || look.complete.contains(&before.condition.kind);
        if over && !seen.contains(key) {
            tell.push((State::Recovered, before.condition.clone()));
        }
    }
    tell
}

#[cfg(test)]
mod tests {
    use super::*;

    pub(crate) fn condition(key: &str, kind: Kind, level: u32) -> Condition {
        let (about, unit, text) = (About::default(), String::new(), String::new());
        Condition { kind, key: key.into(), about, since: 5, level, value: 0.0, bound: 0.0, unit, text }
    }

    fn told(
        open: &BTreeMap<String, Open>,
        bad: &[(&str, u32)],
        good: &[&str],
        complete: bool,
        now: i64,
    ) -> Vec<String> {
        let look = Look {
            bad: bad.iter().map(|(key, level)| condition(key, Kind::DiskLow, *level)).collect(),
            complete: complete.then_some(Kind::DiskLow).into_iter().collect(),
            good: good.iter().map(|key| (*key).to_owned()).collect(),
        };
        compare(open, look, now).into_iter().map(|(state, of)| format!("{state:?} {}", of.key)).collect()
    }

    #[test]
    fn a_condition_is_told_when_it_begins_once_a_day_when_it_grows_and_when_it_is_over() {
        let none = BTreeMap::new();
        assert_eq!(told(&none, &[("a", 0), ("a", 0)], &[], true, 100), ["Begun a"]);
        assert_eq!(told(&none, &[], &["a"], true, 100), [""; 0]);
        let open = Open { condition: condition("a", Kind::DiskLow, 1), told: 100 };
        let open = BTreeMap::from([("a".to_owned(), open)]);
        let day = AGAIN;
        assert_eq!(told(&open, &[("a", 1)], &[], true, day + 99), [""; 0]);
        assert_eq!(told(&open, &[("a", 0)], &[], true, day + 99), [""; 0]);
        assert_eq!(told(&open, &[("a", 1)], &[], true, day + 100), ["Lasts a"]);
        assert_eq!(told(&open, &[("a", 2)], &[], true, 101), ["Lasts a"]);
        assert_eq!(told(&open, &[("b", 1)], &[], true, 101), ["Begun b", "Recovered a"]);
        // Without evidence nothing is over.
        assert_eq!(told(&open, &[], &[], false, 101), [""; 0]);
        assert_eq!(told(&open, &[], &["a"], false, 101), ["Recovered a"]);
        // A clock that goes backwards tells nothing again.
        assert_eq!(told(&open, &[("a", 1)], &[], true, -day), [""; 0]);
    }
}
