//! The properties that a record says were changed, before and after. Reads fields and parses their text; judges only what one
//! value says by itself.

use std::borrow::Cow;
use std::collections::BTreeSet;

use cordon_sdk::microsoft::{is_false, unquoted};
use cordon_sdk::prelude::*;
use cordon_sdk::serde_json::{self, Value};

use crate::Fields;

/// One property, as text.
pub(crate) struct Change<'a> {
    name: &'a str,
    before: &'a str,
    after: &'a str,
}

/// The changed properties of a row, in the record's order.
pub(crate) fn changes<'a>(fields: &'a Fields, row: Row) -> Vec<Change<'a>> {
    let values = fields.property_values_before.slots(row).zip(fields.property_values.slots(row));
    let named = fields.property_names.slots(row).zip(values);
    let change = |(name, (before, after)): (Option<&'a str>, (Option<&'a str>, Option<&'a str>))| Change {
        name: name.unwrap_or(""),
        before: before.unwrap_or(""),
        after: after.unwrap_or(""),
    };
    named.map(change).collect()
}

impl<'a> Change<'a> {
    #[cfg(test)]
    pub(crate) fn of(name: &'a str, before: &'a str, after: &'a str) -> Self {
        Self { name, before, after }
    }

    /// The JSON objects before and after; null where a side is none.
    pub(crate) fn objects(&self) -> (Value, Value) {
        (object(self.before), object(self.after))
    }

    /// A switch that says no now and did not before: a property of its own, or `isEnabled` of an object.
    pub(crate) fn is_switched_off(&self) -> bool {
        let off = |text: &str| match object(text).get("isEnabled") {
            Some(value) => value == &Value::Bool(false),
            None => self.name.to_ascii_lowercase().ends_with("enabled") && is_false(&unquoted(text)),
        };
        off(self.after) && !off(self.before)
    }

    /// Per-user multi-factor authentication that was enabled (1) or enforced (2), and is not now.
    pub(crate) fn is_mfa_requirement_removed(&self) -> bool {
        self.name.eq_ignore_ascii_case("StrongAuthenticationRequirement") && asks(self.before) && !asks(self.after)
    }
}

/// Whether some entry of a `StrongAuthenticationRequirement` has a state other than 0.
fn asks(text: &str) -> bool {
    let value: Value = serde_json::from_str(text).unwrap_or(Value::Null);
    let entries = value.as_array().map(Vec::as_slice).unwrap_or_default();
    entries.iter().any(|entry| match entry.get("State") {
        Some(Value::Number(state)) => state.as_i64() != Some(0),
        Some(Value::String(state)) => !["0", "disabled"].iter().any(|off| state.eq_ignore_ascii_case(off)),
        _ => false,
    })
}

/// The object in a text, also one in a list of one, and one that is JSON in a string again.
fn object(text: &str) -> Value {
    let mut text: Cow<'_, str> = Cow::Borrowed(text);
    for _ in 0..3 {
        match serde_json::from_str::<Value>(&text) {
            Ok(value @ Value::Object(_)) => return value,
            Ok(Value::String(inner)) => text = Cow::Owned(inner),
            Ok(Value::Array(mut items)) if items.len() == 1 => match items.remove(0) {
                Value::String(inner) => text = Cow::Owned(inner),
                value @ Value::Object(_) => return value,
                _ => return Value::Null,
            },
            _ => return Value::Null,
        }
    }
    Value::Null
}

/// The texts in a list at a pointer, in lower case, sorted, each once; nothing where there is no list.
pub(crate) fn texts(value: &Value, pointer: &str) -> BTreeSet<String> {
    let items = value.pointer(pointer).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    items.iter().filter_map(Value::as_str).map(str::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn objects_are_found_in_every_wrapping() {
        for text in [r#"{"a":1}"#, r#"[{"a":1}]"#, r#""{\"a\":1}""#, r#"["{\"a\":1}"]"#] {
            assert_eq!(object(text)["a"], 1, "{text}");
        }
        for text in ["", "null", "[]", "[1,2]", "\"x\"", "{"] {
            assert_eq!(object(text), Value::Null, "{text}");
        }
    }

    #[test]
    fn a_requirement_is_removed_when_no_entry_asks_any_more() {
        let change = |before, after| Change { name: "StrongAuthenticationRequirement", before, after };
        let (on, off) = (r#"[{"RelyingParty":"*","State":2}]"#, r#"[{"RelyingParty":"*","State":0}]"#);
        assert!(change(on, off).is_mfa_requirement_removed() && change(on, "[]").is_mfa_requirement_removed());
        assert!(!change(off, on).is_mfa_requirement_removed() && !change("[]", off).is_mfa_requirement_removed());
        assert!(!change(on, on).is_mfa_requirement_removed());
    }
}
