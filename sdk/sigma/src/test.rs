//! What a rule asks of one value of a field.

use serde::{Deserialize, Serialize};

use crate::pattern::Pattern;

/// A question about one value. A field with several values (an array) fulfils it when any of them does.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Test {
    /// The whole text matches, in any case.
    Text(Pattern),
    /// The same, in case.
    Cased(Pattern),
    /// The expression matches somewhere; flags stand in it, `(?i)`.
    Regex(String),
    /// An address of this network, `10.0.0.0/8`.
    Cidr(Cidr),
    /// A number, or text that holds one.
    Number(Compare, f64),
    /// True or false, or text that says so.
    Bool(bool),
    /// The field is null or absent.
    Null,
    /// The field is there and not null.
    Exists,
    /// Another field of the event: its text equals this one's, or is contained in it, or stands at its start or end. In any
    /// case unless `cased`.
    Field {
        /// The other field's name, as rules name it.
        other: String,
        /// How.
        relation: Relation,
        /// Whether case counts.
        cased: bool,
    },
    /// The whole text stands in the list of this name, which people keep on the host: without the space around it, in any case.
    Listed(String),
    /// A part of the time that the text holds, in UTC.
    Time(TimePart, Compare, f64),
}

/// How a number compares.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Compare {
    Equal,
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
}

impl Compare {
    /// Whether `left` compares so to `right`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Equal => left == right,
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
        }
    }
}

/// How one field's text stands to another's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum Relation {
    Equals,
    Contains,
    StartsWith,
    EndsWith,
}

impl Relation {
    /// Whether it holds between the text of a field and that of the field it refers to.
    #[must_use]
    pub fn holds(self, text: &str, other: &str) -> bool {
        match self {
            Self::Equals => text == other,
            Self::Contains => text.contains(other),
            Self::StartsWith => text.starts_with(other),
            Self::EndsWith => text.ends_with(other),
        }
    }
}

/// A network: address and length of its prefix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Cidr {
    address: std::net::IpAddr,
    prefix: u8,
}

impl Cidr {
    /// `10.0.0.0/8`, `fe80::/10`, or one address.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, String> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(a, p)| (a, Some(p)));
        let address: std::net::IpAddr = address.parse().map_err(|_| format!("`{address}` is no address"))?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = match prefix {
            None => most,
            Some(text) => text
                .parse()
                .ok()
                .filter(|p| *p <= most)
                .ok_or_else(|| format!("`/{text}` is no prefix of 0 to {most} bits"))?,
        };
        Ok(Self { address, prefix })
    }

    /// Whether an address belongs to it. An IPv4 address in IPv6 (`::ffff:1.2.3.4`) counts as the former.
    #[must_use]
    pub fn contains(&self, address: std::net::IpAddr) -> bool {
        use std::net::IpAddr::{V4, V6};
        let address = match address {
            V6(six) if self.address.is_ipv4() => six.to_ipv4_mapped().map_or(address, V4),
            other => other,
        };
        match (self.address, address) {
            (V4(net), V4(one)) => {
                let shift = 32 - u32::from(self.prefix);
                u64::from(net.to_bits()) >> shift == u64::from(one.to_bits()) >> shift
            }
            (V6(net), V6(one)) => match 128 - u32::from(self.prefix) {
                128 => true,
                shift => net.to_bits() >> shift == one.to_bits() >> shift,
            },
            _ => false,
        }
    }
}

impl std::fmt::Display for Cidr {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

/// A part of a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[allow(missing_docs)]
pub enum TimePart {
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

/// The number that a text is; none where it is no finite number.
#[must_use]
pub fn number(text: &str) -> Option<f64> {
    // Most values are no numbers, and the parser is not cheap.
    let first = *text.as_bytes().first()?;
    (first.is_ascii_digit() || matches!(first, b'-' | b'+' | b'.'))
        .then(|| text.parse().ok())
        .flatten()
        .filter(|n: &f64| n.is_finite())
}

/// The truth that a text says, in any case.
#[must_use]
pub fn truth(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}
