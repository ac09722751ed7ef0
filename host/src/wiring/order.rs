//! Gives things back in the order of the events they belong to, though batches end in any order. Pure.

use std::collections::BTreeMap;
use std::collections::VecDeque;

/// Things by event sequence, then by plugin; equal ones in the order they were put.
#[derive(Debug)]
pub(super) struct InOrder<T> {
    /// Every event before this one is judged.
    next: u64,
    /// Judged runs further on: start to end (exclusive).
    judged: BTreeMap<u64, u64>,
    waiting: BTreeMap<(u64, usize), VecDeque<T>>,
}

impl<T> Default for InOrder<T> {
    fn default() -> Self {
        Self { next: 1, judged: BTreeMap::new(), waiting: BTreeMap::new() }
    }
}

impl<T> InOrder<T> {
    pub(super) fn put(&mut self, sequence: u64, plugin: usize, thing: T) {
        self.waiting.entry((sequence, plugin)).or_default().push_back(thing);
    }

    /// Nothing more will be put for these events, given in ascending order.
    pub(super) fn judged(&mut self, sequences: impl IntoIterator<Item = u64>) {
        let mut run: Option<(u64, u64)> = None;
        for sequence in sequences {
            match &mut run {
                Some((_, end)) if *end == sequence => *end += 1,
                _ => {
                    if let Some((start, end)) = run {
                        self.judged.insert(start, end);
                    }
                    run = Some((sequence, sequence + 1));
                }
            }
        }
        if let Some((start, end)) = run {
            self.judged.insert(start, end);
        }
        while let Some(entry) = self.judged.first_entry() {
            if *entry.key() > self.next {
                break;
            }
            self.next = self.next.max(entry.remove());
        }
    }

    /// Nothing more will be put.
    pub(super) fn end(&mut self) {
        self.next = u64::MAX;
    }

    /// The next thing, once every event before its own is judged.
    pub(super) fn next(&mut self) -> Option<T> {
        loop {
            let mut first = self.waiting.first_entry()?;
            if first.key().0 >= self.next {
                return None;
            }
            match first.get_mut().pop_front() {
                Some(thing) => return Some(thing),
                None => first.remove(),
            };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(order: &mut InOrder<&'static str>) -> Vec<&'static str> {
        std::iter::from_fn(|| order.next()).collect()
    }

    #[test]
    fn what_belongs_to_a_later_event_waits_for_the_earlier_ones() {
        let mut order = InOrder::default();
        order.put(3, 0, "c");
        order.judged([3, 4]);
        assert_eq!(all(&mut order), Vec::<&str>::new());
        order.put(1, 1, "b");
        order.put(1, 0, "a");
        order.judged([1]);
        assert_eq!(all(&mut order), ["a", "b"]);
        order.judged([2]);
        assert_eq!(all(&mut order), ["c"]);
    }

    #[test]
    fn two_sources_that_interleave_come_in_input_order() {
        let mut order = InOrder::default();
        order.put(6, 0, "6");
        order.put(2, 0, "2");
        order.judged([2, 4, 6]);
        order.put(5, 0, "5");
        order.judged([1, 3, 5]);
        assert_eq!(all(&mut order), ["2", "5", "6"]);
    }

    #[test]
    fn the_end_lets_everything_out() {
        let mut order = InOrder::default();
        order.put(9, 0, "x");
        order.put(9, 0, "y");
        order.end();
        assert_eq!(all(&mut order), ["x", "y"]);
    }
}
