//! Modifiers that change a text before it is compared: encodings, dashes, placeholders. Pure.

use crate::pattern::{Part, Pattern};
use crate::rule::Options;

/// The characters that Windows programs take for the dash before an option.
const DASHES: [char; 5] = ['-', '/', '\u{2013}', '\u{2014}', '\u{2015}'];
/// Patterns that one value may become at most.
const VARIANTS: usize = 1_024;
const BASE64: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// An encoding.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    Base64,
    /// At any of the three offsets in a longer encoded text.
    Base64Offset,
    /// UTF-16, little-endian.
    Wide,
    Utf16Be,
    /// Little-endian with its mark in front.
    Utf16,
}

impl Encoding {
    pub(super) fn of(modifier: &str) -> Option<Self> {
        Some(match modifier {
            "base64" => Self::Base64,
            "base64offset" => Self::Base64Offset,
            "wide" | "utf16le" => Self::Wide,
            "utf16be" => Self::Utf16Be,
            "utf16" => Self::Utf16,
            _ => return None,
        })
    }

    /// The encoded text; several where any of them may stand.
    ///
    /// # Errors
    /// Where the text has wildcards.
    pub(super) fn apply(self, pattern: &Pattern) -> Result<Vec<Pattern>, String> {
        let Some(text) = pattern.plain() else {
            return Err("encodes a text with wildcards, which has no encoding: escape them, `\\*`".into());
        };
        // Between two encodings the text is its bytes, one character each (what `wide` makes is no UTF-8).
        let bytes = || -> Vec<u8> { bytes_of(text) };
        let units = || text.encode_utf16();
        Ok(match self {
            Self::Base64 => vec![Pattern::literal(&base64(&bytes()))],
            Self::Base64Offset => (0..3).map(|offset| Pattern::literal(&base64_at(&bytes(), offset))).collect(),
            Self::Wide => vec![raw(units().flat_map(u16::to_le_bytes))],
            Self::Utf16Be => vec![raw(units().flat_map(u16::to_be_bytes))],
            Self::Utf16 => vec![raw([0xff, 0xfe].into_iter().chain(units().flat_map(u16::to_le_bytes)))],
        })
    }
}

/// Marks a text whose characters are bytes: no text of a rule begins so.
const RAW: char = '\u{f8ff}';

fn raw(bytes: impl Iterator<Item = u8>) -> Pattern {
    Pattern::literal(&std::iter::once(RAW).chain(bytes.map(char::from)).collect::<String>())
}

#[allow(clippy::cast_possible_truncation)] // each character was made of a byte
fn bytes_of(text: &str) -> Vec<u8> {
    match text.strip_prefix(RAW) {
        Some(raw) => raw.chars().map(|c| c as u32 as u8).collect(),
        None => text.as_bytes().to_vec(),
    }
}

/// The same pattern where `wide` stands last: its bytes as the characters that a log shows.
pub(super) fn shown(pattern: Pattern) -> Pattern {
    match pattern.plain().and_then(|text| text.strip_prefix(RAW)) {
        Some(raw) => Pattern::literal(raw),
        None => pattern,
    }
}

fn base64(bytes: &[u8]) -> String {
    let mut out = String::new();
    for chunk in bytes.chunks(3) {
        let group = chunk.iter().fold(0u32, |group, byte| group << 8 | u32::from(*byte)) << (8 * (3 - chunk.len()));
        for place in 0..4 {
            let sextet = (group >> (18 - 6 * place) & 63) as usize;
            out.push(if place <= chunk.len() { BASE64.get(sextet).copied().map_or('=', char::from) } else { '=' });
        }
    }
    out
}

/// What of the encoding does not depend on the neighbours, `offset` bytes into a group of three.
fn base64_at(bytes: &[u8], offset: usize) -> String {
    let padded: Vec<u8> = std::iter::repeat_n(b' ', offset).chain(bytes.iter().copied()).collect();
    let whole = base64(&padded);
    let start = [0, 2, 3].get(offset).copied().unwrap_or(0);
    let end = match padded.len() % 3 {
        0 => whole.len(),
        1 => whole.len() - 3,
        _ => whole.len() - 2,
    };
    whole.get(start..end).unwrap_or_default().to_owned()
}

/// Every way to write the dashes of options: a `-` or `/` before a word, not inside of one.
///
/// # Errors
/// Where there are too many ways.
pub(super) fn windash(pattern: &Pattern) -> Result<Vec<Pattern>, String> {
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let mut variants = vec![Pattern::default()];
    for part in pattern.parts() {
        let Part::Text(text) = part else {
            variants.iter_mut().for_each(|variant| variant.push(part.clone()));
            continue;
        };
        let mut before: Option<char> = None;
        let mut characters = text.chars().peekable();
        while let Some(c) = characters.next() {
            let option =
                matches!(c, '-' | '/') && !before.is_some_and(word) && characters.peek().copied().is_some_and(word);
            let ways: &[char] = if option { &DASHES } else { std::slice::from_ref(&c) };
            if variants.len() * ways.len() > VARIANTS {
                return Err(format!("has more than {VARIANTS} ways to write its dashes: split the value"));
            }
            variants = ways
                .iter()
                .flat_map(|way| {
                    variants.iter().cloned().map(|mut variant| {
                        variant.push(Part::Text(way.to_string()));
                        variant
                    })
                })
                .collect();
            before = Some(c);
        }
    }
    Ok(variants)
}

/// The list of the host for a value that is one placeholder and nothing else, of which nobody gave the values.
pub(super) fn list(text: &str, options: &Options) -> Option<String> {
    let name = text.strip_prefix('%')?.strip_suffix('%')?;
    let list = as_list(name);
    let is_one = values(name, options).is_none() && cordon_contract::manifest::list_name(&list).is_ok();
    is_one.then_some(list)
}

/// A placeholder's name as lists have names.
fn as_list(name: &str) -> String {
    name.to_lowercase().replace('_', "-")
}

/// What was given for a placeholder, under its name or its list's.
fn values<'o>(name: &str, options: &'o Options) -> Option<&'o Vec<String>> {
    options.placeholders.get(name).or_else(|| options.placeholders.get(&as_list(name)))
}

/// The value with every `%name%` replaced by each of its texts, which are taken literally.
///
/// # Errors
/// A placeholder that nobody gave.
pub(super) fn expand(text: &str, options: &Options) -> Result<Vec<Pattern>, String> {
    let mut variants = vec![Pattern::default()];
    let mut rest = text;
    loop {
        let found = rest.split_once('%').and_then(|(before, after)| {
            let (name, behind) = after.split_once('%')?;
            Some((before, name, behind))
        });
        let (before, texts, behind) = match found {
            None => (rest, None, ""),
            Some((before, name, behind)) => {
                let texts = values(name, options).ok_or_else(|| {
                    format!("has the placeholder `%{name}%`, which has no values: give them, `--placeholder {name}=VALUE,...` (a list of the host is asked where the placeholder is the whole value, in any case)")
                })?;
                (before, Some(texts), behind)
            }
        };
        let literal = Pattern::sigma(before);
        for variant in &mut variants {
            literal.parts().iter().for_each(|part| variant.push(part.clone()));
        }
        let Some(texts) = texts else { return Ok(variants) };
        if variants.len() * texts.len() > VARIANTS {
            return Err(format!("comes to more than {VARIANTS} values with its placeholders"));
        }
        let with = |text: &String| {
            variants
                .clone()
                .into_iter()
                .map(|mut variant| {
                    variant.push(Part::Text(text.clone()));
                    variant
                })
                .collect::<Vec<_>>()
        };
        variants = texts.iter().flat_map(with).collect();
        rest = behind;
    }
}

#[cfg(test)]
mod tests {
    use super::{Encoding, base64, expand, windash};
    use crate::pattern::Pattern;
    use crate::rule::Options;

    fn all(encodings: &[Encoding], text: &str) -> Vec<String> {
        let mut patterns = vec![Pattern::literal(text)];
        for encoding in encodings {
            patterns = patterns.iter().flat_map(|pattern| encoding.apply(pattern).unwrap()).collect();
        }
        patterns.iter().map(|pattern| pattern.plain().unwrap().to_owned()).collect()
    }

    #[test]
    fn base64_is_what_the_standard_says() {
        for (text, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(text.as_bytes()), encoded);
        }
    }

    #[test]
    fn an_offset_encoding_stands_in_the_encoding_of_any_longer_text() {
        for text in ["http://", "a", "ab", "/bin/bash"] {
            let variants = all(&[Encoding::Base64Offset], text);
            for before in 0..7 {
                for after in ["", "x", "yz"] {
                    let whole = base64(format!("{}{text}{after}", "#".repeat(before)).as_bytes());
                    assert!(
                        variants.iter().any(|variant| whole.contains(variant)),
                        "{text} {before} {after}: {variants:?} {whole}"
                    );
                }
            }
        }
    }

    #[test]
    fn wide_text_is_encoded_as_utf_16() {
        // The beginning of what PowerShell's -EncodedCommand takes.
        assert_eq!(all(&[Encoding::Wide, Encoding::Base64], "IEX"), ["SQBFAFgA"]);
        assert_eq!(all(&[Encoding::Utf16, Encoding::Base64], "a"), ["//5hAA=="]);
        assert_eq!(all(&[Encoding::Utf16Be, Encoding::Base64], "a"), ["AGE="]);
    }

    #[test]
    fn only_dashes_before_a_word_vary() {
        let shown = |text: &str| -> Vec<String> {
            windash(&Pattern::sigma(text)).unwrap().iter().map(|p| format!("{:?}", p.parts())).collect()
        };
        assert_eq!(shown(" -enc").len(), 5);
        assert_eq!(shown("a-b - c").len(), 1);
        assert_eq!(shown("-a /b").len(), 25);
        assert!(windash(&Pattern::sigma("-a -b -c -d -e")).is_err());
    }

    #[test]
    fn placeholders_are_replaced_and_unknown_ones_named() {
        let options = Options {
            placeholders: [("u".to_owned(), vec!["a*".to_owned(), "b".to_owned()])].into(),
            ..Options::default()
        };
        let patterns = expand(r"*\%u%", &options).unwrap();
        assert!(patterns[0].matches(r"x\a*") && !patterns[0].matches(r"x\ab") && patterns[1].matches(r"\b"));
        assert!(expand("%v%", &options).unwrap_err().contains("%v%"));
        assert_eq!(expand("100%", &options).unwrap(), [Pattern::literal("100%")]);
    }
}
