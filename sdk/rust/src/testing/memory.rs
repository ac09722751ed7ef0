//! A batch in memory: events as JSON, their columns made by a plain walk. Gives declared fields only, as the host does.

use std::collections::HashMap;

use cordon_contract::manifest::Manifest;
use cordon_contract::path::Path;
use serde_json::Value;

use super::native::{NativeBatch, RawColumn};
use super::walk::walk;

/// See the module.
pub(crate) struct MemoryBatch {
    pub(crate) manifest: Manifest,
    pub(crate) source: String,
    /// Each event as received and parsed.
    pub(crate) events: Vec<(String, Value)>,
    pub(crate) times: Vec<i64>,
    pub(crate) received: Vec<i64>,
    pub(crate) marks: Vec<u8>,
    pub(crate) local_minutes: Vec<i16>,
}

impl MemoryBatch {
    /// The path, where the manifest declares it.
    fn declared(&self, text: &str) -> Result<Path, String> {
        let path = Path::parse(text).map_err(|error| error.to_string())?;
        if self.manifest.declares(&self.source, &path) {
            return Ok(path);
        }
        Err(format!("path `{text}` is not declared for source {}: add it to cordon.toml", self.source))
    }
}

impl NativeBatch for MemoryBatch {
    fn len(&self) -> u32 {
        u32::try_from(self.events.len()).unwrap_or(u32::MAX)
    }

    fn source(&self) -> String {
        self.source.clone()
    }

    fn times(&self) -> Vec<i64> {
        self.times.clone()
    }

    fn marks(&self) -> Vec<u8> {
        self.marks.clone()
    }

    fn received(&self) -> Vec<i64> {
        self.received.clone()
    }

    fn local_minutes(&self) -> Vec<i16> {
        self.local_minutes.clone()
    }

    fn column(&self, text: &str) -> Result<RawColumn, String> {
        let rows: Vec<u32> = (0..self.len()).collect();
        self.column_for(text, &rows)
    }

    fn column_for(&self, text: &str, rows: &[u32]) -> Result<RawColumn, String> {
        let path = self.declared(text)?;
        if path.has_all() {
            return Err(format!("path `{text}` has several values per row: ask `values`"));
        }
        let slots = rows.iter().map(|row| {
            let (_, event) = self.events.get(*row as usize).ok_or_else(|| format!("there is no row {row}"))?;
            Ok(walk(event, path.steps()).into_iter().next().flatten())
        });
        Ok(encode(slots.collect::<Result<_, String>>()?))
    }

    fn values(&self, text: &str) -> Result<(Vec<u32>, RawColumn), String> {
        let path = self.declared(text)?;
        let mut starts = vec![0];
        let mut slots = Vec::new();
        for (_, event) in &self.events {
            slots.extend(walk(event, path.steps()));
            starts.push(u32::try_from(slots.len()).unwrap_or(u32::MAX));
        }
        Ok((starts, encode(slots)))
    }

    fn whole(&self, row: u32) -> Result<String, String> {
        if !self.manifest.grants.whole_events {
            return Err(
                "whole events need the grant: add `[grants]` with `whole-events = true` to cordon.toml".to_owned()
            );
        }
        self.events.get(row as usize).map(|(text, _)| text.clone()).ok_or_else(|| format!("there is no row {row}"))
    }

    fn reference(&self, row: u32) -> String {
        if row < self.len() { format!("memory:{}:{row}", self.source) } else { String::new() }
    }
}

/// Dictionary encoding, one entry per distinct value.
fn encode(slots: Vec<Option<Value>>) -> RawColumn {
    let (mut rows, mut kinds, mut offsets, mut bytes) = (Vec::new(), Vec::new(), vec![0], Vec::new());
    let mut known: HashMap<(u8, String), u32> = HashMap::new();
    for slot in slots {
        let Some(value) = slot else {
            rows.push(0);
            continue;
        };
        let (kind, text) = match value {
            Value::Null => (0, "null".to_owned()),
            Value::Bool(false) => (1, "false".to_owned()),
            Value::Bool(true) => (2, "true".to_owned()),
            Value::Number(number) => (3, number.to_string()),
            Value::String(text) => (4, text),
            Value::Array(_) => (5, value.to_string()),
            Value::Object(_) => (6, value.to_string()),
        };
        let next = known.len() as u64 + 1;
        let index = *known.entry((kind, text)).or_insert_with_key(|(kind, text)| {
            kinds.push(*kind);
            bytes.extend_from_slice(text.as_bytes());
            offsets.push(u32::try_from(bytes.len()).unwrap_or(u32::MAX));
            u32::try_from(next).unwrap_or(u32::MAX)
        });
        rows.push(index);
    }
    RawColumn { rows, kinds, offsets, bytes }
}
