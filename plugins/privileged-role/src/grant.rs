//! A role given to somebody, however it was logged, and how much that matters. Judges against the settings; reads no fields
//! and emits nothing.

use std::borrow::Cow;
use std::collections::BTreeMap;

use cordon_sdk::microsoft::operation;
use cordon_sdk::prelude::Severity;

use crate::{Rule, Settings};

/// How a role was given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    /// The member has the role.
    Granted,
    /// The member may activate it.
    MadeEligible,
}

impl Act {
    /// The act of an operation: `Add member to role`, with a full stop in the unified audit log, and PIM's own, which log
    /// each step. What was only requested, and the activation of an eligible role, is none.
    pub(crate) fn of(name: &str) -> Option<Self> {
        let name = operation(name).to_ascii_lowercase();
        let eligible = name.strip_prefix("add eligible member to role");
        let how = eligible
            .or_else(|| name.strip_prefix("add member to role"))
            .or_else(|| name.strip_prefix("add scoped member to role"))?
            .trim_start();
        let done = how.is_empty() || how.starts_with("in pim completed") || how.starts_with("outside of pim");
        done.then_some(if eligible.is_some() { Self::MadeEligible } else { Self::Granted })
    }
}

/// Who got it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    User,
    Guest,
    Group,
    Application,
}

impl Kind {
    /// The kind that a log names, or none for what holds no roles. A guest is a user whose name says so.
    pub(crate) fn of(kind: &str, name: &str) -> Option<Self> {
        Some(match kind.to_ascii_lowercase().as_str() {
            "user" if name.to_ascii_uppercase().contains("#EXT#") => Self::Guest,
            "user" => Self::User,
            "group" => Self::Group,
            "serviceprincipal" => Self::Application,
            _ => return None,
        })
    }

    /// As entities and sentences call it.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::User | Self::Guest => "user",
            Self::Group => "group",
            Self::Application => "app",
        }
    }

    fn is_ours(self) -> bool {
        matches!(self, Self::User | Self::Group)
    }
}

/// A role given to one member.
#[derive(Debug)]
pub(crate) struct Grant<'a> {
    pub(crate) act: Act,
    pub(crate) kind: Kind,
    /// Directory id of the member, or its name where the record has no id.
    pub(crate) member: Cow<'a, str>,
    pub(crate) member_name: Cow<'a, str>,
    /// Template ids that the record names, best first.
    pub(crate) templates: Vec<Cow<'a, str>>,
    pub(crate) role_name: Cow<'a, str>,
}

/// Why a grant matters.
#[derive(Debug)]
pub(crate) struct Verdict {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    /// The role's name, from the list where the record has none.
    pub(crate) role: String,
    pub(crate) key: String,
}

impl Grant<'_> {
    /// What to make of this grant; nothing where the role is on no list.
    pub(crate) fn verdict(&self, settings: &Settings) -> Option<Verdict> {
        let (template, name, leads_to_all) = self
            .role_in(&settings.tenant_roles)
            .map(|(template, name)| (template, name, true))
            .or_else(|| self.role_in(&settings.privileged_roles).map(|(template, name)| (template, name, false)))?;
        let (rule, steps) = match (self.act, self.kind) {
            (Act::MadeEligible, kind) => (Rule::PrivilegedRoleMadeEligible, i32::from(!kind.is_ours()) - 1),
            (Act::Granted, Kind::Guest) => (Rule::PrivilegedRoleToGuest, 1),
            (Act::Granted, Kind::Application) => (Rule::PrivilegedRoleToApplication, 1),
            (Act::Granted, Kind::User | Kind::Group) => (Rule::PrivilegedRoleGranted, 0),
        };
        let severity = match i32::from(leads_to_all) + steps {
            ..0 => Severity::Low,
            0 => Severity::Medium,
            1 => Severity::High,
            2.. => Severity::Critical,
        };
        let role = if self.role_name.is_empty() { name.to_owned() } else { self.role_name.to_string() };
        let key = format!("{}|{}", self.member.to_lowercase(), template.to_lowercase());
        Some(Verdict { rule, severity, role, key })
    }

    /// The role's entry in a list, by template id. Names are compared only where the record has no template id at all, since
    /// anybody who makes a role may name it as they like.
    fn role_in<'s>(&self, roles: &'s BTreeMap<String, String>) -> Option<(&'s str, &'s str)> {
        let entries = || roles.iter().map(|(template, name)| (template.as_str(), name.as_str()));
        let mut ids = self.templates.iter().filter(|id| is_guid(id)).peekable();
        if ids.peek().is_some() {
            return ids.find_map(|id| entries().find(|(template, _)| template.eq_ignore_ascii_case(id)));
        }
        entries().find(|(_, name)| !name.is_empty() && name.eq_ignore_ascii_case(&self.role_name))
    }
}

/// `62e90394-69f5-4237-9190-012177145e10`
pub(crate) fn is_guid(text: &str) -> bool {
    let shape = |(at, byte): (usize, u8)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    };
    text.len() == 36 && text.bytes().enumerate().all(shape)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn acts_are_told_from_requests_and_activations() {
        let acts = [
            ("Add member to role", Some(Act::Granted)),
            ("Add member to role.", Some(Act::Granted)),
            ("ADD SCOPED MEMBER TO ROLE.", Some(Act::Granted)),
            ("Add member to role in PIM completed (permanent)", Some(Act::Granted)),
            ("Add member to role in PIM completed (timebound)", Some(Act::Granted)),
            ("Add member to role outside of PIM (permanent)", Some(Act::Granted)),
            ("Add eligible member to role", Some(Act::MadeEligible)),
            ("Add eligible member to role in PIM completed (permanent)", Some(Act::MadeEligible)),
            ("Add eligible member to role in PIM requested (permanent)", None),
            ("Add member to role in PIM requested (timebound)", None),
            ("Add member to role requested (PIM activation)", None),
            ("Add member to role completed (PIM activation)", None),
            ("Add member to role request approved (PIM activation)", None),
            ("Add member to group", None),
            ("Remove member from role", None),
            ("", None),
        ];
        for (name, act) in acts {
            assert_eq!(Act::of(name), act, "{name}");
        }
    }

    #[test]
    fn a_guid_is_known_by_its_shape() {
        assert!(is_guid("62E90394-69f5-4237-9190-012177145e10"));
        for text in ["", "12345", "62e9039469f542379190012177145e1012345", "62e90394-69f5-4237-9190-01217714ée1"] {
            assert!(!is_guid(text), "{text}");
        }
    }
}
