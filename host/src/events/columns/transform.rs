//! `@lower` and `@ip` on a finished dictionary: paid once per distinct value.

use std::collections::HashMap;
use std::fmt::Write as _;

use cordon_contract::path::Step;
use cordon_contract::transform;

use crate::events::{Column, Kind};

pub(super) fn apply(column: &Column, step: &Step) -> Column {
    let mut out = Column { offsets: vec![0], ..Column::default() };
    let mut known: HashMap<Vec<u8>, u32> = HashMap::new();
    let mut text = String::new();
    // New slot of each old entry.
    let slots: Vec<u32> = (0..column.kinds.len())
        .map(|entry| {
            let (kind, value) = (column.kinds[entry], column.text(entry));
            let is_string = kind == Kind::String as u8;
            text.clear();
            match step {
                Step::Lower if is_string => text.push_str(&transform::lower(value)),
                Step::Ip => match is_string.then(|| transform::ip(value)).flatten() {
                    // Writing into a string cannot fail.
                    Some(address) => drop(write!(text, "{address}")),
                    None => return 0,
                },
                _ => text.push_str(value),
            }
            let key = [text.as_bytes(), &[kind]].concat();
            *known.entry(key).or_insert_with(|| {
                out.bytes.extend_from_slice(text.as_bytes());
                out.offsets.push(out.bytes.len() as u32);
                out.kinds.push(kind);
                out.kinds.len() as u32
            })
        })
        .collect();
    out.rows = column
        .rows
        .iter()
        .map(|slot| (*slot as usize).checked_sub(1).and_then(|entry| slots.get(entry)).copied().unwrap_or(0))
        .collect();
    out
}
