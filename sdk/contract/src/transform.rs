//! The transforms of the path grammar on plain text: one definition for the host and for native tests.

use std::borrow::Cow;
use std::net::{IpAddr, Ipv6Addr};

/// `.@lower`: Unicode lower case, character by character (`İ` and final `ς` have no context: the same text gives the same
/// answer wherever it stands).
#[must_use]
pub fn lower(text: &str) -> Cow<'_, str> {
    if text.is_ascii() {
        if text.bytes().any(|b| b.is_ascii_uppercase()) {
            return Cow::Owned(text.to_ascii_lowercase());
        }
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().flat_map(char::to_lowercase).collect())
}

/// `.@ip`: the address in `1.2.3.4`, `1.2.3.4:5678`, `[2001:db8::1]:443`, `[2001:db8::1]`, `fe80::1%eth0` or
/// `::ffff:1.2.3.4`, with white space around it or not. `None` where there is no address.
#[must_use]
pub fn ip(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Some(rest) = text.strip_prefix('[') {
        let (inside, port) = rest.split_once(']')?;
        let port_fits = port.is_empty() || port.strip_prefix(':').is_some_and(is_port);
        return if port_fits { parse(inside) } else { None };
    }
    if let Some(address) = parse(text) {
        return Some(address);
    }
    let (address, port) = text.rsplit_once(':')?;
    // A bare IPv6 address with a port is ambiguous and is not written so by anyone: only IPv4 may have one here.
    let address: std::net::Ipv4Addr = address.parse().ok()?;
    is_port(port).then_some(IpAddr::V4(address))
}

fn is_port(text: &str) -> bool {
    text.parse::<u16>().is_ok() && text.bytes().all(|b| b.is_ascii_digit())
}

fn parse(text: &str) -> Option<IpAddr> {
    if let Ok(address) = text.parse::<IpAddr>() {
        return Some(address.to_canonical());
    }
    let (address, zone) = text.split_once('%')?;
    if zone.is_empty() {
        return None;
    }
    address.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::*;

    #[test]
    fn addresses_lose_port_brackets_and_mapping() {
        for (given, expected) in [
            ("1.2.3.4", "1.2.3.4"),
            ("1.2.3.4:5678", "1.2.3.4"),
            (" 1.2.3.4 ", "1.2.3.4"),
            ("[2001:db8::1]:443", "2001:db8::1"),
            ("[2001:DB8::1]", "2001:db8::1"),
            ("2001:db8:0:0:0:0:0:1", "2001:db8::1"),
            ("::ffff:1.2.3.4", "1.2.3.4"),
            ("[::ffff:1.2.3.4]:80", "1.2.3.4"),
            ("fe80::1%eth0", "fe80::1"),
        ] {
            assert_eq!(ip(given).unwrap().to_string(), expected, "{given}");
        }
    }

    #[test]
    fn what_is_no_address_is_none() {
        for given in
            ["", "host", "1.2.3", "1.2.3.4:", "1.2.3.4:99999", "1.2.3.4:+1", "[1.2.3.4", "[::1]x", "fe80::1%", "[]"]
        {
            assert_eq!(ip(given), None, "{given}");
        }
    }

    #[test]
    fn lower_case_is_unicode_and_borrows_when_nothing_changes() {
        assert!(matches!(lower("plain"), Cow::Borrowed("plain")));
        assert_eq!(lower("ÄÖÜ STRASSE"), "äöü strasse");
        assert_eq!(lower("ΟΔΟΣ"), "οδοσ");
    }
}
