//! Settings, from the host's JSON to the fields of the structs that `#[detector]` generates. The host has validated them
//! against the manifest and filled in defaults, so a mismatch here means a host and a plugin of different manifests.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::Failure;

/// Takes settings one by one. For generated code.
#[doc(hidden)]
pub struct Reader(Map<String, Value>);

impl Reader {
    /// Parses the host's text.
    ///
    /// # Errors
    /// Where it is no JSON object.
    pub fn new(text: &str) -> Result<Self, Failure> {
        match serde_json::from_str(text) {
            Ok(Value::Object(settings)) => Ok(Self(settings)),
            Ok(_) => Err(Failure::bad_settings("the settings are no JSON object")),
            Err(error) => Err(Failure::bad_settings(format!("the settings are no JSON: {error}"))),
        }
    }

    /// One setting.
    ///
    /// # Errors
    /// Where it is missing or of another type; the text names it.
    pub fn take<T: Setting>(&mut self, name: &str) -> Result<T, Failure> {
        let value = self.0.remove(name).ok_or_else(|| Failure::bad_settings(format!("`{name}` is missing")))?;
        T::from_json(value).ok_or_else(|| Failure::bad_settings(format!("`{name}` is not of its declared type")))
    }
}

/// A type that a setting may have.
#[doc(hidden)]
pub trait Setting: Sized {
    /// `None` where the value is of another type.
    fn from_json(value: Value) -> Option<Self>;
}

impl Setting for String {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }
}

impl Setting for Vec<String> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Array(items) => items.into_iter().map(String::from_json).collect(),
            _ => None,
        }
    }
}

impl Setting for i64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_i64()
    }
}

impl Setting for f64 {
    fn from_json(value: Value) -> Option<Self> {
        value.as_f64()
    }
}

impl Setting for bool {
    fn from_json(value: Value) -> Option<Self> {
        value.as_bool()
    }
}

impl Setting for BTreeMap<String, String> {
    fn from_json(value: Value) -> Option<Self> {
        match value {
            Value::Object(entries) => {
                entries.into_iter().map(|(key, value)| Some((key, String::from_json(value)?))).collect()
            }
            _ => None,
        }
    }
}
