//! Which fields hold names, and which domains, accounts and addresses are nobody's. Data and pure functions.

use std::net::Ipv4Addr;

use serde_json::Value;

/// Last names of paths whose value names a person.
const PEOPLE: &[&str] =
    &["userdisplayname", "actordisplayname", "mailboxownername", "targetusername", "subjectusername", "accountname"];
/// Last names of paths whose value names a host.
const HOSTS: &[&str] =
    &["computer", "computername", "hostname", "devicename", "workstation", "workstationname", "clientmachinename"];
/// Last names of paths whose value is an organisation's domain.
const DOMAINS: &[&str] = &["organizationname", "tenantname", "targetdomain"];
/// Domains that identify nobody: public mail, Microsoft's own.
const PUBLIC: &[&str] = &[
    "gmail.com",
    "googlemail.com",
    "outlook.com",
    "hotmail.com",
    "live.com",
    "yahoo.com",
    "icloud.com",
    "proton.me",
    "protonmail.com",
    "gmx.net",
    "aol.com",
    "microsoft.com",
    "microsoftonline.com",
    "office.com",
    "office365.com",
    "windows.net",
    "azure.com",
    "sharepoint.com",
    "example.com",
    "example.org",
    "example.net",
];
/// Second-level names below which organisations register in two-letter countries.
const SECOND: &[&str] = &["co", "gov", "police", "ac", "org", "nhs", "mod", "com", "net", "edu"];

/// Visits every string with the last two names of its path, in lower case.
pub(super) fn walk(event: &Value, see: &mut impl FnMut(&str, &str)) {
    fn go(value: &Value, above: &str, name: &str, see: &mut impl FnMut(&str, &str)) {
        match value {
            Value::String(text) => see(&format!("{above}.{name}"), text),
            Value::Array(items) => items.iter().for_each(|item| go(item, above, name, see)),
            Value::Object(members) => {
                members.iter().for_each(|(member, value)| go(value, name, &member.to_lowercase(), see));
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    go(event, "", "", see);
}

fn last(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or_default()
}

pub(super) fn holds_person(path: &str) -> bool {
    path == "user.displayname" || PEOPLE.contains(&last(path))
}

pub(super) fn holds_host(path: &str) -> bool {
    path == "devicedetail.displayname" || HOSTS.contains(&last(path))
}

pub(super) fn holds_domain(path: &str) -> bool {
    DOMAINS.contains(&last(path))
}

/// Accounts of systems, not of people.
pub(super) fn is_system(name: &str) -> bool {
    name.starts_with("nt authority")
        || matches!(
            name,
            "system"
                | "not available"
                | "unknown"
                | "-"
                | "anonymous logon"
                | "local service"
                | "network service"
                | "postmaster"
                | "noreply"
                | "no-reply"
        )
}

/// Given out by us: `org1.example`, and what is below it.
pub(super) fn is_stand_in(domain: &str) -> bool {
    let number = base_domain(domain).strip_prefix("org").and_then(|rest| rest.strip_suffix(".example"));
    number.is_some_and(|number| number.parse::<u32>().is_ok())
}

pub(super) fn is_public_domain(domain: &str) -> bool {
    PUBLIC.iter().any(|public| domain == *public || domain.strip_suffix(public).is_some_and(|sub| sub.ends_with('.')))
}

/// What an organisation registered: `force.police.uk`, `x.onmicrosoft.com`, `contoso.com`.
pub(super) fn base_domain(domain: &str) -> &str {
    let mut dots = domain.rmatch_indices('.').map(|(at, _)| at);
    let (Some(last), Some(second)) = (dots.next(), dots.next()) else { return domain };
    let top = domain.get(last + 1..).unwrap_or_default();
    let middle = domain.get(second + 1..last).unwrap_or_default();
    let three = (top.len() == 2 && SECOND.contains(&middle)) || middle == "onmicrosoft";
    let start = if three { dots.next() } else { Some(second) };
    start.and_then(|at| domain.get(at + 1..)).unwrap_or(domain)
}

/// The start of the stand-in's block and its name; none for addresses that say nothing (loopback, unspecified).
pub(super) fn v4_block(address: Ipv4Addr) -> Option<(&'static str, &'static str)> {
    if address.is_loopback() || address.is_unspecified() || address.is_broadcast() {
        return None;
    }
    Some(match address.octets() {
        [10, ..] => ("10.0", "v4-10"),
        [172, 16..=31, ..] => ("172.16", "v4-172"),
        [192, 168, ..] => ("192.168", "v4-192"),
        _ => ("public", "v4"),
    })
}

/// Replaces whole words, in any case.
pub(super) fn replace_word(text: &str, name: &str, made: &str) -> String {
    let lower = text.to_lowercase();
    // Lower case may change lengths outside ASCII: then positions do not carry over.
    if lower.len() != text.len() || !lower.contains(name) {
        return text.to_owned();
    }
    let mut out = String::with_capacity(text.len());
    let mut done = 0;
    for (at, _) in lower.match_indices(name) {
        let before = lower.get(..at).and_then(|t| t.chars().next_back());
        let after = lower.get(at + name.len()..).and_then(|t| t.chars().next());
        let inside = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
        if at < done || inside(before) || inside(after) {
            continue;
        }
        out.push_str(text.get(done..at).unwrap_or_default());
        out.push_str(made);
        done = at + name.len();
    }
    out.push_str(text.get(done..).unwrap_or_default());
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_registered_domain_is_found() {
        for (domain, base) in [
            ("mail.force.police.uk", "force.police.uk"),
            ("force.police.uk", "force.police.uk"),
            ("a.b.contoso.com", "contoso.com"),
            ("contoso.onmicrosoft.com", "contoso.onmicrosoft.com"),
            ("localhost", "localhost"),
        ] {
            assert_eq!(base_domain(domain), base, "{domain}");
        }
    }

    #[test]
    fn only_whole_words_are_replaced() {
        assert_eq!(replace_word("Ann, annex, ANN", "ann", "user1"), "user1, annex, user1");
    }
}
