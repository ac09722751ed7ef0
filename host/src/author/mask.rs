//! Masks events so that they can be shared: people, mailboxes, tenants, identifiers, addresses and hosts are replaced, each
//! by the same stand-in wherever it occurs, also inside longer text and JSON in strings.
//!
//! What a detection looks at stays: who is inside and who is outside (domains map to domains), private addresses stay
//! private, public mail and Microsoft's own domains stay. Stand-ins come from what is reserved for documentation.

mod names;
mod tokens;

use std::collections::BTreeMap;

use serde_json::Value;

use names::{base_domain, is_public_domain};
use tokens::{Token, next_token};

/// Stand-ins given so far. One masker for all events of a case.
#[derive(Debug, Default)]
pub struct Masker {
    /// Text of the plugin's sources: identifiers that stand there are public knowledge and stay.
    known: String,
    domains: BTreeMap<String, String>,
    people: BTreeMap<String, String>,
    hosts: BTreeMap<String, String>,
    given: BTreeMap<String, String>,
    counts: BTreeMap<&'static str, u32>,
}

impl Masker {
    /// `known` is text whose identifiers stay, such as the plugin's sources.
    #[must_use]
    pub fn new(known: &str) -> Self {
        Self { known: known.to_lowercase(), ..Self::default() }
    }

    /// Learns names from all events first, so that a name is replaced also in an event that says less of it.
    pub fn learn(&mut self, event: &Value) {
        names::walk(event, &mut |path, text| {
            if names::holds_person(path) && !text.contains('@') {
                self.person(text);
            }
            if names::holds_host(path) {
                self.host(text);
            }
            if names::holds_domain(path) {
                self.domain(text);
            }
            tokens::each(text, |token| {
                if let Token::Mail { local, domain } = token {
                    self.person(local);
                    self.domain(domain);
                }
            });
        });
    }

    /// Replaces in place.
    pub fn mask(&mut self, event: &mut Value) {
        match event {
            Value::String(text) => *text = self.text(text),
            Value::Array(items) => items.iter_mut().for_each(|item| self.mask(item)),
            Value::Object(members) => members.values_mut().for_each(|value| self.mask(value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn text(&mut self, text: &str) -> String {
        let mut out = String::with_capacity(text.len());
        let mut rest = text;
        while let Some((before, token, after)) = next_token(rest) {
            out.push_str(&self.words(before));
            out.push_str(&self.stand_in(&token));
            rest = after;
        }
        out.push_str(&self.words(rest));
        out
    }

    fn stand_in(&mut self, token: &Token<'_>) -> String {
        match token {
            Token::Mail { local, domain } => format!("{}@{}", self.person(local), self.domain(domain)),
            Token::Guid(text) | Token::Puid(text) if self.known.contains(&text.to_lowercase()) => (*text).to_owned(),
            Token::Guid(text) => self.numbered("guid", text, |n| format!("00000000-0000-4000-8000-{n:012}")),
            Token::Puid(text) => self.numbered("puid", text, |n| format!("1003{n:012}")),
            Token::Sid(text) => self.numbered("sid", text, |n| format!("S-1-5-21-1-2-3-{}", 1000 + n)),
            Token::V4(text, address) => match names::v4_block(*address) {
                None => (*text).to_owned(),
                Some((block, name)) => self.numbered(name, text, |n| {
                    // Three documentation blocks of 254 for public addresses; private ones have room enough.
                    let (third, last) = ((n - 1) / 254, (n - 1) % 254 + 1);
                    match (block, third % 3) {
                        ("public", 0) => format!("192.0.2.{last}"),
                        ("public", 1) => format!("198.51.100.{last}"),
                        ("public", _) => format!("203.0.113.{last}"),
                        (block, _) => format!("{block}.{}.{last}", third % 256),
                    }
                }),
            },
            Token::V6(text, address) if address.is_loopback() || address.is_unspecified() => (*text).to_owned(),
            Token::V6(text, _) => self.numbered("v6", text, |n| format!("2001:db8::{n:x}")),
        }
    }

    fn numbered(&mut self, kind: &'static str, text: &str, make: impl Fn(u32) -> String) -> String {
        let key = format!("{kind} {}", text.to_lowercase());
        if let Some(given) = self.given.get(&key) {
            return given.clone();
        }
        let made = make(self.count(kind));
        self.given.insert(key, made.clone());
        made
    }

    fn count(&mut self, kind: &'static str) -> u32 {
        let count = self.counts.entry(kind).or_default();
        *count += 1;
        *count
    }

    /// A person's name, or the part of an address before the `@`. `#EXT#` marks a guest and stays.
    fn person(&mut self, name: &str) -> String {
        let (bare, guest) = match name.to_uppercase().find("#EXT#").and_then(|at| name.get(..at)) {
            Some(bare) => (bare, "#EXT#"),
            None => (name, ""),
        };
        let key = bare.trim().to_lowercase();
        if key.is_empty() || names::is_system(&key) {
            return name.to_owned();
        }
        let made = match self.people.get(&key) {
            Some(made) => made.clone(),
            None => {
                let made = format!("user{}", self.count("person"));
                self.people.insert(key, made.clone());
                made
            }
        };
        made + guest
    }

    fn host(&mut self, name: &str) {
        let first = name.split('.').next().unwrap_or_default().to_lowercase();
        if first.len() >= 3 && first.parse::<u32>().is_err() && !self.hosts.contains_key(&first) {
            let made = format!("host{}", self.count("host"));
            self.hosts.insert(first, made);
        }
        if let Some((_, domain)) = name.split_once('.') {
            self.domain(domain);
        }
    }

    /// `mail.force.police.uk` and `force.police.uk` stay one organisation.
    fn domain(&mut self, domain: &str) -> String {
        let domain = domain.to_lowercase();
        if is_public_domain(&domain) || names::is_stand_in(&domain) || !domain.contains('.') {
            return domain;
        }
        let base = base_domain(&domain).to_owned();
        let made = match self.domains.get(&base) {
            Some(made) => made.clone(),
            None => {
                let made = format!("org{}.example", self.count("domain"));
                self.domains.insert(base.clone(), made.clone());
                made
            }
        };
        match domain.strip_suffix(&base) {
            Some("") | None => made,
            Some(sub) => format!("{}.{made}", sub.trim_end_matches('.')),
        }
    }

    /// Known names as whole words in text between tokens.
    fn words(&self, text: &str) -> String {
        let mut out = text.to_owned();
        for (name, made) in self.domains.iter().chain(&self.hosts).chain(&self.people) {
            if name.len() >= 3 {
                out = names::replace_word(&out, name, made);
            }
        }
        out
    }
}

/// The shape of a value, none of its content: letters become x, digits 9.
#[must_use]
pub fn shape(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            c if c.is_uppercase() => 'X',
            c if c.is_alphabetic() => 'x',
            c if c.is_numeric() => '9',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn masked(events: &[Value]) -> Vec<Value> {
        let mut masker = Masker::new("");
        events.iter().for_each(|event| masker.learn(event));
        let mut events = events.to_vec();
        events.iter_mut().for_each(|event| masker.mask(event));
        events
    }

    #[test]
    fn one_person_is_one_stand_in_wherever_the_name_stands() {
        let got = masked(&[json!({
            "UserId": "Joey@force.police.uk",
            "ObjectId": "joey\\Financial Reporting",
            "Parameters": [{"Name": "ForwardTo", "Value": "smtp:x.y@evil.biz;joey@force.police.uk"}],
            "Nested": "{\"upn\":\"JOEY@force.police.uk\",\"n\":1}"
        })]);
        assert_eq!(got[0]["UserId"], "user1@org1.example");
        assert_eq!(got[0]["ObjectId"], "user1\\Financial Reporting");
        assert_eq!(got[0]["Parameters"][0]["Value"], "smtp:user2@org2.example;user1@org1.example");
        assert_eq!(got[0]["Nested"], "{\"upn\":\"user1@org1.example\",\"n\":1}");
    }

    #[test]
    fn inside_stays_inside() {
        let got = masked(&[json!({"a": "p@force.police.uk", "b": "q@mail.force.police.uk", "c": "r@gmail.com"})]);
        assert_eq!(got[0]["b"], "user2@mail.org1.example");
        assert_eq!(got[0]["c"], "user3@gmail.com");
    }

    #[test]
    fn addresses_go_to_documentation_ranges_and_keep_their_port() {
        let got = masked(&[
            json!({"a": "80.114.221.214:52378", "b": "[2a02:1810::7]:443", "c": "::ffff:80.114.221.214", "d": "10.1.2.3", "e": "127.0.0.1", "v": "15.20.4219.025"}),
        ]);
        assert_eq!(got[0]["a"], "192.0.2.1:52378");
        assert_eq!(got[0]["b"], "[2001:db8::1]:443");
        assert_eq!(got[0]["c"], "::ffff:192.0.2.1");
        assert_eq!(got[0]["d"], "10.0.0.1");
        assert_eq!((&got[0]["e"], &got[0]["v"]), (&json!("127.0.0.1"), &json!("15.20.4219.025")));
    }

    #[test]
    fn a_version_of_a_program_is_no_address() {
        let got = masked(&[json!({"u": "Chrome/120.0.0.0 Safari/537.36", "l": "http://80.114.221.214/x"})]);
        assert_eq!(got[0]["u"], "Chrome/120.0.0.0 Safari/537.36");
        assert_eq!(got[0]["l"], "http://192.0.2.1/x");
    }

    #[test]
    fn an_identifier_that_the_plugin_names_stays() {
        let mut masker = Masker::new("const ROLE: &str = \"62E90394-69f5-4237-9190-012177145e10\";");
        let mut event =
            json!({"role": "62e90394-69f5-4237-9190-012177145e10", "id": "4831a108-d2bf-4ba9-86e6-e12540b86826"});
        masker.mask(&mut event);
        assert_eq!(event["role"], "62e90394-69f5-4237-9190-012177145e10");
        assert_eq!(event["id"], "00000000-0000-4000-8000-000000000001");
    }

    #[test]
    fn a_shape_says_nothing_of_the_content() {
        assert_eq!(shape("Joey@x.org 17"), "Xxxx@x.xxx 99");
    }
}
