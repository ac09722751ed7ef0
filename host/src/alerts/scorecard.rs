//! How each rule does with people: how much it brings, how fast they take it, how often it was no attack, and how sure that is.

use std::collections::BTreeMap;

use serde::Serialize;

use super::alert::{Alert, State, Verdict};
use super::{Alerts, book};
use crate::model::Force;
use crate::store::{Space, StoreError};

/// Alerts read at a time.
const PAGE: usize = 1_024;
/// Judged alerts from which on a rule with none that was an attack is one to retire.
const ENOUGH: u64 = 20;
/// 97.5% of a normal distribution lie below it: an interval of 95%.
const Z: f64 = 1.959_964;

/// A rule in a force, over the alerts that were made since a time.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Score {
    /// Whose alerts.
    pub force: String,
    /// The plugin.
    pub plugin: String,
    /// Its rule.
    pub rule: String,
    /// Alerts.
    pub alerts: u64,
    /// Findings in them.
    pub findings: u64,
    /// Alerts that are not resolved.
    pub open: u64,
    /// Resolved as an attack.
    pub true_positives: u64,
    /// Resolved as none.
    pub false_positives: u64,
    /// Resolved as meant to be.
    pub benign: u64,
    /// Seconds until half of those that somebody took were taken.
    pub to_acknowledge: Option<i64>,
    /// Seconds until half of those that were contained were.
    pub to_contain: Option<i64>,
    /// The part of those judged (attack, none, meant) that was none.
    pub false_positive_ratio: Option<f64>,
    /// Where that ratio truly lies, 95 times of 100 (Wilson's interval).
    pub between: Option<(f64, f64)>,
    /// What to do: `tune` where surely more than half is no attack, `retire` where of 20 and more none was.
    pub advice: Option<&'static str>,
}

#[derive(Default)]
struct Tally {
    score: Score,
    acknowledged: Vec<i64>,
    contained: Vec<i64>,
}

impl Alerts {
    /// Of these forces, over alerts made since a time (microseconds since 1970 UTC); most false positives first.
    ///
    /// # Errors
    /// The store's.
    pub fn scorecard(&self, forces: &[Force], since: i64) -> Result<Vec<Score>, StoreError> {
        let store = &self.shared.store;
        let mut tallies: BTreeMap<(String, String, String), Tally> = BTreeMap::new();
        for force in forces {
            let (of, mut last) = (book::of_force(force), 0);
            loop {
                let pairs = store.list(Space::Alert, &of, Some(&book::key(force, last)), PAGE)?;
                let read = pairs.len();
                for (at, text) in pairs {
                    last = at.last_chunk().map_or(last, |number| u64::from_be_bytes(*number));
                    if let Ok(alert) = serde_json::from_slice::<Alert>(&text)
                        && alert.created >= since
                        && alert.exercise.is_none()
                    {
                        let key = (force.to_string(), alert.plugin.clone(), alert.rule.clone());
                        tallies.entry(key).or_default().count(&alert);
                    }
                }
                if read < PAGE {
                    break;
                }
            }
        }
        let mut scores: Vec<Score> = tallies.into_iter().map(|(of, tally)| tally.score(of)).collect();
        scores.sort_by_key(|score| std::cmp::Reverse((score.false_positives, score.alerts)));
        Ok(scores)
    }
}

impl Tally {
    fn count(&mut self, alert: &Alert) {
        let score = &mut self.score;
        score.alerts += 1;
        score.findings += alert.count;
        score.open += u64::from(alert.state != State::Resolved);
        match alert.verdict {
            Some(Verdict::TruePositive) => score.true_positives += 1,
            Some(Verdict::FalsePositive) => score.false_positives += 1,
            Some(Verdict::Benign) => score.benign += 1,
            // Of the service's own making: nothing that the rule did.
            Some(Verdict::Test | Verdict::Duplicate) | None => {}
        }
        let after = |time: Option<i64>| time.map(|time| time.saturating_sub(alert.created).div_euclid(1_000_000));
        self.acknowledged.extend(after(alert.acknowledged));
        self.contained.extend(after(alert.contained));
    }

    fn score(mut self, (force, plugin, rule): (String, String, String)) -> Score {
        let Score { true_positives, false_positives, benign, .. } = self.score;
        let judged = true_positives + false_positives + benign;
        let between = (judged > 0).then(|| wilson(false_positives, judged));
        #[allow(clippy::cast_precision_loss, reason = "counts of alerts, for a ratio")]
        let ratio = (judged > 0).then(|| false_positives as f64 / judged as f64);
        let advice = match between {
            Some(_) if judged >= ENOUGH && true_positives == 0 => Some("retire"),
            Some((low, _)) if low > 0.5 => Some("tune"),
            _ => None,
        };
        let (to_acknowledge, to_contain) = (median(&mut self.acknowledged), median(&mut self.contained));
        Score {
            force,
            plugin,
            rule,
            to_acknowledge,
            to_contain,
            false_positive_ratio: ratio,
            between,
            advice,
            ..self.score
        }
    }
}

fn median(times: &mut [i64]) -> Option<i64> {
    times.sort_unstable();
    times.get(times.len() / 2).copied()
}

/// Wilson's interval for a part of a whole.
#[allow(clippy::cast_precision_loss, reason = "counts of alerts, for a ratio")]
fn wilson(part: u64, whole: u64) -> (f64, f64) {
    let (n, p) = (whole as f64, part as f64 / whole as f64);
    let z2 = Z * Z;
    let middle = p + z2 / (2.0 * n);
    let half = Z * (p * (1.0 - p) / n + z2 / (4.0 * n * n)).sqrt();
    let over = 1.0 + z2 / n;
    (((middle - half) / over).max(0.0), ((middle + half) / over).min(1.0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::alerts::alert::sample;

    fn tally(verdicts: &[(Verdict, u64)]) -> Score {
        let mut tally = Tally::default();
        for (verdict, count) in verdicts {
            for number in 0..*count {
                let mut alert = sample(number);
                (alert.state, alert.verdict) = (State::Resolved, Some(*verdict));
                alert.acknowledged = Some(i64::try_from(number).unwrap_or(0) * 1_000_000);
                tally.count(&alert);
            }
        }
        tally.score(("avon".into(), "p".into(), "r".into()))
    }

    #[test]
    fn a_ratio_says_how_sure_it_is() {
        // Wilson's interval of 8 in 10, as in textbooks: 0.490 to 0.943.
        let (low, high) = wilson(8, 10);
        assert!((low - 0.4902).abs() < 1e-3 && (high - 0.9433).abs() < 1e-3, "{low} {high}");
        let found = tally(&[(Verdict::FalsePositive, 3), (Verdict::TruePositive, 1), (Verdict::Test, 9)]);
        assert_eq!((found.alerts, found.false_positive_ratio, found.advice), (13, Some(0.75), None));
        assert_eq!(tally(&[]).between, None);
    }

    #[test]
    fn rules_that_are_surely_wrong_are_to_be_tuned_and_those_without_any_attack_retired() {
        assert_eq!(tally(&[(Verdict::FalsePositive, 9), (Verdict::TruePositive, 1)]).advice, Some("tune"));
        assert_eq!(tally(&[(Verdict::Benign, 15), (Verdict::FalsePositive, 5)]).advice, Some("retire"));
        assert_eq!(tally(&[(Verdict::Benign, 15), (Verdict::TruePositive, 5)]).advice, None);
        assert_eq!(tally(&[(Verdict::TruePositive, 5)]).to_acknowledge, Some(2));
    }
}
