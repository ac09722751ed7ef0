//! Rules `protection-removed` and `protection-weakened`: the policies themselves. Judges a cmdlet; reads no fields.

use cordon_sdk::microsoft::{Parameters, is_false, is_true};
use cordon_sdk::prelude::Severity;

use crate::{Command, Found, Rule};

/// Policies and rules by the noun of their cmdlets, and what people call them.
const POLICIES: [(&str, &str); 16] = [
    ("antiphishpolicy", "anti-phishing policy"),
    ("antiphishrule", "anti-phishing rule"),
    ("safelinkspolicy", "safe links policy"),
    ("safelinksrule", "safe links rule"),
    ("safeattachmentpolicy", "safe attachments policy"),
    ("safeattachmentrule", "safe attachments rule"),
    ("malwarefilterpolicy", "anti-malware policy"),
    ("malwarefilterrule", "anti-malware rule"),
    ("hostedcontentfilterpolicy", "anti-spam policy"),
    ("hostedcontentfilterrule", "anti-spam rule"),
    ("hostedoutboundspamfilterpolicy", "outbound spam policy"),
    ("hostedoutboundspamfilterrule", "outbound spam rule"),
    ("eopprotectionpolicyrule", "preset protection rule"),
    ("atpprotectionpolicyrule", "preset Defender protection rule"),
    ("atppolicyforo365", "policy of safe attachments for SharePoint, OneDrive and Teams"),
    ("externalinoutlook", "marking of mail from outside"),
];

/// Switches that protect: off is weaker.
const PROTECTS: [&str; 34] = [
    "Enabled",
    "Enable",
    "IsEnabled",
    "EnableSafeLinksForEmail",
    "EnableSafeLinksForTeams",
    "EnableSafeLinksForOffice",
    "EnableSafeLinksForClients",
    "EnableForInternalSenders",
    "ScanUrls",
    "DeliverMessageAfterScan",
    "TrackClicks",
    "EnableATPForSPOTeamsODB",
    "EnableSafeDocs",
    "EnableSpoofIntelligence",
    "EnableMailboxIntelligence",
    "EnableMailboxIntelligenceProtection",
    "EnableTargetedUserProtection",
    "EnableTargetedDomainsProtection",
    "EnableOrganizationDomainsProtection",
    "EnableFirstContactSafetyTips",
    "EnableUnauthenticatedSender",
    "EnableSimilarUsersSafetyTips",
    "EnableSimilarDomainsSafetyTips",
    "HonorDmarcPolicy",
    "EnableFileFilter",
    "ZapEnabled",
    "SpamZapEnabled",
    "PhishZapEnabled",
    "InlineSafetyTipsEnabled",
    "EnableInternalSenderAdminNotifications",
    "NotifyOutboundSpam",
    "ActionWhenThresholdReached",
    "MarkAsSpamSpfRecordHardFail",
    "EnableEndUserSpamNotifications",
];
/// Switches that let through: on is weaker.
const LETS_THROUGH: [&str; 3] = ["AllowClickThrough", "AllowSafeDocsOpen", "DoNotTrackUserClicks"];
/// Actions on mail that was found to be bad, and words of them that let it reach the inbox or its neighbour.
const ACTIONS: [(&str, &[&str]); 9] = [
    ("Action", &["Allow"]),
    ("HighConfidencePhishAction", &["MoveToJmf", "AddXHeader", "ModifySubject", "NoAction"]),
    ("PhishSpamAction", &["AddXHeader", "ModifySubject", "NoAction"]),
    ("HighConfidenceSpamAction", &["AddXHeader", "ModifySubject", "NoAction"]),
    ("TargetedUserProtectionAction", &["NoAction"]),
    ("TargetedDomainProtectionAction", &["NoAction"]),
    ("MailboxIntelligenceProtectionAction", &["NoAction"]),
    ("AuthenticationFailAction", &["NoAction"]),
    ("ActionWhenThresholdReached", &["Alert"]),
];
/// Switches that are the policy: off means that there is none.
const WHOLE: [&str; 5] = ["Enabled", "Enable", "IsEnabled", "EnableSafeLinksForEmail", "EnableATPForSPOTeamsODB"];

fn called(noun: &str) -> Option<&'static str> {
    POLICIES.iter().find(|(known, _)| *known == noun).map(|(_, called)| *called)
}

pub(crate) fn is_about(name: &str) -> bool {
    let (verb, noun) = name.split_once('-').unwrap_or(("", ""));
    ["Set", "New", "Disable", "Remove"].iter().any(|known| known.eq_ignore_ascii_case(verb))
        && called(&noun.to_ascii_lowercase()).is_some()
}

pub(crate) fn judge(command: &Command<'_>) -> Option<Found> {
    let (verb, noun) = command.verb_and_noun();
    let called = called(&noun)?;
    match verb.as_str() {
        "remove" => Some(removed("removed", called, &noun)),
        "disable" => Some(removed("switched off", called, &noun)),
        // A new policy or rule takes the place of the default for whom it covers; made weak, it weakens.
        "set" | "new" => weakened(command, called, &noun),
        _ => None,
    }
}

fn removed(done: &str, called: &str, noun: &str) -> Found {
    let act = format!("{done} the {called}");
    Found { rule: Rule::ProtectionRemoved, severity: None, act, set_to: String::new(), key: noun.to_owned() }
}

fn weakened(command: &Command<'_>, called: &str, noun: &str) -> Option<Found> {
    let set: Vec<String> = weaker(command.parameters).map(|(name, value)| format!("{name}: {value}")).collect();
    if set.is_empty() {
        return None;
    }
    let whole = WHOLE.iter().any(|name| command.parameters.says(name, is_false));
    let of_all = ["", "Default", "Office365 AntiPhish Default", "Built-In Protection Policy"];
    let everybodys = command.name.to_ascii_lowercase().starts_with("set-")
        && of_all.iter().any(|name| command.target.eq_ignore_ascii_case(name));
    Some(Found {
        rule: Rule::ProtectionWeakened,
        severity: (whole || everybodys).then_some(Severity::High),
        act: format!("weakened the {called} ({})", set.join(", ")),
        set_to: set.join("; "),
        key: noun.to_owned(),
    })
}

/// The parameters that make a policy weaker, as they were set.
fn weaker(parameters: &Parameters) -> impl Iterator<Item = (&str, &str)> {
    parameters.iter().filter(|(name, value)| {
        let is_one = |names: &[&str]| names.iter().any(|known| known.eq_ignore_ascii_case(name));
        let acts = |(known, weak): &(&str, &[&str])| {
            known.eq_ignore_ascii_case(name) && weak.iter().any(|weak| weak.eq_ignore_ascii_case(value.trim()))
        };
        (is_one(&PROTECTS) && is_false(value)) || (is_one(&LETS_THROUGH) && is_true(value)) || ACTIONS.iter().any(acts)
    })
}
