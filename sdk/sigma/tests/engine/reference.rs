//! Rules on one event at a time, as the specification reads: no columns, no automata, no sets. Nothing of the engine is used.

use cordon_contract::path::Path;
use cordon_sigma::pack::{Expr, Pack, SourceFields};
use cordon_sigma::pattern::{Part, Pattern};
use cordon_sigma::sample::find;
use cordon_sigma::test::{Relation, Test, number, truth};
use cordon_sigma::when;
use serde_json::Value;

/// (rule, row) of every match.
pub(crate) fn matches(pack: &Pack, source: &str, events: &[Value]) -> Vec<(u32, u32)> {
    let fields = &pack.sources[source];
    let mut out = Vec::new();
    for (row, event) in (0u32..).zip(events) {
        for (index, rule) in (0u32..).zip(&pack.rules) {
            let here = rule.sources.iter().any(|(name, guard)| name == source && holds(guard, fields, event));
            if here && holds(&rule.when, fields, event) {
                out.push((index, row));
            }
        }
    }
    out
}

/// What stands in every list.
pub(crate) const LISTED: [&str; 5] = ["ab", "b", "é", "true", "-2"];

pub(crate) fn holds(expr: &Expr, fields: &SourceFields, event: &Value) -> bool {
    match expr {
        Expr::All(parts) => parts.iter().all(|part| holds(part, fields, event)),
        Expr::Any(parts) => parts.iter().any(|part| holds(part, fields, event)),
        Expr::Not(part) => !holds(part, fields, event),
        Expr::Keyword(test) => leaves(event).iter().any(|value| one(test, value)),
        Expr::Is(name, test) => {
            let values = values(fields, name, event);
            let present = values.iter().any(|value| !value.is_null());
            match test {
                Test::Null => !present,
                Test::Exists => present,
                Test::Field { other, relation, cased } => {
                    let texts = |values: Vec<Value>| -> Vec<String> {
                        let folded = |text: String| if *cased { text } else { lower(&text) };
                        elements(values).iter().filter_map(text).map(folded).collect()
                    };
                    let (left, right) = (texts(values), texts(self::values(fields, other, event)));
                    left.iter().any(|a| {
                        right.iter().any(|b| match relation {
                            Relation::Equals => a == b,
                            Relation::Contains => a.contains(b),
                            Relation::StartsWith => a.starts_with(b),
                            Relation::EndsWith => a.ends_with(b),
                        })
                    })
                }
                test => elements(values).iter().any(|value| one(test, value)),
            }
        }
    }
}

fn values(fields: &SourceFields, name: &str, event: &Value) -> Vec<Value> {
    let mut out = Vec::new();
    for path in &fields.fields[name].paths {
        find(event, Path::parse(path).unwrap().steps(), &mut |value| out.extend(value.cloned()));
    }
    out
}

fn elements(values: Vec<Value>) -> Vec<Value> {
    values
        .into_iter()
        .flat_map(|value| if let Value::Array(items) = value { elements(items) } else { vec![value] })
        .collect()
}

fn leaves(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(leaves).collect(),
        Value::Object(members) => members.values().flat_map(leaves).collect(),
        leaf => vec![leaf.clone()],
    }
}

fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(truth) => Some(truth.to_string()),
        _ => None,
    }
}

fn lower(text: &str) -> String {
    text.chars().flat_map(char::to_lowercase).collect()
}

fn one(test: &Test, value: &Value) -> bool {
    let Some(text) = text(value) else { return false };
    match test {
        Test::Text(pattern) => glob(&folded(pattern), &lower(&text).chars().collect::<Vec<_>>()),
        Test::Cased(pattern) => glob(pattern.parts(), &text.chars().collect::<Vec<_>>()),
        Test::Regex(expression) => regex::Regex::new(expression).unwrap().is_match(&text),
        Test::Cidr(cidr) => text.parse().is_ok_and(|address| cidr.contains(address)),
        Test::Number(compare, with) => !value.is_boolean() && number(&text).is_some_and(|n| compare.holds(n, *with)),
        Test::Bool(wanted) => truth(&text) == Some(*wanted),
        Test::Time(part, compare, with) => when::part(&text, *part).is_some_and(|n| compare.holds(n, *with)),
        Test::Listed(_) => LISTED.contains(&text.trim().to_lowercase().as_str()),
        Test::Null | Test::Exists | Test::Field { .. } => unreachable!(),
    }
}

fn folded(pattern: &Pattern) -> Vec<Part> {
    let part = |part: &Part| match part {
        Part::Text(text) => Part::Text(lower(text)),
        wild => wild.clone(),
    };
    pattern.parts().iter().map(part).collect()
}

fn glob(parts: &[Part], text: &[char]) -> bool {
    match parts {
        [] => text.is_empty(),
        [Part::Wild(0), rest @ ..] => (0..=text.len()).any(|skip| glob(rest, &text[skip..])),
        [Part::Wild(_), rest @ ..] => !text.is_empty() && glob(rest, &text[1..]),
        [Part::Text(literal), rest @ ..] => {
            let literal: Vec<char> = literal.chars().collect();
            text.starts_with(&literal) && glob(rest, &text[literal.len()..])
        }
    }
}
