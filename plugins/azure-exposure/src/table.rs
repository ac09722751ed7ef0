//! Which operations open something, and which need their body to tell.

use cordon_sdk::microsoft::azure::{body, member, switch, text};
use cordon_sdk::serde_json::Value;

use crate::{Rule, Settings, network};

/// One operation's meaning.
pub(crate) struct Act {
    pub(crate) rule: Rule,
    /// From 0, low, to 3, critical.
    pub(crate) weight: u8,
    /// What a watched resource adds to it.
    pub(crate) watched: u8,
    /// After the caller's name, before the resource's.
    pub(crate) what: &'static str,
    /// Nothing where an application did it.
    pub(crate) people_only: bool,
}

pub(crate) fn new(rule: Rule, weight: u8, watched: u8, what: &'static str) -> Option<Act> {
    Some(Act { rule, weight, watched, what, people_only: false })
}

/// What an operation means by its name alone.
pub(crate) fn act(operation: &str) -> Option<Act> {
    match operation.trim().to_ascii_lowercase().as_str() {
        "microsoft.storage/storageaccounts/listkeys/action" => {
            let act = new(Rule::StorageKeysRead, 0, 2, "read the keys of a storage account")?;
            Some(Act { people_only: true, ..act })
        }
        "microsoft.compute/disks/begingetaccess/action" => {
            new(Rule::DiskExported, 1, 1, "made a disk ready for download")
        }
        "microsoft.compute/snapshots/begingetaccess/action" => {
            new(Rule::DiskExported, 1, 1, "made a disk's snapshot ready for download")
        }
        "microsoft.compute/restorepointcollections/restorepoints/retrievesasuris/action" => {
            new(Rule::DiskExported, 1, 1, "made a machine's restore point ready for download")
        }
        _ => None,
    }
}

/// Whether an operation is one whose body tells.
pub(crate) fn has_body(operation: &str) -> bool {
    Bearer::of(operation).is_some()
}

/// An operation whose body tells.
enum Bearer {
    Account,
    Container,
    Network,
    Database,
}

impl Bearer {
    fn of(operation: &str) -> Option<Self> {
        Some(match operation.trim().to_ascii_lowercase().as_str() {
            "microsoft.storage/storageaccounts/write" => Self::Account,
            "microsoft.storage/storageaccounts/blobservices/containers/write" => Self::Container,
            "microsoft.network/networksecuritygroups/write"
            | "microsoft.network/networksecuritygroups/securityrules/write" => Self::Network,
            "microsoft.sql/servers/firewallrules/write"
            | "microsoft.dbforpostgresql/servers/firewallrules/write"
            | "microsoft.dbforpostgresql/flexibleservers/firewallrules/write"
            | "microsoft.dbformysql/servers/firewallrules/write"
            | "microsoft.dbformysql/flexibleservers/firewallrules/write" => Self::Database,
            _ => return None,
        })
    }
}

/// What a body says that is to be.
pub(crate) fn judge(operation: &str, request: &str, settings: &Settings) -> Option<Act> {
    let body = body(request);
    let says = |name: &str, words: &[&str]| {
        text(&body, name).is_some_and(|text| words.iter().any(|word| text.eq_ignore_ascii_case(word)))
    };
    match Bearer::of(operation)? {
        Bearer::Account => account(&body),
        Bearer::Container => {
            let open = says("publicAccess", &["Blob", "Container"]);
            open.then(|| new(Rule::StorageMadePublic, 2, 1, "let everybody read a storage container"))?
        }
        Bearer::Network => network::opened(&body, &settings.harmless_ports),
        Bearer::Database => {
            let open = says("startIpAddress", &["0.0.0.0"]) && says("endIpAddress", &["255.255.255.255"]);
            open.then(|| new(Rule::DatabaseOpenedToWorld, 2, 1, "opened a database to every address"))?
        }
    }
}

fn account(body: &Value) -> Option<Act> {
    let rules = member(body, "networkAcls").unwrap_or(&Value::Null);
    let open = text(rules, "defaultAction").is_some_and(|action| action.eq_ignore_ascii_case("Allow"));
    let old = text(body, "minimumTlsVersion").is_some_and(|version| ["TLS1_0", "TLS1_1"].contains(&version));
    if switch(body, "allowBlobPublicAccess") == Some(true) {
        new(Rule::StorageMadePublic, 2, 1, "let containers of a storage account be opened to everybody")
    } else if open {
        new(Rule::StorageMadePublic, 1, 2, "opened the firewall of a storage account to all networks")
    } else if switch(body, "allowSharedKeyAccess") == Some(true) {
        new(Rule::StorageProtectionWeakened, 1, 1, "let keys open a storage account")
    } else if switch(body, "supportsHttpsTrafficOnly") == Some(false) {
        new(Rule::StorageProtectionWeakened, 1, 1, "let a storage account be read without encryption on the way")
    } else if old {
        new(Rule::StorageProtectionWeakened, 1, 1, "let old TLS reach a storage account")
    } else {
        None
    }
}
