//! What is particular to the unified audit log: parameters of cmdlets in both of their dresses, accounts of the service itself,
//! addresses of sites. Pure functions over text; owns no detection.

/// The parameters of a cmdlet, from the text of the field `Parameters`: Exchange logs a list of names and values, Purview one
/// text as it would be typed. Names are compared without regard to case; a name may stand there more than once, and then all
/// its values count, so that nobody hides one behind another.
///
/// ```
/// use cordon_sdk::microsoft::{Parameters, is_false};
/// let exchange = Parameters::of(r#"[{"Name":"Identity","Value":"ada"},{"Name":"AuditEnabled","Value":"False"}]"#);
/// let purview = Parameters::of(r#"-Identity "Case 12" -Enabled $false -Workload ("Exchange","SharePoint")"#);
/// assert!(exchange.says("auditenabled", is_false) && purview.says("Enabled", is_false));
/// assert_eq!(purview.first("Identity"), Some("Case 12"));
/// assert_eq!(purview.first("Workload"), Some("\"Exchange\",\"SharePoint\""));
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Parameters(Vec<(String, String)>);

impl Parameters {
    /// Reads either dress; what is neither has no parameters.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.trim();
        Self(if text.starts_with('[') { listed(text) } else { typed(text) })
    }

    /// Every value of a parameter.
    pub fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        self.0.iter().filter(move |(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
    }

    /// The first value of a parameter that is not empty.
    #[must_use]
    pub fn first<'a>(&'a self, name: &'a str) -> Option<&'a str> {
        self.all(name).find(|value| !value.is_empty())
    }

    /// Whether some value of a parameter is so: `says("Enabled", is_false)`.
    pub fn says(&self, name: &str, test: impl FnMut(&str) -> bool) -> bool {
        self.all(name).any(test)
    }

    /// Every name and value, in the record's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (name.as_str(), value.as_str()))
    }
}

/// `[{"Name":"Enabled","Value":"False"}]`
fn listed(text: &str) -> Vec<(String, String)> {
    let Ok(serde_json::Value::Array(items)) = serde_json::from_str(text) else { return Vec::new() };
    let plain = |value: &serde_json::Value| match value {
        serde_json::Value::String(text) => text.trim().to_owned(),
        serde_json::Value::Null => String::new(),
        other => other.to_string(),
    };
    let pair = |item: &serde_json::Value| Some((item.get("Name")?.as_str()?.to_owned(), plain(item.get("Value")?)));
    items.iter().filter_map(pair).collect()
}

/// `-Enabled $false -Name "x"`. A value ends where the next ` -Name` begins outside quotes; quotes inside quotes are not
/// escaped by Purview, so a quote closes only before white space, a bracket or the end.
fn typed(text: &str) -> Vec<(String, String)> {
    let mut starts = Vec::new();
    let (mut quoted, mut before) = (false, ' ');
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        let next = chars.peek().map_or(' ', |(_, next)| *next);
        match c {
            '"' if quoted => quoted = !(next.is_whitespace() || matches!(next, ')' | ',')),
            '"' => quoted = before.is_whitespace() || matches!(before, '(' | ',' | ':'),
            '-' if !quoted && before.is_whitespace() && next.is_ascii_alphabetic() => starts.push(at),
            _ => {}
        }
        before = c;
    }
    let ends = starts.iter().skip(1).copied().chain([text.len()]);
    let part = |(start, end): (&usize, usize)| {
        let body = text.get(start + 1..end)?.trim();
        let name = body.split(|c: char| c.is_whitespace() || c == ':').next()?;
        Some((name.to_owned(), bare(body.get(name.len()..)?.trim_start_matches(':')).to_owned()))
    };
    starts.iter().zip(ends).filter_map(part).collect()
}

/// A value without the brackets and quotes around it.
fn bare(value: &str) -> &str {
    let value = value.trim();
    let value = value.strip_prefix('(').and_then(|rest| rest.strip_suffix(')')).unwrap_or(value).trim();
    let inside = value.strip_prefix('"').and_then(|rest| rest.strip_suffix('"'));
    // Quotes of a list belong to its parts.
    inside.filter(|text| !text.contains("\",\"")).unwrap_or(value)
}

/// Whether the service itself did it: the account's name begins with one of these. `NT AUTHORITY\SYSTEM` is followed by the
/// process that acted.
#[must_use]
pub fn is_service(account: &str, beginnings: &[String]) -> bool {
    beginnings.iter().map(|begin| begin.trim()).any(|begin| {
        !begin.is_empty() && account.get(..begin.len()).is_some_and(|head| head.eq_ignore_ascii_case(begin))
    })
}

/// The short name of a directory object: `ada` for `GBRP265A001.PROD.OUTLOOK.COM/.../force.example/ada`, for
/// `force.example\ada` and for `ada`; an address stays whole.
#[must_use]
pub fn object_name(name: &str) -> &str {
    name.rsplit(['/', '\\']).next().unwrap_or(name).trim()
}

/// Whether two names are of one account: equal, or one is the alias that the other's address begins with, which is how Exchange
/// names most mailboxes.
///
/// ```
/// use cordon_sdk::microsoft::is_same_account;
/// assert!(is_same_account("PROD/force.example/Ada", "ada@force.example"));
/// assert!(!is_same_account("ada@force.example", "ada@other.example"));
/// ```
#[must_use]
pub fn is_same_account(one: &str, other: &str) -> bool {
    let (one, other) = (object_name(one), object_name(other));
    let alias = |name: &'_ str| name.split_once('@').map_or(name.len(), |(alias, _)| alias.len());
    let whole = one.contains('@') == other.contains('@');
    let part = |name: &str| name.get(..if whole { name.len() } else { alias(name) }).unwrap_or("").to_owned();
    !one.is_empty() && part(one).eq_ignore_ascii_case(&part(other))
}

/// The first of these addresses that an address lies at or below: a site covers its libraries, folders and files.
///
/// ```
/// use cordon_sdk::microsoft::within_site;
/// let sites = ["https://force.sharepoint.com/sites/evidence".to_owned()];
/// assert!(within_site("https://Force.sharepoint.com/sites/Evidence/Case 12/a.docx", &sites).is_some());
/// assert!(within_site("https://force.sharepoint.com/sites/evidence-training", &sites).is_none());
/// ```
#[must_use]
pub fn within_site<'s>(address: &str, sites: &'s [String]) -> Option<&'s str> {
    sites.iter().map(|site| site.trim().trim_end_matches('/')).find(|site| {
        !site.is_empty()
            && address.get(..site.len()).is_some_and(|head| head.eq_ignore_ascii_case(site))
            && address.get(site.len()..).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::microsoft::{is_false, is_true};

    fn pairs(text: &str) -> Vec<(String, String)> {
        Parameters::of(text).0
    }

    #[test]
    fn both_dresses_are_read_and_nothing_else() {
        let cases: [(&str, &[(&str, &str)]); 9] = [
            ("-Identity \"A - b -Enabled\" -Enabled $false", &[("Identity", "A - b -Enabled"), ("Enabled", "$false")]),
            ("-Force -Confirm:$false", &[("Force", ""), ("Confirm", "$false")]),
            ("-Value -1 -Name \"x\"", &[("Value", "-1"), ("Name", "x")]),
            ("-Rule (\"{\"a\":\"b\"}\") -Mode \"Disable\"", &[("Rule", "{\"a\":\"b\"}"), ("Mode", "Disable")]),
            ("[{\"Name\":\"A\",\"Value\":3},{\"Name\":\"B\",\"Value\":null},{\"Name\":4},5]", &[("A", "3"), ("B", "")]),
            ("", &[]),
            ("{\"Name\":\"A\",\"Value\":\"b\"}", &[]),
            ("[", &[]),
            ("Enabled False", &[]),
        ];
        for (text, expected) in cases {
            let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
            assert_eq!(pairs(text), expected, "{text}");
        }
    }

    #[test]
    fn a_value_cannot_hide_behind_another_of_the_same_name() {
        let read = Parameters::of("-Enabled \"True\" -ENABLED \"False\"");
        assert!(read.says("enabled", is_true) && read.says("Enabled", is_false) && !read.says("Mode", is_false));
        assert_eq!(read.iter().count(), 2);
    }

    #[test]
    fn services_are_known_by_how_their_names_begin() {
        let names = ["NT AUTHORITY\\SYSTEM".to_owned(), " ".to_owned()];
        assert!(is_service("nt authority\\system (w3wp)", &names));
        assert!(!is_service("ada@force.example", &names) && !is_service("NT", &names));
    }

    #[test]
    fn an_alias_is_the_account_and_a_look_alike_is_not() {
        for (one, other) in [("ada", "Ada@force.example"), ("f.example\\ada", "x/y/ada"), ("a@b.c", "A@B.C")] {
            assert!(is_same_account(one, other) && is_same_account(other, one), "{one} {other}");
        }
        for (one, other) in [("", ""), ("ada", "adam@force.example"), ("a@b.c", "a@b.d"), ("", "@b.c")] {
            assert!(!is_same_account(one, other), "{one} {other}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_harm(text in "[-\\[{\"A-c$:, ()é]{0,60}") {
            let _ = Parameters::of(&text).iter().count();
            let _ = (within_site(&text, std::slice::from_ref(&text)), is_same_account(&text, "a@b"));
        }
    }
}
