//! Fairness between forces: whoever was served least comes next. Pure.

use std::collections::BTreeMap;

use crate::model::Force;

/// Rows served, by force.
#[derive(Debug, Default)]
pub(super) struct Fair {
    served: BTreeMap<Force, u64>,
    /// What the force served last had. A force that was idle starts from there: it saves nothing up.
    floor: u64,
}

impl Fair {
    /// The one of these forces whose turn it is.
    pub(super) fn next<'a>(&self, forces: impl Iterator<Item = &'a Force>) -> Option<&'a Force> {
        forces.min_by_key(|force| self.of(force))
    }

    /// Counts rows that a force was served. At least one: an empty batch is a turn, too.
    pub(super) fn serve(&mut self, force: &Force, rows: u64) {
        let served = self.of(force);
        self.floor = served;
        self.served.insert(force.clone(), served + rows.max(1));
    }

    fn of(&self, force: &Force) -> u64 {
        self.served.get(force).copied().unwrap_or(0).max(self.floor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_force_with_much_waits_for_one_with_little_and_idleness_saves_nothing_up() {
        let [big, small, late] = ["big", "small", "late"].map(|name| Force::new(name).unwrap());
        let mut fair = Fair::default();
        let mut turns = Vec::new();
        for _ in 0..30 {
            let next = fair.next([&big, &small].into_iter()).unwrap().clone();
            fair.serve(&next, if next == big { 4_000 } else { 1_000 });
            turns.push(next);
        }
        let of_small = turns.iter().filter(|force| **force == small).count();
        assert!((23..=25).contains(&of_small), "{of_small}");
        // It was away all the time: it comes at once, and then not more often than the others.
        let mut turns = Vec::new();
        for _ in 0..8 {
            let next = fair.next([&big, &small, &late].into_iter()).unwrap().clone();
            fair.serve(&next, 4_000);
            turns.push(next);
        }
        assert!((2..=4).contains(&turns.iter().filter(|force| **force == late).count()), "{turns:?}");
    }
}
