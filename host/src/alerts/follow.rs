//! The thread that follows what is found: page by page of each force, each page one commit with its cursor.

use std::collections::BTreeMap;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};

use super::alert::{Alert, Change, Kind};
use super::book::From;
use super::exceptions::Hiding;
use super::flood::{Flood, of_flood};
use super::incidents::Linking;
use super::join::{Found, begun, joined, joins};
use super::texts::Manifests;
use super::{Shared, book};
use crate::ids::Digest;
use crate::model::Force;
use crate::results;
use crate::store::{Store, StoreError};

/// Between two looks: an alert is there so long after its finding at most, and a commit.
const TICK: Duration = Duration::from_millis(100);
/// Findings of one commit.
const PAGE: usize = 512;

/// The thread's life.
pub(super) fn run(shared: &Shared, stopped: &Receiver<()>, forces: impl Fn() -> Vec<Force>) {
    let (mut manifests, mut flood) = (Manifests::default(), Flood::of(shared.rule_hourly));
    // Which forces' findings were followed up to which number: what has not moved is not looked at.
    let mut cursors: BTreeMap<(Force, From), u64> = BTreeMap::new();
    let mut pause = Duration::ZERO;
    while stopped.recv_timeout(pause) == Err(RecvTimeoutError::Timeout) {
        pause = TICK;
        for (force, from) in forces().into_iter().flat_map(|force| [(force.clone(), From::Live), (force, From::Hunts)])
        {
            match follow(shared, (&force, from), &mut cursors, &mut manifests, &mut flood) {
                // Others have their turn before the next page.
                Ok(true) => pause = Duration::ZERO,
                Ok(false) => {}
                Err(error) => tracing::error!("{force}: findings do not become alerts: {error}"),
            }
        }
    }
}

/// By fingerprint: alerts as they are with this page, and what there is to tell.
type Touched = BTreeMap<Digest, Vec<(Alert, Option<Change>)>>;

/// The alerts that a finding may be part of: the newest, as it is kept, and those that this page made.
fn of<'t>(
    store: &Store,
    force: &Force,
    touched: &'t mut Touched,
    found: &Found,
) -> Result<&'t mut Vec<(Alert, Option<Change>)>, StoreError> {
    let fingerprint = found.fingerprint();
    Ok(match touched.entry(fingerprint) {
        std::collections::btree_map::Entry::Occupied(entry) => entry.into_mut(),
        std::collections::btree_map::Entry::Vacant(entry) => {
            let known = book::newest(store, force, fingerprint)?;
            entry.insert(known.into_iter().map(|alert| (alert, None)).collect())
        }
    })
}

/// One page of a force. Whether there may be more.
fn follow(
    shared: &Shared,
    (force, from): (&Force, From),
    cursors: &mut BTreeMap<(Force, From), u64>,
    manifests: &mut Manifests,
    flood: &mut Flood,
) -> Result<bool, StoreError> {
    let store = &shared.store;
    let place = (force.clone(), from);
    let after = match cursors.get(&place) {
        Some(cursor) => *cursor,
        None => from.cursor(store, force)?,
    };
    if from.count(store, force)? <= after {
        cursors.insert(place, after);
        return Ok(false);
    }
    let (page, end) = from.page(store, force, after, PAGE)?;
    if end <= after {
        return Ok(false);
    }
    let _one = shared.change();
    let now = (shared.now)();
    let mut last = book::last(store, force)?;
    let mut touched = Touched::new();
    let mut hiding = Hiding::default();
    for (number, text) in &page {
        let mut found: Found = match serde_json::from_str(text) {
            Ok(found) => found,
            Err(error) => {
                tracing::error!("{force}: finding {number} does not become an alert: {error}");
                continue;
            }
        };
        if hiding.hides(shared, force, &found, now)? {
            continue;
        }
        if !found.cited.is_empty() {
            found.others = results::cited(store, force, found.id)?;
        }
        let quiet = shared.quiet(force, found.severity, &found.entities, now);
        let is_open = |alerts: &Vec<(Alert, Option<Change>)>| alerts.last().is_some_and(|(alert, _)| joins(alert, now));
        let is_real = found.exercise.is_none();
        if is_real && !is_open(of(store, force, &mut touched, &found)?) && flood.takes(force, &found, now) {
            // What is over and stays so is not written again.
            touched.remove(&found.fingerprint());
            found = of_flood(&found);
        }
        let alerts = of(store, force, &mut touched, &found)?;
        match alerts.last_mut() {
            Some((alert, change)) if joins(alert, now) => {
                if let Some(kind) = joined(alert, &found, quiet, now) {
                    let made = change.as_ref().map(|change| change.kind);
                    // Made and raised on one page is made, once.
                    let kind = if made == Some(Kind::Created) { Kind::Created } else { kind };
                    *change = Some(told(alert, kind, now));
                }
            }
            earlier => {
                last += 1;
                let texts = manifests.texts(store, found.plugin.digest, &found.rule)?;
                let alert = begun(force, last, &found, &texts, quiet, earlier.map(|(alert, _)| &*alert), now);
                let change = told(&alert, Kind::Created, now);
                alerts.push((alert, Some(change)));
            }
        }
    }
    let mut effects = from.followed(force, end).and(hiding.effects()?);
    let mut linking = Linking::new(store, force, now);
    for (mut alert, change) in touched.into_values().flatten() {
        // An exercise is no part of a story.
        if alert.exercise.is_none() {
            linking.link(&mut alert)?;
        }
        effects = effects.and(book::put(&alert, change.as_ref())?);
    }
    store.commit(effects.and(linking.effects()?))?;
    cursors.insert(place, end);
    Ok(end < from.count(store, force)?)
}

fn told(alert: &Alert, kind: Kind, at: i64) -> Change {
    let (revision, by) = (alert.revision, "host".to_owned());
    Change { revision, kind, at, by, on_behalf_of: None, note: String::new() }
}
