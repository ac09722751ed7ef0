//! Which addresses are the organisation's own or trusted, and which are outside. Reads texts in which addresses stand in any
//! dress; owns no field and emits nothing.

use std::collections::BTreeSet;

use cordon_sdk::microsoft::{addresses, domain_of, within};

/// The domains that one record tells to be the organisation's own, and what the force trusts.
#[derive(Debug)]
pub(crate) struct Inside<'a> {
    own: Vec<&'a str>,
    trusted_domains: &'a [String],
    trusted_addresses: &'a [String],
}

impl<'a> Inside<'a> {
    pub(crate) fn new(trusted_domains: &'a [String], trusted_addresses: &'a [String]) -> Self {
        Self { own: Vec::new(), trusted_domains, trusted_addresses }
    }

    /// Adds a domain, or the domain of an address, as the organisation's own. Anything else adds nothing.
    pub(crate) fn own(mut self, name: Option<&'a str>) -> Self {
        let domain = name.and_then(|name| domain_of(name).or(Some(name.trim())));
        // A name without a dot would make a top-level domain our own.
        self.own.extend(domain.filter(|domain| domain.contains('.') && !domain.contains([' ', '\\', '/'])));
        self
    }

    /// The addresses in these texts that are outside: lower case, sorted, each once.
    pub(crate) fn outside<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> BTreeSet<String> {
        let found = texts.into_iter().flat_map(addresses);
        found.filter(|address| !self.holds(address)).map(str::to_lowercase).collect()
    }

    fn holds(&self, address: &str) -> bool {
        let domain = domain_of(address).unwrap_or("");
        let trusted = self.trusted_domains.iter().map(String::as_str);
        self.own.iter().copied().chain(trusted).any(|inside| within(domain, inside))
            || self.trusted_addresses.iter().any(|trusted| trusted.trim().eq_ignore_ascii_case(address))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_and_trusted_domains_and_addresses_are_inside_and_look_alikes_are_not() {
        let domains = vec!["partner.example".to_owned()];
        let single = vec!["Archive@store.example".to_owned()];
        let inside = Inside::new(&domains, &single).own(Some("Force.example")).own(Some("ada@mail.example")).own(None);
        let texts = [
            "smtp:a@force.example;b@sub.force.example",
            "c@mail.example, d@x.partner.example, archive@store.example",
            "e@notforce.example f@force.example.net other@store.example E@NOTFORCE.example",
        ];
        let outside: Vec<_> = inside.outside(texts).into_iter().collect();
        assert_eq!(outside, ["e@notforce.example", "f@force.example.net", "other@store.example"]);
    }

    #[test]
    fn a_name_that_is_no_domain_makes_nothing_inside() {
        for name in ["example", "NT AUTHORITY\\SYSTEM (w3wp.exe)", "", "a/b.c"] {
            let inside = Inside::new(&[], &[]).own(Some(name));
            assert_eq!(inside.outside(["x@evil.example"]).len(), 1, "{name}");
        }
    }
}
