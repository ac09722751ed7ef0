//! Comparing text with or without regard to case. Folding is Unicode lower case, as `.@lower` of the path grammar does it.

use std::borrow::Cow;

use cordon_contract::transform::lower;

/// How text is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Case {
    Ignored,
    Exact,
}

impl Case {
    /// What is looked for, folded once.
    pub(crate) fn needle(self, text: &str) -> Cow<'_, str> {
        match self {
            Case::Ignored => lower(text),
            Case::Exact => Cow::Borrowed(text),
        }
    }

    /// ` (case-sensitive)` where it is not the default.
    pub(crate) fn note(self) -> &'static str {
        match self {
            Case::Ignored => "",
            Case::Exact => " (in case)",
        }
    }

    /// Whether a value equals a needle.
    pub(crate) fn equals(self, value: &str, needle: &str, scratch: &mut String) -> bool {
        match self {
            Case::Exact => value == needle,
            Case::Ignored if value.is_ascii() => value.eq_ignore_ascii_case(needle),
            Case::Ignored => fold(value, scratch) == needle,
        }
    }

    /// The value in the form in which it compares with needles.
    pub(crate) fn haystack<'t>(self, value: &'t str, scratch: &'t mut String) -> &'t str {
        match self {
            Case::Exact => value,
            Case::Ignored => fold(value, scratch),
        }
    }
}

/// Lower case in a buffer that is used again, so that no value costs an allocation of its own.
fn fold<'t>(value: &str, scratch: &'t mut String) -> &'t str {
    scratch.clear();
    if value.is_ascii() {
        scratch.push_str(value);
        scratch.make_ascii_lowercase();
    } else {
        scratch.extend(value.chars().flat_map(char::to_lowercase));
    }
    scratch
}
