//! Mail that is read or sent by applications which nobody named.
//!
//! Reads the mailboxes' own records in `m365.audit`. An application is known by its id; a client that signs in without one
//! (Outlook by MAPI, older protocols) is no application here. Every read by such an application is a finding, all under one key:
//! one alert an application.

use std::collections::BTreeMap;

use cordon_sdk::microsoft::{is_same_account, succeeded};
use cordon_sdk::prelude::*;

/// The detector; it holds nothing, since everything it knows are settings.
#[derive(Debug, Default)]
pub struct MailByApplication;

#[detector]
impl MailByApplication {
    fn detect(
        &self,
        _batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.any_of(&["MailItemsAccessed", "Send", "SendAs", "SendOnBehalf"]);
        let unknown = |app: &str| is_unknown(app, &settings.known_applications);
        let named =
            fields.client_app.matches(unknown) | fields.app.matches(unknown) | fields.access_app.matches(unknown);
        let acts = acts & named;
        let fields = &fields.among(&acts);
        for row in &acts {
            // The client that asked comes first: `AppId` may be the interface that it asked through.
            let apps = [fields.client_app.text(row), fields.access_app.text(row), fields.app.text(row)];
            let Some(app) = apps.into_iter().flatten().find(|app| is_id(app)) else { continue };
            if succeeded(fields.result.text(row)) && is_unknown(app, &settings.known_applications) {
                findings.emit(finding(fields, settings, row, app))?;
            }
        }
        Ok(())
    }
}

fn finding(fields: &Fields, settings: &Settings, row: Row, app: &str) -> Finding {
    let read = fields.operation.text(row).is_some_and(|name| name.eq_ignore_ascii_case("MailItemsAccessed"));
    let actor = fields.actor.text(row).unwrap_or("");
    let mailbox = fields.mailbox_owner.text(row).unwrap_or(actor);
    let (rule, act) = if read {
        (Rule::MailReadByApplication, "read mail of")
    } else {
        (Rule::MailSentByApplication, "sent mail as")
    };
    let ip = fields.client_ip.text(row).or(fields.client_ip_port.text(row));
    let finding = rule
        .on(row)
        .summary(format!("An application that is on no list ({app}) {act} {mailbox}."))
        .entity("app", app)
        .entity("mailbox", mailbox)
        .entity("user", actor)
        .entity("ip", ip.unwrap_or(""))
        .context("Operation", fields.operation.text(row).unwrap_or(""))
        .context("Client", fields.client_info.text(row).unwrap_or(""))
        .key(app.to_lowercase());
    let sensitive = settings.sensitive_mailboxes.iter().any(|listed| is_same_account(listed, mailbox));
    if sensitive { finding.severity(Severity::Critical) } else { finding }
}

fn is_unknown(app: &str, known: &BTreeMap<String, String>) -> bool {
    is_id(app) && !known.keys().any(|id| id.trim().eq_ignore_ascii_case(app.trim()))
}

/// Whether a text names an application; an empty one, or one of zeros, names none.
fn is_id(app: &str) -> bool {
    app.chars().any(|c| c.is_ascii_alphanumeric() && c != '0')
}
