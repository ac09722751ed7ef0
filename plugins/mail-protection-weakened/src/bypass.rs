//! Rule `filter-bypassed`: mail flow rules and connectors that let mail past the filters. Judges a cmdlet; reads no fields.

use cordon_sdk::microsoft::{Parameters, is_false, is_listed, is_true};
use cordon_sdk::prelude::Severity;

use crate::{Command, Found, Rule, Settings};

const COMMANDS: [&str; 4] = ["New-TransportRule", "Set-TransportRule", "New-InboundConnector", "Set-InboundConnector"];
/// Headers by which Exchange Online is told to skip a filter.
const SKIPS: [&str; 4] = [
    "X-MS-Exchange-Organization-SkipSafeLinksProcessing",
    "X-MS-Exchange-Organization-SkipSafeAttachmentProcessing",
    "X-MS-Exchange-Organization-SkipSafeAttachment",
    "X-MS-Exchange-Organization-SCL",
];
/// Parameters of a mail flow rule that pick no mail: what it does, and how it is kept.
const NO_CONDITION: [&str; 16] = [
    "Name",
    "Identity",
    "SetSCL",
    "SetHeaderName",
    "SetHeaderValue",
    "Mode",
    "Enabled",
    "Priority",
    "Comments",
    "StopRuleProcessing",
    "SetAuditSeverity",
    "RuleErrorAction",
    "SenderAddressLocation",
    "ActivationDate",
    "ExpiryDate",
    "RuleSubType",
];

pub(crate) fn is_about(name: &str) -> bool {
    COMMANDS.iter().any(|known| known.eq_ignore_ascii_case(name))
}

pub(crate) fn judge(command: &Command<'_>, settings: &Settings) -> Option<Found> {
    let (verb, noun) = command.verb_and_noun();
    match noun.as_str() {
        "transportrule" => rule(command.parameters, &verb),
        "inboundconnector" => connector(command.parameters, settings),
        _ => None,
    }
}

fn rule(parameters: &Parameters, verb: &str) -> Option<Found> {
    let level = parameters.first("SetSCL").filter(|level| level.trim() == "-1");
    let header =
        parameters.first("SetHeaderName").filter(|name| SKIPS.iter().any(|skip| skip.eq_ignore_ascii_case(name)));
    let set_to = match (level, header) {
        (Some(_), _) => "SetSCL: -1".to_owned(),
        (None, Some(name)) => format!("{name}: {}", parameters.first("SetHeaderValue").unwrap_or("")),
        (None, None) => return None,
    };
    let conditional = parameters.iter().any(|(name, value)| {
        !value.is_empty()
            && !NO_CONDITION.iter().any(|other| other.eq_ignore_ascii_case(name))
            && !name.starts_with("ExceptIf")
    });
    // Only a new rule shows all its conditions; a changed one shows what was changed.
    let all_mail = verb == "new" && !conditional;
    let off = parameters.says("Enabled", is_false);
    let severity = match (off, all_mail) {
        (true, _) => Some(Severity::Medium),
        (false, true) => Some(Severity::Critical),
        (false, false) => None,
    };
    let picks: Vec<String> =
        ["From", "FromAddressContainsWords", "SenderDomainIs", "SenderIpRanges", "SubjectContainsWords"]
            .into_iter()
            .filter_map(|name| Some(format!("{name}: {}", parameters.first(name)?)))
            .collect();
    let of = if all_mail { " for all mail" } else { "" };
    Some(Found {
        rule: Rule::FilterBypassed,
        severity,
        act: format!("made a mail flow rule skip the filters{of}, in the rule"),
        set_to: [vec![set_to], picks].concat().join("; "),
        key: "rule".to_owned(),
    })
}

fn connector(parameters: &Parameters, settings: &Settings) -> Option<Found> {
    let internal = parameters.says("TreatMessagesAsInternal", is_true);
    let skips = parameters
        .first("EFSkipIPs")
        .is_some_and(|ips| !ips.split([',', ';']).all(|ip| is_listed(ip, &settings.trusted_addresses)));
    let set_to = if internal {
        "TreatMessagesAsInternal: True"
    } else if skips {
        "EFSkipIPs"
    } else {
        return None;
    };
    let from = parameters.first("SenderIPAddresses").or_else(|| parameters.first("EFSkipIPs")).unwrap_or("");
    if !from.is_empty() && from.split([',', ';']).all(|ip| is_listed(ip, &settings.trusted_addresses)) {
        return None;
    }
    Some(Found {
        rule: Rule::FilterBypassed,
        severity: None,
        act: "had mail from outside treated as if it came from inside, by the connector".to_owned(),
        set_to: format!("{set_to}; from {from}"),
        key: "connector".to_owned(),
    })
}
