//! One record of Exchange's: who acted, on whose mailbox, and what counts as inside for it. Emits nothing.

use std::collections::BTreeSet;

use cordon_sdk::microsoft::{domain_of, is_partner, is_service, is_true, object_name, operation};
use cordon_sdk::prelude::*;

use crate::inside::Inside;
use crate::{Fields, List, Rule, Settings};

/// One row with what is needed to judge it.
pub(crate) struct Record<'a> {
    pub(crate) fields: &'a Fields<'a>,
    pub(crate) settings: &'a Settings,
    pub(crate) row: Row,
}

impl<'a> Record<'a> {
    pub(crate) fn operation(&self) -> &'a str {
        operation(self.fields.operation.text(self.row).unwrap_or(""))
    }

    pub(crate) fn actor(&self) -> &'a str {
        self.fields.actor.text(self.row).unwrap_or("")
    }

    /// The actor, for the beginning of a sentence.
    pub(crate) fn who(&self) -> &'a str {
        Some(self.actor()).filter(|actor| !actor.is_empty()).unwrap_or("Somebody")
    }

    /// Whether the service, not a person, did it.
    pub(crate) fn is_service(&self) -> bool {
        is_service(self.actor(), &self.settings.service_accounts)
    }

    /// The mailbox that the act is about, as its owner's address where the record allows it.
    pub(crate) fn mailbox(&self) -> String {
        let (fields, row, actor) = (self.fields, self.row, self.actor());
        let named = [
            fields.mailbox_owner.text(row),
            fields.rule_mailbox.text(row),
            // A rule's identity names the rule; its object names the mailbox before the last backslash.
            fields.object.text(row).and_then(|object| object.rsplit_once('\\')).map(|(mailbox, _)| mailbox),
            fields.identity.text(row).filter(|_| self.operation().eq_ignore_ascii_case("Set-Mailbox")),
            fields.object.text(row),
        ];
        let mailbox = named.into_iter().flatten().map(object_name).find(|name| !name.is_empty()).unwrap_or(actor);
        match actor.split_once('@') {
            // The directory names a mailbox by its alias, which is most often the first part of the owner's address.
            Some((alias, _)) if alias.eq_ignore_ascii_case(mailbox) => actor.to_owned(),
            _ => mailbox.to_owned(),
        }
    }

    /// The addresses in these texts that are neither ours nor trusted: lower case, sorted, each once.
    pub(crate) fn outside<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> Result<BTreeSet<String>, Failure> {
        let mut outside = BTreeSet::new();
        for address in self.inside().outside(texts) {
            if !is_partner(domain_of(&address).unwrap_or(""), &[], List::TrustedDomains)? {
                outside.insert(address);
            }
        }
        Ok(outside)
    }

    /// Which of these ways to send mail on lead to one of these addresses outside.
    pub(crate) fn acts<'w>(
        &self,
        ways: impl IntoIterator<Item = (&'w str, &'w str)>,
        outside: &BTreeSet<String>,
    ) -> Vec<&'w str> {
        let inside = self.inside();
        let leads_out = |to: &str| !inside.outside([to]).is_disjoint(outside);
        ways.into_iter().filter(|(_, to)| leads_out(to)).map(|(act, _)| act).collect()
    }

    /// What counts as inside: the domains that this record tells to be ours, and what the force's settings trust.
    fn inside(&self) -> Inside<'a> {
        let (fields, settings, row) = (self.fields, self.settings, self.row);
        // Somebody from outside who acts here (a partner's administrator) does not make their own domain ours.
        let outsider = fields.external_access.text(row).is_some_and(is_true);
        let actor = Some(self.actor()).filter(|actor| !outsider && actor.contains('@'));
        let with_domain = |name: &&str| name.contains('@');
        Inside::new(&settings.trusted_domains, &settings.trusted_addresses)
            .own(fields.organisation.text(row))
            .own(actor)
            .own(fields.mailbox_owner.text(row).filter(with_domain))
            .own(fields.identity.text(row).map(object_name).filter(with_domain))
            .own(fields.rule_mailbox.text(row).filter(with_domain))
    }

    /// A finding with what every finding of this plugin shows.
    pub(crate) fn finding(&self, rule: Rule, mailbox: Option<&str>, outside: &BTreeSet<String>) -> Finding {
        let (fields, row) = (self.fields, self.row);
        let mut finding = rule
            .on(row)
            .entity("user", self.actor())
            .entity("mailbox", mailbox.unwrap_or(""))
            .entity("ip", fields.client_ip.text(row).unwrap_or(""))
            .context("Operation", self.operation());
        for address in outside.iter().take(SHOWN) {
            finding = finding.entity("mail-address", address);
        }
        finding
    }
}

/// Addresses shown with a finding; a rule with more of them has its count in the summary.
pub(crate) const SHOWN: usize = 20;

/// Addresses in a sentence: the first three and how many more.
pub(crate) fn sentence(addresses: &BTreeSet<String>) -> String {
    let first: Vec<&str> = addresses.iter().take(3).map(String::as_str).collect();
    match addresses.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

/// The addresses of a key: all of them, as far as a key may be long.
pub(crate) fn key(subject: &str, addresses: &BTreeSet<String>) -> String {
    let all: Vec<&str> = addresses.iter().map(String::as_str).collect();
    format!("{}>{}", subject.to_lowercase(), all.join(","))
}
