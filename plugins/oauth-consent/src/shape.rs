//! What both logs have in common: which acts there are, and how a consent's entries become one grant.

use std::borrow::Cow;

use cordon_sdk::microsoft::operation;

use crate::grant::Given;
use crate::permissions::Entry;

/// An act by which an application gets access.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Act {
    /// Somebody pressed 'Accept'; logged along with the grants that it made.
    Consent,
    /// Access in users' names was written down, by a consent or by itself.
    DelegatedGrant,
    /// Access by the application itself was written down.
    ApplicationGrant,
}

impl Act {
    /// Each act's operation in Entra's log; the unified audit log adds a full stop.
    pub(crate) const OPERATIONS: [&str; 8] = [
        "Consent to application",
        "Consent to application.",
        "Add delegated permission grant",
        "Add delegated permission grant.",
        "Add app role assignment to service principal",
        "Add app role assignment to service principal.",
        "Add OAuth2PermissionGrant",
        "Add OAuth2PermissionGrant.",
    ];

    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = operation(name).to_ascii_lowercase();
        Some(match name.as_str() {
            "consent to application" => Self::Consent,
            "add delegated permission grant" | "add oauth2permissiongrant" => Self::DelegatedGrant,
            "add app role assignment to service principal" => Self::ApplicationGrant,
            _ => return None,
        })
    }
}

/// What a consent gave: to everybody first, since that outweighs what it gave in one user's name. `IsAdminConsent` says only
/// that an administrator accepted, and `IsAppOnly` nothing: an entry's own type, or 'on behalf of all', tells for whom it is.
pub(crate) fn consented<'a>(entries: &[Entry<'_>], on_behalf_of_all: bool, actor: &str) -> Vec<Given<'a>> {
    let untold = on_behalf_of_all && !entries.iter().any(|entry| entry.for_all);
    let (everybody, one): (Vec<_>, Vec<_>) =
        entries.iter().filter(|entry| !entry.added.is_empty()).partition(|entry| entry.for_all || untold);
    let user = one.iter().map(|entry| entry.principal).find(|principal| !principal.is_empty()).unwrap_or(actor);
    let given = |principal: Option<&str>, entries: &[&Entry<'_>]| Given::Delegated {
        principal: principal.map(|principal| Cow::Owned(principal.to_owned())),
        scopes: entries.iter().flat_map(|entry| owned(&entry.scopes)).collect(),
        added: entries.iter().flat_map(|entry| owned(&entry.added)).collect(),
    };
    vec![given(None, &everybody), given(Some(user), &one)]
}

/// What a grant in users' names gave.
pub(crate) fn granted<'a>(kind: &str, principal: Cow<'a, str>, scopes: &[&str], added: &[&str]) -> Vec<Given<'a>> {
    let principal = Some(principal).filter(|_| !kind.eq_ignore_ascii_case("AllPrincipals"));
    vec![Given::Delegated { principal, scopes: owned(scopes), added: owned(added) }]
}

fn owned(scopes: &[&str]) -> Vec<String> {
    scopes.iter().map(|scope| (*scope).to_owned()).collect()
}
