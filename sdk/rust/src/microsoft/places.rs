//! What administrators mark, in a setting or in a list: sites by address, Azure resources and partners' domains by name.

use std::cell::RefCell;
use std::collections::BTreeMap;

use cordon_contract::limits::LIST_KEY_BYTES;

use super::{is_listed, within, within_site};
use crate::{Failure, ListName};

/// Levels of an address that are looked up at most.
const LEVELS: usize = 16;
/// Addresses of one text that are looked up at most.
const ADDRESSES: usize = 64;

/// Sites that a setting or a list names. An address lies on one when it is at or below it.
///
/// A setting may also name libraries and folders; of a list, only what a record says its site is counts, and where it says
/// none, the address of its object.
#[derive(Debug)]
pub struct Sites<'s> {
    named: &'s [String],
    list: ListName,
    /// What the list answered, by address: a batch has many records of few sites.
    known: RefCell<BTreeMap<String, Option<String>>>,
}

impl<'s> Sites<'s> {
    /// Of a setting and a list.
    #[must_use]
    pub fn new(named: &'s [String], list: impl Into<ListName>) -> Self {
        Self { named, list: list.into(), known: RefCell::default() }
    }

    /// The site, as the setting or the list names it, on which an object lies.
    ///
    /// # Errors
    /// As [`ListName::lookup`].
    pub fn of(&self, object: &str, site: &str) -> Result<Option<String>, Failure> {
        let site = site.trim_end_matches('/');
        match within_site(object, self.named).or_else(|| within_site(site, self.named)) {
            Some(named) => Ok(Some(named.to_owned())),
            None => self.listed(if site.is_empty() { object } else { site }),
        }
    }

    /// The first site that a text names among others, as the setting or the list names it: a JSON list, or addresses with
    /// commas or semicolons between them.
    ///
    /// # Errors
    /// As [`ListName::lookup`].
    pub fn in_text(&self, text: &str) -> Result<Option<String>, Failure> {
        let parts = text.split([',', ';', '"', '[', ']']).map(str::trim).filter(|part| part.contains("://"));
        for address in parts.take(ADDRESSES) {
            if let Some(site) = self.of("", address)? {
                return Ok(Some(site));
            }
        }
        Ok(None)
    }

    /// The site of the list at or above an address.
    ///
    /// # Errors
    /// As [`ListName::lookup`].
    pub fn listed(&self, address: &str) -> Result<Option<String>, Failure> {
        // With and without a slash at its end it is the same: one lookup.
        let address = address.trim_end_matches('/');
        if let Some(known) = self.known.borrow().get(address) {
            return Ok(known.clone());
        }
        let keys = at_and_above(address);
        let asked: Vec<&str> = keys.iter().map(String::as_str).collect();
        let found = if asked.is_empty() { Vec::new() } else { self.list.lookup(&asked)? };
        let site = keys.iter().zip(found).find(|(_, there)| there.is_some());
        let site = site.map(|(key, _)| key.trim_end_matches('/').to_owned());
        self.known.borrow_mut().insert(address.to_owned(), site.clone());
        Ok(site)
    }
}

/// An address and those above it up to the host's, each with and without a slash at its end.
fn at_and_above(address: &str) -> Vec<String> {
    let start = address.find("://").map_or(0, |at| at + 3);
    let address = address.trim_end_matches('/');
    let ends = address.char_indices().filter(|(at, c)| *c == '/' && *at > start).map(|(at, _)| at);
    let levels = ends.chain([address.len()]).take(LEVELS).filter(|end| *end > start);
    let keys = levels.filter_map(|end| address.get(..end)).filter(|key| key.len() < LIST_KEY_BYTES);
    keys.flat_map(|key| [key.to_owned(), format!("{key}/")]).collect()
}

/// Whether some part of a resource's id is the name of a resource or group that a setting or a list names.
///
/// # Errors
/// As [`ListName::lookup`].
pub fn is_marked(resource: &str, names: &[String], list: impl Into<ListName>) -> Result<bool, Failure> {
    let parts = resource.split('/').filter(|part| !part.trim().is_empty() && part.len() <= LIST_KEY_BYTES);
    let parts: Vec<&str> = parts.take(2 * LEVELS).collect();
    if parts.iter().any(|part| is_listed(part, names)) {
        return Ok(true);
    }
    Ok(!parts.is_empty() && list.into().lookup(&parts)?.iter().any(Option::is_some))
}

/// Whether a domain is one that a setting or a list names, or lies below it: `mail.partner.example` below `partner.example`.
///
/// # Errors
/// As [`ListName::lookup`].
pub fn is_partner(domain: &str, named: &[String], list: impl Into<ListName>) -> Result<bool, Failure> {
    if named.iter().any(|partner| within(domain, partner)) {
        return Ok(true);
    }
    let keys = and_above(domain);
    Ok(!keys.is_empty() && list.into().lookup(&keys)?.iter().any(Option::is_some))
}

/// A domain and those above it that have a dot.
fn and_above(domain: &str) -> Vec<&str> {
    let domain = domain.trim().trim_matches('.');
    let starts = std::iter::once(0).chain(domain.match_indices('.').map(|(at, _)| at + 1));
    let names = starts.filter_map(|start| domain.get(start..));
    names.filter(|name| name.contains('.') && name.len() <= LIST_KEY_BYTES).take(LEVELS).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_looked_up_with_those_above_it_and_no_top_level_domain() {
        assert_eq!(and_above(" mail.partner.police.uk."), ["mail.partner.police.uk", "partner.police.uk", "police.uk"]);
        for none in ["", "uk", ".", "..."] {
            assert!(and_above(none).is_empty(), "{none}");
        }
        assert_eq!(and_above(&"a.".repeat(600)).len(), LEVELS);
    }

    #[test]
    fn an_address_is_looked_up_by_each_level_of_it() {
        let said = at_and_above("https://f.sharepoint.com/sites/a b/");
        assert_eq!(
            said,
            [
                "https://f.sharepoint.com",
                "https://f.sharepoint.com/",
                "https://f.sharepoint.com/sites",
                "https://f.sharepoint.com/sites/",
                "https://f.sharepoint.com/sites/a b",
                "https://f.sharepoint.com/sites/a b/",
            ]
        );
        for none in ["", "/", "https://", "://", "//"] {
            assert!(at_and_above(none).iter().all(|key| !key.is_empty()), "{none}");
        }
        assert_eq!(at_and_above(&"é/".repeat(4_000)).len(), 2 * LEVELS);
        assert!(at_and_above(&"é".repeat(4_000)).is_empty());
    }
}
