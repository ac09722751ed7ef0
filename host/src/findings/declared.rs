//! What a finding shows of its trigger event: the declared fields, and nothing else of it.

use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;
use serde_json::{Map, Value};

use crate::events::{Batch, Column, Kind};

/// By handle; absent fields are left out. A path with `[]` gives an array.
pub(super) fn fields(batch: &Batch, row: usize, manifest: &Manifest) -> Map<String, Value> {
    let mut found = Map::new();
    let Some(source) = manifest.sources.get(batch.source().as_str()) else { return found };
    for (handle, field) in &source.fields {
        if let Some(value) = value(batch, row, &field.path) {
            found.insert(handle.clone(), value);
        }
    }
    found
}

fn value(batch: &Batch, row: usize, path: &Path) -> Option<Value> {
    if path.has_all() {
        let alone = batch.select(row..row + 1);
        let multi = alone.values(path);
        let slots: Vec<Value> =
            (0..multi.values.rows.len()).map(|slot| entry(&multi.values, slot).unwrap_or(Value::Null)).collect();
        return (!slots.is_empty()).then_some(Value::Array(slots));
    }
    let column = batch.column_for(path, &[u32::try_from(row).ok()?]).ok()?;
    entry(&column, 0)
}

/// What stands in one slot of a column.
fn entry(column: &Column, slot: usize) -> Option<Value> {
    let index = (*column.rows.get(slot)? as usize).checked_sub(1)?;
    let (start, end) = (*column.offsets.get(index)? as usize, *column.offsets.get(index + 1)? as usize);
    let text = std::str::from_utf8(column.bytes.get(start..end)?).ok()?;
    Some(match *column.kinds.get(index)? {
        kind if kind == Kind::Null as u8 => Value::Null,
        kind if kind == Kind::False as u8 => Value::Bool(false),
        kind if kind == Kind::True as u8 => Value::Bool(true),
        kind if kind == Kind::String as u8 => Value::String(text.to_owned()),
        // A number that JSON libraries would round stays the text that was received.
        _ => match serde_json::from_str::<Value>(text) {
            Ok(Value::Number(number)) if number.to_string() != text => Value::String(text.to_owned()),
            Ok(value) => value,
            Err(_) => Value::String(text.to_owned()),
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_beyond_64_bits_is_not_rounded() {
        let column = |kind: Kind, text: &str| Column {
            rows: vec![1, 0],
            kinds: vec![kind as u8],
            offsets: vec![0, u32::try_from(text.len()).unwrap_or(0)],
            bytes: text.as_bytes().to_vec(),
        };
        let long = "123456789012345678901234567890";
        assert_eq!(entry(&column(Kind::Number, long), 0), Some(Value::String(long.into())));
        assert_eq!(entry(&column(Kind::Number, "17"), 0), Some(Value::from(17)));
        assert_eq!(entry(&column(Kind::Object, "{\"a\":[1]}"), 0), Some(serde_json::json!({"a": [1]})));
        assert_eq!(entry(&column(Kind::String, "17"), 1), None);
    }
}
