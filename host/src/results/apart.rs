//! What shadow lanes and hunts found: kept apart from live findings, by lane, each once, in the order in which it was
//! committed. Nobody is told of it, and no event is kept for it.

use super::findings::{Kept, kept};
use super::{LaneSource, Page, of_force};
use crate::findings::{Finding, Lane};
use crate::ids::Digest;
use crate::model::Force;
use crate::store::{Effects, Space, Store, StoreError};

/// Behind a lane's prefix: its findings by id, and their order.
const BY_ID: u8 = b'f';
const ORDER: u8 = b'o';

/// The effect that it is kept, unless it is already. `value` as `findings` makes it.
pub(super) fn keep(lane: &LaneSource, finding: &Finding, value: Vec<u8>) -> Effects {
    let of = prefix(&lane.force, &lane.plugin, lane.kind);
    let listed = Effects::new().append(Space::Apart, &with(&of, ORDER, &[]), finding.id.0.to_vec());
    Effects::new().once(Space::Apart, &with(&of, BY_ID, &finding.id.0), value, listed)
}

pub(super) fn is_known(store: &Store, lane: &LaneSource, id: Digest) -> Result<bool, StoreError> {
    store.is_set(Space::Apart, &with(&prefix(&lane.force, &lane.plugin, lane.kind), BY_ID, &id.0))
}

/// Whether a lane found this.
///
/// # Errors
/// The store's.
pub fn has(store: &Store, force: &Force, plugin: &str, lane: Lane, id: Digest) -> Result<bool, StoreError> {
    Ok(store.get(Space::Apart, &with(&prefix(force, plugin, lane), BY_ID, &id.0))?.is_some())
}

/// Up to `limit` findings of a plugin's lane behind number `after`.
///
/// # Errors
/// The store's.
pub fn page(
    store: &Store,
    force: &Force,
    plugin: &str,
    lane: Lane,
    after: u64,
    limit: usize,
) -> Result<Page, StoreError> {
    let of = prefix(force, plugin, lane);
    let order = with(&of, ORDER, &[]);
    let from = with(&of, ORDER, &after.to_be_bytes());
    let mut findings = Vec::new();
    for (key, id) in store.list(Space::Apart, &order, Some(&from), limit)? {
        let number = key.get(order.len()..).and_then(|number| number.try_into().ok()).map(u64::from_be_bytes);
        let kept: Option<Kept> = kept(store, Space::Apart, &with(&of, BY_ID, &id))?;
        if let (Some(number), Some(kept)) = (number, kept) {
            findings.push((number, kept.finding));
        }
    }
    Ok(Page { findings })
}

/// How many findings of a plugin's lane are kept.
///
/// # Errors
/// The store's.
pub fn count(store: &Store, force: &Force, plugin: &str, lane: Lane) -> Result<u64, StoreError> {
    let order = with(&prefix(force, plugin, lane), ORDER, &[]);
    let last = store.last(Space::Apart, &order)?;
    let number = last.and_then(|(key, _)| key.get(order.len()..).and_then(|number| number.try_into().ok()));
    Ok(number.map_or(0, u64::from_be_bytes))
}

fn prefix(force: &Force, plugin: &str, lane: Lane) -> Vec<u8> {
    let mut key = of_force(force);
    key.extend_from_slice(plugin.as_bytes());
    key.push(0);
    key.extend_from_slice(lane.to_string().as_bytes());
    key.push(0);
    key
}

fn with(prefix: &[u8], kind: u8, rest: &[u8]) -> Vec<u8> {
    [prefix, &[kind], rest].concat()
}
