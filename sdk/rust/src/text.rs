//! Cutting and cleaning text to the contract's limits, visibly. Pure.

use std::borrow::Cow;

/// At most `limit` bytes; a cut shows as `…` at the end.
pub(crate) fn shorten(text: &str, limit: usize) -> String {
    const MARK: &str = "…";
    if text.len() <= limit {
        return text.to_owned();
    }
    format!("{}{MARK}", head(text, limit.saturating_sub(MARK.len())))
}

/// The longest beginning of at most `bytes` bytes that ends between characters.
pub(crate) fn head(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// Bytes of a key or member that the host takes.
const KEY_BYTES: usize = 1_024;

/// A key or member as the host takes it: one that is too long keeps its beginning, and a hash of the whole tells it apart.
pub(crate) fn key(text: &str) -> Cow<'_, str> {
    if text.len() <= KEY_BYTES {
        return Cow::Borrowed(text);
    }
    // FNV-1a: the same on every machine and in every version.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    Cow::Owned(format!("{}…{hash:016x}", head(text, KEY_BYTES - 32)))
}

/// One line: control characters become spaces; at most `limit` bytes.
pub(crate) fn line(text: &str, limit: usize) -> String {
    let text = text.trim();
    if text.chars().any(char::is_control) {
        let clean: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
        return shorten(&clean, limit);
    }
    shorten(text, limit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cut_is_visible_and_never_splits_a_character() {
        for (text, limit, expected) in
            [("short", 5, "short"), ("longer", 5, "lo…"), ("ééééé", 7, "éé…"), ("ab", 1, "…"), ("", 0, "")]
        {
            assert_eq!(shorten(text, limit), expected, "{text} {limit}");
        }
    }

    #[test]
    fn long_keys_fit_and_stay_apart() {
        let (one, other) = ("é".repeat(4_000), format!("{}!", "é".repeat(4_000)));
        assert!(key(&one).len() <= KEY_BYTES && key(&one) != key(&other) && key(&one) == key(&one.clone()));
        assert_eq!(key("short"), "short");
    }

    #[test]
    fn control_characters_become_spaces_on_a_line() {
        assert_eq!(line(" a\nb\tc ", 100), "a b c");
    }
}
