//! Where a lane keeps what it remembers, and what becomes of that when its version changes: between two of its batches it goes
//! on, is carried over to the form of the new one, comes from the shadow, is kept aside or let go.
//!
//! What counts is what the lane ran last: versions that were deployed and gone again between two of its batches leave no trace.
//! What an operator asked for is done once, also where the version is the same.
//!
//! Values are carried over page by page into a place of their own, and one commit then makes it the lane's. A crash before that
//! leaves the old place as it was; the half-made one is cleared and made again.

use std::sync::Arc;

use cordon_state::{Moving, Part};

use super::{Deployed, Setup};
use crate::clock::now_micros;
use crate::evidence::Terms;
use crate::ids::Digest;
use crate::model::SourceName;
use crate::results::{Inherits, LaneMemory, LaneSource, Place, Places, cursor, drop_places, places, set_places};
use crate::sandbox::{MIGRATED_BYTES, MIGRATED_VALUES, MigrateError, Plugin};
use crate::store::{Effects, Store, StoreError};

/// Keys that are cleared with one wave, of a place that is no longer needed.
const CLEARED: usize = 2_048;
/// Keys of a page that is carried over, and pages of a commit.
const PAGE: usize = MIGRATED_VALUES;
const PAGES: usize = 16;

/// A lane's memory for one wave, and what is to be committed with the wave.
pub(super) struct Found {
    pub(super) memory: LaneMemory,
    pub(super) effects: Effects,
}

/// Where the lane keeps what it remembers, its version's change made where there is one.
///
/// # Errors
/// In words: what is remembered cannot be carried over, or the store's.
pub(super) fn found(setup: &Setup, deployed: &Deployed, lane: &LaneSource) -> Result<Found, String> {
    let store = &setup.store;
    let mut effects = Effects::new();
    let mut now = match places(store, lane).map_err(words)? {
        Some(places) if is_done(&places, deployed) && places.making.is_none() => places,
        before => {
            let after = match before {
                None => begun(store, deployed, lane)?,
                Some(before) => {
                    let before = cleaned(before);
                    if is_done(&before, deployed) { (before, None) } else { changed(setup, deployed, lane, before)? }
                }
            };
            let (after, of_shadow) = after;
            effects = set_places(lane, &after).map_err(words)?;
            if let Some(shadow) = of_shadow {
                // At once: the next of its batches must not find what the live lane writes from now on.
                store.commit(std::mem::take(&mut effects).and(drop_places(&shadow))).map_err(words)?;
            }
            after
        }
    };
    if let Some(slot) = now.leaving.last() {
        let (cleared, all) = memory(store, lane, slot).clear(CLEARED).map_err(words)?;
        effects = effects.and(cleared);
        if all {
            now.leaving.pop();
            effects = effects.and(set_places(lane, &now).map_err(words)?);
        }
    }
    Ok(Found { memory: memory(store, lane, &now.own.slot), effects })
}

/// Whether a lane has taken over already what it is to.
fn is_done(places: &Places, deployed: &Deployed) -> bool {
    let asked = deployed.inherits.asked;
    places.digest == deployed.digest() && (asked == 0 || asked == places.asked)
}

fn memory(store: &Arc<Store>, lane: &LaneSource, slot: &Digest) -> LaneMemory {
    LaneMemory::of(Arc::clone(store), &lane.force, &lane.plugin, slot)
}

/// A place that no other lane of the plugin has, or ever had.
fn fresh(lane: &LaneSource, schema: u32) -> Place {
    let text = format!("{}\n{schema}\n{}\n{}", lane.name(), now_micros(), fastrand::u64(..));
    Place { slot: Digest::of(text.as_bytes()), schema }
}

/// A half-made place of before a crash is let go.
fn cleaned(mut places: Places) -> Places {
    places.leaving.extend(places.making.take());
    places
}

/// A place for the lane, and the shadow lane that it was taken from.
type Taken = (Places, Option<LaneSource>);

/// The lane remembers nothing yet. What was tried out as a shadow first knows what the shadow knows.
fn begun(store: &Store, deployed: &Deployed, lane: &LaneSource) -> Result<Taken, String> {
    let own = fresh(lane, deployed.loaded.plugin.schema());
    let (digest, terms, asked) = (deployed.digest(), deployed.terms, deployed.inherits.asked);
    let new = Places { digest, terms, asked, own, aside: Vec::new(), making: None, leaving: Vec::new() };
    let Some(shadow) = deployed.takes_over(lane) else { return Ok((new, None)) };
    Ok(match places(store, &shadow).map_err(words)? {
        Some(theirs) => (Places { digest, terms, asked, ..cleaned(theirs) }, Some(shadow)),
        None => (new, None),
    })
}

/// Another version ran in the lane before.
fn changed(setup: &Setup, deployed: &Deployed, lane: &LaneSource, before: Places) -> Result<Taken, String> {
    let store = &setup.store;
    let (digest, terms, asked) = (deployed.digest(), deployed.terms, deployed.inherits.asked);
    let schema = deployed.loaded.plugin.schema();
    let after = Places { digest, terms, asked, ..before.clone() };
    match deployed.inherits.what {
        Inherits::Shadow => {
            let Some(shadow) = deployed.takes_over(lane) else { return usual(setup, deployed, lane, before) };
            let theirs = places(store, &shadow).map_err(words)?;
            let level = deployed.loaded.plugin.manifest().sources.keys();
            let level = level.map(|source| stand_together(store, lane, &shadow, source));
            let level = level.collect::<Result<Vec<bool>, String>>()?.into_iter().all(|level| level);
            match theirs.filter(|_| level) {
                Some(theirs) => {
                    let theirs = cleaned(theirs);
                    let mut leaving = after.leaving;
                    leaving.push(before.own.slot);
                    leaving.extend(theirs.leaving);
                    Ok((Places { own: theirs.own, leaving, ..after }, Some(shadow)))
                }
                None => {
                    // The host was stopped before the shadow had come to where this lane stands.
                    tracing::warn!(
                        "{}: its shadow stands elsewhere: it goes on with what it remembers itself",
                        lane.name()
                    );
                    usual(setup, deployed, lane, before)
                }
            }
        }
        Inherits::Live => usual(setup, deployed, lane, before),
        Inherits::Aside => Ok((set_aside(lane, after, schema), None)),
        Inherits::Nothing => {
            let mut leaving = after.leaving;
            leaving.push(before.own.slot);
            leaving.extend(before.aside.iter().map(|place| place.slot));
            Ok((Places { own: fresh(lane, schema), aside: Vec::new(), leaving, ..after }, None))
        }
    }
}

/// Its own memory goes on: as it is, or carried over; where that cannot be, it is kept aside.
fn usual(setup: &Setup, deployed: &Deployed, lane: &LaneSource, before: Places) -> Result<Taken, String> {
    let (digest, terms, asked) = (deployed.digest(), deployed.terms, deployed.inherits.asked);
    let (from, to) = (before.own.schema, deployed.loaded.plugin.schema());
    let mut after = Places { digest, terms, asked, ..before.clone() };
    if from == to || to == 0 {
        return Ok((after, None));
    }
    if from == 0 {
        after.own.schema = to;
        return Ok((after, None));
    }
    let moved = match migrated(setup, deployed, lane, &before) {
        Ok(moved) => moved,
        Err(MigrateError::Unsupported(_)) => return Ok((set_aside(lane, after, to), None)),
        Err(error) => {
            return Err(format!(
                "what it remembers cannot be carried over from schema {from} to {to}: {error}; roll back, or deploy it with `--on-schema keep` or `reset`"
            ));
        }
    };
    after.leaving.push(before.own.slot);
    after.own = moved;
    store_now(&setup.store, lane, &after)?;
    tracing::info!("{}: what it remembers was carried over from schema {from} to {to}", lane.name());
    Ok((after, None))
}

/// What it remembers is kept for a version of its schema; what was kept for this one's comes back.
fn set_aside(lane: &LaneSource, mut places: Places, schema: u32) -> Places {
    if places.own.schema == schema {
        return places;
    }
    let back = places.aside.iter().position(|place| place.schema == schema);
    let back = back.map_or_else(|| fresh(lane, schema), |at| places.aside.swap_remove(at));
    places.aside.push(std::mem::replace(&mut places.own, back));
    places
}

fn stand_together(store: &Store, lane: &LaneSource, shadow: &LaneSource, source: &str) -> Result<bool, String> {
    let Ok(source) = SourceName::new(source) else { return Ok(true) };
    let of = |lane: &LaneSource| cursor(store, &LaneSource { source: source.clone(), ..lane.clone() }).map_err(words);
    Ok(of(lane)? == of(shadow)?)
}

/// Carries all that is kept over into a place of its own.
fn migrated(setup: &Setup, deployed: &Deployed, lane: &LaneSource, before: &Places) -> Result<Place, MigrateError> {
    let store = &setup.store;
    let (from, to) = (before.own.schema, deployed.loaded.plugin.schema());
    let higher = if to > from { deployed.loaded.plugin.clone() } else { ran_before(setup, before)? };
    setup.sandbox.migrate(&higher, from, to, &[])?;
    let place = fresh(lane, to);
    let host = |error: StoreError| MigrateError::Host(error.to_string());
    let making = Places { making: Some(place.slot), ..before.clone() };
    store.commit(set_places(lane, &making).map_err(host)?).map_err(host)?;
    let (old, new) = (memory(store, lane, &before.own.slot), memory(store, lane, &place.slot));
    let (mut moving, mut after, mut pages, mut done) = (Moving::default(), None, 0, cordon_state::Changes::default());
    loop {
        let page = old.page(after.as_deref(), PAGE).map_err(host)?;
        let Some((last, _)) = page.last() else { break };
        after = Some(last.clone());
        carry(setup, &higher, (from, to), page, &mut moving, &mut done)?;
        pages += 1;
        if pages % PAGES == 0 {
            store.commit(new.keep(std::mem::take(&mut done))).map_err(host)?;
        }
    }
    let (key, value) = moving.finish();
    done.keys.push((key, Some(value)));
    store.commit(new.keep(done)).map_err(host)?;
    Ok(place)
}

/// One page.
fn carry(
    setup: &Setup,
    plugin: &Plugin,
    (from, to): (u32, u32),
    page: Vec<cordon_state::Pair>,
    moving: &mut Moving,
    done: &mut cordon_state::Changes,
) -> Result<(), MigrateError> {
    let broken = |error: cordon_state::StateError| MigrateError::Host(error.to_string());
    let (mut values, mut kept, mut bytes) = (Vec::new(), Vec::new(), 0);
    let mut flush =
        |values: &mut Vec<Vec<u8>>, kept: &mut Vec<cordon_state::Pair>, done: &mut cordon_state::Changes| {
            if values.is_empty() {
                return Ok(());
            }
            let moved = setup.sandbox.migrate(plugin, from, to, values)?;
            values.clear();
            for ((key, old), new) in kept.drain(..).zip(moved) {
                let Some(new) = new else { continue };
                let pairs = moving.value(&key, &old, new).map_err(broken)?;
                done.keys.extend(pairs.map(|(key, value)| (key, Some(value))));
            }
            Ok(())
        };
    for (key, value) in page {
        match Moving::part(&key, &value).map_err(broken)? {
            Part::Value(of_plugin) => {
                if bytes + of_plugin.len() > MIGRATED_BYTES {
                    flush(&mut values, &mut kept, done)?;
                    bytes = 0;
                }
                bytes += of_plugin.len();
                values.push(of_plugin);
                kept.push((key, value));
            }
            Part::Anew => {}
            Part::AsItIs => done.keys.push((key, Some(value))),
        }
    }
    flush(&mut values, &mut kept, done)
}

/// The version that ran in the lane before; it can go no other way where it is not kept any more.
fn ran_before(setup: &Setup, before: &Places) -> Result<Plugin, MigrateError> {
    let gone =
        || MigrateError::Unsupported(format!("the version that ran before ({}) is not kept", before.digest.short()));
    let host = |error: StoreError| MigrateError::Host(error.to_string());
    let terms = setup.store.file(before.terms).map_err(host)?.ok_or_else(gone)?;
    let terms = Terms::from_bytes(&terms).map_err(|error| MigrateError::Failed(error.to_string()))?;
    let wasm = setup.store.file(terms.plugin.sha256).map_err(host)?.ok_or_else(gone)?;
    let load =
        serde_json::from_str(&terms.plugin.load_settings).map_err(|error| MigrateError::Failed(error.to_string()))?;
    setup.sandbox.load(&wasm, &load).map_err(|error| match error.is_plugins() {
        true => MigrateError::Failed(error.to_string()),
        false => MigrateError::Host(error.to_string()),
    })
}

fn store_now(store: &Store, lane: &LaneSource, places: &Places) -> Result<(), String> {
    store.commit(set_places(lane, places).map_err(words)?).map_err(words)
}

fn words(error: StoreError) -> String {
    error.to_string()
}
