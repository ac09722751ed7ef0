//! The engine of Sigma rules as native code over the host's own columns: the same copies of columns, no sandbox.

use cordon::events::{self, Batch};
use cordon_contract::path::Path;
use cordon_sigma::engine::{Column, Events};

/// A batch as the engine sees it.
pub struct InProcess<'b>(pub &'b Batch);

fn path(text: &str) -> Result<Path, String> {
    Path::parse(text).map_err(|error| error.to_string())
}

fn copied(column: &events::Column) -> Result<Column, String> {
    let events::Column { rows, kinds, offsets, bytes } = column.clone();
    Column::new(rows, kinds, offsets, bytes).ok_or_else(|| "the column contradicts itself".to_owned())
}

impl Events for InProcess<'_> {
    fn rows(&self) -> usize {
        self.0.len()
    }

    fn column(&self, name: &str) -> Result<Column, String> {
        copied(&*self.0.column(&path(name)?).map_err(|error| error.to_string())?)
    }

    fn column_for(&self, name: &str, rows: &[u32]) -> Result<Column, String> {
        copied(&self.0.column_for(&path(name)?, rows).map_err(|error| error.to_string())?)
    }

    fn values(&self, name: &str) -> Result<(Vec<u32>, Column), String> {
        let multi = self.0.values(&path(name)?);
        Ok((multi.starts.clone(), copied(&multi.values)?))
    }

    fn listed(&self, list: &str, _: &[&str]) -> Result<Vec<bool>, String> {
        Err(format!("no list `{list}` in a bench"))
    }

    fn whole(&self, row: u32) -> Result<Option<String>, String> {
        Ok(self.0.event(row as usize).map(str::to_owned))
    }
}
