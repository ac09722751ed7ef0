//! Which operations are looked at. Knows their names only.

use cordon_sdk::microsoft::operation;

/// An act that may weaken sign-in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    Policy,
    PolicyDeleted,
    /// A named location was made or changed.
    Location,
    SecurityDefaults,
    /// An account's properties changed.
    User,
    MfaDisabled,
}

impl Act {
    /// The act of an operation, in either log.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match operation(name).to_ascii_lowercase().as_str() {
            "update conditional access policy" => Self::Policy,
            "delete conditional access policy" => Self::PolicyDeleted,
            "add named location" | "update named location" => Self::Location,
            "update security defaults" => Self::SecurityDefaults,
            "update user" => Self::User,
            "disable strong authentication" => Self::MfaDisabled,
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_logs_spell_one_act_differently() {
        assert_eq!(Act::of("Update conditional access policy."), Some(Act::Policy));
        assert_eq!(Act::of("Delete Conditional Access policy"), Some(Act::PolicyDeleted));
        for name in ["Add conditional access policy", "Update policy", "Enable Strong Authentication.", ""] {
            assert_eq!(Act::of(name), None, "{name}");
        }
    }
}
