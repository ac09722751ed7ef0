//! Rule `sender-trusted`: senders, domains and addresses that pass the filters from now on. Judges a cmdlet; reads no fields.

use std::net::IpAddr;

use cordon_sdk::Cidr;
use cordon_sdk::microsoft::{domain_of, is_listed, is_partner, is_true};
use cordon_sdk::prelude::{Failure, Severity};

use crate::{Command, Found, List, Rule, Settings};

/// Lists of trusted senders, by the noun of their cmdlets.
const LISTS: [(&str, &[&str]); 5] = [
    ("hostedcontentfilterpolicy", &["AllowedSenders", "AllowedSenderDomains"]),
    ("hostedconnectionfilterpolicy", &["IPAllowList"]),
    ("antiphishpolicy", &["ExcludedSenders", "ExcludedDomains"]),
    ("safelinkspolicy", &["DoNotRewriteUrls"]),
    ("tenantallowblocklistitems", &["Entries"]),
];
/// Providers at which anybody gets an address: to trust one is to trust everybody.
const PROVIDERS: [&str; 14] = [
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "aol.com",
    "gmx.com",
    "onmicrosoft.com",
    "sharepoint.com",
    "amazonaws.com",
];
/// Prefixes shorter than these, in bits, are wide.
const WIDE_V4: u32 = 24;
const WIDE_V6: u32 = 48;

pub(crate) fn is_about(name: &str) -> bool {
    let (verb, noun) = name.split_once('-').unwrap_or(("", ""));
    (verb.eq_ignore_ascii_case("Set") || verb.eq_ignore_ascii_case("New"))
        && LISTS.iter().any(|(known, _)| known.eq_ignore_ascii_case(noun))
}

pub(crate) fn judge(command: &Command<'_>, settings: &Settings) -> Result<Option<Found>, Failure> {
    let (_, noun) = command.verb_and_noun();
    let Some((_, names)) = LISTS.iter().find(|(known, _)| *known == noun) else { return Ok(None) };
    let parameters = command.parameters;
    // The tenant's list holds what is blocked too.
    if noun == "tenantallowblocklistitems" && !parameters.says("Allow", |value| value.is_empty() || is_true(value)) {
        return Ok(None);
    }
    let entries = names.iter().flat_map(|name| parameters.all(name)).flat_map(added);
    let mut kept = Vec::new();
    for entry in entries {
        if !is_expected(entry, settings)? {
            kept.push(entry);
        }
    }
    if noun == "hostedconnectionfilterpolicy" && parameters.says("EnableSafeList", is_true) {
        kept.push("Microsoft's safe list");
    }
    if kept.is_empty() {
        return Ok(None);
    }
    let wide = kept.iter().any(|entry| is_wide(entry));
    let all = kept.join(", ");
    Ok(Some(Found {
        rule: Rule::SenderTrusted,
        severity: wide.then_some(Severity::High),
        act: format!("let mail of {} pass the filters, in the list", shown(&kept)),
        key: format!("trusted|{all}"),
        set_to: all,
    }))
}

/// What a list is given: several with commas or semicolons, or `@{Add="x"}`. What only removes adds nothing.
fn added(value: &str) -> impl Iterator<Item = &str> {
    let lower = value.to_ascii_lowercase();
    let value = match (lower.find("add="), lower.contains("remove=")) {
        (Some(at), _) => value.get(at + 4..).and_then(|rest| rest.split(['}', '=']).next()).unwrap_or(""),
        (None, true) => "",
        (None, false) => value,
    };
    let parts = value.split([',', ';', ' ']).map(|part| part.trim_matches(['"', '\'', '{', '}', '(', ')', '[', ']']));
    parts.filter(|part| !part.is_empty() && !part.eq_ignore_ascii_case("$null"))
}

fn is_expected(entry: &str, settings: &Settings) -> Result<bool, Failure> {
    let in_range = |range: &String| {
        let address = entry.parse::<IpAddr>().ok();
        address.zip(range.parse::<Cidr>().ok()).is_some_and(|(address, range)| range.contains(address))
    };
    if is_listed(entry, &settings.trusted_addresses) || settings.trusted_addresses.iter().any(in_range) {
        return Ok(true);
    }
    is_partner(domain_of(entry).unwrap_or(entry), &settings.trusted_domains, List::TrustedDomains)
}

/// A provider's whole domain, everything, or a wide range.
fn is_wide(entry: &str) -> bool {
    let whole = entry.trim_start_matches(['*', '@', '.']);
    let range =
        entry.split_once('/').and_then(|(net, bits)| Some((net.parse::<IpAddr>().ok()?, bits.parse::<u32>().ok()?)));
    match range {
        Some((IpAddr::V4(_), bits)) => bits < WIDE_V4,
        Some((IpAddr::V6(_), bits)) => bits < WIDE_V6,
        None => {
            let one_account = entry.split_once('@').is_some_and(|(local, _)| !local.trim_matches('*').is_empty());
            whole.is_empty() || (!one_account && PROVIDERS.iter().any(|provider| whole.eq_ignore_ascii_case(provider)))
        }
    }
}

fn shown(entries: &[&str]) -> String {
    let first: Vec<&str> = entries.iter().take(3).copied().collect();
    match entries.len() - first.len() {
        0 => first.join(", "),
        more => format!("{} and {more} more", first.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_is_a_provider_a_large_range_or_everything() {
        for wide in ["gmail.com", "*@outlook.com", "10.0.0.0/8", "2001:db8::/32", "*"] {
            assert!(is_wide(wide), "{wide}");
        }
        for narrow in
            ["ada@gmail.com", "supplier.example", "192.0.2.0/24", "192.0.2.1", "notgmail.com", "2001:db8::/48"]
        {
            assert!(!is_wide(narrow), "{narrow}");
        }
    }

    #[test]
    fn what_is_added_is_read_in_every_dress() {
        assert_eq!(
            added("a.example;b.example, c.example").collect::<Vec<_>>(),
            ["a.example", "b.example", "c.example"]
        );
        assert_eq!(added("@{Add=\"a.example\"}").collect::<Vec<_>>(), ["a.example"]);
        assert_eq!(added("@{Remove=\"a.example\"}").count() + added("$null").count() + added("").count(), 0);
    }
}
