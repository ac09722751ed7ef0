//! Settings: how one is declared, and whether given values fit what is declared. Owns no storage: who set what is the
//! registry's business.

use serde_json::{Map, Value};

use super::nearest::hint;
use super::parse::{ENTRIES, TEXT_BYTES};
use super::read::{Errors, Node};
use super::words::{self, quoted};
use super::{Manifest, Setting, SettingKind};
use crate::limits;

/// Why settings are refused: every problem at once, each naming the setting, what was given and what is expected.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.problems.join("\n"))]
pub struct SettingsError {
    /// One line each.
    pub problems: Vec<String>,
}

impl Manifest {
    /// The `run` settings of one force: those given, checked against the declared ones, and defaults for the rest.
    ///
    /// # Errors
    /// Unknown settings, wrong types, values out of range, more than 64 KiB of JSON.
    pub fn run_settings(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
        let settings = fill("run", &self.settings.run, given)?;
        let bytes = serde_json::to_string(&settings).map_or(0, |text| text.len());
        if bytes > limits::RUN_SETTINGS_BYTES {
            let most = limits::RUN_SETTINGS_BYTES;
            let problem = format!("run settings have {bytes} bytes as JSON: at most {most}; use a list for long ones");
            return Err(SettingsError { problems: vec![problem] });
        }
        Ok(settings)
    }

    /// The same for `load` settings.
    ///
    /// # Errors
    /// Unknown settings, wrong types, values out of range.
    pub fn load_settings(&self, given: &Map<String, Value>) -> Result<Map<String, Value>, SettingsError> {
        fill("load", &self.settings.load, given)
    }
}

fn fill(
    scope: &str,
    declared: &std::collections::BTreeMap<String, Setting>,
    given: &Map<String, Value>,
) -> Result<Map<String, Value>, SettingsError> {
    let mut problems = Vec::new();
    for (name, value) in given {
        match declared.get(name) {
            Some(setting) => {
                if let Err(reason) = setting.check(value) {
                    problems.push(format!("{scope} setting `{name}`: {reason}"));
                }
            }
            None => {
                let known: Vec<&str> = declared.keys().map(String::as_str).collect();
                let known = if known.is_empty() {
                    format!("the plugin has no {scope} settings")
                } else {
                    format!("known: {}", known.join(", "))
                };
                let near = hint(name, declared.keys().map(String::as_str));
                problems.push(format!("{scope} setting {} is unknown{near} ({known})", quoted(name)));
            }
        }
    }
    if !problems.is_empty() {
        return Err(SettingsError { problems });
    }
    // Declared order, so that equal settings are equal text.
    Ok(declared
        .iter()
        .map(|(name, setting)| (name.clone(), given.get(name).unwrap_or(&setting.default).clone()))
        .collect())
}

impl Setting {
    /// Whether a value is of this setting's type and within its range.
    ///
    /// # Errors
    /// What was given and what is expected, without the setting's name.
    pub fn check(&self, value: &Value) -> Result<(), String> {
        let texts: Vec<&str> = match (self.kind, value) {
            (SettingKind::Boolean, Value::Bool(_)) => Vec::new(),
            (SettingKind::Integer, Value::Number(number)) if number.is_i64() => return self.within(value),
            (SettingKind::Number, Value::Number(_)) => return self.within(value),
            (SettingKind::String, Value::String(text)) => vec![text],
            (SettingKind::Strings, Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().ok_or_else(|| self.unfit(item, " in the list")))
                .collect::<Result<_, _>>()?,
            (SettingKind::Map, Value::Object(entries)) => {
                if let Some((_, other)) = entries.iter().find(|(_, value)| !value.is_string()) {
                    return Err(self.unfit(other, " in the map"));
                }
                Vec::new()
            }
            _ => return Err(self.unfit(value, "")),
        };
        match (&self.one_of, texts.iter().find(|text| !self.allows(text))) {
            (Some(words), Some(text)) => Err(format!("{} is none of: {}", quoted(text), words.join(", "))),
            _ => Ok(()),
        }
    }

    fn allows(&self, text: &str) -> bool {
        self.one_of.as_ref().is_none_or(|words| words.iter().any(|word| word == text))
    }

    fn unfit(&self, value: &Value, place: &str) -> String {
        format!("expected {}, found {}{place}", self.kind.wanted(), quoted(&value.to_string()))
    }

    fn within(&self, value: &Value) -> Result<(), String> {
        let number = value.as_f64().unwrap_or(f64::NAN);
        let fits = self.min.is_none_or(|min| number >= min) && self.max.is_none_or(|max| number <= max);
        if fits {
            return Ok(());
        }
        let range = match (self.min, self.max) {
            (Some(min), Some(max)) => format!("between {min} and {max}"),
            (Some(min), None) => format!("at least {min}"),
            (None, Some(max)) => format!("at most {max}"),
            (None, None) => "finite".to_owned(),
        };
        Err(format!("{value} is out of range: {range}"))
    }
}

impl SettingKind {
    pub(super) const WORDS: [(&str, SettingKind); 6] = [
        ("string", SettingKind::String),
        ("strings", SettingKind::Strings),
        ("integer", SettingKind::Integer),
        ("number", SettingKind::Number),
        ("boolean", SettingKind::Boolean),
        ("map", SettingKind::Map),
    ];

    fn wanted(self) -> &'static str {
        match self {
            SettingKind::String => "a string",
            SettingKind::Strings => "a list of strings",
            SettingKind::Integer => "a whole number",
            SettingKind::Number => "a number",
            SettingKind::Boolean => "true or false",
            SettingKind::Map => "a map of strings to strings",
        }
    }
}

/// Reads one declaration.
pub(super) fn setting(node: &Node<'_>, errors: &mut Errors<'_>) -> Option<Setting> {
    let table = node.table(errors)?;
    table.only(&["type", "default", "description", "min", "max", "one-of"], errors);
    let kind = table.need("type", "type = \"strings\"", errors).and_then(|n| n.word(&SettingKind::WORDS, errors));
    let given = table.need("default", "default = []", errors);
    let default = given.as_ref().and_then(|n| n.json(errors));
    let description = table
        .need("description", "description = \"What it changes\"", errors)
        .and_then(|n| n.checked(errors, |text| words::text(text, TEXT_BYTES)));
    let (min, max) = (table.get("min"), table.get("max"));
    let one_of = table.get("one-of");
    let kind = kind?;

    let numeric = matches!(kind, SettingKind::Integer | SettingKind::Number);
    for bound in [&min, &max].into_iter().flatten().filter(|_| !numeric) {
        errors.refuse(&bound.span, &bound.key, "is for settings of type integer and number");
    }
    let worded = matches!(kind, SettingKind::String | SettingKind::Strings);
    if let Some(node) = one_of.as_ref().filter(|_| !worded) {
        errors.refuse(&node.span, &node.key, "is for settings of type string and strings");
    }
    let mut bound = |node: Option<Node<'_>>| match node {
        Some(node) => node.number(errors).map(Some),
        None => Some(None),
    };
    let (min, max) = (bound(min)?, bound(max)?);
    if let (Some(low), Some(high)) = (min, max)
        && low > high
    {
        errors.refuse(&node.span, &node.key, format!("min {low} is greater than max {high}"));
    }
    let one_of = match one_of {
        None => None,
        Some(node) => {
            let words = node.strings(errors, ENTRIES, |text| words::text(text, TEXT_BYTES))?;
            if words.is_empty() {
                errors.refuse(&node.span, &node.key, "is empty: give the words that are allowed, or leave it out");
            }
            Some(words)
        }
    };

    let setting = Setting { kind, default: default?, description: description?, min, max, one_of };
    if let (Err(reason), Some(given)) = (setting.check(&setting.default), given) {
        errors.refuse(&given.span, &given.key, reason);
    }
    Some(setting)
}
