//! Where lanes stand that come with a change, and the effects of that: their cursors, and what the ledger and the skips say of
//! the events that they do not ask for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::DeployError;
use crate::journal::Journal;
use crate::model::{Force, SourceName};
use crate::results::ledger::{Became, Counted};
use crate::results::{self, LaneSource, Skip};
use crate::scheduler::{Deployed, Wanted};
use crate::store::{Effects, Store};

/// Where lanes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind what the host has now.
    Now,
    /// Where they stood last; behind what the host has now where they never ran.
    Cursor,
}

/// Lanes that begin.
#[derive(Debug, Default)]
pub(super) struct Beginning {
    pub(super) effects: Effects,
    pub(super) cursors: BTreeMap<LaneSource, u64>,
    pub(super) skipped: Vec<Skipped>,
}

/// Events that a lane passes because it did not run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Skipped {
    /// The lane: `FORCE/PLUGIN/SOURCE`.
    pub lane: String,
    /// How many.
    pub events: u64,
}

/// Every lane of a set in every stream that the journal has, with what it runs.
pub(super) fn lanes<'w>(
    wanted: &'w Wanted,
    heads: &BTreeMap<Force, BTreeMap<SourceName, u64>>,
) -> BTreeMap<LaneSource, &'w Deployed> {
    let mut found = BTreeMap::new();
    for (force, sources) in heads {
        for deployed in wanted.of(force) {
            let manifest = deployed.loaded.plugin.manifest();
            for source in sources.keys().filter(|source| manifest.sources.contains_key(source.as_str())) {
                let (force, plugin) = (force.clone(), manifest.plugin.id.clone());
                let lane = LaneSource { force, plugin, kind: deployed.lane, source: source.clone() };
                found.insert(lane, deployed.as_ref());
            }
        }
    }
    found
}

/// Has the lanes of `wanted` begin that are not `there`. To be committed at once: where more is counted meanwhile, the commit
/// is a conflict, and this is to be asked again.
pub(super) fn begin(
    (store, journal): (&Store, &Journal),
    there: &BTreeSet<LaneSource>,
    wanted: &Wanted,
    from: Start,
    reason: &str,
) -> Result<Beginning, DeployError> {
    let heads = journal.heads();
    let mut beginning = Beginning::default();
    let mut counted: BTreeMap<Force, Counted> = BTreeMap::new();
    let resting = results::resting(store)?;
    for (lane, deployed) in lanes(wanted, &heads) {
        let rests = resting.get(&lane);
        let is_there = there.contains(&lane);
        if let Some(resting) = rests.filter(|resting| !is_there || resting.digest != deployed.loaded.plugin.digest()) {
            beginning.effects = beginning.effects.and(results::wake(&lane, resting)?);
        }
        if is_there {
            continue;
        }
        let before = results::cursor(store, &lane)?;
        if let Some(cursor) = before.filter(|_| from == Start::Cursor) {
            beginning.cursors.insert(lane, cursor);
            continue;
        }
        let head = heads.get(&lane.force).and_then(|sources| sources.get(&lane.source)).copied().unwrap_or(0);
        let counted = match counted.entry(lane.force.clone()) {
            Entry::Occupied(known) => known.into_mut(),
            Entry::Vacant(place) => {
                let read = Counted::read(store, &lane.force)?;
                beginning.effects = beginning.effects.and(read.still());
                place.insert(read)
            }
        };
        let cursor = head.min(counted.mark).max(before.unwrap_or(0));
        let what = if before.is_some() { Became::Skipped } else { Became::Before };
        let (effects, events) = counted.rest(&lane, what);
        beginning.effects = beginning.effects.and(results::passed(&lane, cursor)).and(effects);
        if let Some(before) = before.filter(|_| events > 0) {
            let record = skip(&lane, deployed, before + 1, cursor, events, reason);
            beginning.effects = beginning.effects.and(results::skip(&lane.force, &record)?);
            beginning.skipped.push(Skipped { lane: lane.name(), events });
        }
        beginning.cursors.insert(lane, cursor);
    }
    Ok(beginning)
}

fn skip(lane: &LaneSource, deployed: &Deployed, first: u64, last: u64, rows: u64, reason: &str) -> Skip {
    Skip {
        plugin: lane.plugin.clone(),
        lane: lane.kind,
        version: deployed.loaded.plugin.manifest().plugin.version.to_string(),
        digest: deployed.loaded.plugin.digest().to_string(),
        source: lane.source.to_string(),
        first,
        last,
        rows,
        outcome: "not-running".to_owned(),
        limit: None,
        reason: format!("it did not run meanwhile; {reason}"),
    }
}
