//! What was given to an application, however it was logged, and how much that matters. Judges against the settings; reads no
//! fields and emits nothing.

use std::borrow::Cow;

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::Severity;

use crate::{Rule, Settings};

/// Permissions that one act gave to one application.
#[derive(Debug)]
pub(crate) struct Grant<'a> {
    /// Object id of the application's service principal.
    pub(crate) client: Cow<'a, str>,
    /// Its application (client) id, where the record names it.
    pub(crate) client_app: Cow<'a, str>,
    pub(crate) client_name: Cow<'a, str>,
    /// What matters most first.
    pub(crate) given: Vec<Given<'a>>,
}

/// What was given.
#[derive(Debug)]
pub(crate) enum Given<'a> {
    /// Access in the name of users: of one, or of all.
    Delegated { principal: Option<Cow<'a, str>>, scopes: Vec<String>, added: Vec<String> },
    /// Access by the application itself.
    Application { permission: Cow<'a, str> },
}

/// Why a grant matters.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    /// The permissions that made it so.
    pub(crate) permissions: Vec<String>,
    pub(crate) key: String,
}

impl Grant<'_> {
    /// What to make of this grant; nothing where it reaches little, or the application is approved.
    pub(crate) fn verdict(&self, settings: &Settings) -> Option<Verdict> {
        if self.is_trusted(&settings.trusted_apps) {
            return None;
        }
        let client = self.client.to_lowercase();
        self.given.iter().find_map(|given| match given {
            Given::Delegated { principal, scopes, added } => {
                delegated(&client, principal.as_deref(), scopes, added, &settings.risky_scopes)
            }
            Given::Application { permission } => application(&client, permission, settings),
        })
    }

    fn is_trusted(&self, trusted: &[String]) -> bool {
        let ids = [&self.client, &self.client_app];
        ids.into_iter().any(|id| !id.is_empty() && is_listed(id, trusted))
    }
}

fn delegated(
    client: &str,
    principal: Option<&str>,
    scopes: &[String],
    added: &[String],
    risky: &[String],
) -> Option<Verdict> {
    let permissions: Vec<String> = added.iter().filter(|scope| is_listed(scope, risky)).cloned().collect();
    if permissions.is_empty() {
        return None;
    }
    let stays = scopes.iter().any(|scope| scope.eq_ignore_ascii_case("offline_access"));
    let (rule, severity, whom) = match principal {
        None => (Rule::TenantWideConsent, Severity::High, "all".to_owned()),
        Some(user) => (Rule::RiskyConsent, if stays { Severity::High } else { Severity::Medium }, user.to_lowercase()),
    };
    Some(Verdict { rule, severity, permissions, key: format!("{client}|{whom}") })
}

fn application(client: &str, permission: &str, settings: &Settings) -> Option<Verdict> {
    let (rule, severity) = if is_listed(permission, &settings.takeover_permissions) {
        (Rule::TakeoverPermissionGranted, Severity::Critical)
    } else if is_listed(permission, &settings.risky_permissions) {
        (Rule::ApplicationPermissionGranted, Severity::High)
    } else if writes_everywhere(permission) {
        (Rule::ApplicationPermissionGranted, Severity::Medium)
    } else {
        return None;
    };
    Some(Verdict { rule, severity, permissions: vec![permission.to_owned()], key: client.to_owned() })
}

/// A permission that no list knows, but whose name says that it changes everything of its kind.
fn writes_everywhere(permission: &str) -> bool {
    let name = permission.to_ascii_lowercase();
    name.ends_with(".all")
        && (name.contains(".readwrite.") || name.contains(".fullcontrol.") || name.contains(".manage."))
}
