//! The properties that a record says were changed, before and after. Reads fields, parses their text.

use std::collections::BTreeSet;

use cordon_sdk::microsoft::unquoted;
use cordon_sdk::prelude::*;
use cordon_sdk::serde_json::{self, Value};

use crate::Fields;

/// One property, as text.
#[derive(Debug)]
pub(crate) struct Property<'a> {
    name: &'a str,
    before: &'a str,
    after: &'a str,
}

/// The changed properties of a row, in the record's order.
pub(crate) fn read<'a>(fields: &'a Fields, row: Row) -> Vec<Property<'a>> {
    let values = fields.property_values_before.slots(row).zip(fields.property_values.slots(row));
    let named = fields.property_names.slots(row).zip(values);
    let property = |(name, (before, after)): (Option<&'a str>, (Option<&'a str>, Option<&'a str>))| Property {
        name: name.unwrap_or(""),
        before: before.unwrap_or(""),
        after: after.unwrap_or(""),
    };
    named.map(property).collect()
}

/// The partner organisation that the properties name: `tenantId`, also inside of another property.
pub(crate) fn tenant(properties: &[Property<'_>]) -> Option<String> {
    let own = properties.iter().find(|property| property.is("tenantId"));
    let own = own.map(|property| unquoted(property.after).to_string()).filter(|id| !id.is_empty());
    let inside = || {
        properties.iter().find_map(|property| {
            let value = parse(property.after);
            let value = if value.is_null() { parse(property.before) } else { value };
            value.get("tenantId").or(value.get("TenantId"))?.as_str().map(str::to_owned)
        })
    };
    own.or_else(inside).map(|id| id.to_lowercase())
}

impl Property<'_> {
    /// Whether it has this name.
    pub(crate) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name)
    }

    pub(crate) fn was(&self, word: &str) -> bool {
        unquoted(self.before).eq_ignore_ascii_case(word)
    }

    pub(crate) fn became(&self, word: &str) -> bool {
        unquoted(self.after).eq_ignore_ascii_case(word) && !self.was(word)
    }

    /// The OpenID Connect address of an issuer, where it is not what it was.
    pub(crate) fn new_discovery_address(&self) -> Option<String> {
        let address = |text: &str| find(&parse(text), "discoveryUrl", DEPTH);
        let now = address(self.after)?;
        (address(self.before).as_ref() != Some(&now)).then_some(now)
    }

    /// What is allowed or trusted now and was not before, each as `property.part.part`.
    pub(crate) fn newly_allowed(&self) -> Vec<String> {
        let allowed = |text: &str| {
            let mut all = BTreeSet::new();
            collect(&parse(text), self.name, DEPTH, &mut all);
            all
        };
        allowed(self.after).difference(&allowed(self.before)).cloned().collect()
    }
}

/// Nesting looked at.
const DEPTH: usize = 8;

/// JSON, also as a text in JSON, and a list of one as its entry.
fn parse(text: &str) -> Value {
    let mut value = serde_json::from_str(text).unwrap_or(Value::Null);
    for _ in 0..3 {
        value = match value {
            Value::String(inner) => serde_json::from_str(&inner).unwrap_or(Value::Null),
            Value::Array(mut items) if items.len() == 1 => items.remove(0),
            other => return other,
        };
    }
    value
}

fn find(value: &Value, name: &str, depth: usize) -> Option<String> {
    if depth == 0 {
        return None;
    }
    match value {
        Value::Object(members) => members.iter().find_map(|(key, value)| match value {
            Value::String(text) if key.eq_ignore_ascii_case(name) => Some(text.clone()),
            other => find(other, name, depth - 1),
        }),
        Value::Array(items) => items.iter().find_map(|item| find(item, name, depth - 1)),
        _ => None,
    }
}

/// Switches that say yes, and access types that say 'allowed' (1).
fn collect(value: &Value, path: &str, depth: usize, out: &mut BTreeSet<String>) {
    if depth == 0 {
        return;
    }
    let named = |key: &str| path.rsplit('.').next().is_some_and(|last| last.eq_ignore_ascii_case(key));
    match value {
        Value::Object(members) => {
            members.iter().for_each(|(key, value)| collect(value, &format!("{path}.{key}"), depth - 1, out));
        }
        Value::Bool(true) => _ = out.insert(path.to_owned()),
        Value::Number(number) if named("accessType") && number.as_u64() == Some(1) => _ = out.insert(path.to_owned()),
        Value::String(text) if named("accessType") && text.eq_ignore_ascii_case("allowed") => {
            out.insert(path.to_owned());
        }
        _ => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allowed(before: &str, after: &str) -> Vec<String> {
        Property { name: "inboundTrust", before, after }.newly_allowed()
    }

    #[test]
    fn what_is_newly_allowed_is_told_by_its_place() {
        let (no, yes) = (r#"{"IsMfaAccepted":false}"#, r#"{"IsMfaAccepted":true}"#);
        assert_eq!(allowed(no, yes), ["inboundTrust.IsMfaAccepted"]);
        assert_eq!(allowed("", &serde_json::to_string(yes).unwrap()), ["inboundTrust.IsMfaAccepted"]);
        assert!(allowed(yes, no).is_empty() && allowed(yes, yes).is_empty() && allowed("", "{").is_empty());
        let access = |kind: &str| format!(r#"{{"usersAndGroups":{{"accessType":{kind}}}}}"#);
        assert_eq!(allowed(&access("2"), &access("1")), ["inboundTrust.usersAndGroups.accessType"]);
        assert_eq!(allowed(&access("\"blocked\""), &access("\"allowed\"")).len(), 1);
    }

    #[test]
    fn the_partner_is_named_by_itself_or_inside_of_a_setting() {
        let property = |name, after| Property { name, before: "", after };
        assert_eq!(tenant(&[property("tenantId", "\"AB-1\"")]), Some("ab-1".to_owned()));
        assert_eq!(tenant(&[property("x", r#"{"tenantId":"ab-2"}"#)]), Some("ab-2".to_owned()));
        assert_eq!(tenant(&[property("x", "[]"), property("tenantId", "")]), None);
    }
}
