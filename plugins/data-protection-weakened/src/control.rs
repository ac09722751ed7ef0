//! Rules about policies and mailboxes: what a cmdlet takes away. Judges its name and parameters; reads no fields.

use cordon_sdk::microsoft::{Parameters, is_false, is_true};
use cordon_sdk::prelude::Severity;

use crate::{Rule, Settings};

/// Policies of Purview by the noun of their cmdlets: the rule that is about them, and what people call them.
const POLICIES: [(&str, Rule, &str); 10] = [
    ("dlpcompliancepolicy", Rule::DlpWeakened, "loss prevention policy"),
    ("dlpcompliancerule", Rule::DlpWeakened, "loss prevention rule"),
    ("retentioncompliancepolicy", Rule::RetentionWeakened, "retention policy"),
    ("retentioncompliancerule", Rule::RetentionWeakened, "retention rule"),
    ("appretentioncompliancepolicy", Rule::RetentionWeakened, "retention policy"),
    ("appretentioncompliancerule", Rule::RetentionWeakened, "retention rule"),
    ("compliancetag", Rule::RetentionWeakened, "retention label"),
    ("label", Rule::LabelPolicyRemoved, "sensitivity label"),
    ("labelpolicy", Rule::LabelPolicyRemoved, "label policy"),
    ("autosensitivitylabelpolicy", Rule::LabelPolicyRemoved, "automatic label policy"),
];
/// Modes of a loss prevention policy in which it holds nothing back.
const IDLE_MODES: [&str; 4] = ["Disable", "TestWithNotifications", "TestWithoutNotifications", "PendingDeletion"];

/// What a cmdlet took away.
pub(crate) struct Weakening {
    pub(crate) rule: Rule,
    /// What was weakened, for the key.
    pub(crate) what: String,
    /// Between the actor's name and what it was done to.
    pub(crate) act: String,
    /// The parameters that say so.
    pub(crate) set_to: String,
    /// The places that are left out from now on, as they are given.
    pub(crate) places: String,
    pub(crate) severity: Option<Severity>,
    pub(crate) is_of_mailbox: bool,
}

fn policy(noun: &str) -> Option<(Rule, &'static str)> {
    POLICIES.iter().find(|(known, ..)| *known == noun).map(|(_, rule, called)| (*rule, *called))
}

fn verb_and_noun(name: &str) -> (String, String) {
    let (verb, noun) = name.split_once('-').unwrap_or(("", name));
    (verb.to_ascii_lowercase(), noun.to_ascii_lowercase())
}

pub(crate) fn is_known(name: &str) -> bool {
    let (verb, noun) = verb_and_noun(name);
    (verb == "set" && noun == "mailbox") || (matches!(verb.as_str(), "set" | "remove") && policy(&noun).is_some())
}

pub(crate) fn judge(name: &str, parameters: &Parameters, settings: &Settings) -> Option<Weakening> {
    let (verb, noun) = verb_and_noun(name);
    if noun == "mailbox" {
        return mailbox(parameters, settings);
    }
    let (rule, called) = policy(&noun)?;
    let found = |act: String, set_to: String, severity| {
        Some(Weakening { rule, what: noun.clone(), act, set_to, places: String::new(), severity, is_of_mailbox: false })
    };
    let gone = (rule == Rule::DlpWeakened).then_some(Severity::High);
    if verb == "remove" {
        return found(format!("removed the {called}"), String::new(), gone);
    }
    // A label's own switches are not judged: what they mean depends on the label.
    if rule == Rule::LabelPolicyRemoved {
        return None;
    }
    let off = parameters.says("Enabled", is_false)
        || parameters.says("Disabled", is_true)
        || parameters.says("Mode", |mode| mode.eq_ignore_ascii_case("Disable"));
    if off {
        return found(format!("switched off the {called}"), "off".into(), gone);
    }
    if rule == Rule::DlpWeakened {
        let idle = parameters.all("Mode").find(|mode| IDLE_MODES.iter().any(|idle| idle.eq_ignore_ascii_case(mode)));
        if let Some(mode) = idle {
            return found(format!("let only watch, and no longer block, the {called}"), format!("Mode: {mode}"), None);
        }
        if parameters.says("BlockAccess", is_false) {
            return found(format!("took the block out of the {called}"), "BlockAccess: False".into(), None);
        }
    }
    // `RemoveSharePointLocation` and `AddTeamsLocationException` leave a place out; to remove an exception brings it back.
    let left_out = |name: &str| {
        let name = name.to_ascii_lowercase();
        name.contains("location") && (name.starts_with("remove") != name.ends_with("exception"))
    };
    let given: Vec<(&str, &str)> =
        parameters.iter().filter(|(name, value)| left_out(name) && !value.is_empty()).collect();
    if given.is_empty() {
        return None;
    }
    let set_to: Vec<String> = given.iter().map(|(name, value)| format!("{name}: {value}")).collect();
    let places: Vec<&str> = given.iter().map(|(_, value)| *value).collect();
    found(format!("took places out of the {called}"), set_to.join("; "), None)
        .map(|weakening| Weakening { places: places.join(";"), ..weakening })
}

fn mailbox(parameters: &Parameters, settings: &Settings) -> Option<Weakening> {
    let found = |rule, what: &str, act: &str, set_to: String| {
        let (what, act, places) = (what.into(), act.into(), String::new());
        Some(Weakening { rule, what, act, set_to, places, severity: None, is_of_mailbox: true })
    };
    let released = |name: &str, test: fn(&str) -> bool| parameters.says(name, test).then(|| name.to_owned());
    let hold = released("LitigationHoldEnabled", is_false)
        .or_else(|| released("RemoveDelayHoldApplied", is_true))
        .or_else(|| released("RemoveDelayReleaseHoldApplied", is_true))
        .or_else(|| released("ExcludeFromAllOrgHolds", is_true))
        .or_else(|| parameters.first("ExcludeFromOrgHolds").map(|_| "ExcludeFromOrgHolds".to_owned()));
    if let Some(name) = hold {
        return found(Rule::HoldReleased, "hold", "released the hold on the mailbox", name);
    }
    if let Some(name) = released("SingleItemRecoveryEnabled", is_false) {
        return found(
            Rule::RetentionWeakened,
            "mailbox",
            "no longer has deleted mail kept of",
            format!("{name}: False"),
        );
    }
    let days = |value: &str| value.split(['.', ':']).next().and_then(|days| days.trim().parse::<i64>().ok());
    let short = parameters
        .all("RetainDeletedItemsFor")
        .find(|value| days(value).is_some_and(|d| d < settings.least_deleted_days))?;
    found(
        Rule::RetentionWeakened,
        "mailbox",
        "shortened how long deleted mail is kept of",
        format!("RetainDeletedItemsFor: {short}"),
    )
}
