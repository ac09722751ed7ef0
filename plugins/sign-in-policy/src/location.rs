//! Named locations: whether more addresses count as trusted. Compares two locations as JSON; knows no fields.

use std::collections::BTreeSet;

use cordon_sdk::prelude::Severity;
use cordon_sdk::serde_json::Value;

use crate::value::Change;
use crate::{Rule, Weaker};

/// An IPv4 range with fewer bits is wider than any force's network.
const WIDE: u8 = 16;
/// Of IPv6, what a provider gets.
const WIDE_V6: u8 = 32;

/// A location that is trusted now: newly, or with ranges that it did not have.
pub(crate) fn weaker(changes: &[Change<'_>]) -> Option<Weaker> {
    let (before, after) = changes.iter().map(Change::objects).find(|(_, after)| is_trusted(after))?;
    let ranges = ranges(&after);
    let (what, new) = if is_trusted(&before) {
        let known = self::ranges(&before);
        ("it trusts more ranges", ranges.difference(&known).cloned().collect::<Vec<_>>())
    } else {
        ("it is trusted now", ranges.into_iter().collect())
    };
    if new.is_empty() {
        return None;
    }
    Some(Weaker {
        rule: Rule::TrustedLocationWidened,
        severity: new.iter().any(|range| is_wide(range)).then_some(Severity::High),
        what: vec![format!("{what}: {}", new.join(", "))],
        tags: new,
    })
}

fn is_trusted(location: &Value) -> bool {
    location.get("isTrusted") == Some(&Value::Bool(true))
}

/// The ranges of a location: objects with `cidrAddress`, or texts.
fn ranges(location: &Value) -> BTreeSet<String> {
    let items = location.get("ipRanges").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let text = |item: &Value| item.get("cidrAddress").unwrap_or(item).as_str().map(|range| range.trim().to_lowercase());
    items.iter().filter_map(text).filter(|range| !range.is_empty()).collect()
}

fn is_wide(range: &str) -> bool {
    let bits = range.rsplit_once('/').and_then(|(address, bits)| Some((address, bits.parse::<u8>().ok()?)));
    bits.is_some_and(|(address, bits)| bits < if address.contains(':') { WIDE_V6 } else { WIDE })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn wide_ranges_are_known_by_their_bits() {
        assert!(is_wide("0.0.0.0/0") && is_wide("10.0.0.0/8") && is_wide("2001::/16"));
        for range in ["198.51.100.0/24", "10.1.0.0/16", "2001:db8::/32", "198.51.100.1", "x/y", ""] {
            assert!(!is_wide(range), "{range}");
        }
    }
}
