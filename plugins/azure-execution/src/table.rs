//! Which operations run code on machines.

use cordon_sdk::microsoft::azure;

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

/// Whether an operation is looked at; for extensions the resource decides.
pub(crate) fn is_read(operation: &str) -> bool {
    act(operation, "/extensions/customscript", None).is_some()
}

/// What kind of extension a body is of.
pub(crate) fn kind(text: &str) -> Option<String> {
    let body = azure::body(text);
    azure::text(azure::member(&body, "properties")?, "type").map(str::to_owned)
}

/// What an operation on a resource means. `kind`: that of an extension, where the record says it.
pub(crate) fn act(operation: &str, resource: &str, kind: Option<&str>) -> Option<Act> {
    let operation = operation.trim().to_ascii_lowercase();
    match operation.as_str() {
        "microsoft.compute/virtualmachines/runcommand/action"
        | "microsoft.compute/virtualmachines/runcommands/write"
        | "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommand/action"
        | "microsoft.compute/virtualmachinescalesets/virtualmachines/runcommands/write"
        | "microsoft.hybridcompute/machines/runcommands/write"
        | "microsoft.containerservice/managedclusters/runcommand/action" => {
            new(Rule::MachineRunCommand, 1, 1, "ran a command on a machine")
        }
        "microsoft.compute/virtualmachines/extensions/write"
        | "microsoft.compute/virtualmachinescalesets/extensions/write"
        | "microsoft.compute/virtualmachinescalesets/virtualmachines/extensions/write"
        | "microsoft.hybridcompute/machines/extensions/write" => extension(kind.unwrap_or(resource)),
        "microsoft.serialconsole/serialports/connect/action"
        | "microsoft.serialconsole/consoleservices/connect/action" => {
            new(Rule::SerialConsoleOpened, 0, 1, "opened the serial console of a machine")
        }
        "microsoft.automation/automationaccounts/webhooks/write"
        | "microsoft.automation/automationaccounts/webhooks/action" => {
            new(Rule::AutomationWebhookMade, 1, 1, "made a web address that starts a runbook")
        }
        _ => None,
    }
}

/// An extension is known by its kind; where that is not said, by the name that it is given, which by default is its kind's.
fn extension(kind: &str) -> Option<Act> {
    let name = kind.rsplit('/').next().unwrap_or("").to_ascii_lowercase();
    if ["customscript", "runcommand"].iter().any(|kind| name.contains(kind)) {
        return new(Rule::MachineScriptExtension, 1, 1, "put a script on a machine as an extension");
    }
    let access = ["vmaccess", "enablevmaccess"].iter().any(|kind| name.contains(kind));
    access.then(|| new(Rule::MachinePasswordReset, 1, 1, "reset an administrator's password of a machine"))?
}
