//! The rows of a batch that are of one shape, and what their paths find.
//!
//! A canonical path stands elsewhere in each shape, so each part is looked at by itself: with an index of the names at the
//! top of its events, made once, and what was found on the way (documents in strings, name/value arrays) kept for the next
//! path.

use std::borrow::Cow;
use std::sync::{Arc, OnceLock};

use cordon_contract::path::Step;

use super::columns::{self, Base, Found, Group, Layer, Named, Tops};
use super::kept::{Shared, shared};
use super::sources::{Shape, Source};
use super::tape::Tape;

/// See the module.
pub(super) struct Part {
    /// None for a source that is taken as it is.
    shape: Option<&'static Shape>,
    /// Which rows of the batch; none where all of them are of this shape.
    rows: Option<Mine>,
    /// Of each of its rows.
    roots: Vec<u32>,
    tops: OnceLock<Tops>,
    /// Documents in strings, by the path up to their `@json`.
    layers: Shared<Vec<Step>, Layer>,
    /// Name/value arrays, by the array's path and by the member that names its elements.
    named: Shared<(Vec<Step>, String), Option<Named>>,
}

/// Some of a batch's rows.
struct Mine {
    /// Ascending.
    rows: Vec<u32>,
    /// Of each row of the batch: where it stands among these, [`ELSEWHERE`] where it does not.
    places: Vec<u32>,
}

const ELSEWHERE: u32 = u32::MAX;

impl Mine {
    fn new(rows: Vec<u32>, of: usize) -> Self {
        let mut places = vec![ELSEWHERE; of];
        for (place, row) in (0u32..).zip(&rows) {
            places[*row as usize] = place;
        }
        Self { rows, places }
    }

    /// Of the rows asked for, those that are among these: positions in what is asked for, and places among these.
    fn among(&self, asked: &[u32]) -> (Vec<u32>, Vec<u32>) {
        let most = asked.len().min(self.rows.len());
        let (mut positions, mut places) = (Vec::with_capacity(most), Vec::with_capacity(most));
        for (position, row) in (0u32..).zip(asked) {
            match self.places.get(*row as usize) {
                Some(place) if *place != ELSEWHERE => {
                    positions.push(position);
                    places.push(*place);
                }
                _ => {}
            }
        }
        (positions, places)
    }
}

impl Part {
    /// The parts of a batch, whose rows are of these shapes and have these roots.
    pub(super) fn all(shapes: &[u8], roots: &[u32], table: Option<&'static Source>) -> Vec<Self> {
        let of = |shape: u8, rows: Option<Mine>, roots: Vec<u32>| {
            let (tops, layers, named) = Default::default();
            let shape = table.and_then(|table| table.shapes.get(usize::from(shape)));
            Self { shape, rows, roots, tops, layers, named }
        };
        match shapes.first() {
            None => return Vec::new(),
            Some(first) if shapes.iter().all(|shape| shape == first) => return vec![of(*first, None, roots.to_vec())],
            Some(_) => {}
        }
        let mut present = shapes.to_vec();
        present.sort_unstable();
        present.dedup();
        let part = |shape: u8| {
            let mine = || (0u32..).zip(shapes.iter().zip(roots)).filter(move |(_, (of, _))| **of == shape);
            let rows = Mine::new(mine().map(|(row, _)| row).collect(), roots.len());
            of(shape, Some(rows), mine().map(|(_, (_, root))| *root).collect())
        };
        present.into_iter().map(part).collect()
    }

    /// What a canonical path finds in the rows asked for that are of this shape; none where no such row is asked for.
    pub(super) fn group<'a>(&'a self, tape: &'a Tape, steps: &[Step], asked: Option<&[u32]>) -> Option<Group<'a>> {
        let (positions, chosen) = match (asked, &self.rows) {
            (None, None) => (None, None),
            (None, Some(mine)) => (Some(Cow::Borrowed(mine.rows.as_slice())), None),
            (Some(asked), None) => (None, Some(Cow::Borrowed(asked))),
            (Some(asked), Some(mine)) => {
                let (positions, chosen) = mine.among(asked);
                if positions.is_empty() {
                    return None;
                }
                (Some(Cow::Owned(positions)), Some(Cow::Owned(chosen)))
            }
        };
        let paths = self.shape.map_or_else(|| vec![steps.to_vec()], |shape| shape.resolve(steps));
        let candidates = paths.iter().map(|path| self.find(tape, path, chosen.as_deref())).collect();
        Some(Group { rows: positions, candidates })
    }

    /// Walks one concrete path. `chosen`: positions among its rows, ascending; `None` for all of them.
    fn find<'a>(&'a self, tape: &'a Tape, path: &[Step], chosen: Option<&[u32]>) -> Found<'a> {
        let Some(json) = path.iter().rposition(|step| *step == Step::Json) else {
            return self.find_plain(tape, path, chosen);
        };
        let prefix = &path[..json];
        let slots = chosen.map_or(self.roots.len(), <[u32]>::len);
        let make = || columns::layer(&self.find(tape, prefix, chosen), slots);
        let layer = match chosen {
            None => shared(&self.layers, &prefix.to_vec(), make),
            // Rows that a plugin chose are hardly the same twice.
            Some(_) => Arc::new(make()),
        };
        let (starts, roots) = (layer.starts.clone(), layer.roots.clone());
        columns::walk(Base::Layer(layer), starts.as_deref(), &roots, &path[json + 1..])
    }

    /// The same without `@json`: from where the path's first name stands, and by an index of the array where the path picks an
    /// element by name.
    fn find_plain<'a>(&'a self, tape: &'a Tape, path: &[Step], chosen: Option<&[u32]>) -> Found<'a> {
        let base = Base::Events(tape);
        let Some((Step::Name(first), steps)) = path.split_first() else {
            let picked = |rows: &[u32]| rows.iter().filter_map(|row| self.roots.get(*row as usize).copied()).collect();
            let roots: Vec<u32> = chosen.map_or_else(|| self.roots.clone(), picked);
            return columns::walk(base, None, &roots, path);
        };
        let all = self.tops.get_or_init(|| Tops::of(tape, &self.roots)).members(tape, first);
        if let Some(chosen) = chosen {
            let from: Vec<(u32, u32)> =
                both(chosen, all, |(row, _)| *row).map(|(position, at)| (position, all[at as usize].1)).collect();
            return columns::walk_from(base, chosen.len(), &from, steps);
        }
        let at = steps.iter().position(|step| matches!(step, Step::Where { .. } | Step::All));
        match at.and_then(|at| Some((at, steps.get(at)?))) {
            Some((at, Step::Where { name, value })) => {
                let key = (path[..=at].to_vec(), name.clone());
                let named = shared(&self.named, &key, || columns::named(&base, all, &steps[..at], name));
                match named.as_ref() {
                    Some(named) => columns::walk_from(base, self.roots.len(), named.elements(value), &steps[at + 1..]),
                    None => columns::walk_from(base, self.roots.len(), all, steps),
                }
            }
            _ => columns::walk_from(base, self.roots.len(), all, steps),
        }
    }
}

/// Positions in `few` and in `many` of what stands in both; both ascend.
fn both<'a, T>(few: &'a [u32], many: &'a [T], of: impl Fn(&T) -> u32 + 'a) -> impl Iterator<Item = (u32, u32)> + 'a {
    let mut at = 0;
    (0u32..).zip(few).filter_map(move |(position, row)| {
        // Where few are asked for, what lies between them is not looked at one by one.
        let mut step = 1;
        while many.get(at + step).is_some_and(|next| of(next) <= *row) {
            at += step;
            step *= 2;
        }
        let rest = many.get(at..many.len().min(at + step))?;
        at += rest.partition_point(|next| of(next) < *row);
        many.get(at).is_some_and(|next| of(next) == *row).then_some((position, at as u32))
    })
}

#[cfg(test)]
mod tests {
    use super::both;

    #[test]
    fn what_stands_in_both_is_found_wherever_it_stands() {
        let lists: [&[u32]; 7] =
            [&[], &[0], &[3], &[0, 1, 2, 3], &[1, 4, 9, 16, 25], &[7, 25], &[2, 3, 5, 24, 25, 26, 40]];
        for few in lists {
            for many in lists {
                let found: Vec<(u32, u32)> = both(few, many, |row| *row).collect();
                let plain = few.iter().enumerate().filter_map(|(position, row)| {
                    many.iter().position(|other| other == row).map(|at| (position as u32, at as u32))
                });
                assert_eq!(found, plain.collect::<Vec<_>>(), "{few:?} in {many:?}");
            }
        }
    }
}
