//! Two findings as they are written, compared field by field. Pure.

use serde::Serialize;
use serde_json::Value;

/// A field that two findings do not share.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FieldDifference {
    /// `summary`, `event.time`, `entities[0].value`
    pub field: String,
    /// Its JSON in the first; none where absent.
    pub was: Option<String>,
    /// Its JSON in the second; none where absent.
    pub now: Option<String>,
}

/// In the order of the first, then what only the second has.
#[must_use]
pub fn differences(was: &Value, now: &Value) -> Vec<FieldDifference> {
    let mut found = Vec::new();
    walk("", Some(was), Some(now), &mut found);
    found
}

fn walk(field: &str, was: Option<&Value>, now: Option<&Value>, found: &mut Vec<FieldDifference>) {
    match (was, now) {
        (Some(Value::Object(a)), Some(Value::Object(b))) => {
            let below = |name: &str| if field.is_empty() { name.to_owned() } else { format!("{field}.{name}") };
            for (name, value) in a {
                walk(&below(name), Some(value), b.get(name), found);
            }
            for (name, value) in b.iter().filter(|(name, _)| !a.contains_key(*name)) {
                walk(&below(name), None, Some(value), found);
            }
            // Order is part of what is written.
            if found.is_empty() && !a.keys().eq(b.keys()) {
                let order = |keys: serde_json::map::Keys<'_>| keys.map(String::as_str).collect::<Vec<_>>().join(", ");
                let (was, now) = (Some(order(a.keys())), Some(order(b.keys())));
                found.push(FieldDifference { field: format!("order of {field}"), was, now });
            }
        }
        (Some(Value::Array(a)), Some(Value::Array(b))) => {
            for index in 0..a.len().max(b.len()) {
                walk(&format!("{field}[{index}]"), a.get(index), b.get(index), found);
            }
        }
        (was, now) if was == now => {}
        (was, now) => found.push(FieldDifference {
            field: field.to_owned(),
            was: was.map(ToString::to_string),
            now: now.map(ToString::to_string),
        }),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(was: &Value, now: &Value) -> Vec<String> {
        differences(was, now).into_iter().map(|difference| difference.field).collect()
    }

    #[test]
    fn each_field_that_differs_is_named_with_its_place() {
        let was = json!({"a": 1, "b": {"c": [1, {"d": "x"}]}, "gone": null});
        let now = json!({"a": 1, "b": {"c": [1, {"d": "y"}, 3]}, "new": 0});
        assert_eq!(fields(&was, &now), ["b.c[1].d", "b.c[2]", "gone", "new"]);
        assert_eq!(differences(&was, &now)[0].now.as_deref(), Some("\"y\""));
        assert_eq!(fields(&was, &was), Vec::<String>::new());
    }

    #[test]
    fn another_order_of_fields_is_a_difference() {
        let parse = |text| serde_json::from_str::<Value>(text).unwrap();
        assert_eq!(fields(&parse(r#"{"x":{"a":1,"b":2}}"#), &parse(r#"{"x":{"b":2,"a":1}}"#)), ["order of x"]);
    }
}
