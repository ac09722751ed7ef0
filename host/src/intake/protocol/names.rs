//! Which source an index (`_bulk`) or a source type (HEC) stands for. Pure.
//!
//! | name | source |
//! | --- | --- |
//! | `events`, `_json`, or none | recognised by each event's shape, as at `POST /v1/events` |
//! | `m365.audit`, `m365-audit`, `m365_audit`, `m365:audit` | a known source, whatever stands for its dot |
//! | `custom.vpn`, `custom-vpn`, `vpn`, `VPN` | `custom.vpn` |
//! | `fw:paloalto.traffic` | `custom.fw-paloalto-traffic` |
//! | `vpn-2026.11.25`, `vpn-2026.11`, `vpn-000001` | `custom.vpn`: a date or a number that a shipper counts up is no part of the name |
//!
//! A source that only the host makes (`cordon.*`), and a name that gives none of 1 to 64 characters, are refused.

use crate::model::SourceName;

/// What a name stands for: a source, or `None` to recognise it; or why it stands for none.
pub(super) type Named = Result<Option<SourceName>, String>;

/// The source that a name stands for.
///
/// # Errors
/// In words, when it can stand for none.
pub(super) fn source(name: &str) -> Named {
    let lower = name.trim().to_ascii_lowercase();
    if matches!(lower.as_str(), "" | "events" | "_json") {
        return Ok(None);
    }
    let plain: String =
        undated(&lower).chars().map(|c| if matches!(c, '.' | ':' | '/' | ' ') { '-' } else { c }).collect();
    let dashed = |name: &str| name.replace(['.', '_'], "-");
    if let Some(known) = SourceName::KNOWN.iter().find(|known| dashed(known) == dashed(&plain)) {
        return match known.strip_prefix("cordon.") {
            Some(_) => Err(format!("events of {known} are made by the host itself")),
            None => Ok(SourceName::new(known).ok()),
        };
    }
    let rest = plain.strip_prefix("custom").and_then(|rest| rest.strip_prefix(['-', '_'])).unwrap_or(&plain);
    SourceName::new(&format!("custom.{rest}")).map(Some).map_err(|_| {
        let given: String = name.chars().take(80).collect();
        format!(
            "`{given}` stands for no source: use one of {}, or a name of 1 to 64 letters, digits, `-` and `_`",
            SourceName::KNOWN.join(", ")
        )
    })
}

/// The name without the dates and counters that shippers put behind it.
fn undated(mut name: &str) -> &str {
    while let Some((before, last)) = name.rsplit_once('-') {
        let digits = last.bytes().all(|b| b.is_ascii_digit() || b == b'.');
        let dated = digits && last.starts_with("20") && last.as_bytes().get(4) == Some(&b'.');
        let counted = digits && last.len() == 6 && !last.contains('.');
        if before.is_empty() || !(dated || counted) {
            return name;
        }
        name = before;
    }
    name
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(name: &str) -> String {
        source(name).unwrap().map_or_else(|| "recognised".to_owned(), |source| source.to_string())
    }

    #[test]
    fn a_known_source_is_known_whatever_stands_for_its_dot() {
        for known in SourceName::KNOWN.iter().filter(|known| !known.starts_with("cordon.")) {
            for dot in [".", "-", "_", ":"] {
                assert_eq!(of(&known.replace('.', dot)), *known);
            }
            assert_eq!(of(&format!("{}-2026.11.25-000012", known.replace('.', "-"))), *known);
        }
        assert_eq!(of("M365.Audit"), "m365.audit");
    }

    #[test]
    fn any_other_name_is_a_custom_source_without_its_date() {
        for (name, expected) in [
            ("vpn", "custom.vpn"),
            ("custom.vpn", "custom.vpn"),
            ("custom-vpn", "custom.vpn"),
            ("VPN", "custom.vpn"),
            ("customer", "custom.customer"),
            ("fw:paloalto.traffic", "custom.fw-paloalto-traffic"),
            ("vpn-2026.11.25", "custom.vpn"),
            ("vpn-2026.11", "custom.vpn"),
            ("vpn-000001", "custom.vpn"),
            // Part of the name: nothing else tells them apart.
            ("fw-1", "custom.fw-1"),
            ("win-2016", "custom.win-2016"),
            ("2026.11.25", "custom.2026-11-25"),
        ] {
            assert_eq!(of(name), expected, "{name}");
        }
    }

    #[test]
    fn no_name_means_recognition_and_a_name_that_gives_none_is_refused() {
        assert_eq!([of(""), of("events"), of("_json")], ["recognised"; 3]);
        for name in ["cordon.finding", "cordon-audit", "cordon_health-2026.11.25"] {
            assert!(source(name).unwrap_err().contains("by the host itself"), "{name}");
        }
        for name in ["vpn,other", "<logs>", "käse", "*", &"x".repeat(65)] {
            assert!(source(name).unwrap_err().contains("stands for no source"), "{name}");
        }
    }
}
