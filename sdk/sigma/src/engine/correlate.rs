//! Which entries the matches of a batch feed to windows. Depends, for each entry, on its row alone.

use std::collections::BTreeMap;

use super::column::{Column, Kind};
use super::{Events, Match, Places};
use crate::pack::{Member, Pack};

/// Bytes of a key; four entries an event and window must fit what a batch may feed.
const KEY: usize = 80;
/// Bytes of a member.
const MEMBER: usize = 40;

/// One entry of a window.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feed {
    /// Index of the correlation.
    pub correlation: u32,
    /// Row of the batch.
    pub row: u32,
    /// Whose window: the correlation's number and the group's values, shortened.
    pub key: String,
    /// What is told apart.
    pub member: String,
    /// The group's values as they are.
    pub group: Vec<String>,
}

pub(super) fn feeds(
    pack: &Pack,
    source: &str,
    matches: &[Match],
    events: &impl Events,
    places: &Places,
) -> Result<Vec<Feed>, String> {
    let mut out = Vec::new();
    for (number, correlation) in (0u32..).zip(&pack.correlations) {
        for step in &correlation.steps {
            let rows: Vec<u32> =
                matches.iter().filter(|found| found.rule == step.rule).map(|found| found.row).collect();
            if rows.is_empty() {
                continue;
            }
            let mut groups = vec![Some(Vec::new()); rows.len()];
            for field in &step.group {
                for (group, value) in groups.iter_mut().zip(texts(pack, source, field, &rows, events, places)?) {
                    match value {
                        Some(value) => group.iter_mut().for_each(|group: &mut Vec<String>| group.push(value.clone())),
                        None => *group = None,
                    }
                }
            }
            let members = match &step.member {
                Member::None => vec![Some(String::new()); rows.len()],
                Member::Text(text) => vec![Some(text.clone()); rows.len()],
                Member::Field(field) => texts(pack, source, field, &rows, events, places)?,
            };
            for ((row, group), member) in rows.into_iter().zip(groups).zip(members) {
                let (Some(group), Some(member)) = (group, member) else { continue };
                // Lengths keep `a` and `b c` apart from `a b` and `c`.
                let joined: String = group.iter().map(|value| format!("{}:{value}", value.len())).collect();
                let key = format!("{number} {}", shortened(&joined, KEY));
                out.push(Feed { correlation: number, row, key, member: shortened(&member, MEMBER), group });
            }
        }
    }
    out.sort();
    // Of two rules that a correlation counts an event may be both, and is one event.
    out.dedup();
    Ok(out)
}

/// A field's value on each of these rows: the first of its paths that has one.
fn texts(
    pack: &Pack,
    source: &str,
    field: &str,
    rows: &[u32],
    events: &impl Events,
    places: &Places,
) -> Result<Vec<Option<String>>, String> {
    let mut out = vec![None; rows.len()];
    let given: Vec<&str> = match places.of(field) {
        Some(given) => given.iter().map(|(path, _)| path.as_str()).collect(),
        None => {
            let place = pack.sources.get(source).and_then(|source| source.fields.get(field));
            place.into_iter().flat_map(|place| &place.paths).map(String::as_str).collect()
        }
    };
    for path in given.into_iter().filter(|path| !path.contains("[]")) {
        let column: Column = events.column_for(path, rows)?;
        for (slot, value) in out.iter_mut().enumerate().filter(|(_, value)| value.is_none()) {
            *value = match column.get(slot) {
                Some((Kind::String | Kind::Number, text)) if !text.is_empty() => Some(text.to_owned()),
                Some((Kind::True, _)) => Some("true".to_owned()),
                Some((Kind::False, _)) => Some("false".to_owned()),
                _ => None,
            };
        }
    }
    Ok(out)
}

/// A longer text keeps its beginning and says the rest in a number, so that different texts stay different.
fn shortened(text: &str, bytes: usize) -> String {
    if text.len() <= bytes {
        return text.to_owned();
    }
    // FNV-1a, 64 bits: the same on every machine.
    let hash = text
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3));
    let begin = text.get(..text.floor_char_boundary(bytes.saturating_sub(17))).unwrap_or_default();
    format!("{begin}~{hash:016x}")
}

/// Feeds of ordered correlations by row, correlation and group, each with the steps that its event is; in the order of rows.
#[must_use]
pub fn ordered<'f>(pack: &[crate::pack::PackCorrelation], feeds: &'f [Feed]) -> Vec<(&'f Feed, Vec<u32>)> {
    let is = |feed: &&Feed| pack.get(feed.correlation as usize).is_some_and(|of| of.within > 0);
    let mut out: BTreeMap<(u32, u32, &str), (&Feed, Vec<u32>)> = BTreeMap::new();
    for feed in feeds.iter().filter(is) {
        let of = out.entry((feed.row, feed.correlation, &feed.key)).or_insert_with(|| (feed, Vec::new()));
        of.1.extend(feed.member.parse::<u32>());
    }
    let mut out: Vec<_> = out.into_values().collect();
    out.iter_mut().for_each(|(_, steps)| steps.sort_unstable());
    out
}

/// Feeds by window, each in the order of rows.
#[must_use]
pub fn by_window<'f>(pack: &[crate::pack::PackCorrelation], feeds: &'f [Feed]) -> BTreeMap<String, Vec<&'f Feed>> {
    let mut out: BTreeMap<String, Vec<&Feed>> = BTreeMap::new();
    for feed in feeds {
        if let Some(correlation) = pack.get(feed.correlation as usize).filter(|of| of.within == 0) {
            out.entry(correlation.window.clone()).or_default().push(feed);
        }
    }
    out.values_mut().for_each(|feeds| feeds.sort_by_key(|feed| feed.row));
    out
}
