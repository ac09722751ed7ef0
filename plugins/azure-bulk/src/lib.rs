//! Keys, disks and data of Azure that are taken or destroyed in bulk: how many different resources one caller does the same to
//! within an hour. An operation has several records; only the one that says that it is done counts. Secrets that are read stand
//! in the log of the vault (category `AuditEvent`), which must be sent as well.

mod act;

use cordon_sdk::microsoft::azure::Outcome;
use cordon_sdk::microsoft::{is_listed, is_marked};
use cordon_sdk::prelude::*;

use crate::act::{Act, secret};

/// Finds what is done in bulk.
#[derive(Debug, Default)]
pub struct AzureBulk;

#[detector]
impl AzureBulk {
    fn detect(
        &self,
        batch: &Batch,
        fields: &Fields,
        settings: &Settings,
        findings: &mut Findings,
    ) -> Result<(), Failure> {
        let acts = fields.operation.matches(|name| Act::of(name).is_some()) & fields.resource.present();
        let fields = &fields.among(&acts);
        let mut window = Window::Resources.of(batch);
        for row in &acts {
            let Some(act) = fields.operation.text(row).and_then(Act::of) else { continue };
            let person = caller_name(fields, row);
            let others = [&fields.caller_app, &fields.vault_app, &fields.vault_oid, &fields.vault_object];
            let callers = person.into_iter().chain(others.into_iter().filter_map(|field| field.text(row)));
            let mut callers = callers.filter(|caller| !caller.is_empty());
            let refused = fields.status.number(row).is_some_and(|status| status >= 400.0)
                || fields.signature.text(row).is_some_and(|answer| {
                    ["unauthorized", "forbidden", "not found", "notfound"].contains(&answer.to_lowercase().as_str())
                });
            let done = Outcome::of(fields.result.text(row)) == Outcome::Done && !refused;
            if !done || callers.clone().any(|caller| is_listed(caller, &settings.service_accounts)) {
                continue;
            }
            if let Some(caller) = callers.next() {
                let resource = fields.resource.text(row).unwrap_or("");
                let named = fields.secret.text(row).map(secret).filter(|id| act == Act::Secrets && !id.is_empty());
                window.add(row, format!("{act:?} {caller}"), named.as_deref().unwrap_or(resource));
            }
        }
        for seen in window.answers()? {
            let Some(act) = fields.operation.text(seen.row).and_then(Act::of) else { continue };
            let person = caller_name(fields, seen.row).is_some();
            if i64::from(seen.value) < act.least(settings, person) {
                continue;
            }
            let resource = fields.resource.text(seen.row).unwrap_or("");
            let watched = is_marked(resource, &settings.watched_resources, List::EvidenceResources)?;
            let caller = seen.key.split_once(' ').map_or("", |(_, caller)| caller);
            let finding = act
                .rule()
                .on(seen.row)
                .summary(format!("{caller} {}: {} within an hour.", act.words(), seen.value))
                .entity("user", caller)
                .entity("ip", fields.client_ip.text(seen.row).unwrap_or(""))
                .entity("resource", &seen.member)
                .context("Within an hour", seen.value.to_string())
                .context("Watched", if watched { "yes" } else { "" })
                .cite_all(seen.contributors()?)
                .key(caller);
            findings.emit(if watched { finding.severity(Severity::Critical) } else { finding })?;
        }
        Ok(())
    }
}

/// The name of a person who did it; none where an application did.
fn caller_name<'a>(fields: &'a Fields, row: Row) -> Option<&'a str> {
    let names = [&fields.caller, &fields.caller_name, &fields.vault_upn, &fields.vault_user];
    names.into_iter().filter_map(|field| field.text(row)).find(|name| !name.is_empty())
}
