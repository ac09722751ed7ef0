//! Events as JSON values, for tools and tests: plain and slow. The host's own columns are the fast ones.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cordon_contract::path::{Path, Step};
use serde_json::Value;

use crate::engine::{Column, Events, Kind};

/// Events of one source, in its canonical shape.
#[derive(Debug, Clone)]
pub struct Sample<'e> {
    events: &'e [Value],
    lists: BTreeMap<String, BTreeSet<String>>,
}

impl<'e> Sample<'e> {
    /// Of at most 4,096 events.
    #[must_use]
    pub fn new(events: &'e [Value]) -> Self {
        Self { events, lists: BTreeMap::new() }
    }

    /// The same with a list, its keys as lists keep them.
    #[must_use]
    pub fn with_list(mut self, name: &str, keys: &[&str]) -> Self {
        self.lists.insert(name.to_owned(), keys.iter().map(|key| (*key).to_owned()).collect());
        self
    }

    fn made(&self, path: &str, rows: impl Iterator<Item = usize>) -> Result<(Vec<u32>, Column), String> {
        let path = Path::parse(path).map_err(|error| error.to_string())?;
        let mut maker = Maker::default();
        let mut starts = vec![0];
        for row in rows {
            let event = self.events.get(row).ok_or("no such row")?;
            find(event, path.steps(), &mut |value| maker.add(value));
            starts.push(u32::try_from(maker.slots.len()).unwrap_or(u32::MAX));
        }
        Ok((starts, maker.finish()?))
    }
}

/// The values that a path finds; none where an element lacks the rest.
pub fn find(value: &Value, steps: &[Step], found: &mut dyn FnMut(Option<&Value>)) {
    let Some((step, rest)) = steps.split_first() else { return found(Some(value)) };
    let next = |value: Option<&Value>, found: &mut dyn FnMut(Option<&Value>)| match value {
        Some(value) => find(value, rest, found),
        None => found(None),
    };
    match step {
        Step::Name(name) => next(value.get(name), found),
        Step::Index(index) => next(value.get(*index as usize), found),
        Step::All => value.as_array().into_iter().flatten().for_each(|item| next(Some(item), found)),
        Step::Where { name, value: wanted } => {
            let items = value.as_array().map(Vec::as_slice).unwrap_or_default();
            next(items.iter().rev().find(|item| item.get(name).and_then(Value::as_str) == Some(wanted)), found);
        }
        Step::Json => {
            let parsed = value.as_str().and_then(|text| serde_json::from_str::<Value>(text).ok());
            next(parsed.as_ref(), found);
        }
        Step::Lower => match value.as_str() {
            Some(text) => next(Some(&Value::String(text.to_lowercase())), found),
            None => next(Some(value), found),
        },
        Step::Ip => {
            let ip = value.as_str().and_then(address).map(Value::String);
            next(ip.as_ref(), found);
        }
    }
}

fn address(text: &str) -> Option<String> {
    let bare = text.trim();
    let candidates = [bare, bare.rsplit_once(':').map_or(bare, |(host, _)| host)];
    let parsed = |text: &str| text.trim_matches(['[', ']']).parse::<std::net::IpAddr>().ok();
    candidates.into_iter().find_map(parsed).map(|ip| ip.to_canonical().to_string())
}

#[derive(Default)]
struct Maker {
    known: HashMap<(u8, String), u32>,
    slots: Vec<u32>,
    kinds: Vec<u8>,
    offsets: Vec<u32>,
    bytes: Vec<u8>,
}

impl Maker {
    fn add(&mut self, value: Option<&Value>) {
        let Some(value) = value else { return self.slots.push(0) };
        let (kind, text) = match value {
            Value::Null => (Kind::Null, "null".to_owned()),
            Value::Bool(truth) => (if *truth { Kind::True } else { Kind::False }, truth.to_string()),
            Value::Number(number) => (Kind::Number, number.to_string()),
            Value::String(text) => (Kind::String, text.clone()),
            Value::Array(_) => (Kind::Array, value.to_string()),
            Value::Object(_) => (Kind::Object, value.to_string()),
        };
        let next = u32::try_from(self.kinds.len() + 1).unwrap_or(u32::MAX);
        let slot = *self.known.entry((kind as u8, text.clone())).or_insert(next);
        if slot == next {
            self.kinds.push(kind as u8);
            self.offsets.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
            self.bytes.extend_from_slice(text.as_bytes());
        }
        self.slots.push(slot);
    }

    fn finish(mut self) -> Result<Column, String> {
        self.offsets.push(u32::try_from(self.bytes.len()).unwrap_or(u32::MAX));
        Column::new(self.slots, self.kinds, self.offsets, self.bytes)
            .ok_or_else(|| "the column contradicts itself".to_owned())
    }
}

impl Events for Sample<'_> {
    fn rows(&self) -> usize {
        self.events.len()
    }

    fn column(&self, path: &str) -> Result<Column, String> {
        Ok(self.made(path, 0..self.events.len())?.1)
    }

    fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        Ok(self.made(path, rows.iter().map(|row| *row as usize))?.1)
    }

    fn values(&self, path: &str) -> Result<(Vec<u32>, Column), String> {
        self.made(path, 0..self.events.len())
    }

    fn listed(&self, list: &str, texts: &[&str]) -> Result<Vec<bool>, String> {
        let keys = self.lists.get(list).ok_or_else(|| format!("there is no list `{list}`"))?;
        Ok(texts.iter().map(|text| keys.contains(&cordon_contract::manifest::list_key(text))).collect())
    }

    fn whole(&self, row: u32) -> Result<Option<String>, String> {
        self.events.get(row as usize).map(|event| Some(event.to_string())).ok_or_else(|| "no such row".to_owned())
    }
}
