//! Why a rule holds for one event or does not: every question with the values that it was put to.

use crate::engine::{Events, Kind, holds};
use crate::pack::{Expr, SourceFields};
use crate::pattern::{Part, Pattern};
use crate::test::{Compare, Relation, Test};

/// One line of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Look {
    /// How deep it stands.
    pub depth: usize,
    /// What was asked.
    pub asked: String,
    /// The values that it was asked of; empty where there was none.
    pub values: Vec<String>,
    /// Whether it held.
    pub held: bool,
}

/// Every question of a condition on one row; whether the whole holds.
///
/// # Errors
/// A column that cannot be had.
pub fn explain(
    expr: &Expr,
    fields: &SourceFields,
    events: &impl Events,
    row: u32,
    depth: usize,
    out: &mut Vec<Look>,
) -> Result<bool, String> {
    let place = out.len();
    let say = |out: &mut Vec<Look>, asked: String, values: Vec<String>, held: bool| {
        out.insert(place, Look { depth, asked, values, held });
        Ok(held)
    };
    match expr {
        Expr::All(parts) | Expr::Any(parts) => {
            let all = matches!(expr, Expr::All(_));
            if let [part] = parts.as_slice() {
                return explain(part, fields, events, row, depth, out);
            }
            let mut held = 0;
            for part in parts {
                held += usize::from(explain(part, fields, events, row, depth + 1, out)?);
            }
            let holds = if all { held == parts.len() } else { held > 0 };
            say(out, (if all { "all of" } else { "any of" }).to_owned(), Vec::new(), holds)
        }
        Expr::Not(part) => {
            let held = !explain(part, fields, events, row, depth + 1, out)?;
            say(out, "not".to_owned(), Vec::new(), held)
        }
        Expr::Keyword(test) => {
            let whole = events.whole(row)?.unwrap_or_default();
            let mut held = false;
            crate::engine::leaves(&whole, &mut |kind, text| held |= holds(test, kind, text).unwrap_or(false));
            say(out, format!("any value {}", said(test)), Vec::new(), held)
        }
        Expr::Is(name, test) => {
            let values = values(fields, name, events, row)?;
            let shown = values
                .iter()
                .map(|(kind, text)| if *kind == Kind::Null { "null".to_owned() } else { text.clone() })
                .collect();
            let present = values.iter().any(|(kind, _)| *kind != Kind::Null);
            let held = match test {
                Test::Null => !present,
                Test::Exists => present,
                Test::Field { other, relation, cased } => {
                    let fold = |text: &String| {
                        if *cased {
                            text.clone()
                        } else {
                            Pattern::literal(text).folded().plain().unwrap_or_default().to_owned()
                        }
                    };
                    let others = self::values(fields, other, events, row)?;
                    values
                        .iter()
                        .any(|(_, text)| others.iter().any(|(_, other)| relation.holds(&fold(text), &fold(other))))
                }
                Test::Listed(list) => {
                    let texts: Vec<&str> = values.iter().map(|(_, text)| text.as_str()).collect();
                    present && events.listed(list, &texts)?.contains(&true)
                }
                test => {
                    let mut held = false;
                    for (kind, text) in &values {
                        held |= holds(test, *kind, text)?;
                    }
                    held
                }
            };
            say(out, format!("{name} {}", said(test)), shown, held)
        }
    }
}

fn values(fields: &SourceFields, name: &str, events: &impl Events, row: u32) -> Result<Vec<(Kind, String)>, String> {
    let mut out = Vec::new();
    for path in fields.fields.get(name).into_iter().flat_map(|place| &place.paths) {
        let mut keep = |value: Option<(Kind, &str)>| out.extend(value.map(|(kind, text)| (kind, text.to_owned())));
        if path.contains("[]") {
            let (starts, column) = events.values(path)?;
            let at = |row: usize| starts.get(row).copied().unwrap_or(0) as usize;
            (at(row as usize)..at(row as usize + 1)).for_each(|slot| keep(column.get(slot)));
        } else {
            keep(events.column_for(path, &[row])?.get(0));
        }
    }
    Ok(out)
}

/// A test in words.
#[must_use]
pub fn said(test: &Test) -> String {
    let text = |pattern: &Pattern| -> String {
        let part = |part: &Part| match part {
            Part::Text(text) => text.clone(),
            Part::Wild(0) => "*".to_owned(),
            Part::Wild(_) => "?".to_owned(),
        };
        pattern.parts().iter().map(part).collect()
    };
    let compared = |compare: &Compare| match compare {
        Compare::Equal => "=",
        Compare::Greater => ">",
        Compare::GreaterOrEqual => ">=",
        Compare::Less => "<",
        Compare::LessOrEqual => "<=",
    };
    match test {
        Test::Text(pattern) => format!("is '{}'", text(pattern)),
        Test::Cased(pattern) => format!("is, in case, '{}'", text(pattern)),
        Test::Regex(expression) => format!("matches /{expression}/"),
        Test::Cidr(cidr) => format!("is an address of {cidr}"),
        Test::Number(compare, n) => format!("{} {n}", compared(compare)),
        Test::Bool(truth) => format!("is {truth}"),
        Test::Null => "is absent or null".to_owned(),
        Test::Exists => "is there".to_owned(),
        Test::Field { other, relation, .. } => {
            let how = match relation {
                Relation::Equals => "equals",
                Relation::Contains => "contains",
                Relation::StartsWith => "starts with",
                Relation::EndsWith => "ends with",
            };
            format!("{how} the field {other}")
        }
        Test::Listed(list) => format!("stands in the list {list}"),
        Test::Time(part, compare, n) => format!("has a {part:?} {} {n}", compared(compare)).to_lowercase(),
    }
}
