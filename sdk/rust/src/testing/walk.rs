//! Evaluates a path on one event by walking its JSON: slow, plain, and the reference for what a path means.

use cordon_contract::path::Step;
use cordon_contract::transform;
use serde_json::Value;

/// The slots that a path finds: one without `[]`, else one per element; `None` where an element has no such field.
pub(crate) fn walk(value: &Value, steps: &[Step]) -> Vec<Option<Value>> {
    match steps.split_first() {
        None => vec![Some(value.clone())],
        Some((Step::All, rest)) => match value {
            Value::Array(items) => items.iter().flat_map(|item| walk(item, rest)).collect(),
            _ => Vec::new(),
        },
        Some((step, rest)) => match one(value, step) {
            Some(next) => walk(&next, rest),
            None if rest.contains(&Step::All) => Vec::new(),
            None => vec![None],
        },
    }
}

fn one(value: &Value, step: &Step) -> Option<Value> {
    match step {
        Step::All => None,
        Step::Name(name) => value.as_object()?.get(name).cloned(),
        Step::Index(n) => value.as_array()?.get(*n as usize).cloned(),
        Step::Where { name, value: wanted } => {
            let named = |item: &&Value| item.get(name).and_then(Value::as_str) == Some(wanted);
            value.as_array()?.iter().filter(|item| item.is_object()).rfind(named).cloned()
        }
        Step::Json => serde_json::from_str(value.as_str()?).ok(),
        Step::Lower => Some(transform::lower(value.as_str()?).into_owned().into()),
        Step::Ip => Some(transform::ip(value.as_str()?)?.to_string().into()),
    }
}
