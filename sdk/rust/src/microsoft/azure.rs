//! Reading the Azure activity log: how far an operation came, what its resource is called, and what its bodies say. Pure
//! functions over text; owns no detection, knows no field names.

use serde_json::Value;

/// How far an operation came. One operation has several records: what began, what was accepted, how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It was asked for.
    Started,
    /// It was allowed, and goes on.
    Accepted,
    /// It ended well, or the record does not say how far it came.
    Done,
    /// It was refused, or ended badly.
    Failed,
}

impl Outcome {
    /// From `resultType`, in any case: `Start`, `Started`, `Accept`, `Accepted`, `Success`, `Succeeded`, `Failure`, `Failed`.
    ///
    /// ```
    /// use cordon_sdk::microsoft::azure::Outcome;
    /// assert_eq!(Outcome::of(Some("Success")), Outcome::Done);
    /// assert_eq!(Outcome::of(Some("START")), Outcome::Started);
    /// ```
    pub fn of(result: Option<&str>) -> Self {
        let result = result.unwrap_or("").trim().to_ascii_lowercase();
        match result.as_str() {
            "start" | "started" => Self::Started,
            "accept" | "accepted" | "inprogress" => Self::Accepted,
            "failure" | "failed" | "fail" | "error" | "denied" | "canceled" | "cancelled" => Self::Failed,
            _ => Self::Done,
        }
    }
}

/// The last part of a resource's id.
///
/// ```
/// use cordon_sdk::microsoft::azure::resource_name;
/// assert_eq!(resource_name("/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/storageAccounts/evidence/"), "evidence");
/// ```
pub fn resource_name(id: &str) -> &str {
    id.trim().trim_end_matches('/').rsplit('/').next().unwrap_or("")
}

/// The name of the resource of one kind (`storageAccounts`) that an id names or lies below; without regard to case.
///
/// ```
/// use cordon_sdk::microsoft::azure::ancestor;
/// let id = "/subscriptions/1/resourceGroups/rg/providers/Microsoft.Storage/STORAGEACCOUNTS/evidence/blobServices/default";
/// assert_eq!(ancestor(id, "storageAccounts"), Some("evidence"));
/// assert_eq!(ancestor(id, "vaults"), None);
/// ```
pub fn ancestor<'a>(id: &'a str, kind: &str) -> Option<&'a str> {
    let mut parts = id.split('/');
    parts.find(|part| part.eq_ignore_ascii_case(kind))?;
    parts.next().filter(|name| !name.is_empty())
}

/// The JSON of a request or response body, which the log keeps as text; null where it is none.
pub fn body(text: &str) -> Value {
    let mut value = serde_json::from_str(text).unwrap_or(Value::Null);
    for _ in 0..2 {
        value = match value {
            Value::String(inner) => serde_json::from_str(&inner).unwrap_or(Value::Null),
            other => return other,
        };
    }
    value
}

/// Nesting of a body that is looked at.
const DEPTH: usize = 12;

/// The first value under a name, however deep, without regard to case: the same body is written with `properties` and
/// `Properties`. Outer values come before inner ones.
///
/// ```
/// use cordon_sdk::microsoft::azure::{body, member};
/// let body = body(r#"{"Properties":{"PrincipalId":"7"}}"#);
/// assert_eq!(member(&body, "principalId").and_then(|id| id.as_str()), Some("7"));
/// ```
pub fn member<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    search(value, name, DEPTH)
}

fn search<'v>(value: &'v Value, name: &str, depth: usize) -> Option<&'v Value> {
    let inner: Vec<&Value> = match value {
        Value::Object(members) => {
            if let Some((_, found)) = members.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)) {
                return Some(found);
            }
            members.values().collect()
        }
        Value::Array(items) => items.iter().collect(),
        _ => return None,
    };
    let depth = depth.checked_sub(1)?;
    inner.into_iter().find_map(|value| search(value, name, depth))
}

/// The text under a name; see [`member`].
pub fn text<'v>(value: &'v Value, name: &str) -> Option<&'v str> {
    member(value, name)?.as_str()
}

/// Whether a switch under a name stands so: `true`, `"True"`; see [`member`].
pub fn switch(value: &Value, name: &str) -> Option<bool> {
    match member(value, name)? {
        Value::Bool(on) => Some(*on),
        Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_an_outcome_is_read() {
        for (text, outcome) in [
            ("Started", Outcome::Started),
            ("accepted", Outcome::Accepted),
            ("Failed", Outcome::Failed),
            ("FAILURE", Outcome::Failed),
            ("Succeeded", Outcome::Done),
            ("", Outcome::Done),
        ] {
            assert_eq!(Outcome::of(Some(text)), outcome, "{text}");
        }
        assert_eq!(Outcome::of(None), Outcome::Done);
    }

    #[test]
    fn bodies_are_read_however_they_are_wrapped_and_never_fail() {
        let wrapped = serde_json::to_string(r#"{"a":{"B":"x","on":"True"}}"#).unwrap();
        let value = body(&wrapped);
        assert_eq!((text(&value, "b"), switch(&value, "ON"), member(&value, "c")), (Some("x"), Some(true), None));
        for odd in ["", "{", "null", "[1,[2]]", "\"\\\"x\\\"\"", "7"] {
            assert_eq!(member(&body(odd), "a"), None, "{odd}");
        }
        let deep = "[".repeat(100) + "{\"a\":1}" + &"]".repeat(100);
        assert_eq!(member(&body(&deep), "a"), None);
        assert_eq!(resource_name(""), "");
    }
}
