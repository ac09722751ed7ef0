//! Which operations take away what watches, and which need their body to tell.

use cordon_sdk::microsoft::azure::{body, text};

use crate::Rule;

/// One operation's meaning.
pub(crate) struct Act {
    pub(crate) rule: Rule,
    /// From 0, low, to 3, critical.
    pub(crate) weight: u8,
    /// What a watched resource adds to it.
    pub(crate) watched: u8,
    /// After the caller's name, before the resource's.
    pub(crate) what: &'static str,
}

fn new(rule: Rule, weight: u8, watched: u8, what: &'static str) -> Option<Act> {
    Some(Act { rule, weight, watched, what })
}

/// What an operation means by its name alone.
pub(crate) fn act(operation: &str) -> Option<Act> {
    let operation = operation.trim().to_ascii_lowercase();
    if operation.ends_with("/diagnosticsettings/delete") {
        return new(Rule::LogExportDeleted, 1, 1, "deleted a diagnostic setting");
    }
    match operation.as_str() {
        "microsoft.operationalinsights/workspaces/delete" => {
            new(Rule::LogExportDeleted, 2, 1, "deleted a log workspace")
        }
        "microsoft.operationalinsights/workspaces/dataexports/delete" => {
            new(Rule::LogExportDeleted, 1, 1, "deleted a data export of a log workspace")
        }
        "microsoft.securityinsights/dataconnectors/delete" => {
            new(Rule::LogExportDeleted, 2, 1, "deleted a data connector of Sentinel")
        }
        "microsoft.eventhub/namespaces/delete" => new(Rule::LogExportDeleted, 2, 1, "deleted an event hub namespace"),
        "microsoft.eventhub/namespaces/eventhubs/delete" => {
            new(Rule::LogExportDeleted, 1, 1, "deleted an event hub, by which logs may leave Azure")
        }
        "microsoft.insights/alertrules/delete"
        | "microsoft.insights/metricalerts/delete"
        | "microsoft.insights/activitylogalerts/delete"
        | "microsoft.insights/scheduledqueryrules/delete"
        | "microsoft.securityinsights/alertrules/delete" => new(Rule::AlertRuleDeleted, 1, 1, "deleted an alert rule"),
        "microsoft.insights/actiongroups/delete" => {
            new(Rule::AlertRuleDeleted, 1, 1, "deleted the group of people whom alerts reach")
        }
        "microsoft.security/alertssuppressionrules/write" => {
            new(Rule::AlertRuleDeleted, 1, 1, "muted alerts of Defender for Cloud")
        }
        "microsoft.security/pricings/delete" | "microsoft.security/securitysolutions/delete" => {
            new(Rule::DefenderSwitchedOff, 2, 0, "deleted a plan or solution of Defender for Cloud")
        }
        "microsoft.security/securitycontacts/delete" => {
            new(Rule::DefenderSwitchedOff, 1, 0, "deleted a security contact of Defender for Cloud")
        }
        "microsoft.network/firewallpolicies/delete" => {
            new(Rule::NetworkDefenceDeleted, 1, 1, "deleted a firewall policy")
        }
        "microsoft.network/azurefirewalls/delete" => new(Rule::NetworkDefenceDeleted, 1, 1, "deleted a firewall"),
        "microsoft.network/applicationgatewaywebapplicationfirewallpolicies/delete"
        | "microsoft.network/frontdoorwebapplicationfirewallpolicies/delete" => {
            new(Rule::NetworkDefenceDeleted, 1, 1, "deleted a web application firewall's policy")
        }
        "microsoft.network/networkwatchers/delete" => {
            new(Rule::NetworkDefenceDeleted, 1, 1, "deleted a network watcher")
        }
        "microsoft.network/networkwatchers/flowlogs/delete" => {
            new(Rule::NetworkDefenceDeleted, 1, 1, "deleted a flow log")
        }
        _ => None,
    }
}

/// Whether an operation is one whose body tells.
pub(crate) fn has_body(operation: &str) -> bool {
    operation.trim().eq_ignore_ascii_case("Microsoft.Security/pricings/write")
}

/// What a body says that is to be.
pub(crate) fn judge(_operation: &str, request: &str) -> Option<Act> {
    let free = text(&body(request), "pricingTier").is_some_and(|tier| tier.eq_ignore_ascii_case("Free"));
    free.then(|| new(Rule::DefenderSwitchedOff, 2, 0, "set a plan of Defender for Cloud to free"))?
}
