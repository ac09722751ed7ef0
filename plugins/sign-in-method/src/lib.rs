//! Successful sign-ins by ways that intruders prefer: old protocols, bare passwords, device codes, codes that were phished.
//!
//! Reads `entra.signin`, and `m365.audit` for what its sign-in records tell (old protocols, by the user agent that Exchange
//! gives them). Sign-ins of one person by one way have one key, in both logs. A sign-in that failed is no finding.

mod way;

use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

use crate::way::Way;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct SignInMethod;

#[detector]
impl SignInMethod {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let suspects = if batch.source() == "m365.audit" {
            fields.operation.equals("UserLoggedIn") & fields.agent.matches(way::is_legacy_agent)
        } else {
            fields.client.matches(|client| is_listed(client, &settings.legacy_clients))
                | fields.protocol.any_of(&["ropc", "deviceCode"])
                | fields.application_id.matches(|id| way::named(id, &settings.phished_apps).is_some())
        };
        let expected = fields.client_ip.in_any_cidr(&settings.expected_ranges)?;
        let suspects = suspects & !expected;
        let fields = &fields.among(&suspects);
        for row in &suspects {
            let user = fields.user.text(row).unwrap_or("");
            if !way::came_in(fields, row) || is_listed(user, &settings.expected_accounts) {
                continue;
            }
            if let Some(way) = way::of(fields, settings, row) {
                findings.emit(finding(fields, row, user, &way))?;
            }
        }
        Ok(())
    }
}

fn finding(fields: &Fields, row: Row, user: &str, way: &Way) -> Finding {
    let text = |field: &Field<'_>| field.text(row).unwrap_or("").to_owned();
    let id = text(&fields.user_id);
    let app = [text(&fields.application), text(&fields.application_id)].into_iter().find(|name| !name.is_empty());
    let app = app.unwrap_or_default();
    let from = text(&fields.client_ip);
    let who = if user.is_empty() { "Somebody" } else { user };
    let place = match (from.as_str(), text(&fields.country)) {
        ("", _) => String::new(),
        (address, country) if country.is_empty() => format!(" from {address}"),
        (address, country) => format!(" from {address} ({country})"),
    };
    let how = &way.how;
    let summary = match way.rule {
        Rule::LegacyAuthentication => format!("{who} signed in by an old protocol, {how}{place}."),
        Rule::PasswordOnlyGrant => format!("A program signed in with the bare password of {who}{place}: {how}."),
        Rule::DeviceCodeSignIn => format!("{who} approved a device code for '{app}'{place}."),
        Rule::PhishedCodeSignIn => format!("{who} signed in as '{app}' to {how}{place}."),
    };
    let person = if id.is_empty() { user } else { &id };
    let finding = way
        .rule
        .on(row)
        .summary(summary)
        .entity("user", user)
        .entity("app", &app)
        .entity("ip", &from)
        .context("Resource", text(&fields.resource))
        .context("Client", text(&fields.client))
        .context("User agent", text(&fields.agent))
        .context("Asked for", text(&fields.requirement))
        .key(format!("{person}{}", way.key).to_lowercase());
    match way.severity {
        Some(severity) => finding.severity(severity),
        None => finding,
    }
}
