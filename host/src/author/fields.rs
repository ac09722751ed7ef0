//! `cordon fields`: which fields there are in events, as paths that a manifest takes.
//!
//! Bounded in memory: distinct values are counted up to a limit, and so are paths; both say so when they are hit.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use cordon_contract::path::{Path, Step};
use serde::Serialize;
use serde_json::Value;

use crate::ids::Digest;

/// Distinct values that are counted for one field.
pub const DISTINCT: usize = 10_000;
/// Fields that are kept for one source.
pub const FIELDS: usize = 10_000;
/// Samples that are kept of one field.
const SAMPLES: usize = 3;
/// Characters of a sample.
const SAMPLE_CHARS: usize = 120;
/// JSON in strings is followed this deep.
const DEPTH: usize = 24;

/// What was seen, by source.
#[derive(Debug, Default, Serialize)]
#[serde(transparent)]
pub struct Survey {
    /// By name.
    pub sources: BTreeMap<String, SourceSurvey>,
}

/// The fields of one source.
#[derive(Debug, Default, Serialize)]
pub struct SourceSurvey {
    /// Events seen.
    pub events: u64,
    /// By path.
    pub fields: BTreeMap<String, FieldSurvey>,
    /// Values that were not counted because there were too many different paths already.
    pub beyond_limit: u64,
}

/// One field.
#[derive(Debug, Default, Serialize)]
pub struct FieldSurvey {
    /// Events that have it.
    pub events: u64,
    /// Kinds of its values.
    pub kinds: BTreeSet<&'static str>,
    /// Different values, at most [`DISTINCT`].
    pub distinct: usize,
    /// Whether there were more.
    pub distinct_is_at_least: bool,
    /// The first few.
    pub samples: Vec<String>,
    #[serde(skip)]
    seen: HashSet<u64>,
    #[serde(skip)]
    last_event: u64,
}

impl Survey {
    /// Looks at one event.
    pub fn look(&mut self, source: &str, event: &Value) {
        let survey = match self.sources.get_mut(source) {
            Some(survey) => survey,
            None => self.sources.entry(source.to_owned()).or_default(),
        };
        survey.events += 1;
        survey.walk(event, &mut Vec::new());
    }
}

impl SourceSurvey {
    fn walk(&mut self, value: &Value, steps: &mut Vec<Step>) {
        if steps.len() >= DEPTH {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, value) in members {
                    self.below(Step::Name(name.clone()), value, steps);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.below(step_into(item), item, steps);
                }
            }
            Value::String(text) => {
                self.count(value, steps);
                if text.starts_with(['{', '['])
                    && let Ok(inner) = serde_json::from_str::<Value>(text)
                {
                    self.below(Step::Json, &inner, steps);
                }
            }
            _ => self.count(value, steps),
        }
    }

    fn below(&mut self, step: Step, value: &Value, steps: &mut Vec<Step>) {
        steps.push(step);
        self.walk(value, steps);
        steps.pop();
    }

    fn count(&mut self, value: &Value, steps: &[Step]) {
        let Ok(path) = Path::from_steps(steps.to_vec()) else {
            self.beyond_limit += 1;
            return;
        };
        let path = path.to_string();
        if !self.fields.contains_key(&path) && self.fields.len() >= FIELDS {
            self.beyond_limit += 1;
            return;
        }
        let events = self.events;
        self.fields.entry(path).or_default().count(value, events);
    }
}

impl FieldSurvey {
    fn count(&mut self, value: &Value, event: u64) {
        if self.last_event != event {
            self.last_event = event;
            self.events += 1;
        }
        self.kinds.insert(kind(value));
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        let mut start = [0; 8];
        for (to, from) in start.iter_mut().zip(Digest::of(text.as_bytes()).0) {
            *to = from;
        }
        let hash = u64::from_le_bytes(start);
        if self.seen.contains(&hash) {
            return;
        }
        if self.seen.len() >= DISTINCT {
            self.distinct_is_at_least = true;
            return;
        }
        self.seen.insert(hash);
        self.distinct = self.seen.len();
        if self.samples.len() < SAMPLES {
            self.samples.push(crate::findings::text::short(&text, SAMPLE_CHARS));
        }
    }
}

/// Microsoft keeps name/value arrays: `Parameters[Name=ForwardTo].Value` is what a rule wants.
fn step_into(item: &Value) -> Step {
    let has_value = ["Value", "NewValue", "newValue"].iter().any(|name| item.get(name).is_some());
    let named = ["Name", "displayName"].iter().find_map(|name| Some((*name, item.get(name)?.as_str()?)));
    match named {
        Some((name, value)) if has_value => Step::Where { name: name.to_owned(), value: value.to_owned() },
        _ => Step::All,
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn paths_are_those_that_a_manifest_takes() {
        let mut survey = Survey::default();
        survey.look("s", &json!({"a": {"b.c": 1}, "P": [{"Name": "ForwardTo", "Value": "x"}], "l": [{"k": true}], "j": "{\"z\":null}"}));
        survey.look("s", &json!({"a": {"b.c": 2}}));
        let source = &survey.sources["s"];
        let paths: Vec<&str> = source.fields.keys().map(String::as_str).collect();
        for path in ["a.\"b.c\"", "P[Name=ForwardTo].Value", "l[].k", "j", "j.@json.z"] {
            assert!(paths.contains(&path), "{path} in {paths:?}");
            assert!(Path::parse(path).is_ok());
        }
        let field = &source.fields["a.\"b.c\""];
        assert_eq!((field.events, field.distinct, source.events), (2, 2, 2));
    }
}
