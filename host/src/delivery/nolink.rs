//! Text that no reader's program makes a link of: schemes, `www.`, and names of hosts. Mail addresses are left: they lead nowhere. Pure.

/// Ends of names that programs take for hosts, beside all of two letters.
const ENDS: &[&str] = &[
    "app", "biz", "click", "cloud", "club", "com", "dev", "edu", "gov", "icu", "info", "int", "link", "live", "mil",
    "mobi", "name", "net", "online", "org", "page", "pro", "shop", "site", "space", "store", "support", "tech", "top",
    "vip", "website", "work", "xyz", "zip",
];

/// The text with what would be a link broken up: `https[:]//evil[.]example[.]com`.
pub(super) fn without(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !is_of_word(c)).unwrap_or(rest.len());
        let (word, behind) = rest.split_at(end);
        // What stands beside an `@` is of a mail address.
        let is_host = !out.ends_with('@') && !behind.starts_with('@') && is_host(word);
        if is_host || word.get(..4).is_some_and(|begin| begin.eq_ignore_ascii_case("www.")) {
            out.push_str(&word.replace('.', "[.]"));
        } else {
            out.push_str(word);
        }
        let Some(next) = behind.chars().next() else { break };
        if behind.starts_with("://") {
            out.push_str("[:]//");
            rest = behind.get(3..).unwrap_or_default();
        } else {
            out.push(next);
            rest = behind.get(next.len_utf8()..).unwrap_or_default();
        }
    }
    out
}

fn is_of_word(c: char) -> bool {
    c.is_alphanumeric() || c == '.' || c == '-' || c == '_'
}

fn is_host(word: &str) -> bool {
    let Some((before, end)) = word.trim_end_matches('.').rsplit_once('.') else { return false };
    let end = end.to_lowercase();
    let is_end = (end.chars().count() == 2 && end.chars().all(char::is_alphabetic))
        || ENDS.contains(&end.as_str())
        || end.starts_with("xn--")
        || !end.is_ascii();
    is_end && before.chars().any(char::is_alphanumeric)
}

#[cfg(test)]
mod tests {
    use super::without;

    #[test]
    fn hosts_and_addresses_of_pages_are_broken_up_and_what_people_read_is_left() {
        for (text, said) in [
            ("https://evil.com/login", "https[:]//evil[.]com/login"),
            ("go to evil.co.uk/a?b or EVIL.COM.", "go to evil[.]co[.]uk/a?b or EVIL[.]COM[.]"),
            ("www.evil.example", "www[.]evil[.]example"),
            ("javascript://x", "javascript[:]//x"),
            ("\u{43f}\u{440}.\u{440}\u{444}", "\u{43f}\u{440}[.]\u{440}\u{444}"),
            ("jo.me@avon.police.uk", "jo.me@avon.police.uk"),
            (
                "192.0.2.1, report.docx, svchost.exe, v1.2.3, e.g. this.",
                "192.0.2.1, report.docx, svchost.exe, v1.2.3, e.g. this.",
            ),
            ("{\"app\":\"evil.top\"}", "{\"app\":\"evil[.]top\"}"),
            ("", ""),
            ("...", "..."),
        ] {
            assert_eq!(without(text), said, "{text}");
        }
    }
}
