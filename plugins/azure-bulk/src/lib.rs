//! Keys, disks and data of Azure that are taken or destroyed in bulk: how many different resources one caller does the same to
//! within an hour. An operation has several records; only the one that says that it is done counts.

use cordon_sdk::microsoft::azure::Outcome;
use cordon_sdk::microsoft::is_listed;
use cordon_sdk::prelude::*;

/// Finds what is done in bulk.
#[derive(Debug, Default)]
pub struct AzureBulk;

/// What is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Act {
    Keys,
    Disks,
    Containers,
    Resources,
}

impl Act {
    /// Of an operation's name in lower case.
    fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "microsoft.storage/storageaccounts/listkeys/action" => Self::Keys,
            "microsoft.compute/disks/begingetaccess/action" | "microsoft.compute/snapshots/begingetaccess/action" => {
                Self::Disks
            }
            "microsoft.storage/storageaccounts/blobservices/containers/delete"
            | "microsoft.storage/storageaccounts/fileservices/shares/delete" => Self::Containers,
            // What Azure tidies away by itself.
            name if name.starts_with("microsoft.resources/deployments/") => return None,
            name if name.ends_with("/delete") => Self::Resources,
            _ => return None,
        })
    }

    fn rule(self) -> Rule {
        match self {
            Self::Keys => Rule::StorageKeysListedInBulk,
            Self::Disks => Rule::DisksExportedInBulk,
            Self::Containers => Rule::ContainersDeletedInBulk,
            Self::Resources => Rule::ResourcesDeletedInBulk,
        }
    }

    fn least(self, settings: &Settings) -> i64 {
        match self {
            Self::Keys => settings.keys,
            Self::Disks => settings.disks,
            Self::Containers => settings.containers,
            Self::Resources => settings.resources,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Keys => "listed the keys of storage accounts",
            Self::Disks => "opened disks for download",
            Self::Containers => "deleted containers",
            Self::Resources => "deleted resources",
        }
    }
}

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
            let callers = [fields.caller.text(row), fields.caller_name.text(row), fields.caller_app.text(row)];
            let mut callers = callers.into_iter().flatten().filter(|caller| !caller.is_empty());
            let done = Outcome::of(fields.result.text(row)) == Outcome::Done;
            if !done || callers.clone().any(|caller| is_listed(caller, &settings.service_accounts)) {
                continue;
            }
            if let Some(caller) = callers.next() {
                window.add(row, format!("{act:?} {caller}"), fields.resource.text(row).unwrap_or(""));
            }
        }
        for seen in window.answers()? {
            let Some(act) = fields.operation.text(seen.row).and_then(Act::of) else { continue };
            if i64::from(seen.value) < act.least(settings) {
                continue;
            }
            let caller = seen.key.split_once(' ').map_or("", |(_, caller)| caller);
            findings.emit(
                act.rule()
                    .on(seen.row)
                    .summary(format!("{caller} {}: {} within an hour.", act.words(), seen.value))
                    .entity("user", caller)
                    .entity("ip", fields.client_ip.text(seen.row).unwrap_or(""))
                    .entity("resource", &seen.member)
                    .context("Within an hour", seen.value.to_string())
                    .cite_all(seen.contributors()?)
                    .key(caller),
            )?;
        }
        Ok(())
    }
}
