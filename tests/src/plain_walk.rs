//! What a path finds in an event, by walking serde_json's value: slow, short, and written from `cordon_contract::path`
//! alone. Columns are compared with it.

use cordon::events::{AccessError, Batch, Column, Kind};
use cordon_contract::path::{Path, Step};
use cordon_contract::transform;
use serde_json::Value;

/// A document inside of a string that serde_json refuses for its own limits (a number beyond a double's range, nesting
/// beyond 128): there is nothing to compare with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unsure;

/// What one row holds under a path: one slot, or one for each `[]` element; `None` is absent.
pub type Slots = Vec<Option<Value>>;

/// Walks one document.
///
/// # Errors
/// [`Unsure`]
pub fn walk(value: Option<&Value>, steps: &[Step]) -> Result<Slots, Unsure> {
    let Some(value) = value else {
        return Ok(if steps.contains(&Step::All) { vec![] } else { vec![None] });
    };
    let Some((step, rest)) = steps.split_first() else { return Ok(vec![Some(value.clone())]) };
    match step {
        Step::Name(name) => walk(value.as_object().and_then(|object| object.get(name)), rest),
        Step::All => {
            let slots = value.as_array().into_iter().flatten().map(|element| walk(Some(element), rest));
            Ok(slots.collect::<Result<Vec<_>, _>>()?.concat())
        }
        Step::Index(index) => walk(value.as_array().and_then(|array| array.get(*index as usize)), rest),
        Step::Where { name, value: wanted } => {
            let fits =
                |element: &&Value| element.as_object().and_then(|o| o.get(name)) == Some(&Value::from(wanted.as_str()));
            walk(value.as_array().and_then(|array| array.iter().rfind(fits)), rest)
        }
        Step::Json => {
            let inner = value.as_str().map(parse).transpose()?.flatten();
            walk(inner.as_ref(), rest)
        }
        Step::Lower => Ok(vec![Some(match value {
            Value::String(text) => Value::from(transform::lower(text)),
            other => other.clone(),
        })]),
        Step::Ip => Ok(vec![value.as_str().and_then(transform::ip).map(|ip| Value::from(ip.to_string()))]),
    }
}

/// A JSON text; `None` where it is none.
///
/// # Errors
/// [`Unsure`]
pub fn parse(text: &str) -> Result<Option<Value>, Unsure> {
    match serde_json::from_str(text) {
        Ok(value) => Ok(Some(value)),
        Err(error) => {
            let reason = error.to_string();
            let own = reason.contains("out of range") || reason.contains("recursion limit");
            if own { Err(Unsure) } else { Ok(None) }
        }
    }
}

/// Compares a batch with what was expected, row by row: whole, and cut in two.
///
/// # Panics
/// Where they differ.
#[track_caller]
pub fn compare(batch: &Batch, path: &Path, expected: &[Slots]) {
    compare_rows(batch, path, expected);
    let middle = batch.len() / 2;
    compare_rows(&batch.select(0..middle), path, &expected[..middle]);
    compare_rows(&batch.select(middle..batch.len()), path, &expected[middle..]);
}

/// Compares `values`, `column` and `column-for`.
#[track_caller]
fn compare_rows(batch: &Batch, path: &Path, expected: &[Slots]) {
    assert_eq!(batch.len(), expected.len());
    let multi = batch.values(path);
    assert_eq!(multi.starts.len(), batch.len() + 1);
    for (row, expected) in expected.iter().enumerate() {
        let found: Slots =
            (multi.starts[row]..multi.starts[row + 1]).map(|at| slot(&multi.values, at as usize)).collect();
        assert_eq!(&found, expected, "values of `{path}`, row {row}");
    }
    assert_eq!(Some(multi.values.rows.len()), multi.starts.last().map(|end| *end as usize));
    if path.has_all() {
        assert!(matches!(batch.column(path), Err(AccessError::ManyValues(_))));
        assert!(matches!(batch.column_for(path, &[]), Err(AccessError::ManyValues(_))));
        return;
    }
    let column = batch.column(path).unwrap();
    assert_eq!(column.rows.len(), batch.len());
    let odd: Vec<u32> = (0..u32::try_from(batch.len()).unwrap()).filter(|row| row % 2 == 1).collect();
    let chosen = batch.column_for(path, &odd).unwrap();
    for (row, expected) in expected.iter().enumerate() {
        assert_eq!(slot(&column, row), expected[0], "column `{path}`, row {row}");
        if row % 2 == 1 {
            assert_eq!(slot(&chosen, row / 2), expected[0], "column_for `{path}`, row {row}");
        }
    }
    assert_eq!(chosen.rows.len(), odd.len());
}

/// A slot as serde_json sees it.
fn slot(column: &Column, slot: usize) -> Option<Value> {
    column.value(slot).map(|(kind, text)| {
        if kind == Kind::String {
            return Value::from(text);
        }
        let value: Value = serde_json::from_str(text).unwrap();
        let fits = match kind {
            Kind::Null => value.is_null(),
            Kind::False => value == Value::Bool(false),
            Kind::True => value == Value::Bool(true),
            Kind::Number => value.is_number(),
            Kind::Array => value.is_array(),
            Kind::Object => value.is_object(),
            Kind::String => false,
        };
        assert!(fits, "{kind:?} {text}");
        value
    })
}
