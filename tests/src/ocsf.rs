//! The published rules of OCSF's Detection Finding, as tables (`tests/data/ocsf/`, made by `compact.py` there), and whether an event
//! holds to them: no attribute that the schema does not have, none missing that it asks for, each of its type, numbers among those that
//! it lists with their captions, constraints, and `type_uid`.

use serde_json::{Map, Value};

const TABLES: [&str; 2] = [include_str!("../data/ocsf/1.1.0.json"), include_str!("../data/ocsf/1.8.0.json")];

/// What is wrong with an event, by the version of the schema that it names; empty where nothing is.
///
/// # Panics
/// Where a table is none.
#[must_use]
pub fn faults(event: &Value) -> Vec<String> {
    let version = event["metadata"]["version"].as_str().unwrap_or_default();
    let tables = TABLES.iter().map(|text| serde_json::from_str::<Value>(text).unwrap());
    let Some(table) = tables.into_iter().find(|table| table["version"] == version) else {
        return vec![format!("metadata.version: no such schema: `{version}`")];
    };
    let profiles = event["metadata"]["profiles"].as_array().cloned().unwrap_or_default();
    let mut look = Look { table: &table, profiles: &profiles, faults: Vec::new() };
    look.object(event, &table["class"], "");
    let number = |name: &str| event[name].as_i64().unwrap_or(-1);
    if number("type_uid") != number("class_uid") * 100 + number("activity_id") {
        look.faults.push("type_uid: not class_uid * 100 + activity_id".to_owned());
    }
    look.faults
}

struct Look<'t> {
    table: &'t Value,
    profiles: &'t [Value],
    faults: Vec<String>,
}

impl Look<'_> {
    fn fault(&mut self, at: &str, what: &str) {
        self.faults.push(format!("{at}: {what}"));
    }

    fn object(&mut self, given: &Value, of: &Value, at: &str) {
        let Some(given) = given.as_object() else { return self.fault(at, "no object") };
        let attributes = of["attributes"].as_object().unwrap();
        for (name, value) in given {
            let at = format!("{at}.{name}");
            match attributes.get(name) {
                None => self.fault(&at, "the schema has no such attribute"),
                Some(attribute) if !self.is_of_profiles(attribute) => self.fault(&at, "its profile is not named"),
                Some(attribute) if attribute["deprecated"] == true => self.fault(&at, "deprecated"),
                Some(attribute) => self.attribute(given, value, attribute, &at),
            }
        }
        for (name, attribute) in attributes {
            if attribute["requirement"] == "required" && self.is_of_profiles(attribute) && !given.contains_key(name) {
                self.fault(&format!("{at}.{name}"), "required");
            }
        }
        for (constraint, names) in of["constraints"].as_object().into_iter().flatten() {
            let names = names.as_array().unwrap();
            let count = names.iter().filter(|name| given.contains_key(name.as_str().unwrap())).count();
            if count == 0 || (constraint == "just_one" && count > 1) {
                self.fault(at, &format!("{constraint} of {names:?}"));
            }
        }
    }

    fn is_of_profiles(&self, attribute: &Value) -> bool {
        attribute["profiles"].as_array().is_none_or(|of| of.iter().any(|profile| self.profiles.contains(profile)))
    }

    fn attribute(&mut self, beside: &Map<String, Value>, value: &Value, attribute: &Value, at: &str) {
        if attribute["array"] != true {
            return self.one(beside, value, attribute, at);
        }
        let Some(values) = value.as_array() else { return self.fault(at, "no array") };
        for (index, value) in values.iter().enumerate() {
            self.one(beside, value, attribute, &format!("{at}[{index}]"));
        }
    }

    fn one(&mut self, beside: &Map<String, Value>, value: &Value, attribute: &Value, at: &str) {
        let is_of_type = match attribute["type"].as_str().unwrap() {
            "string_t" => value.as_str().is_some_and(|text| text.len() <= 65_535),
            "url_t" => value.as_str().is_some_and(|text| text.contains("://")),
            "integer_t" => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
            "long_t" => value.is_i64() || value.is_u64(),
            // Milliseconds of this century, not seconds or microseconds.
            "timestamp_t" => value.as_i64().is_some_and(|time| (946_684_800_000..4_102_444_800_000).contains(&time)),
            "boolean_t" => value.is_boolean(),
            "json_t" => !value.is_null(),
            "object_t" => value.is_object(),
            other => panic!("{at}: add the type {other} to the test"),
        };
        if !is_of_type {
            return self.fault(at, &format!("{value} is no {}", attribute["type"]));
        }
        if let Some(numbers) = attribute["enum"].as_object() {
            let number = value.to_string();
            let sibling = attribute["sibling"].as_str().and_then(|name| beside.get(name));
            match numbers.get(&number) {
                None => self.fault(at, &format!("{number} is not one of its numbers")),
                // Another may have any word.
                Some(caption) if number != "99" && sibling.is_some_and(|said| said != caption) => {
                    self.fault(at, &format!("{number} is called {caption}, not {sibling:?}"));
                }
                Some(_) => {}
            }
        }
        // `object` is any; of the others the table has those that Cordon makes.
        match attribute["object"].as_str() {
            None | Some("object") => {}
            Some(name) => match self.table["objects"].get(name) {
                Some(of) => self.object(value, of, at),
                None => self.fault(at, &format!("add the object {name} to the table")),
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn good(version: &str) -> Value {
        json!({
            "metadata": { "version": version, "product": { "name": "x", "vendor_name": "x" } }, "class_uid": 2004,
            "category_uid": 2, "activity_id": 1, "activity_name": "Create", "type_uid": 200_401, "time": 1_700_000_000_000_i64,
            "severity_id": 4, "severity": "High", "finding_info": { "uid": "x", "title": "x", "attacks": [{ "technique": { "uid": "T1" } }] },
            "evidences": [{ "data": { "a": 1 } }], "observables": [{ "name": "ip", "type_id": 2, "type": "IP Address", "value": "192.0.2.1" }],
        })
    }

    #[test]
    fn each_way_of_not_holding_to_the_schema_is_seen() {
        for version in ["1.1.0", "1.8.0"] {
            assert_eq!(faults(&good(version)), Vec::<String>::new());
            for (at, value, says) in [
                ("/metadata/version", json!("9.9.9"), "no such schema"),
                ("/metadata/product/nmae", json!("x"), "no such attribute"),
                ("/severity_id", json!(7), "not one of its numbers"),
                ("/severity_id", json!("4"), "is no"),
                ("/severity", json!("high"), "is called"),
                ("/type_uid", json!(200_402), "type_uid: not class_uid"),
                ("/class_uid", json!(2001), "not one of its numbers"),
                ("/time", json!(1_700_000_000), "is no"),
                ("/finding_info", json!({ "title": "x" }), "uid: required"),
                ("/finding_info/attacks", json!({}), "no array"),
                ("/finding_info/attacks/0/technique", json!({}), "at_least_one"),
                ("/evidences/0", json!({}), "at_least_one"),
                ("/observables/0/type_id", json!(98), "not one of its numbers"),
                ("/observables/0", json!({ "name": "x" }), "type_id: required"),
                ("/metadata/profiles", json!(["osint"]), if version == "1.8.0" { "osint: required" } else { "" }),
                (
                    "/verdict_id",
                    json!(1),
                    if version == "1.8.0" { "profile is not named" } else { "no such attribute" },
                ),
                ("/is_alert", json!(1), if version == "1.8.0" { "is no" } else { "no such attribute" }),
                ("/evidences/0/uid", json!("x"), if version == "1.8.0" { "" } else { "no such attribute" }),
            ] {
                let mut event = good(version);
                let (parent, name) = at.rsplit_once('/').unwrap();
                match event.pointer_mut(parent).unwrap() {
                    Value::Array(list) => list[name.parse::<usize>().unwrap()] = value,
                    object => object[name] = value,
                }
                let found = faults(&event);
                let seen = found.iter().any(|fault| fault.contains(says));
                assert!(if says.is_empty() { found.is_empty() } else { seen }, "{version} {at}: {found:?}");
            }
        }
    }
}
