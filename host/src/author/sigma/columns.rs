//! The host's batch as the engine asks for it, natively: for `check`, `explain` and the benches.

use cordon_contract::path::Path;
use cordon_sigma::engine::{Column, Events};

use crate::events::{self, Batch};

/// A batch.
#[derive(Debug, Clone, Copy)]
pub struct OfBatch<'b>(pub &'b Batch);

fn taken(column: &events::Column) -> Result<Column, String> {
    let (rows, kinds) = (column.rows.clone(), column.kinds.clone());
    Column::new(rows, kinds, column.offsets.clone(), column.bytes.clone())
        .ok_or_else(|| "the column contradicts itself".to_owned())
}

fn parsed(path: &str) -> Result<Path, String> {
    Path::parse(path).map_err(|error| error.to_string())
}

impl Events for OfBatch<'_> {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn column(&self, path: &str) -> Result<Column, String> {
        taken(&*self.0.column(&parsed(path)?).map_err(|error| error.to_string())?)
    }

    fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        taken(&self.0.column_for(&parsed(path)?, rows).map_err(|error| error.to_string())?)
    }

    fn values(&self, path: &str) -> Result<(Vec<u32>, Column), String> {
        let multi = self.0.values(&parsed(path)?);
        Ok((multi.starts.clone(), taken(&multi.values)?))
    }

    fn listed(&self, list: &str, _: &[&str]) -> Result<Vec<bool>, String> {
        Err(format!(
            "a rule looks values up in the list `{list}` of the host: give them, --placeholder {list}=VALUE,..."
        ))
    }

    fn whole(&self, row: u32) -> Result<Option<String>, String> {
        self.0
            .event(row as usize)
            .map(|event| Some(event.to_owned()))
            .ok_or_else(|| "the batch has no such row".to_owned())
    }
}
