//! What one round is: chosen from a seed and its number. Pure.

use std::fmt;

use cordon_contract::limits::BATCH_ROWS;
use serde::Serialize;

/// Sizes of batches that find what depends on them, besides a random one.
const ROWS: [usize; 6] = [BATCH_ROWS, 1, 64, 7, 513, 2];
/// Every so many rounds artefacts are prepared anew.
const COLD: u64 = 7;

/// One way to run the same events.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Round {
    /// From 0; the first is what the others are compared with.
    pub number: u64,
    /// Threads that run plugins.
    pub workers: usize,
    /// Events of a batch at most.
    pub rows: usize,
    /// Seed of further random cuts.
    pub cuts: Option<u64>,
    /// The files, by position.
    pub order: Vec<usize>,
    /// With an empty artefact cache.
    pub cold: bool,
}

impl Round {
    /// The first round: one worker, whole batches, files in the given order, artefacts from the cache.
    #[must_use]
    pub fn first(files: usize) -> Self {
        Self { number: 0, workers: 1, rows: BATCH_ROWS, cuts: None, order: (0..files).collect(), cold: false }
    }

    /// Round `number`, from 1. Both numbers of workers take turns, and every seventh has a cold cache.
    #[must_use]
    pub fn of(seed: u64, number: u64, files: usize) -> Self {
        let mut chance = fastrand::Rng::with_seed(seed.wrapping_add(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)));
        let rows = match chance.usize(0..=ROWS.len()) {
            at if at < ROWS.len() => ROWS[at],
            _ => chance.usize(1..=BATCH_ROWS),
        };
        let cuts = chance.bool().then(|| chance.u64(..));
        let mut order: Vec<usize> = (0..files).collect();
        if chance.bool() {
            chance.shuffle(&mut order);
        }
        let workers = if number.is_multiple_of(2) { 1 } else { 2 };
        Self { number, workers, rows, cuts, order, cold: number % COLD == 1 }
    }

    /// Whether the files come as they were given.
    #[must_use]
    pub fn in_given_order(&self) -> bool {
        self.order.is_sorted()
    }
}

impl fmt::Display for Round {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let s = if self.workers == 1 { "" } else { "s" };
        write!(f, "round {}: {} worker{s}, batches of {}", self.number, self.workers, self.rows)?;
        if self.cuts.is_some() {
            f.write_str(" cut at random")?;
        }
        if !self.in_given_order() {
            write!(f, ", files in order {:?}", self.order)?;
        }
        if self.cold {
            f.write_str(", cold cache")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seed_and_number_make_the_same_round_again() {
        assert_eq!(Round::of(7, 5, 9), Round::of(7, 5, 9));
        assert_ne!(Round::of(7, 5, 9), Round::of(8, 5, 9));
    }

    #[test]
    fn rounds_cover_what_must_not_matter() {
        let rounds: Vec<Round> = (1..=64).map(|number| Round::of(1, number, 3)).collect();
        for rows in ROWS {
            assert!(rounds.iter().any(|round| round.rows == rows), "{rows}");
        }
        let has = |what: fn(&Round) -> bool| rounds.iter().any(what) && !rounds.iter().all(what);
        assert!(has(|round| round.workers == 1) && has(|round| round.cuts.is_some()));
        assert!(has(|round| round.cold) && has(Round::in_given_order));
        assert!(rounds.iter().all(|round| (1..=BATCH_ROWS).contains(&round.rows)));
    }
}
