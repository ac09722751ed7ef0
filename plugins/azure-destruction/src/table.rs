//! Which operations destroy, and which need their body to tell.

use cordon_sdk::microsoft::azure::{body, member, switch, text};

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

/// What an operation means by its name alone.
pub(crate) fn act(operation: &str) -> Option<Act> {
    let operation = operation.trim().to_ascii_lowercase();
    match operation.as_str() {
        "microsoft.keyvault/locations/deletedvaults/purge/action"
        | "microsoft.keyvault/deletedvaults/purge/action"
        | "microsoft.keyvault/locations/deletedmanagedhsms/purge/action"
        | "vaultpurge" => {
            new(Rule::KeyVaultPurged, 2, 1, "purged a key vault for good")
        }
        "microsoft.keyvault/vaults/keys/purge/action"
        | "microsoft.keyvault/vaults/secrets/purge/action"
        | "microsoft.keyvault/vaults/certificates/purge/action"
        // In the vault's own log.
        | "keypurge"
        | "secretpurge"
        | "certificatepurge" => {
            new(Rule::KeyVaultPurged, 2, 1, "purged a key, secret or certificate for good")
        }
        "microsoft.storage/storageaccounts/delete" => new(Rule::StorageDeleted, 1, 2, "deleted a storage account"),
        "microsoft.storage/storageaccounts/blobservices/containers/delete" => {
            new(Rule::StorageDeleted, 0, 2, "deleted a storage container")
        }
        "microsoft.storage/storageaccounts/fileservices/shares/delete" => {
            new(Rule::StorageDeleted, 0, 2, "deleted a file share")
        }
        "microsoft.recoveryservices/vaults/delete" | "microsoft.dataprotection/backupvaults/delete" => {
            new(Rule::BackupDestroyed, 2, 1, "deleted a backup vault")
        }
        "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/delete"
        | "microsoft.recoveryservices/vaults/backupfabrics/protectioncontainers/protecteditems/delete"
        | "microsoft.dataprotection/backupvaults/backupinstances/delete" => {
            new(Rule::BackupDestroyed, 2, 1, "deleted backups from a vault")
        }
        "microsoft.compute/restorepointcollections/delete"
        | "microsoft.compute/restorepointcollections/restorepoints/delete" => {
            new(Rule::RecoveryPointsDeleted, 1, 1, "deleted restore points of a machine")
        }
        "microsoft.compute/snapshots/delete" => new(Rule::RecoveryPointsDeleted, 0, 1, "deleted a disk's snapshot"),
        "microsoft.storage/storageaccounts/blobservices/containers/immutabilitypolicies/delete" => {
            new(Rule::SafeguardRemoved, 2, 1, "deleted the immutability policy of a container")
        }
        "microsoft.storage/storageaccounts/blobservices/containers/clearlegalhold/action" => {
            new(Rule::SafeguardRemoved, 2, 1, "cleared a legal hold of a container")
        }
        "microsoft.authorization/locks/delete" => new(Rule::ResourceLockDeleted, 1, 1, "deleted a lock"),
        _ => None,
    }
}

/// Whether an operation is one whose body tells.
pub(crate) fn has_body(operation: &str) -> bool {
    Bearer::of(operation).is_some()
}

/// An operation whose body tells.
enum Bearer {
    BlobService,
    BackupConfig,
    Vault,
}

impl Bearer {
    fn of(operation: &str) -> Option<Self> {
        Some(match operation.trim().to_ascii_lowercase().as_str() {
            "microsoft.storage/storageaccounts/blobservices/write" => Self::BlobService,
            "microsoft.recoveryservices/vaults/backupconfig/write"
            | "microsoft.recoveryservices/vaults/backupconfig/vaultconfig/write" => Self::BackupConfig,
            "microsoft.recoveryservices/vaults/write" | "microsoft.dataprotection/backupvaults/write" => Self::Vault,
            _ => return None,
        })
    }
}

/// What a body says that is to be.
pub(crate) fn judge(operation: &str, request: &str) -> Option<Act> {
    let body = body(request);
    let says = |name: &str, word: &str| text(&body, name).is_some_and(|text| text.eq_ignore_ascii_case(word));
    match Bearer::of(operation)? {
        Bearer::BlobService => {
            let off = |name: &str| member(&body, name).and_then(|policy| switch(policy, "enabled")) == Some(false);
            if off("deleteRetentionPolicy") || off("containerDeleteRetentionPolicy") {
                return new(Rule::SafeguardRemoved, 2, 1, "switched soft delete of blobs off");
            }
            let versions = switch(&body, "isVersioningEnabled") == Some(false);
            versions.then(|| new(Rule::SafeguardRemoved, 2, 1, "switched versioning of blobs off"))?
        }
        Bearer::BackupConfig => {
            let off = says("softDeleteFeatureState", "Disabled") || says("enhancedSecurityState", "Disabled");
            off.then(|| new(Rule::SafeguardRemoved, 2, 1, "switched soft delete of backups off"))?
        }
        Bearer::Vault => {
            let state = |name: &str| member(&body, name).and_then(|part| text(part, "state")).unwrap_or("");
            let off = ["Off", "Disabled"].iter().any(|word| state("softDeleteSettings").eq_ignore_ascii_case(word))
                || says("softDeleteState", "Disabled");
            off.then(|| new(Rule::SafeguardRemoved, 2, 1, "switched soft delete of a backup vault off"))?
        }
    }
}
