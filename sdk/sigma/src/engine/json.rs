//! Values inside of values: elements of arrays, leaves of whole events.

use serde_json::Value;

use super::Kind;

/// Calls `value` for each element of the text of an array, also of arrays in it. A text that is none has no elements.
pub(super) fn elements(array: &str, value: &mut impl FnMut(Kind, &str)) {
    if let Ok(Value::Array(items)) = serde_json::from_str(array) {
        items.iter().for_each(|item| walk(item, false, value));
    }
}

/// Calls `value` for each value of an event that is no array and no object.
pub fn leaves(event: &str, value: &mut impl FnMut(Kind, &str)) {
    if let Ok(whole) = serde_json::from_str::<Value>(event) {
        walk(&whole, true, value);
    }
}

fn walk(item: &Value, into_objects: bool, value: &mut impl FnMut(Kind, &str)) {
    match item {
        Value::Null => value(Kind::Null, "null"),
        Value::Bool(false) => value(Kind::False, "false"),
        Value::Bool(true) => value(Kind::True, "true"),
        Value::Number(number) => value(Kind::Number, &number.to_string()),
        Value::String(text) => value(Kind::String, text),
        Value::Array(items) => items.iter().for_each(|item| walk(item, into_objects, value)),
        Value::Object(members) if into_objects => members.values().for_each(|item| walk(item, true, value)),
        Value::Object(_) => value(Kind::Object, ""),
    }
}
