//! What an operation of eDiscovery does, as a cmdlet or as Purview's own record of it. Reads no fields and emits nothing.

use cordon_sdk::microsoft::{Parameters, is_false, is_listed, is_true, object_name};

use crate::Rule;

/// What was done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Searched,
    Exported,
    Purged,
    HoldReleased,
    HoldChanged,
    /// Somebody may search from now on; `high` where it is everything.
    Empowered {
        high: bool,
    },
}

/// Operations that say by their name alone what was done.
const PLAIN: [(&str, Act); 16] = [
    ("SearchCreated", Act::Searched),
    ("SearchStarted", Act::Searched),
    ("New-ComplianceSearch", Act::Searched),
    ("Start-ComplianceSearch", Act::Searched),
    ("SearchExported", Act::Exported),
    ("SearchReportExported", Act::Exported),
    ("SearchExportDownloaded", Act::Exported),
    ("ViewedSearchExported", Act::Exported),
    ("ExportJob", Act::Exported),
    ("SearchPurged", Act::Purged),
    ("HoldRemoved", Act::HoldReleased),
    ("Remove-CaseHoldPolicy", Act::HoldReleased),
    ("Remove-CaseHoldRule", Act::HoldReleased),
    ("HoldUpdated", Act::HoldChanged),
    ("CaseMemberAdded", Act::Empowered { high: false }),
    ("CaseAdminAdded", Act::Empowered { high: true }),
];
/// Operations whose parameters tell.
const BY_PARAMETERS: [&str; 6] = [
    "New-ComplianceSearchAction",
    "Set-CaseHoldPolicy",
    "Add-ComplianceCaseMember",
    "Add-eDiscoveryCaseAdmin",
    "Add-RoleGroupMember",
    "Update-RoleGroupMember",
];

pub(crate) fn is_known(name: &str) -> bool {
    PLAIN.iter().map(|(known, _)| *known).chain(BY_PARAMETERS).any(|known| known.eq_ignore_ascii_case(name))
}

impl Act {
    pub(crate) fn of(name: &str, parameters: &Parameters, power_groups: &[String]) -> Option<Self> {
        if let Some((_, act)) = PLAIN.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)) {
            return Some(*act);
        }
        // A switch stands there without a value, or with True.
        let on = |name: &str| parameters.says(name, |value| value.is_empty() || is_true(value));
        match name.to_ascii_lowercase().as_str() {
            "new-compliancesearchaction" if on("Purge") => Some(Self::Purged),
            "new-compliancesearchaction" if on("Export") || on("Report") => Some(Self::Exported),
            "set-caseholdpolicy" if parameters.says("Enabled", is_false) => Some(Self::HoldReleased),
            "set-caseholdpolicy" => {
                let less = parameters.iter().any(|(name, _)| name.to_ascii_lowercase().starts_with("remove"));
                less.then_some(Self::HoldReleased)
            }
            "add-compliancecasemember" => Some(Self::Empowered { high: false }),
            "add-ediscoverycaseadmin" => Some(Self::Empowered { high: true }),
            "add-rolegroupmember" | "update-rolegroupmember" => {
                let group = parameters.first("Identity").map(object_name).unwrap_or("");
                is_listed(group, power_groups).then_some(Self::Empowered { high: true })
            }
            _ => None,
        }
    }

    pub(crate) fn rule(self) -> Rule {
        match self {
            Self::Searched => Rule::ContentSearched,
            Self::Exported => Rule::ContentExported,
            Self::Purged => Rule::ContentPurged,
            Self::HoldReleased | Self::HoldChanged => Rule::CaseHoldReleased,
            Self::Empowered { .. } => Rule::EdiscoveryPowerGranted,
        }
    }

    /// Between the actor's name and what it was done to.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Searched => "searched mailboxes and sites by the search",
            Self::Exported => "exported what was found by the search",
            Self::Purged => "deleted from mailboxes what was found by the search",
            Self::HoldReleased => "released the hold, or part of the hold,",
            Self::HoldChanged => "changed the hold",
            Self::Empowered { high: true } => "gave the power to search everybody's mail and files to",
            Self::Empowered { high: false } => "gave access to a case to",
        }
    }
}
