//! Predicates on addresses. What counts as an address is the path grammar's `.@ip`: a port, brackets and `::ffff:` are no
//! obstacle.

use std::fmt;
use std::net::IpAddr;

use cordon_contract::transform;

use super::{Test, list};
use crate::Failure;
use crate::column::Entry;

/// A range of addresses, `10.0.0.0/8` or `2001:db8::/32`; an address alone is a range of one.
///
/// ```
/// # use cordon_sdk::Cidr;
/// let inside: Cidr = "10.0.0.0/8".parse()?;
/// assert!(inside.contains("10.1.2.3".parse()?) && !inside.contains("2001:db8::1".parse()?));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    length: u8,
}

impl Cidr {
    /// Whether the address is in the range.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        let (left, right, width) = match (self.network, address.to_canonical()) {
            (IpAddr::V4(network), IpAddr::V4(address)) => (u128::from(network.to_bits()), address.to_bits().into(), 32),
            (IpAddr::V6(network), IpAddr::V6(address)) => (network.to_bits(), address.to_bits(), 128),
            _ => return false,
        };
        // Shifting all 128 bits away is no shift: a length of 0 holds every address of the family.
        (left ^ right).checked_shr(width - u32::from(self.length)).unwrap_or(0) == 0
    }

    /// Reads several; settings are the usual origin.
    ///
    /// # Errors
    /// [`Failure::BadSettings`] that names the first text that is no range.
    pub fn parse_all<S: AsRef<str>>(texts: &[S]) -> Result<Vec<Cidr>, Failure> {
        texts.iter().map(|text| text.as_ref().parse()).collect()
    }
}

impl std::str::FromStr for Cidr {
    type Err = Failure;

    fn from_str(text: &str) -> Result<Self, Failure> {
        let bad = || {
            Failure::bad_settings(format!("`{text}` is no address range: use 10.0.0.0/8, 2001:db8::/32 or 192.0.2.1"))
        };
        let (address, length) = match text.trim().split_once('/') {
            Some((address, length)) => (address, Some(length)),
            None => (text.trim(), None),
        };
        let network: IpAddr = address.parse().map_err(|_| bad())?;
        let width = if network.is_ipv4() { 32 } else { 128 };
        let length = match length {
            Some(length) => length.parse().ok().filter(|length| *length <= width).ok_or_else(bad)?,
            None => width,
        };
        Ok(Self { network, length })
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

/// The value is an address in one of the ranges.
pub(crate) struct InCidr<'r>(pub(crate) &'r [Cidr]);

impl Test for InCidr<'_> {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        let address = value.text().and_then(transform::ip);
        address.is_some_and(|address| self.0.iter().any(|range| range.contains(address)))
    }

    fn describe(&self) -> String {
        let texts: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        format!("is an address in {}", list(&texts))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used)]
mod tests {
    use super::Cidr;

    #[test]
    fn a_range_holds_its_addresses_and_no_other() {
        for (range, address, inside) in [
            ("10.0.0.0/8", "10.255.0.1", true),
            ("10.0.0.0/8", "11.0.0.1", false),
            ("10.1.2.3/8", "10.9.9.9", true),
            ("0.0.0.0/0", "255.1.1.1", true),
            ("0.0.0.0/0", "::1", false),
            ("::/0", "2001:db8::1", true),
            ("::/0", "1.2.3.4", false),
            ("2001:db8::/32", "2001:db8:ffff::1", true),
            ("2001:db8::/32", "2001:db9::1", false),
            ("192.0.2.1", "192.0.2.1", true),
            ("192.0.2.1/32", "192.0.2.2", false),
            ("10.0.0.0/8", "::ffff:10.0.0.1", true),
        ] {
            let parsed: Cidr = range.parse().unwrap();
            assert_eq!(parsed.contains(address.parse().unwrap()), inside, "{address} in {range}");
        }
    }

    #[test]
    fn what_is_no_range_is_named() {
        for text in ["", "10.0.0.0/33", "10.0.0/8", "::/129", "10.0.0.0/", "a/8", "10.0.0.0/-1"] {
            let failure = text.parse::<Cidr>().unwrap_err().to_string();
            assert!(failure.contains(&format!("`{text}` is no address range")), "{failure}");
        }
    }
}
