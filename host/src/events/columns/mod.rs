//! Columns: what a path finds in every row, dictionary-encoded.
//!
//! Owns the walk of paths over the tape, documents inside of strings, the encoding and the transforms. What a path finds
//! is said in `cordon_contract::path`. Caches nothing: `batch.rs` does.

mod encode;
mod find;
mod named;
mod tops;
mod transform;

use std::borrow::Cow;
use std::sync::Arc;

use cordon_contract::path::Step;

pub(super) use find::{Base, Found, Layer, layer, named, walk, walk_from};
pub(super) use named::Named;
pub(super) use tops::Tops;

use super::tape::{NONE, Tape};
use super::{Column, Kind, Multi};

/// What one group of rows (those of one shape) has under a path: the candidates in order of preference.
pub(super) struct Group<'a> {
    /// Ascending positions among the rows asked for; `None` when the group is all of them.
    pub(super) rows: Option<Cow<'a, [u32]>>,
    pub(super) candidates: Vec<Found<'a>>,
}

/// Splits off a last `@lower` or `@ip`, which works on a finished dictionary.
pub(super) fn split_transform(steps: &[Step]) -> (&[Step], Option<&Step>) {
    match steps.split_last() {
        Some((last @ (Step::Lower | Step::Ip), rest)) => (rest, Some(last)),
        _ => (steps, None),
    }
}

/// A column of `rows` slots out of its groups.
pub(super) fn single(rows: usize, groups: &[Group<'_>]) -> Column {
    let mut encoder = encode::Encoder::new(rows);
    let mut filled = groups.iter().flat_map(|group| {
        let filled = group.candidates.iter().filter(|found| found.is_anywhere());
        filled.map(|found| (group.rows.as_deref(), found))
    });
    match (filled.next(), filled.next()) {
        (None, _) => {}
        // Mostly: a name of one shape only, or a batch of one shape.
        (Some((positions, found)), None) => encoder.push_present(found.tape(), at(positions, found)),
        (Some(first), Some(second)) => {
            let mut picked: Vec<Option<(&Found<'_>, u32)>> = vec![None; rows];
            for (positions, found) in [first, second].into_iter().chain(filled) {
                for (row, node) in at(positions, found) {
                    // A candidate before had it: that one is preferred.
                    if let Some(row) = picked.get_mut(row as usize).filter(|row| row.is_none()) {
                        *row = Some((found, node));
                    }
                }
            }
            for (row, picked) in (0u32..).zip(picked) {
                if let Some((found, node)) = picked {
                    encoder.absent_until(row as usize);
                    encoder.push_found(found.tape(), node);
                }
            }
        }
    }
    encoder.absent_until(rows);
    encoder.finish()
}

/// What was found, by its row among those asked for.
fn at<'a>(positions: Option<&'a [u32]>, found: &'a Found<'_>) -> impl Iterator<Item = (u32, u32)> + 'a {
    let row = move |slot: u32| positions.map_or(Some(slot), |rows| rows.get(slot as usize).copied());
    found.present().filter_map(move |(slot, node)| row(slot).map(|row| (row, node)))
}

/// A multi-value column of `rows` rows out of its groups.
pub(super) fn many(rows: usize, groups: &[Group<'_>]) -> Multi {
    let mut encoder = encode::Encoder::new(rows);
    let mut starts = Vec::with_capacity(rows + 1);
    let mut slots = 0;
    starts.push(0);
    merge(rows, groups, |found, row| {
        if let Some(found) = found {
            for node in found.slots(row) {
                encoder.push_found(found.tape(), *node);
                slots += 1;
            }
        }
        starts.push(slots);
    });
    Multi { starts, values: Arc::new(encoder.finish()) }
}

/// Applies a last transform to a dictionary.
pub(super) fn transform(column: &Column, step: &Step) -> Column {
    transform::apply(column, step)
}

/// Calls `take` for each row with the candidate that has something there (else the last one).
fn merge<'a, 'b>(rows: usize, groups: &'a [Group<'b>], mut take: impl FnMut(Option<&'a Found<'b>>, usize)) {
    let mut taken = vec![0usize; groups.len()];
    for row in 0..rows {
        let group = groups.iter().zip(&mut taken).find_map(|(group, taken)| {
            let mine = match &group.rows {
                None => true,
                Some(rows) => rows.get(*taken).is_some_and(|next| *next as usize == row),
            };
            mine.then(|| {
                *taken += 1;
                (group, *taken - 1)
            })
        });
        let Some((group, position)) = group else {
            take(None, row);
            continue;
        };
        let found = group
            .candidates
            .iter()
            .find(|found| found.slots(position).iter().any(|node| *node != NONE))
            .or(group.candidates.last());
        take(found, position);
    }
}

/// The text of the first value that a path finds in one document; none for absent and null.
pub(super) fn first(tape: &Tape, root: u32, steps: &[Step]) -> Option<String> {
    let (steps, transform) = split_transform(steps);
    let mut parts = steps.split(|step| *step == Step::Json);
    let mut found = walk(Base::Events(tape), None, &[root], parts.next()?);
    let mut roots = 1;
    for part in parts {
        let inner = Arc::new(layer(&found, roots));
        roots = inner.roots.len();
        found = walk(Base::Layer(Arc::clone(&inner)), inner.starts.as_deref(), &inner.roots, part);
    }
    let group = [Group { rows: None, candidates: vec![found] }];
    let multi = many(1, &group);
    let values = transform.map_or_else(|| multi.values.as_ref().clone(), |step| self::transform(&multi.values, step));
    let value = (0..values.rows.len()).find_map(|slot| values.value(slot))?;
    (value.0 != Kind::Null).then(|| value.1.to_owned())
}
