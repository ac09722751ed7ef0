//! Reading what Microsoft's logs say in many spellings: results, flags, JSON inside strings, mail addresses inside text.
//! Pure functions over text and over fields that are given; owns no detection, knows no field names and no source.

pub mod azure;
mod device;
mod places;
mod reading;
mod unified_audit;

use std::borrow::Cow;

pub use device::{Family, network};
pub use places::{Sites, is_marked, is_partner};
pub use reading::{READS, first_named, read_by_people};
pub use unified_audit::{Parameters, is_same_account, is_service, object_name, within_site};

/// Whether an act succeeded, from `ResultStatus` or `result`: `Succeeded`, `PartiallySucceeded`, `Success`, `True`, in any
/// case, or nothing at all (most records of Exchange's past). Only a word that says otherwise is a failure.
///
/// Not for sign-ins: there, `Succeeded` does not mean that the logon succeeded.
///
/// ```
/// use cordon_sdk::microsoft::succeeded;
/// assert!(succeeded(Some("True")) && succeeded(Some("partiallySucceeded")) && succeeded(None));
/// assert!(!succeeded(Some("Failure")) && !succeeded(Some("false")));
/// ```
pub fn succeeded(result: Option<&str>) -> bool {
    const FAILURES: [&str; 7] = ["failed", "failure", "fail", "false", "error", "denied", "timeout"];
    let result = result.unwrap_or("").trim();
    !FAILURES.iter().any(|word| result.eq_ignore_ascii_case(word))
}

/// Whether a parameter says yes: `True`, `true`, `$true`, `1`, `yes`.
pub fn is_true(value: &str) -> bool {
    let value = value.trim().trim_start_matches('$');
    ["true", "1", "yes"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a parameter says no: `False`, `$false`, `0`, `no`. An empty value says neither.
pub fn is_false(value: &str) -> bool {
    let value = value.trim().trim_start_matches('$');
    ["false", "0", "no"].iter().any(|word| value.eq_ignore_ascii_case(word))
}

/// Whether a list that an administrator wrote names it: in any case, spaces around it aside.
///
/// ```
/// use cordon_sdk::microsoft::is_listed;
/// assert!(is_listed("MS-PIM", &["ms-pim ".to_owned()]) && !is_listed("PIM", &["MS-PIM".to_owned()]));
/// ```
pub fn is_listed(name: &str, list: &[String]) -> bool {
    list.iter().any(|entry| entry.trim().eq_ignore_ascii_case(name.trim()))
}

/// The name of an operation as both logs of one act spell it: the unified audit log ends Entra's with a full stop.
pub fn operation(name: &str) -> &str {
    name.trim().trim_end_matches('.').trim_end()
}

/// The text of a modified property. Entra writes values as JSON inside the string (`"\"Global Administrator\""`, or a list of
/// one), the unified audit log mostly without: both give `Global Administrator`. What is neither is given as it is.
///
/// ```
/// use cordon_sdk::microsoft::unquoted;
/// assert_eq!(unquoted("\"Global Administrator\""), "Global Administrator");
/// assert_eq!(unquoted("[\r\n  \"Global Administrator\"\r\n]"), "Global Administrator");
/// assert_eq!(unquoted("Global Administrator"), "Global Administrator");
/// ```
pub fn unquoted(value: &str) -> Cow<'_, str> {
    let mut text = value.trim();
    if let Some(inner) = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        let inner = inner.trim();
        if inner.starts_with('"') && inner.ends_with('"') {
            text = inner;
        }
    }
    let Some(inner) = text.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Cow::Borrowed(text);
    };
    if !inner.contains('\\') {
        return Cow::Borrowed(inner.trim());
    }
    let mut out = String::with_capacity(inner.len());
    let mut chars = inner.chars();
    while let Some(c) = chars.next() {
        if c != '\\' {
            out.push(c);
            continue;
        }
        match chars.next() {
            Some('n' | 'r' | 't') => out.push(' '),
            Some('u') => {
                let digits: String = chars.by_ref().take(4).collect();
                let code = u32::from_str_radix(&digits, 16).ok().and_then(char::from_u32);
                out.push(code.unwrap_or(char::REPLACEMENT_CHARACTER));
            }
            Some(other) => out.push(other),
            None => {}
        }
    }
    Cow::Owned(out.trim().to_owned())
}

/// Every mail address in a text: `smtp:a@b.example`, `"A B" [SMTP:a@b.example];c@d.example`, JSON, anything. In the text's
/// order, as they stand there, without `smtp:` and quotes. A directory name (`/o=ExchangeLabs/...`) holds none.
///
/// ```
/// use cordon_sdk::microsoft::addresses;
/// let found: Vec<_> = addresses("\"A\" [SMTP:a@b.example]; <c@d.example>, /o=Labs/cn=x").collect();
/// assert_eq!(found, ["a@b.example", "c@d.example"]);
/// ```
pub fn addresses(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('@').filter_map(move |(at, _)| {
        let (before, after) = (text.get(..at)?, text.get(at + 1..)?);
        let local = before.rsplit(|c: char| !in_local_part(c)).next()?.trim_start_matches(['\'', '.']);
        let domain = after.split(|c: char| !in_domain(c)).next()?.trim_end_matches(['.', '-']);
        let fits = !local.is_empty() && domain.contains('.') && !domain.starts_with('.');
        // Both touch the `@`, so that the address is one piece of `text`.
        fits.then(|| text.get(at - local.len()..=at + domain.len())).flatten()
    })
}

fn in_local_part(c: char) -> bool {
    c.is_alphanumeric() || "!#$%&'*+-^_`{}~.".contains(c)
}

fn in_domain(c: char) -> bool {
    c.is_alphanumeric() || c == '-' || c == '.'
}

/// What follows the last `@`, or nothing.
pub fn domain_of(address: &str) -> Option<&str> {
    address.rsplit_once('@').map(|(_, domain)| domain.trim()).filter(|domain| !domain.is_empty())
}

/// Whether a domain is another one or below it, without regard to case: `mail.force.example` is within `force.example`.
///
/// ```
/// use cordon_sdk::microsoft::within;
/// assert!(within("mail.Force.example", "force.example"));
/// assert!(!within("notforce.example", "force.example"));
/// ```
pub fn within(domain: &str, parent: &str) -> bool {
    let (domain, parent) = (domain.trim().as_bytes(), parent.trim().trim_start_matches(['@', '.', '*']).as_bytes());
    if parent.is_empty() || domain.len() < parent.len() {
        return false;
    }
    let (head, tail) = domain.split_at(domain.len() - parent.len());
    tail.eq_ignore_ascii_case(parent) && (head.is_empty() || head.ends_with(b"."))
}

/// Whether a text holds a word, or one that begins with it, without regard to ASCII case: `bank` is in `Banking details`, not
/// in `Embankment`.
pub fn has_word(text: &str, word: &str) -> bool {
    let word = word.trim();
    let begins =
        |at: usize| !text.get(..at).and_then(|before| before.chars().next_back()).is_some_and(char::is_alphanumeric);
    !word.is_empty()
        && text
            .as_bytes()
            .windows(word.len())
            .enumerate()
            .any(|(at, part)| part.eq_ignore_ascii_case(word.as_bytes()) && begins(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_result_is_read() {
        for yes in ["Succeeded", "PartiallySucceeded", "Success", "success", "True", "SUCCESS", "", " true "] {
            assert!(succeeded(Some(yes)), "{yes}");
        }
        for no in ["Failed", "Failure", "failure", "False", "FALSE", " fail "] {
            assert!(!succeeded(Some(no)), "{no}");
        }
        assert!(succeeded(None));
    }

    #[test]
    fn addresses_are_found_in_every_dress() {
        let cases: [(&str, &[&str]); 9] = [
            ("smtp:out@mail.example", &["out@mail.example"]),
            ("SMTP:out@mail.example;b@c.example", &["out@mail.example", "b@c.example"]),
            ("\"Out Side\" [SMTP:out@mail.example]", &["out@mail.example"]),
            ("'out@mail.example'.", &["out@mail.example"]),
            ("[{\"ActionType\":\"Forward\",\"Recipients\":[\"out@mail.example\"]}]", &["out@mail.example"]),
            ("/o=ExchangeLabs/ou=Group/cn=Recipients/cn=abc", &[]),
            ("@", &[]),
            ("a@@b.example @b.example a@b a@.example", &[]),
            ("jörg@büro.example, x@ü.example", &["jörg@büro.example", "x@ü.example"]),
        ];
        for (text, expected) in cases {
            assert_eq!(addresses(text).collect::<Vec<_>>(), expected, "{text}");
        }
    }

    #[test]
    fn json_in_a_string_is_unquoted_and_anything_else_left_alone() {
        let cases = [
            ("\"x\"", "x"),
            ("[\"x\"]", "x"),
            ("[\r\n  \"x\"\r\n]", "x"),
            ("x", "x"),
            ("", ""),
            ("\"", "\""),
            ("\"\"", ""),
            ("[[Id: 1]]", "[[Id: 1]]"),
            ("\"a\\\"b\\u00e9\"", "a\"bé"),
            ("\"a\\u12\"", "a\u{12}"),
            ("\"a\\\"", "a"),
        ];
        for (value, expected) in cases {
            assert_eq!(unquoted(value), expected, "{value}");
        }
    }

    #[test]
    fn a_domain_is_within_itself_and_what_is_above_it() {
        assert!(within("force.example", "FORCE.example"));
        assert!(within("mail.force.example", ".force.example"));
        assert!(!within("force.example.net", "force.example"));
        assert!(!within("example", "force.example"));
        assert!(!within("", "") && !within("a.example", ""));
    }

    #[test]
    fn words_flags_and_operations_are_compared_without_case_and_dress() {
        assert!(
            has_word("Your INVOICE is due", "invoice")
                && !has_word("inv", "invoice")
                && !has_word("Embankment", "bank")
                && !has_word("x", " ")
        );
        assert!(is_true("$True") && !is_true("") && is_false("FALSE") && !is_false(""));
        assert_eq!(operation("Add member to role. "), "Add member to role");
    }
}
