//! Which operations are looked at, and what each opened to outsiders. Judges properties; reads no fields and emits nothing.

use cordon_sdk::microsoft::operation;

use crate::Rule;
use crate::property::Property;

/// An act that may let outsiders in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Act {
    FederationSettings,
    DomainAuthentication,
    Domain,
    AuthenticationMethods,
    Issuer,
    PartnerAdded,
    PartnerChanged,
    DelegatedPartner,
    User,
}

/// What an act opened.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) rule: Rule,
    /// In words.
    pub(crate) how: String,
    /// What tells this change from another of the same object.
    pub(crate) tags: Vec<String>,
}

/// Settings of a partner that say who comes in.
const INBOUND: [&str; 5] = [
    "inboundTrust",
    "b2bCollaborationInbound",
    "b2bDirectConnectInbound",
    "automaticUserConsentSettings",
    "userSyncInbound",
];

impl Act {
    /// The act of an operation, in either log.
    pub(crate) fn of(name: &str) -> Option<Self> {
        Some(match operation(name).to_ascii_lowercase().as_str() {
            "set federation settings on domain" => Self::FederationSettings,
            "set domain authentication" => Self::DomainAuthentication,
            "add unverified domain" | "add verified domain" | "verify domain" => Self::Domain,
            "authentication methods policy update" => Self::AuthenticationMethods,
            "add certificationbasedauthconfiguration"
            | "create certificate authority"
            | "add identity provider"
            | "create identity provider"
            | "update identity provider" => Self::Issuer,
            "add a partner to cross-tenant access setting" => Self::PartnerAdded,
            "update a partner cross-tenant access setting"
            | "create a partner cross-tenant identity sync setting"
            | "update a partner cross-tenant identity sync setting"
            | "update the company default cross-tenant access setting" => Self::PartnerChanged,
            "add partner to company" => Self::DelegatedPartner,
            "update user" => Self::User,
            _ => return None,
        })
    }

    /// What it opened; nothing where nobody comes in by it.
    pub(crate) fn opened(self, properties: &[Property<'_>]) -> Option<Opened> {
        let opened = |rule, how: &str| Some(Opened { rule, how: how.to_owned(), tags: Vec::new() });
        match self {
            Self::FederationSettings => opened(Rule::FederationChanged, "its federation settings were changed"),
            Self::DomainAuthentication => {
                let federated = properties.iter().any(|property| property.became("Federated"));
                federated.then(|| opened(Rule::FederationChanged, "it became federated"))?
            }
            Self::Domain => opened(Rule::DomainAdded, ""),
            Self::AuthenticationMethods => {
                let now = properties.iter().find_map(Property::new_discovery_address)?;
                Some(Opened { how: format!("OpenID Connect, {now}"), tags: vec![now], rule: Rule::SignInIssuerChanged })
            }
            Self::Issuer => opened(Rule::SignInIssuerChanged, "an identity provider or certificate authority"),
            Self::PartnerAdded => opened(Rule::PartnerTenantAdded, ""),
            Self::PartnerChanged => {
                let inbound = |property: &&Property<'_>| INBOUND.iter().any(|name| property.is(name));
                let tags: Vec<_> = properties.iter().filter(inbound).flat_map(Property::newly_allowed).collect();
                let how = tags.join(", ");
                (!tags.is_empty()).then_some(Opened { rule: Rule::PartnerTrustWidened, how, tags })
            }
            Self::DelegatedPartner => opened(Rule::DelegatedPartnerAdded, ""),
            Self::User => {
                let turned = |property: &Property<'_>| {
                    property.is("UserType") && property.was("Guest") && property.became("Member")
                };
                properties.iter().any(turned).then(|| opened(Rule::GuestTurnedMember, ""))?
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_logs_spell_one_act_differently() {
        assert_eq!(Act::of("Set federation settings on domain."), Some(Act::FederationSettings));
        assert_eq!(Act::of("Add a partner to cross-tenant access setting"), Some(Act::PartnerAdded));
        for name in
            ["Delete partner specific cross-tenant access setting", "Remove verified domain.", "Update group.", ""]
        {
            assert_eq!(Act::of(name), None, "{name}");
        }
    }
}
