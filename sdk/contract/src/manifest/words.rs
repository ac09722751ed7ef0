//! How the words of a manifest must look: ids, handles, source names, techniques, references. Pure checks; each answers
//! with the reason in words that fit after the name of the key.

/// Sources that the host knows by name. Any other log is `custom.NAME`.
pub const SOURCES: &[&str] = &[
    "m365.audit",
    "entra.signin",
    "entra.audit",
    "azure.activity",
    "windows.event",
    "cordon.finding",
    "cordon.audit",
    "cordon.health",
];

/// Words that Rust keeps for itself: a field handle or setting of that name would not compile.
const RUST_WORDS: &[&str] = &[
    "as", "async", "await", "abstract", "become", "box", "break", "const", "continue", "crate", "do", "dyn", "else",
    "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop", "macro", "match", "mod",
    "move", "mut", "override", "priv", "pub", "ref", "return", "self", "static", "struct", "super", "trait", "true",
    "try", "type", "typeof", "unsafe", "unsized", "use", "virtual", "where", "while", "yield",
];

/// Whether `name` is a known source or `custom.` and a name of 1 to 64 lower-case letters, digits, `-` and `_`.
#[must_use]
pub fn is_source(name: &str) -> bool {
    let custom = name.strip_prefix("custom.").is_some_and(|rest| {
        (1..=64).contains(&rest.len())
            && rest.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'-' | b'_'))
    });
    custom || SOURCES.contains(&name)
}

/// Whether a field may have this handle.
#[must_use]
pub fn is_handle(name: &str) -> bool {
    snake(name).is_ok()
}

/// `mail-forwarding`: words of lower-case letters and digits joined by `-`, the first starting with a letter.
pub(super) fn kebab(text: &str) -> Result<(), String> {
    let form = !text.is_empty()
        && text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .split('-')
            .all(|word| !word.is_empty() && word.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit()));
    if form {
        return Ok(());
    }
    Err(format!(
        "{} is not kebab-case: use 1 to 64 lower-case letters, digits and single `-`, a letter first",
        quoted(text)
    ))
}

/// `parameters_forward_to`: a name that becomes a Rust identifier.
pub(super) fn snake(text: &str) -> Result<(), String> {
    let form = (1..=64).contains(&text.len())
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_');
    if !form {
        return Err(format!(
            "{} is not snake_case: use 1 to 64 lower-case letters, digits and `_`, a letter first",
            quoted(text)
        ));
    }
    if RUST_WORDS.contains(&text) {
        return Err(format!("`{text}` is a word of the Rust language: call it `{text}_name` or the like"));
    }
    Ok(())
}

/// `T1114` or `T1114.003`.
pub(super) fn technique(text: &str) -> Result<(), String> {
    let digits = |part: &str, count: usize| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
    let form = text.strip_prefix('T').is_some_and(|rest| match rest.split_once('.') {
        None => digits(rest, 4),
        Some((technique, sub)) => digits(technique, 4) && digits(sub, 3),
    });
    if form {
        return Ok(());
    }
    Err(format!("{} is no ATT&CK technique: use the form T1114 or T1114.003", quoted(text)))
}

/// An https address.
pub(super) fn reference(text: &str) -> Result<(), String> {
    let host = text.strip_prefix("https://").map(|rest| rest.split(['/', '?', '#']).next().unwrap_or(""));
    let form = host.is_some_and(|host| host.contains('.'))
        && text.len() <= 2_048
        && !text.chars().any(|c| c.is_whitespace() || c.is_control());
    if form {
        return Ok(());
    }
    Err(format!("{} is no reference: use an https:// address", quoted(text)))
}

/// Not empty, at most `bytes` long.
pub(super) fn text(text: &str, bytes: usize) -> Result<(), String> {
    if text.trim().is_empty() {
        return Err("is empty: say it in a few words".to_owned());
    }
    if text.len() > bytes {
        return Err(format!("has {} bytes: at most {bytes}", text.len()));
    }
    Ok(())
}

/// The same, on one line.
pub(super) fn line(value: &str, bytes: usize) -> Result<(), String> {
    text(value, bytes)?;
    if value.chars().any(char::is_control) {
        return Err("has a line break or control character: use one line".to_owned());
    }
    Ok(())
}

/// The text in backquotes, shortened where it is long.
pub(super) fn quoted(text: &str) -> String {
    let short: String = text.chars().take(60).collect();
    if short.len() < text.len() { format!("`{short}…`") } else { format!("`{short}`") }
}
