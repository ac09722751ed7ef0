//! Finds the rows that a plugin faults on, so that no others are passed without a result. Pure: running is given.
//!
//! The batch is halved and halved again: the row rule makes findings the same for any split. Where one half completes, the
//! other must hold the fault, and is halved without a run of its own; a single row is run twice before it counts. What that
//! may cost is bounded: [`RUNS`] runs of a wave, then what is left is run once more as it stands, at most one piece for each
//! level of halving; and CPU time of a lane for each minute, which the caller counts.

use std::ops::Range;

/// Runs of one wave that may go into halving.
const RUNS: u32 = 64;

/// How one run of some rows ended.
pub(super) enum Piece<F, O> {
    /// It completed.
    Found(F),
    /// It would end so again.
    Faulted(O),
    /// For reasons of the moment: nothing can be said of these rows now.
    Moment(O),
}

/// What is known of a batch after halving.
#[derive(Debug)]
pub(super) struct Narrowed<F, O> {
    /// What pieces that completed gave, in order of rows.
    pub(super) found: Vec<F>,
    /// Rows that it faults on, ascending; neighbours with one outcome are one range.
    pub(super) faulting: Vec<(Range<usize>, O)>,
}

struct Narrowing<'a, F, O> {
    run: &'a mut dyn FnMut(Range<usize>) -> Option<Piece<F, O>>,
    left: u32,
    out: Narrowed<F, O>,
}

/// Narrows a fault with this outcome on so many rows. `run` answers none where no more CPU time is to go into it.
///
/// # Errors
/// The outcome of a run that ended for reasons of the moment.
pub(super) fn narrow<F, O: Clone + PartialEq>(
    rows: usize,
    outcome: O,
    mut run: impl FnMut(Range<usize>) -> Option<Piece<F, O>>,
) -> Result<Narrowed<F, O>, O> {
    let out = Narrowed { found: Vec::new(), faulting: Vec::new() };
    let mut narrowing = Narrowing { run: &mut run, left: RUNS, out };
    narrowing.halve(0..rows, outcome)?;
    Ok(narrowing.out)
}

impl<F, O: Clone + PartialEq> Narrowing<'_, F, O> {
    /// Of rows that fault.
    fn halve(&mut self, rows: Range<usize>, outcome: O) -> Result<(), O> {
        if rows.len() <= 1 || self.left == 0 {
            self.faulting(rows, outcome);
            return Ok(());
        }
        let middle = rows.start + rows.len() / 2;
        let left_faults = self.look(rows.start..middle, &outcome)?;
        let right = middle..rows.end;
        if left_faults || right.len() == 1 || self.left == 0 {
            self.look(right, &outcome)?;
        } else {
            self.halve(right, outcome)?;
        }
        Ok(())
    }

    /// Runs rows, and halves them where they fault. Whether they did.
    fn look(&mut self, rows: Range<usize>, before: &O) -> Result<bool, O> {
        let tries = if rows.len() == 1 { 2 } else { 1 };
        let mut outcome = before.clone();
        for _ in 0..tries {
            self.left = self.left.saturating_sub(1);
            match (self.run)(rows.clone()) {
                Some(Piece::Found(found)) => {
                    self.out.found.push(found);
                    return Ok(false);
                }
                Some(Piece::Faulted(again)) => outcome = again,
                Some(Piece::Moment(outcome)) => return Err(outcome),
                None => {
                    self.left = 0;
                    break;
                }
            }
        }
        self.halve(rows, outcome)?;
        Ok(true)
    }

    fn faulting(&mut self, rows: Range<usize>, outcome: O) {
        match self.out.faulting.last_mut() {
            Some((last, same)) if last.end == rows.start && *same == outcome => last.end = rows.end,
            _ => self.out.faulting.push((rows, outcome)),
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use std::collections::BTreeSet;

    use super::*;

    /// Found rows, faulting rows, and how many runs and rows were run.
    fn narrowed(rows: usize, bad: &[usize]) -> (BTreeSet<usize>, Vec<Range<usize>>, usize, usize) {
        let (mut runs, mut cost) = (0, 0);
        let narrowed = narrow(rows, 'x', |piece| {
            (runs, cost) = (runs + 1, cost + piece.len());
            let faults = bad.iter().any(|row| piece.contains(row));
            Some(if faults { Piece::Faulted('x') } else { Piece::Found(piece) })
        })
        .unwrap();
        let found = narrowed.found.into_iter().flatten().collect();
        (found, narrowed.faulting.into_iter().map(|(rows, _)| rows).collect(), runs, cost)
    }

    #[test]
    fn one_faulting_row_is_found_alone_within_few_runs_wherever_it_stands() {
        for rows in [2, 3, 7, 100, 4_096] {
            for bad in [0, 1, rows / 3, rows / 2, rows - 1] {
                let (found, faulting, runs, cost) = narrowed(rows, &[bad]);
                assert!(matches!(&faulting[..], [only] if *only == (bad..bad + 1)), "{rows} {bad}: {faulting:?}");
                assert_eq!(found.len(), rows - 1);
                assert!(runs <= 26 && cost <= 2 * rows + 2, "{runs} runs over {cost} rows of {rows}");
            }
        }
    }

    #[test]
    fn a_plugin_that_always_faults_costs_a_bounded_number_of_runs_and_one_range() {
        let all: Vec<usize> = (0..4_096).collect();
        let (found, faulting, runs, cost) = narrowed(4_096, &all);
        assert!(found.is_empty());
        assert!(matches!(&faulting[..], [only] if *only == (0..4_096)), "{faulting:?}");
        assert!(runs <= RUNS as usize + 13 && cost <= 3 * 4_096, "{runs} runs over {cost} rows");
    }

    #[test]
    fn every_row_is_either_found_or_faulting_and_never_both() {
        let bad = [5, 6, 7, 900, 2_047, 2_048, 4_000];
        let (found, faulting, ..) = narrowed(4_096, &bad);
        let faulting: BTreeSet<usize> = faulting.into_iter().flatten().collect();
        assert!(bad.iter().all(|row| faulting.contains(row)));
        assert!(found.is_disjoint(&faulting));
        assert_eq!(found.len() + faulting.len(), 4_096);
    }

    #[test]
    fn without_cpu_time_left_the_rest_is_given_up_and_trouble_of_the_moment_ends_it() {
        let given_up = narrow(8, 'x', |_| None::<Piece<(), char>>).unwrap();
        assert_eq!(given_up.faulting, [(0..8, 'x')]);
        assert_eq!(narrow(8, 'x', |_| Some(Piece::<(), char>::Moment('m'))).unwrap_err(), 'm');
    }
}
