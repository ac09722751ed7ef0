//! Where lanes stand that come with a change, and the effects of that: their cursors, and what the ledger and the skips say of
//! the events that they do not ask for.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{DeployError, Set};
use crate::journal::Journal;
use crate::model::{Force, SourceName};
use crate::results::ledger::{self, Became, Counted};
use crate::results::{self, Lane, LaneSource, Skip};
use crate::scheduler::{Deployed, Wanted};
use crate::store::{Effects, Store};

/// Parts of requests that are counted together.
const AT_ONCE: usize = 4_096;

/// Where lanes begin.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Start {
    /// Behind what the host has now.
    Now,
    /// Where they stood last; behind what the host has now where they never ran.
    Cursor,
    /// With the events accepted from this time on, microseconds since 1970 UTC; never before what they are done with.
    At(i64),
}

impl Start {
    /// Of `now`, `cursor`, `beginning`, a span before now (`7d`, `12h`), or a time (RFC 3339). `now` in microseconds since 1970
    /// UTC.
    #[must_use]
    pub fn of(text: &str, now: i64) -> Option<Self> {
        match text {
            "now" => return Some(Self::Now),
            "cursor" => return Some(Self::Cursor),
            "beginning" => return Some(Self::At(i64::MIN)),
            _ => {}
        }
        let span = |unit: char, hours: i64| -> Option<i64> {
            text.strip_suffix(unit)?.parse::<u32>().ok().map(|count| i64::from(count) * hours * ledger::HOUR)
        };
        if let Some(span) = span('d', 24).or_else(|| span('h', 1)) {
            return Some(Self::At(now.saturating_sub(span)));
        }
        text.parse::<jiff::Timestamp>().ok().map(|time| Self::At(time.as_microsecond()))
    }
}

impl Start {
    /// For the record.
    pub(super) fn word(self) -> String {
        match self {
            Self::Now => "now".to_owned(),
            Self::Cursor => "cursor".to_owned(),
            Self::At(i64::MIN) => "beginning".to_owned(),
            Self::At(time) => {
                jiff::Timestamp::from_microsecond(time).map_or_else(|_| time.to_string(), |time| time.to_string())
            }
        }
    }
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

/// What ran before a change.
pub(super) struct There<'a> {
    /// Lanes that run.
    pub(super) lanes: BTreeSet<LaneSource>,
    /// What was deployed, whether it could run or not.
    pub(super) set: &'a Set,
}

impl There<'_> {
    /// Whether it was to run: where it could not, it goes on where it stood.
    fn is_deployed(&self, lane: &LaneSource) -> bool {
        let of_plugin = self.set.plugins.get(&lane.plugin);
        of_plugin.is_some_and(|of| of.of(Some(&lane.force)).iter().any(|(kind, _)| *kind == lane.kind))
    }
}

/// Every lane of a set in every stream that the journal has, with what it runs.
pub(super) fn lanes<'w>(
    wanted: &'w Wanted,
    heads: &BTreeMap<Force, BTreeMap<SourceName, u64>>,
) -> BTreeMap<LaneSource, &'w Deployed> {
    let mut found = BTreeMap::new();
    for (force, sources) in heads {
        for deployed in wanted.of(force).into_iter().filter(|deployed| !matches!(deployed.lane, Lane::Hunt(_))) {
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
    there: &There<'_>,
    wanted: &Wanted,
    from: Start,
    reason: &str,
) -> Result<Beginning, DeployError> {
    let heads = journal.heads();
    let mut beginning = Beginning::default();
    let mut counted: BTreeMap<Force, Counted> = BTreeMap::new();
    let mut places: BTreeMap<Force, u64> = BTreeMap::new();
    let resting = results::resting(store)?;
    for (lane, deployed) in lanes(wanted, &heads) {
        let rests = resting.get(&lane);
        let is_there = there.lanes.contains(&lane);
        if let Some(resting) = rests.filter(|resting| !is_there || resting.digest != deployed.loaded.plugin.digest()) {
            beginning.effects = beginning.effects.and(results::wake(&lane, resting)?);
        }
        if is_there {
            continue;
        }
        let before = results::cursor(store, &lane)?;
        if let Some(cursor) = before.filter(|_| from == Start::Cursor || there.is_deployed(&lane)) {
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
        let mark = head.min(counted.mark);
        let place = match from {
            Start::At(time) => match places.entry(lane.force.clone()) {
                Entry::Occupied(known) => *known.get(),
                Entry::Vacant(place) => *place.insert(journal.before(&lane.force, time)?),
            },
            Start::Now | Start::Cursor => mark,
        };
        // A live lane does nothing twice.
        let done = before.filter(|_| lane.kind.is_live()).unwrap_or(0);
        let cursor = place.min(mark).max(done);
        let ahead = match from {
            Start::At(_) if cursor < mark => hours(journal, &lane, cursor, counted.mark)?,
            _ => BTreeMap::new(),
        };
        let what = if before.is_some() { Became::Skipped } else { Became::Before };
        let (effects, events) = counted.rest(&lane, what, &ahead);
        beginning.effects = beginning.effects.and(results::passed(&lane, cursor)).and(effects);
        if lane.kind.is_live() && matches!(from, Start::At(_)) && cursor < head {
            beginning.effects = beginning.effects.and(results::back_filled(&lane, head));
        }
        if let Some(before) = before.filter(|_| events > 0) {
            let record = skip(&lane, deployed, before + 1, cursor, events, reason);
            beginning.effects = beginning.effects.and(results::skip(&lane.force, &record)?);
            beginning.skipped.push(Skipped { lane: lane.name(), events });
        }
        beginning.cursors.insert(lane, cursor);
    }
    Ok(beginning)
}

/// How many events of a lane's source there are behind `after`, up to `to`, by the hour of their arrival.
fn hours(journal: &Journal, lane: &LaneSource, after: u64, to: u64) -> Result<BTreeMap<i64, u64>, DeployError> {
    let (mut hours, mut after) = (BTreeMap::new(), after);
    while after < to {
        // Of whole requests: what is counted ends with one.
        let Some(tally) = journal.count(&lane.force, after, AT_ONCE)? else { break };
        let whole = tally.end <= to;
        let tally = match whole {
            true => tally,
            false => journal.count(&lane.force, after, 1)?.unwrap_or_default(),
        };
        if tally.end > to || tally.end <= after {
            break;
        }
        for part in tally.parts.iter().filter(|part| part.source == lane.source) {
            *hours.entry(part.received.map_or(0, ledger::hour)).or_insert(0) += u64::from(part.rows);
        }
        after = tally.end;
    }
    Ok(hours)
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
