//! Strings out of their escaped form. The text was checked by the parser; what could not stand in a checked text is
//! dropped rather than trusted.

/// Appends the unescaped text of a string.
pub(in crate::events) fn unescape(raw: &str, out: &mut String) {
    let mut rest = raw;
    while let Some(at) = memchr::memchr(b'\\', rest.as_bytes()) {
        out.push_str(&rest[..at]);
        let bytes = rest.as_bytes();
        let (c, used) = match bytes.get(at + 1) {
            Some(b'n') => (Some('\n'), 2),
            Some(b't') => (Some('\t'), 2),
            Some(b'r') => (Some('\r'), 2),
            Some(b'b') => (Some('\u{8}'), 2),
            Some(b'f') => (Some('\u{c}'), 2),
            Some(b'u') => unicode(bytes, at),
            Some(plain) => (Some(char::from(*plain)), 2),
            None => (None, 1),
        };
        out.extend(c);
        rest = rest.get(at + used..).unwrap_or("");
    }
    out.push_str(rest);
}

/// Whether the escaped text says `plain`.
pub(in crate::events) fn equals(raw: &str, escaped: bool, plain: &str) -> bool {
    if !escaped {
        return raw == plain;
    }
    // An escape is never shorter than what it stands for.
    if raw.len() < plain.len() {
        return false;
    }
    let mut text = String::with_capacity(raw.len());
    unescape(raw, &mut text);
    text == plain
}

/// The character of `\uXXXX` at `at` (a surrogate pair has two of them), and how many bytes it took.
fn unicode(bytes: &[u8], at: usize) -> (Option<char>, usize) {
    let Some(first) = hex4(bytes, at + 2) else { return (None, 2) };
    if !(0xd800..0xdc00).contains(&first) {
        return (char::from_u32(first), 6);
    }
    match hex4(bytes, at + 8) {
        Some(second) if (0xdc00..0xe000).contains(&second) => {
            (char::from_u32(0x10000 + ((first - 0xd800) << 10) + (second - 0xdc00)), 12)
        }
        _ => (None, 6),
    }
}

/// Four hexadecimal digits.
pub(super) fn hex4(bytes: &[u8], at: usize) -> Option<u32> {
    let digits = bytes.get(at..at + 4)?;
    digits.iter().try_fold(0, |value, digit| Some(value << 4 | char::from(*digit).to_digit(16)?))
}
