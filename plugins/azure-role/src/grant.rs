//! Which operations give power, and what their bodies say of it. Judges against the settings; reads no fields.

use std::collections::BTreeMap;

use cordon_sdk::microsoft::azure::{body, member, resource_name, text};
use cordon_sdk::prelude::Severity;
use cordon_sdk::serde_json::Value;

use crate::{Rule, Settings};

/// Power that somebody got.
pub(crate) struct Given {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    /// Who got it, by directory id.
    pub(crate) principal: String,
    /// What that is, in words; of a role definition, what it may do.
    pub(crate) kind: &'static str,
    pub(crate) role: String,
    pub(crate) scope: String,
    pub(crate) key: String,
}

enum Act {
    Assignment,
    /// Privileged Identity Management's, for good or as eligible.
    Request,
    Definition,
}

impl Act {
    fn of(operation: &str) -> Option<Self> {
        Some(match operation.trim().to_ascii_lowercase().as_str() {
            "microsoft.authorization/roleassignments/write" => Self::Assignment,
            "microsoft.authorization/roleassignmentschedulerequests/write"
            | "microsoft.authorization/roleeligibilityschedulerequests/write" => Self::Request,
            "microsoft.authorization/roledefinitions/write" => Self::Definition,
            _ => return None,
        })
    }
}

/// Whether an operation is looked at.
pub(crate) fn is_read(operation: &str) -> bool {
    Act::of(operation).is_some()
}

/// What a body of an operation on a resource gives.
pub(crate) fn given(operation: &str, resource: &str, request: &str, settings: &Settings) -> Option<Given> {
    let body = body(request);
    match Act::of(operation)? {
        Act::Assignment => assignment(&body, resource, settings),
        Act::Request => {
            let kind = text(&body, "requestType").unwrap_or("");
            let by_administrator = ["AdminAssign", "AdminUpdate", "AdminExtend", "AdminRenew"];
            by_administrator.iter().any(|word| kind.eq_ignore_ascii_case(word)).then_some(())?;
            assignment(&body, resource, settings)
        }
        Act::Definition => definition(&body, resource),
    }
}

fn assignment(body: &Value, resource: &str, settings: &Settings) -> Option<Given> {
    let id = resource_name(text(body, "roleDefinitionId")?);
    let named = |roles: &BTreeMap<String, String>| {
        roles.iter().find(|(role, _)| role.trim().eq_ignore_ascii_case(id)).map(|(_, name)| name.clone())
    };
    let (role, owner) = match named(&settings.owner_roles) {
        Some(role) => (role, true),
        None => (named(&settings.privileged_roles)?, false),
    };
    let scope = text(body, "scope").filter(|scope| !scope.is_empty()).unwrap_or_else(|| scope_of(resource));
    if !is_wide(scope) {
        return None;
    }
    let principal = text(body, "principalId").unwrap_or("").to_owned();
    let (kind, more) = match text(body, "principalType").unwrap_or("").to_ascii_lowercase().as_str() {
        "serviceprincipal" => ("the application", true),
        "foreigngroup" => ("another tenant's group", true),
        "group" => ("the group", false),
        "user" => ("the user", false),
        _ => ("the principal", false),
    };
    let severity = match (owner, more) {
        (true, true) => Severity::Critical,
        (true, false) | (false, true) => Severity::High,
        (false, false) => Severity::Medium,
    };
    let key = format!("{principal}|{id}|{scope}");
    Some(Given { rule: Rule::AzureRoleGranted, severity, principal, kind, role, scope: scope.to_owned(), key })
}

/// The scope of an assignment, from the assignment's own id.
fn scope_of(resource: &str) -> &str {
    let lower = resource.to_ascii_lowercase();
    let at = lower.find("/providers/microsoft.authorization/").unwrap_or(lower.len());
    resource.get(..at).unwrap_or(resource)
}

/// A subscription, a management group, or the root.
fn is_wide(scope: &str) -> bool {
    let scope = scope.trim().trim_end_matches('/').to_ascii_lowercase();
    let parts: Vec<&str> = scope.split('/').filter(|part| !part.is_empty()).collect();
    match parts.as_slice() {
        [] | ["subscriptions", _] => true,
        [providers, "microsoft.management", groups, _] => *providers == "providers" && *groups == "managementgroups",
        _ => false,
    }
}

fn definition(body: &Value, resource: &str) -> Option<Given> {
    let actions = member(body, "actions").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let actions: Vec<String> = actions.iter().filter_map(Value::as_str).map(str::to_ascii_lowercase).collect();
    let assigns = |action: &String| {
        let action = action.trim();
        action == "microsoft.authorization/*"
            || action == "microsoft.authorization/*/write"
            || action.starts_with("microsoft.authorization/roleassignments/") && !action.ends_with("/read")
    };
    let kind = if actions.iter().any(|action| action.trim() == "*") {
        "do everything"
    } else if actions.iter().any(assigns) {
        "give roles"
    } else {
        return None;
    };
    let id = resource_name(resource).to_owned();
    let role = text(body, "roleName").map_or_else(|| id.clone(), str::to_owned);
    let severity = Severity::Medium;
    let (principal, scope) = (String::new(), scope_of(resource).to_owned());
    Some(Given { rule: Rule::AzureCustomRolePowerful, severity, principal, kind, role, scope, key: id })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_subscriptions_and_what_is_above_are_wide() {
        for scope in
            ["/", "", "/subscriptions/1", "/SUBSCRIPTIONS/1/", "/providers/Microsoft.Management/managementGroups/mg"]
        {
            assert!(is_wide(scope), "{scope}");
        }
        for scope in
            ["/subscriptions/1/resourceGroups/rg", "/subscriptions", "/providers/Microsoft.Management/managementGroups"]
        {
            assert!(!is_wide(scope), "{scope}");
        }
    }

    #[test]
    fn the_scope_stands_before_the_assignment() {
        assert_eq!(
            scope_of("/SUBSCRIPTIONS/1/PROVIDERS/MICROSOFT.AUTHORIZATION/ROLEASSIGNMENTS/7"),
            "/SUBSCRIPTIONS/1"
        );
        assert_eq!(scope_of("/providers/Microsoft.Authorization/roleAssignments/7"), "");
    }
}
