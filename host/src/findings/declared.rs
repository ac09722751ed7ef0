//! What a finding shows of its trigger event: the declared fields, and nothing else of it.

use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;
use serde_json::{Map, Value};

use crate::events::{Batch, Column, Kind};

/// The declared fields of some rows, read together: a plugin may declare hundreds, and most stand in no event.
pub(super) struct Declared<'a> {
    batch: &'a Batch,
    /// Ascending.
    rows: Vec<u32>,
    /// Handle and values, slot i for row i of these; none where a path has several values a row.
    fields: Vec<(&'a str, &'a Path, Option<Column>)>,
}

impl<'a> Declared<'a> {
    /// Of these rows.
    pub(super) fn of(batch: &'a Batch, mut rows: Vec<u32>, manifest: &'a Manifest) -> Self {
        rows.sort_unstable();
        rows.dedup();
        let fields = manifest.sources.get(batch.source().as_str()).map(|source| &source.fields);
        let column = |path: &Path| if path.has_all() { None } else { batch.column_for(path, &rows).ok() };
        let fields = fields.into_iter().flatten();
        let fields = fields.map(|(handle, field)| (handle.as_str(), &field.path, column(&field.path))).collect();
        Self { batch, rows, fields }
    }

    /// By handle; absent fields are left out. A path with `[]` gives an array.
    pub(super) fn row(&self, row: usize) -> Map<String, Value> {
        let mut found = Map::new();
        let Ok(place) = self.rows.binary_search_by_key(&row, |row| *row as usize) else { return found };
        let mut alone = None;
        for (handle, path, column) in &self.fields {
            let value = match column {
                Some(column) => entry(column, place),
                None => several(alone.get_or_insert_with(|| self.batch.select(row..row + 1)), path),
            };
            found.extend(value.map(|value| ((*handle).to_owned(), value)));
        }
        found
    }
}

/// The declared fields of one event, by handle.
pub(crate) fn fields(batch: &Batch, row: usize, manifest: &Manifest) -> Map<String, Value> {
    u32::try_from(row).map_or_else(|_| Map::new(), |at| Declared::of(batch, vec![at], manifest).row(row))
}

/// What a path with several values finds in a batch of one row.
fn several(alone: &Batch, path: &Path) -> Option<Value> {
    let multi = alone.values(path);
    let slots: Vec<Value> =
        (0..multi.values.rows.len()).map(|slot| entry(&multi.values, slot).unwrap_or(Value::Null)).collect();
    (!slots.is_empty()).then_some(Value::Array(slots))
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
