//! Who is outside: the address of a guest, from the names that Microsoft gives them, and whose partner it is.

use cordon_sdk::microsoft::{addresses, domain_of, is_partner, within};
use cordon_sdk::prelude::*;

use crate::{List, Settings};

/// The guest's own address, where a name is a guest's: `ada_partner.example#EXT#@force.onmicrosoft.com` is
/// `ada@partner.example`; `urn:spo:guest#ada@partner.example` and `ada@partner.example` are as they stand.
pub(crate) fn address(name: &str) -> Option<String> {
    let lower = name.trim().to_lowercase();
    if let Some((own, _)) = lower.split_once("#ext#") {
        let own = own.rsplit(['|', '\\', '/']).next().unwrap_or(own);
        let (local, domain) = own.rsplit_once('_')?;
        return Some(format!("{local}@{domain}"));
    }
    let own = lower.rsplit_once("guest#").map_or(lower.as_str(), |(_, own)| own);
    addresses(own).next().map(str::to_owned)
}

/// Whether a name says itself that it is a guest's.
pub(crate) fn is_named_guest(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name.contains("#ext#") || name.contains("urn:spo:guest")
}

/// Whether an address is a partner's, by the setting or the list.
pub(crate) fn is_trusted(address: &str, settings: &Settings) -> Result<bool, Failure> {
    is_partner(domain_of(address).unwrap_or(""), &settings.trusted_domains, List::TrustedDomains)
}

/// Whether an address lies in one of these domains.
pub(crate) fn is_in(address: &str, domains: &[String]) -> bool {
    let domain = domain_of(address).unwrap_or("");
    domains.iter().any(|known| within(domain, known))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_guests_own_address_is_found_in_every_dress() {
        for (name, expected) in [
            ("Ada.P_partner.example#EXT#@force.onmicrosoft.com", Some("ada.p@partner.example")),
            ("a_b_partner.example#ext#@f.example", Some("a_b@partner.example")),
            ("i:0#.f|membership|ada_p.example#ext#@f.example", Some("ada@p.example")),
            ("i:0#.f|membership|urn:spo:guest#ada@p.example", Some("ada@p.example")),
            ("ada@p.example", Some("ada@p.example")),
            ("Site Members", None),
            ("#EXT#", None),
            ("", None),
        ] {
            assert_eq!(address(name).as_deref(), expected, "{name}");
        }
    }
}
