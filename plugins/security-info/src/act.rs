//! Which operations are looked at. Knows their names only.

use cordon_sdk::microsoft::operation;

/// An act on what protects an account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// An administrator added a method to somebody's account.
    ByAdministrator,
    /// A user added, changed or deleted their own.
    ByUser,
    PasswordReset,
    /// An account's properties changed.
    Account,
    /// A user said that a request was not theirs.
    Reported,
}

impl Act {
    /// The act of an operation, in either log.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match operation(name).to_ascii_lowercase().as_str() {
            "admin registered security info" | "admin updated security info" => Self::ByAdministrator,
            "user registered security info"
            | "user registered all required security info"
            | "user updated security info"
            | "user changed default security info"
            | "user deleted security info"
            | "admin deleted security info" => Self::ByUser,
            "reset user password" | "reset password (by admin)" => Self::PasswordReset,
            "update user" => Self::Account,
            "suspicious activity reported" => Self::Reported,
            other if other.starts_with("fraud reported") => Self::Reported,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_logs_spell_one_act_differently() {
        assert_eq!(Act::of("Reset user password."), Some(Act::PasswordReset));
        assert_eq!(Act::of("Fraud reported - user is blocked for MFA"), Some(Act::Reported));
        for name in ["User started security info registration", "Change user password.", "Update group", ""] {
            assert_eq!(Act::of(name), None, "{name}");
        }
    }
}
