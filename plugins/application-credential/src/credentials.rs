//! The texts in which Microsoft logs an application's credentials, before and after: which of them are new. Parses text;
//! knows no fields.

use std::collections::BTreeMap;

use cordon_sdk::serde_json::{self, Value};

/// What the text lists.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Kind {
    /// `[KeyIdentifier=..,KeyType=Password,KeyUsage=Verify,DisplayName=..]`, secrets and certificates.
    Key,
    /// Objects with `Issuer` and `Subject`.
    Federated,
}

/// One credential.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    /// What tells it from others, in lower case.
    pub(crate) id: String,
    /// `secret`, `certificate`, or an issuer and subject; empty where the text does not say.
    pub(crate) what: String,
}

/// The credentials in `after` that are not in `before`, each once, sorted. A text in no known form is one credential, as long
/// as it holds something and has changed.
pub(crate) fn added(kind: Kind, after: &str, before: &str) -> Vec<Credential> {
    let list = |text: &str| match kind {
        Kind::Key => keys(text),
        Kind::Federated => federated(text),
    };
    let (new, old) = (list(after), list(before));
    if new.is_empty() && old.is_empty() && after.trim() != before.trim() && says_something(after) {
        return vec![Credential { id: "unknown".to_owned(), what: String::new() }];
    }
    let fresh = new.into_iter().filter(|(id, _)| !old.contains_key(id));
    fresh.map(|(id, what)| Credential { id, what }).collect()
}

/// Not `[]`, `""`, `null` and the like.
fn says_something(text: &str) -> bool {
    !text.eq_ignore_ascii_case("null") && text.chars().any(char::is_alphanumeric)
}

fn keys(text: &str) -> BTreeMap<String, String> {
    let entries = text.split("KeyIdentifier=").skip(1);
    let entries = entries.map(|entry| {
        let id = entry.split([',', ']', '"']).next().unwrap_or("").trim().to_lowercase();
        let kind = entry.split("KeyType=").nth(1).and_then(|rest| rest.split([',', ']']).next()).unwrap_or("").trim();
        let what = match kind.to_ascii_lowercase().as_str() {
            "password" | "symmetric" => "secret",
            "asymmetricx509cert" | "x509certandpassword" => "certificate",
            _ => "",
        };
        (id, what.to_owned())
    });
    entries.filter(|(id, _)| !id.is_empty()).collect()
}

fn federated(text: &str) -> BTreeMap<String, String> {
    let Ok(value) = serde_json::from_str::<Value>(text) else { return BTreeMap::new() };
    let mut out = BTreeMap::new();
    collect(&value, &mut out);
    out
}

/// Every object with an issuer, however deep: lists of objects, lists of lists, objects as JSON inside of strings.
fn collect(value: &Value, out: &mut BTreeMap<String, String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, out)),
        Value::Object(members) => {
            let text = |name: &str| {
                let found = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name));
                found.and_then(|(_, value)| value.as_str()).unwrap_or("")
            };
            let (issuer, subject) = (text("Issuer"), text("Subject"));
            if issuer.is_empty() {
                members.values().for_each(|value| collect(value, out));
            } else {
                out.insert(format!("{issuer} {subject}").trim().to_lowercase(), format!("{issuer} ({subject})"));
            }
        }
        Value::String(text) if text.trim_start().starts_with(['{', '[']) => {
            if let Ok(inner) = serde_json::from_str::<Value>(text) {
                collect(&inner, out);
            }
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(kind: Kind, after: &str, before: &str) -> Vec<(String, String)> {
        added(kind, after, before).into_iter().map(|entry| (entry.id, entry.what)).collect()
    }

    #[test]
    fn only_keys_that_were_not_there_are_new() {
        let one = "[\r\n  \"[KeyIdentifier=AA-1,KeyType=Password,KeyUsage=Verify,DisplayName=x]\"\r\n]";
        let two = r#"["[KeyIdentifier=aa-1,KeyType=Password]","[KeyIdentifier=bb-2,KeyType=AsymmetricX509Cert]"]"#;
        let secret = |id: &str, what: &str| (id.to_owned(), what.to_owned());
        assert_eq!(ids(Kind::Key, one, "[]"), [secret("aa-1", "secret")]);
        assert_eq!(ids(Kind::Key, two, one), [secret("bb-2", "certificate")]);
        assert!(ids(Kind::Key, "[]", one).is_empty() && ids(Kind::Key, one, two).is_empty());
    }

    #[test]
    fn a_text_in_no_known_form_is_new_where_it_says_something() {
        assert_eq!(ids(Kind::Key, "\"Client secret\"", "").len(), 1);
        for (after, before) in [("[]", ""), ("", "\"x\""), ("null", ""), ("\"x\"", "\"x\"")] {
            assert!(ids(Kind::Key, after, before).is_empty(), "{after}");
        }
    }

    #[test]
    fn issuers_are_found_however_they_are_wrapped() {
        let plain = r#"[{"Name":"ci","Issuer":"https://ci.example","Subject":"repo:x"}]"#;
        let wrapped = serde_json::to_string(&[plain]).unwrap();
        let expected = [("https://ci.example repo:x".to_owned(), "https://ci.example (repo:x)".to_owned())];
        assert_eq!(ids(Kind::Federated, plain, "[]"), expected);
        assert_eq!(ids(Kind::Federated, &wrapped, ""), expected);
        assert!(ids(Kind::Federated, plain, &wrapped).is_empty());
    }
}
