//! What shadow lanes and hunts found: kept apart from live findings, by lane, each once, in the order in which it was
//! committed. No event is kept for it. What hunts found that the live lane has not is listed for each force besides, each act
//! once, for alerts to follow; of what a shadow lane found nobody is told.

use super::findings::{Kept, add, exercise, kept};
use super::{LaneSource, Page, has_finding, of_force};
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
    let mut listed = Effects::new().append(Space::Apart, &with(&of, ORDER, &[]), finding.id.0.to_vec());
    if let Lane::Hunt(number) = lane.kind {
        let (plugin, event) = (finding.plugin.id.as_str(), finding.event.digest);
        let live = crate::findings::id_of(&finding.force, Lane::Live, plugin, &finding.rule, &finding.key, event);
        let to_tell = [&number.to_be_bytes(), finding.id.0.as_slice(), &live.0, lane.plugin.as_bytes()].concat();
        let hunted = with(&of_force(&lane.force), ORDER, &[]);
        let tell = Effects::new().append(Space::Hunted, &hunted, to_tell);
        let known = with(&of_force(&lane.force), BY_ID, &live.0);
        listed = listed.and(Effects::new().once(Space::Hunted, &known, Vec::new(), tell));
    }
    Effects::new().once(Space::Apart, &with(&of, BY_ID, &finding.id.0), value, listed)
}

fn kept_by(store: &Store, key: &[u8]) -> Result<Option<Kept>, StoreError> {
    let Some(value) = store.get(Space::Apart, key)? else { return Ok(None) };
    Ok(kept(store, &value)?.map(|(kept, _)| kept))
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
        let kept = kept_by(store, &with(&of, BY_ID, &id))?;
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
    store.last_number(Space::Apart, &with(&prefix(force, plugin, lane), ORDER, &[]))
}

/// How much hunts found of a force that people are to be told of.
///
/// # Errors
/// The store's.
pub fn hunted(store: &Store, force: &Force) -> Result<u64, StoreError> {
    store.last_number(Space::Hunted, &with(&of_force(force), ORDER, &[]))
}

/// A page of that behind number `after`: at most `limit`, each as late and with its hunt's number, without what the live lane has
/// found as well; and the number of the last that was looked at.
///
/// # Errors
/// The store's.
pub fn hunted_page(store: &Store, force: &Force, after: u64, limit: usize) -> Result<(Page, u64), StoreError> {
    let order = with(&of_force(force), ORDER, &[]);
    let from = [order.as_slice(), &after.to_be_bytes()].concat();
    let (mut findings, mut end) = (Vec::new(), after);
    for (key, listed) in store.list(Space::Hunted, &order, Some(&from), limit)? {
        end = key.last_chunk().map_or(end, |number| u64::from_be_bytes(*number));
        let Some((hunt, rest)) = listed.split_first_chunk::<8>() else { continue };
        let Some((id, rest)) = rest.split_first_chunk::<32>() else { continue };
        let Some((live, plugin)) = rest.split_first_chunk::<32>() else { continue };
        if has_finding(store, force, Digest(*live))? {
            continue;
        }
        let hunt = u64::from_be_bytes(*hunt);
        let of = prefix(force, &String::from_utf8_lossy(plugin), Lane::Hunt(hunt));
        let Some(Kept { mut finding, .. }) = kept_by(store, &with(&of, BY_ID, id))? else { continue };
        // An attack that was played is looked for in the live lane.
        if exercise(store, force, &finding)?.is_some() {
            continue;
        }
        add(&mut finding, &format!("\"late\":true,\"hunt\":{hunt}"));
        findings.push((end, finding));
    }
    Ok((Page { findings }, end))
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
