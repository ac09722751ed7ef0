//! What alerts weigh together. Pure, and explained: the sum of what each rule adds, half of it gone each day, times how far along
//! ATT&CK's tactics they reach. What people said was no attack adds nothing.
//!
//! A rule adds once, by its weightiest alert: informational 1, low 5, medium 20, high 50, critical 100; by half where its
//! confidence is low, by three quarters where it is medium. Each tactic beyond the first adds a quarter to the sum.

use std::collections::{BTreeMap, BTreeSet};

use cordon_contract::manifest::{Confidence, Severity};
use serde::Serialize;

use crate::alerts::alert::{Alert, Verdict};
use crate::attack;

/// After so long an alert weighs half: a day, in microseconds.
const HALF: f64 = 86_400e6;

/// See the module.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Score {
    /// The sum, times what the tactics make of it.
    pub total: f64,
    /// What each rule adds, most first.
    pub contributions: Vec<Contribution>,
    /// ATT&CK tactics that the rules are of.
    pub tactics: BTreeSet<&'static str>,
    /// What the tactics make of the sum: 1 for one, a quarter more for each further.
    pub factor: f64,
}

/// What a rule adds.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Contribution {
    /// `plugin/rule`
    pub rule: String,
    /// By which alert.
    pub alert: String,
    /// By severity and confidence, before its age.
    pub weight: f64,
    /// With its age.
    pub adds: f64,
}

/// What these alerts weigh at a time (microseconds since 1970 UTC).
pub(super) fn score(alerts: &[Alert], now: i64) -> Score {
    let mut by_rule: BTreeMap<String, Contribution> = BTreeMap::new();
    let mut tactics = BTreeSet::new();
    for alert in alerts.iter().filter(|alert| counts(alert)) {
        tactics.extend(alert.attack.iter().flat_map(|id| attack::tactics(id)));
        let weight = weight(alert);
        #[allow(clippy::cast_precision_loss, reason = "an age in microseconds, for a weight")]
        let age = now.saturating_sub(alert.last_seen).max(0) as f64;
        let adds = weight * (-age / HALF).exp2();
        let rule = format!("{}/{}", alert.plugin, alert.rule);
        let one = Contribution { rule: rule.clone(), alert: alert.reference.clone(), weight, adds };
        match by_rule.get(&rule) {
            Some(known) if known.adds >= adds => {}
            _ => drop(by_rule.insert(rule, one)),
        }
    }
    let mut contributions: Vec<Contribution> = by_rule.into_values().collect();
    contributions.sort_by(|a, b| b.adds.total_cmp(&a.adds).then_with(|| a.rule.cmp(&b.rule)));
    #[allow(clippy::cast_precision_loss, reason = "fourteen tactics")]
    let factor = 1.0 + 0.25 * tactics.len().saturating_sub(1) as f64;
    let total = factor * contributions.iter().map(|one| one.adds).sum::<f64>();
    Score { total, contributions, tactics, factor }
}

/// The severity of the gravest; one more where three tactics or more are served.
pub(super) fn priority(alerts: &[Alert], score: &Score) -> Severity {
    let real = alerts.iter().filter(|alert| counts(alert));
    let gravest = real.map(|alert| alert.severity).max().unwrap_or(Severity::Informational);
    if score.tactics.len() < 3 {
        return gravest;
    }
    match gravest {
        Severity::Informational => Severity::Low,
        Severity::Low => Severity::Medium,
        Severity::Medium => Severity::High,
        Severity::High | Severity::Critical => Severity::Critical,
    }
}

/// Whether it is of no exercise, and people did not say that it was no attack.
fn counts(alert: &Alert) -> bool {
    alert.exercise.is_none() && matches!(alert.verdict, None | Some(Verdict::TruePositive))
}

fn weight(alert: &Alert) -> f64 {
    let severity = match alert.severity {
        Severity::Informational => 1.0,
        Severity::Low => 5.0,
        Severity::Medium => 20.0,
        Severity::High => 50.0,
        Severity::Critical => 100.0,
    };
    severity
        * match alert.confidence {
            Confidence::Low => 0.5,
            Confidence::Medium => 0.75,
            Confidence::High => 1.0,
        }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::alerts::alert::sample;

    const DAY: i64 = 86_400_000_000;

    fn alert(number: u64, rule: &str, severity: Severity, attack: &[&str]) -> Alert {
        let attack = attack.iter().map(|id| (*id).to_owned()).collect();
        Alert { rule: rule.into(), severity, confidence: Confidence::High, attack, last_seen: 0, ..sample(number) }
    }

    #[test]
    fn rules_add_up_once_each_decay_by_half_a_day_and_reach_along_tactics() {
        let alerts = [
            alert(1, "a", Severity::High, &["T1114.003"]),
            alert(2, "a", Severity::Medium, &["T1114.003"]),
            alert(3, "b", Severity::Medium, &["T1114.003"]),
        ];
        let found = score(&alerts, 0);
        assert!((found.total - 70.0).abs() < 1e-9 && (found.factor - 1.0).abs() < 1e-9, "{found:?}");
        assert_eq!(found.contributions.iter().map(|one| one.alert.as_str()).collect::<Vec<_>>(), ["avon-1", "avon-3"]);
        assert!((score(&alerts, DAY).total - 35.0).abs() < 1e-9);
        let wider = alert(4, "c", Severity::Low, &["T1528"]);
        let both: Vec<Alert> = alerts.iter().cloned().chain([wider]).collect();
        assert!((score(&both, 0).total - 75.0 * 1.25).abs() < 1e-9);
        assert_eq!(score(&both, 0).tactics.into_iter().collect::<Vec<_>>(), ["collection", "credential-access"]);
    }

    #[test]
    fn what_was_no_attack_adds_nothing_and_three_tactics_raise_the_priority() {
        let mut alerts = vec![
            alert(1, "a", Severity::Medium, &["T1114.003"]),
            alert(2, "b", Severity::Low, &["T1528"]),
            alert(3, "c", Severity::Low, &["T1537"]),
        ];
        assert_eq!(priority(&alerts, &score(&alerts, 0)), Severity::High);
        alerts[2].verdict = Some(Verdict::FalsePositive);
        assert_eq!(priority(&alerts, &score(&alerts, 0)), Severity::Medium);
        assert!((score(&alerts, 0).total - 25.0 * 1.25).abs() < 1e-9);
        assert_eq!(score(&[], 0).total, 0.0);
    }
}
