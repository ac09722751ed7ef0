//! Roles, and what each may do. One table; pure.

use serde::{Deserialize, Serialize};

/// What a token is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// A shipper: sends one force's events, and nothing else.
    Intake,
    /// Reads one force's findings.
    ForceReader,
    /// A force's contact.
    ForceContact,
    /// Contributes detections for one force.
    ForceAuthor,
    /// Writes detections; sees no force's data.
    Author,
    /// Runs the host.
    Operator,
    /// Reads everything, changes nothing.
    Auditor,
}

/// What a route asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Permission {
    /// Ask whose token one has.
    AskWho,
    /// Send events of one's own force.
    SendEvents,
    /// Read findings and skips.
    ReadFindings,
    /// Read refused lines, which are whole.
    ReadRefused,
    /// Send refused lines again, and throw them away.
    MendRefused,
    /// Acknowledge alerts of one's own force, and work them to an end.
    WorkAlerts,
    /// See forces, lanes and metrics.
    ReadStatus,
    /// See faults of plugins: those of one's own force whole; for authors of all, without what any force's events say.
    ReadFaults,
    /// Take evidence: whole events, beyond what plugins declare.
    ReadEvidence,
    /// Load plugins and deploy them: a force's author for that force only.
    Deploy,
    /// Pass or wake resting lanes, release replays, and roll deployments back.
    Operate,
    /// See tokens, without their texts, and legal holds.
    ReadAdministration,
    /// Add and change forces; create and revoke tokens; hold and release.
    Administer,
    /// Read the audit.
    ReadAudit,
}

impl Role {
    /// All of them.
    pub const ALL: [Role; 7] = [
        Role::Intake,
        Role::ForceReader,
        Role::ForceContact,
        Role::ForceAuthor,
        Role::Author,
        Role::Operator,
        Role::Auditor,
    ];

    /// Whether it may do that.
    #[must_use]
    pub fn may(self, permission: Permission) -> bool {
        use Permission::{
            Administer, AskWho, Deploy, MendRefused, Operate, ReadAdministration, ReadAudit, ReadEvidence, ReadFaults,
            ReadFindings, ReadRefused, ReadStatus, SendEvents, WorkAlerts,
        };
        let granted: &[Permission] = match self {
            Role::Intake => &[AskWho, SendEvents],
            Role::ForceReader => &[AskWho, ReadFindings, ReadStatus, ReadFaults, ReadEvidence],
            Role::ForceContact => {
                &[AskWho, ReadFindings, ReadStatus, ReadFaults, ReadEvidence, ReadRefused, MendRefused, WorkAlerts]
            }
            Role::ForceAuthor => {
                &[AskWho, ReadFindings, ReadStatus, ReadFaults, ReadEvidence, ReadRefused, MendRefused, Deploy]
            }
            Role::Author => &[AskWho, ReadFaults],
            Role::Operator => &[
                AskWho,
                ReadFindings,
                ReadStatus,
                ReadFaults,
                ReadEvidence,
                ReadRefused,
                MendRefused,
                WorkAlerts,
                Deploy,
                Operate,
                ReadAdministration,
                Administer,
            ],
            Role::Auditor => &[
                AskWho,
                ReadFindings,
                ReadStatus,
                ReadFaults,
                ReadEvidence,
                ReadRefused,
                ReadAdministration,
                ReadAudit,
            ],
        };
        granted.contains(&permission)
    }

    /// Whether its tokens belong to one force.
    #[must_use]
    pub fn is_of_a_force(self) -> bool {
        matches!(self, Role::Intake | Role::ForceReader | Role::ForceContact | Role::ForceAuthor)
    }

    /// Its word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Role::Intake => "intake",
            Role::ForceReader => "force-reader",
            Role::ForceContact => "force-contact",
            Role::ForceAuthor => "force-author",
            Role::Author => "author",
            Role::Operator => "operator",
            Role::Auditor => "auditor",
        }
    }

    /// The role of a word.
    #[must_use]
    pub fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|role| role.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_force_role_administers_and_nobody_but_intake_sends() {
        for role in Role::ALL {
            assert_eq!(Role::of(role.word()), Some(role));
            assert_eq!(serde_json::to_value(role).unwrap(), role.word());
            assert_eq!(role.may(Permission::SendEvents), role == Role::Intake);
            assert_eq!(role.may(Permission::Administer), role == Role::Operator);
            assert_eq!(role.may(Permission::Operate), role == Role::Operator);
            assert_eq!(role.may(Permission::ReadAudit), role == Role::Auditor);
        }
    }
}
