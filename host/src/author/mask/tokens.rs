//! Finds identifiers in text: mail addresses, GUIDs, PUIDs, SIDs, IP addresses. Pure.

use std::net::{Ipv4Addr, Ipv6Addr};

/// One identifier, as it stands in the text.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Token<'t> {
    Mail {
        local: &'t str,
        domain: &'t str,
    },
    Guid(&'t str),
    /// Microsoft's 16 hex digits for a user.
    Puid(&'t str),
    Sid(&'t str),
    V4(&'t str, Ipv4Addr),
    V6(&'t str, Ipv6Addr),
}

/// The next identifier with what stands before and after it.
pub(super) fn next_token(text: &str) -> Option<(&str, Token<'_>, &str)> {
    let (mut before_that, mut before) = (None, None);
    for (at, c) in text.char_indices() {
        let starts_word = !before.is_some_and(is_word);
        // `Chrome/120.0.0.0` is a version, `//192.0.2.1` an address.
        let is_version = before == Some('/') && before_that.is_some_and(is_word);
        (before_that, before) = (before, Some(c));
        if !starts_word || !(is_word(c) || c == ':') {
            continue;
        }
        let rest = text.get(at..)?;
        match token_at(rest) {
            None => {}
            Some((Token::V4(..), _)) if is_version => {}
            Some((token, length)) => return Some((text.get(..at)?, token, rest.get(length..)?)),
        }
    }
    None
}

/// All identifiers.
pub(super) fn each<'t>(text: &'t str, mut see: impl FnMut(Token<'t>)) {
    let mut rest = text;
    while let Some((_, token, after)) = next_token(rest) {
        see(token);
        rest = after;
    }
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

fn token_at(rest: &str) -> Option<(Token<'_>, usize)> {
    guid(rest)
        .or_else(|| sid(rest))
        .or_else(|| mail(rest))
        .or_else(|| v6(rest))
        .or_else(|| v4(rest))
        .or_else(|| puid(rest))
}

/// The longest start of `rest` whose characters all fit.
fn run(rest: &str, fits: impl Fn(char) -> bool) -> &str {
    let end = rest.find(|c| !fits(c)).unwrap_or(rest.len());
    rest.get(..end).unwrap_or_default()
}

fn guid(rest: &str) -> Option<(Token<'_>, usize)> {
    let text = rest.get(..36)?;
    let fits = text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    let ends = !rest.get(36..)?.starts_with(is_word);
    (fits && ends).then_some((Token::Guid(text), 36))
}

fn sid(rest: &str) -> Option<(Token<'_>, usize)> {
    let text = run(rest, |c| c == 'S' || c == '-' || c.is_ascii_digit()).trim_end_matches('-');
    (text.starts_with("S-1-5-21-") && text.len() > 12).then_some((Token::Sid(text), text.len()))
}

fn mail(rest: &str) -> Option<(Token<'_>, usize)> {
    let local = run(rest, |c| c.is_alphanumeric() || "._%+-#'".contains(c));
    let after = rest.get(local.len()..)?.strip_prefix('@')?;
    let domain = run(after, |c| c.is_ascii_alphanumeric() || c == '.' || c == '-').trim_end_matches(['.', '-']);
    let plain = domain.contains('.') && !domain.starts_with('.');
    (!local.is_empty() && plain).then_some((Token::Mail { local, domain }, local.len() + 1 + domain.len()))
}

fn v4(rest: &str) -> Option<(Token<'_>, usize)> {
    let text = run(rest, |c| c.is_ascii_digit() || c == '.').trim_end_matches('.');
    let address = text.parse().ok()?;
    Some((Token::V4(text, address), text.len()))
}

/// What follows a mapped `::ffff:` is an address of its own.
fn v6(rest: &str) -> Option<(Token<'_>, usize)> {
    let text = run(rest, |c| c.is_ascii_hexdigit() || c == ':');
    if text.matches(':').count() < 2 || rest.get(text.len()..)?.starts_with('.') {
        return None;
    }
    let address: Ipv6Addr = text.parse().ok()?;
    Some((Token::V6(text, address), text.len()))
}

fn puid(rest: &str) -> Option<(Token<'_>, usize)> {
    let text = run(rest, is_word);
    let fits = text.len() == 16 && text.starts_with("100") && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    fits.then_some((Token::Puid(text), 16))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_and_a_version_are_no_addresses() {
        assert_eq!(next_token("2021-06-15T10:09:55 15.20.4219.025 Microsoft.Exchange"), None);
    }

    #[test]
    fn what_stands_around_is_kept() {
        let (before, token, after) = next_token("\"<a.b@c.org>\"").unwrap();
        assert_eq!((before, after), ("\"<", ">\""));
        assert_eq!(token, Token::Mail { local: "a.b", domain: "c.org" });
    }
}
