//! Text that no reader's program makes a link of: schemes, `www.`, and names of hosts. Mail addresses are left: they lead nowhere. Pure.

/// Ends of names that programs take for hosts, beside all of two letters: those under which many are registered. Not all that there
/// are: names of operations and files have dots, too.
const ENDS: &[&str] = &[
    "academy",
    "agency",
    "app",
    "art",
    "asia",
    "bank",
    "bar",
    "best",
    "bid",
    "biz",
    "blog",
    "build",
    "business",
    "buzz",
    "cam",
    "care",
    "cash",
    "cat",
    "center",
    "chat",
    "city",
    "click",
    "cloud",
    "club",
    "codes",
    "coffee",
    "com",
    "community",
    "company",
    "computer",
    "contact",
    "cyou",
    "date",
    "deals",
    "delivery",
    "dev",
    "digital",
    "direct",
    "directory",
    "domains",
    "download",
    "edu",
    "email",
    "energy",
    "events",
    "exchange",
    "expert",
    "express",
    "fail",
    "faith",
    "finance",
    "fit",
    "foundation",
    "fun",
    "fund",
    "fyi",
    "games",
    "global",
    "gmbh",
    "gov",
    "group",
    "guru",
    "health",
    "help",
    "host",
    "house",
    "icu",
    "inc",
    "info",
    "ink",
    "institute",
    "int",
    "jobs",
    "kim",
    "land",
    "lat",
    "law",
    "legal",
    "life",
    "limited",
    "link",
    "live",
    "loan",
    "lol",
    "ltd",
    "market",
    "marketing",
    "media",
    "men",
    "mil",
    "mobi",
    "money",
    "monster",
    "mov",
    "name",
    "net",
    "news",
    "ninja",
    "one",
    "online",
    "org",
    "page",
    "party",
    "photo",
    "photos",
    "pictures",
    "place",
    "plus",
    "porn",
    "press",
    "pro",
    "quest",
    "racing",
    "realty",
    "ren",
    "rest",
    "review",
    "rip",
    "rocks",
    "run",
    "sale",
    "sbs",
    "school",
    "science",
    "security",
    "services",
    "shop",
    "show",
    "site",
    "skin",
    "social",
    "software",
    "solutions",
    "space",
    "store",
    "stream",
    "study",
    "support",
    "systems",
    "team",
    "tech",
    "tel",
    "tips",
    "today",
    "tools",
    "top",
    "town",
    "trade",
    "training",
    "uno",
    "ventures",
    "video",
    "vip",
    "watch",
    "web",
    "webcam",
    "website",
    "wiki",
    "win",
    "work",
    "works",
    "world",
    "wtf",
    "xyz",
    "zip",
    "zone",
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
            (
                "evil.agency/x evil.email Microsoft.Compute/virtualMachines",
                "evil[.]agency/x evil[.]email Microsoft.Compute/virtualMachines",
            ),
            ("{\"app\":\"evil.top\"}", "{\"app\":\"evil[.]top\"}"),
            ("", ""),
            ("...", "..."),
        ] {
            assert_eq!(without(text), said, "{text}");
        }
    }
}
