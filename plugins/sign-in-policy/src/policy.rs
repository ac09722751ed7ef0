//! Conditional access policies: what of a policy is weaker than before. Compares two policies as JSON; knows no fields.

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::Severity;
use cordon_sdk::serde_json::Value;

use crate::value::{Change, texts};
use crate::{Rule, Weaker};

/// What a policy asks for that keeps somebody out.
const CONTROLS: [(&str, &str); 6] = [
    ("block", "it no longer blocks"),
    ("mfa", "it no longer asks for multi-factor authentication"),
    ("compliantdevice", "it no longer asks for a compliant device"),
    ("domainjoineddevice", "it no longer asks for a joined device"),
    ("passwordchange", "it no longer asks for a new password"),
    ("approvedapplication", "it no longer asks for an approved application"),
];

/// Who and what a policy leaves out.
const EXCLUSIONS: [(&str, &str); 8] = [
    ("/conditions/users/excludeUsers", "users"),
    ("/conditions/users/excludeGroups", "groups"),
    ("/conditions/users/excludeRoles", "roles"),
    ("/conditions/applications/excludeApplications", "applications"),
    ("/conditions/locations/excludeLocations", "places"),
    ("/conditions/platforms/excludePlatforms", "platforms"),
    ("/conditions/clientApplications/excludeServicePrincipals", "service principals"),
    ("/conditions/devices/excludeDeviceStates", "device states"),
];

/// Whom and what a policy covers, with the word that stands for everything.
const COVERED: [(&str, &str, &str); 8] = [
    ("/conditions/users/includeUsers", "users", "all"),
    ("/conditions/users/includeGroups", "groups", ""),
    ("/conditions/users/includeRoles", "roles", ""),
    ("/conditions/applications/includeApplications", "applications", "all"),
    ("/conditions/locations/includeLocations", "places", "all"),
    ("/conditions/clientAppTypes", "client types", "all"),
    ("/conditions/signInRiskLevels", "sign-in risks", ""),
    ("/conditions/userRiskLevels", "user risks", ""),
];

/// A policy that was changed.
pub(crate) fn weaker(changes: &[Change<'_>], expected: &[String]) -> Option<Weaker> {
    let (before, after) = changes.iter().map(Change::objects).find(|(before, after)| is_policy(before, after))?;
    if !in_force(&before) {
        return None;
    }
    if !in_force(&after) {
        return Some(disabled(match state(&after).as_str() {
            "disabled" => "it is switched off",
            _ => "it only reports now",
        }));
    }
    let mut weaker =
        Weaker { rule: Rule::ConditionalAccessWeakened, severity: None, what: Vec::new(), tags: Vec::new() };
    let mut grave = asks_for_less(&before, &after, &mut weaker);
    for (pointer, word) in EXCLUSIONS {
        let (known, now) = (texts(&before, pointer), texts(&after, pointer));
        let added = now.difference(&known).filter(|entry| !is_listed(entry, expected));
        let added: Vec<String> = added.cloned().collect();
        note(&mut weaker, "leaves out", word, &added);
    }
    let guests = "/conditions/users/excludeGuestsOrExternalUsers";
    if is_nothing(before.pointer(guests)) && !is_nothing(after.pointer(guests)) {
        note(&mut weaker, "leaves out", "guests", &["guests".to_owned()]);
    }
    for (pointer, word, all) in COVERED {
        let now = texts(&after, pointer);
        if now.contains(all) {
            continue;
        }
        let lost: Vec<String> = texts(&before, pointer).difference(&now).cloned().collect();
        // An empty list of risks or groups says nothing about them: then the policy covers more, not less.
        if all.is_empty() && now.is_empty() {
            continue;
        }
        grave |= !all.is_empty() && lost.iter().any(|entry| entry == all);
        note(&mut weaker, "no longer covers", word, &lost);
    }
    weaker.severity = grave.then_some(Severity::High);
    (!weaker.what.is_empty()).then_some(weaker)
}

/// A policy that was deleted; one whose record does not say how it stood was in force, as far as anybody knows.
pub(crate) fn deleted(changes: &[Change<'_>]) -> Option<Weaker> {
    let before = changes.iter().map(|change| change.objects().0).find(|before| before.is_object());
    before.as_ref().is_none_or(in_force).then(|| disabled("it is deleted"))
}

fn disabled(what: &str) -> Weaker {
    let what = vec![what.to_owned()];
    Weaker { rule: Rule::ConditionalAccessDisabled, severity: None, what, tags: Vec::new() }
}

fn is_policy(before: &Value, after: &Value) -> bool {
    before.is_object() && after.is_object() && after.get("state").is_some()
}

fn state(policy: &Value) -> String {
    policy.get("state").and_then(Value::as_str).unwrap_or("").to_lowercase()
}

fn in_force(policy: &Value) -> bool {
    state(policy) == "enabled"
}

fn is_nothing(value: Option<&Value>) -> bool {
    value.is_none_or(Value::is_null)
}

/// Controls that are gone, or of which one is now enough.
fn asks_for_less(before: &Value, after: &Value, weaker: &mut Weaker) -> bool {
    let controls = "/grantControls/builtInControls";
    let (old, new) = (texts(before, controls), texts(after, controls));
    let strength = "/grantControls/authenticationStrength";
    let strong = !is_nothing(after.pointer(strength));
    for (control, words) in CONTROLS {
        let had = old.contains(control);
        // A required strength is multi-factor authentication and more.
        if had && !new.contains(control) && !(control == "mfa" && strong) {
            weaker.what.push(words.to_owned());
            weaker.tags.push(format!("control:{control}"));
        }
    }
    if !is_nothing(before.pointer(strength)) && !strong {
        weaker.what.push("it no longer asks for a strength of authentication".to_owned());
        weaker.tags.push("control:strength".to_owned());
    }
    let operator =
        |policy: &Value| policy.pointer("/grantControls/operator").and_then(Value::as_str).unwrap_or("").to_uppercase();
    if operator(before) == "AND" && operator(after) == "OR" && new.len() > 1 {
        weaker.what.push("one of its controls is enough now".to_owned());
        weaker.tags.push("control:or".to_owned());
    }
    !weaker.what.is_empty()
}

/// Shown of a list; the rest is counted.
const SHOWN: usize = 5;

fn note(weaker: &mut Weaker, verb: &str, word: &str, entries: &[String]) {
    if entries.is_empty() {
        return;
    }
    let shown = entries.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = entries.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    weaker.what.push(format!("it {verb} {word} ({shown}{more})"));
    weaker.tags.extend(entries.iter().map(|entry| format!("{word}:{entry}")));
}

#[cfg(test)]
mod tests {
    use cordon_sdk::serde_json::json;

    use super::*;

    fn base() -> Value {
        json!({"state": "enabled", "conditions": {
            "users": {"includeUsers": ["All"], "excludeUsers": ["a"], "excludeGuestsOrExternalUsers": null},
            "applications": {"includeApplications": ["All"]}, "signInRiskLevels": ["high", "medium"], "clientAppTypes": ["all"]},
            "grantControls": {"operator": "AND", "builtInControls": ["mfa", "compliantDevice"]}})
    }

    fn tags(change: impl Fn(&mut Value)) -> Vec<String> {
        let (before, mut after) = (base(), base());
        change(&mut after);
        let (before, after) = (before.to_string(), after.to_string());
        let change = Change::of("ConditionalAccessPolicy", &before, &after);
        weaker(&[change], &["glass".to_owned()]).map(|weaker| weaker.tags).unwrap_or_default()
    }

    #[test]
    fn every_way_to_weaken_a_policy_is_told() {
        assert_eq!(tags(|p| p["conditions"]["users"]["excludeUsers"] = json!(["a", "B"])), ["users:b"]);
        assert_eq!(tags(|p| p["conditions"]["users"]["includeUsers"] = json!(["x"])), ["users:all"]);
        assert_eq!(tags(|p| p["conditions"]["signInRiskLevels"] = json!(["high"])), ["sign-in risks:medium"]);
        assert_eq!(tags(|p| p["grantControls"]["operator"] = json!("OR")), ["control:or"]);
        assert_eq!(tags(|p| p["grantControls"]["builtInControls"] = json!(["compliantDevice"])), ["control:mfa"]);
        assert_eq!(
            tags(|p| p["conditions"]["users"]["excludeGuestsOrExternalUsers"] =
                json!({"guestOrExternalUserTypes": "b2bCollaborationGuest"})),
            ["guests:guests"]
        );
    }

    #[test]
    fn what_makes_a_policy_stricter_or_changes_nothing_is_not_told() {
        assert!(tags(|_| ()).is_empty());
        assert!(tags(|p| p["conditions"]["users"]["excludeUsers"] = json!([])).is_empty());
        assert!(tags(|p| p["conditions"]["users"]["excludeUsers"] = json!(["a", "glass"])).is_empty());
        assert!(tags(|p| p["conditions"]["signInRiskLevels"] = json!([])).is_empty());
        assert!(tags(|p| p["displayName"] = json!("other")).is_empty());
        assert!(
            tags(|p| {
                p["grantControls"] = json!({"operator": "AND", "builtInControls": ["compliantDevice"], "authenticationStrength": {"id": "x"}});
            })
            .is_empty()
        );
    }

    #[test]
    fn odd_shapes_are_no_trouble() {
        for odd in [json!(null), json!(3), json!([1]), json!({"users": [1]}), json!("x")] {
            tags(|policy| policy["conditions"] = odd.clone());
            tags(|policy| policy["grantControls"] = odd.clone());
        }
    }
}
