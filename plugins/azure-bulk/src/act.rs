//! What is counted, and how many of it are in bulk.

use crate::{Rule, Settings};

/// What one caller does to many resources.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Keys,
    Disks,
    Containers,
    Resources,
    Secrets,
}

impl Act {
    /// Of an operation's name in lower case.
    pub(crate) fn of(operation: &str) -> Option<Self> {
        Some(match operation {
            "microsoft.storage/storageaccounts/listkeys/action" => Self::Keys,
            "microsoft.compute/disks/begingetaccess/action" | "microsoft.compute/snapshots/begingetaccess/action" => {
                Self::Disks
            }
            "microsoft.storage/storageaccounts/blobservices/containers/delete"
            | "microsoft.storage/storageaccounts/fileservices/shares/delete" => Self::Containers,
            // What gives a secret out; a list gives names, and a certificate's key is read as a secret.
            "secretget" | "secretbackup" | "keybackup" | "certificatebackup" | "storageaccountbackup" => Self::Secrets,
            // What Azure tidies away by itself.
            name if name.starts_with("microsoft.resources/deployments/") => return None,
            name if name.ends_with("/delete") => Self::Resources,
            _ => return None,
        })
    }

    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::Keys => Rule::StorageKeysListedInBulk,
            Self::Disks => Rule::DisksExportedInBulk,
            Self::Containers => Rule::ContainersDeletedInBulk,
            Self::Resources => Rule::ResourcesDeletedInBulk,
            Self::Secrets => Rule::SecretsReadInBulk,
        }
    }

    /// From how many on it is told. An application reads its own secrets when it starts, a person reads one or two.
    pub(crate) fn least(self, settings: &Settings, person: bool) -> i64 {
        match self {
            Self::Keys => settings.keys,
            Self::Disks => settings.disks,
            Self::Containers => settings.containers,
            Self::Resources => settings.resources,
            Self::Secrets if person => settings.secrets,
            Self::Secrets => settings.secrets_by_application,
        }
    }

    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Keys => "listed the keys of storage accounts",
            Self::Disks => "opened disks for download",
            Self::Containers => "deleted containers",
            Self::Resources => "deleted resources",
            Self::Secrets => "read secrets of key vaults",
        }
    }
}

/// A vault's secret without its version, which a caller may name or not: `https://v.vault.azure.net/secrets/name`.
pub(crate) fn secret(id: &str) -> String {
    let (scheme, rest) = id.split_once("://").unwrap_or(("", id));
    let rest = rest.split(['?', '#']).next().unwrap_or("");
    let parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).take(3).collect();
    if scheme.is_empty() { parts.join("/") } else { format!("{scheme}://{}", parts.join("/")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_of_a_secret_are_one() {
        for id in ["https://v.vault.azure.net/secrets/a/0123", "https://v.vault.azure.net/secrets/a/?x=1"] {
            assert_eq!(secret(id), "https://v.vault.azure.net/secrets/a");
        }
        assert_eq!((secret(""), secret("/")), (String::new(), String::new()));
    }
}
