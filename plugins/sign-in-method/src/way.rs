//! By which way a row signed in, and whether it came in. Reads fields and settings; emits nothing.

use std::collections::BTreeMap;

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::{Fields, Rule, Settings};

/// Microsoft Graph, by application id.
const GRAPH: &str = "00000003-0000-0000-c000-000000000000";

/// What Exchange calls itself when it passes a password on: for mail protocols, ActiveSync, and old remote PowerShell.
const LEGACY_AGENTS: [&str; 3] = ["BAV2ROPC", "CBAInPROD", "Microsoft WinRM Client"];

/// A way that intruders prefer.
pub(crate) struct Way {
    pub(crate) rule: Rule,
    pub(crate) severity: Option<Severity>,
    /// In words.
    pub(crate) how: String,
    /// What follows the person in the key: a person who comes by one way in several forms is one alert.
    pub(crate) key: String,
}

/// Whether a user agent is Exchange's for an old protocol.
pub(crate) fn is_legacy_agent(agent: &str) -> bool {
    LEGACY_AGENTS.iter().any(|name| agent.trim().eq_ignore_ascii_case(name))
}

/// The entry of a list for an application id.
pub(crate) fn named<'s>(id: &str, apps: &'s BTreeMap<String, String>) -> Option<&'s str> {
    apps.iter().find(|(app, _)| app.trim().eq_ignore_ascii_case(id.trim())).map(|(_, name)| name.as_str())
}

/// Whether the sign-in succeeded: its code is 0, in whichever place the log has it. One without a code did not fail.
pub(crate) fn came_in(fields: &Fields, row: Row) -> bool {
    let good = |code: &str| ["0", "success", "succeeded"].iter().any(|word| code.trim().eq_ignore_ascii_case(word));
    let codes = [fields.error.text(row), fields.code.text(row)];
    codes.into_iter().flatten().filter(|code| !code.trim().is_empty()).all(good)
}

/// The way of this row; nothing where it is an ordinary one.
pub(crate) fn of(fields: &Fields, settings: &Settings, row: Row) -> Option<Way> {
    let protocol = fields.protocol.text(row).unwrap_or("");
    let app = fields.application_id.text(row).unwrap_or("");
    let client = fields.client.text(row).unwrap_or("");
    let agent = fields.agent.text(row).unwrap_or("");
    if protocol.eq_ignore_ascii_case("ropc") {
        let strong =
            fields.requirement.text(row).is_some_and(|asked| asked.eq_ignore_ascii_case("multiFactorAuthentication"));
        let how = format!("application {}", fields.application.text(row).unwrap_or(app));
        let way = Way { rule: Rule::PasswordOnlyGrant, severity: None, how, key: format!("|{app}") };
        return (!strong).then_some(way);
    }
    if protocol.eq_ignore_ascii_case("deviceCode") {
        let severity = if named(app, &settings.broker_apps).is_some() {
            Some(Severity::High)
        } else if named(app, &settings.developer_apps).is_some() {
            Some(Severity::Low)
        } else {
            None
        };
        return Some(Way { rule: Rule::DeviceCodeSignIn, severity, how: String::new(), key: format!("|{app}") });
    }
    if is_listed(client, &settings.legacy_clients) || is_legacy_agent(agent) {
        let how = if client.is_empty() { agent } else { client };
        return Some(Way { rule: Rule::LegacyAuthentication, severity: None, how: how.to_owned(), key: String::new() });
    }
    let resource = fields.resource.text(row).unwrap_or("");
    let graph = resource.eq_ignore_ascii_case("Microsoft Graph")
        || fields.resource_id.text(row).is_some_and(|id| id.eq_ignore_ascii_case(GRAPH));
    (graph && named(app, &settings.phished_apps).is_some()).then(|| Way {
        rule: Rule::PhishedCodeSignIn,
        severity: None,
        how: "Microsoft Graph".to_owned(),
        key: format!("|{app}"),
    })
}
