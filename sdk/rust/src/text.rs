//! Cutting and cleaning text to the contract's limits, visibly. Pure.

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
    fn control_characters_become_spaces_on_a_line() {
        assert_eq!(line(" a\nb\tc ", 100), "a b c");
    }
}
