//! The budget: bytes of requests' events that may be in memory, over all requests at the same time.
//!
//! A request takes from it as it is read and gives back when it is answered. It covers the events' own text; parsed and
//! packed beside it, they take about three times as much.

use std::sync::atomic::{AtomicU64, Ordering};

/// See the module.
#[derive(Debug)]
pub(super) struct Budget {
    limit: u64,
    used: AtomicU64,
}

/// What one request holds. Dropping it gives that back.
#[derive(Debug)]
pub(super) struct Lease<'a> {
    budget: &'a Budget,
    held: u64,
}

impl Budget {
    pub(super) fn new(limit: u64) -> Self {
        Self { limit, used: AtomicU64::new(0) }
    }

    /// Nothing yet.
    pub(super) fn lease(&self) -> Lease<'_> {
        Lease { budget: self, held: 0 }
    }
}

impl Lease<'_> {
    /// Takes so many bytes more; false, and nothing is taken, where that would be over the limit.
    pub(super) fn grow(&mut self, bytes: u64) -> bool {
        let within = |used: u64| used.checked_add(bytes).filter(|used| *used <= self.budget.limit);
        let taken = self.budget.used.fetch_update(Ordering::Relaxed, Ordering::Relaxed, within).is_ok();
        self.held += if taken { bytes } else { 0 };
        taken
    }

    /// Bytes that all leases together may hold.
    pub(super) fn limit(&self) -> u64 {
        self.budget.limit
    }

    /// What it holds.
    pub(super) fn held(&self) -> u64 {
        self.held
    }
}

impl Drop for Lease<'_> {
    fn drop(&mut self) {
        self.budget.used.fetch_sub(self.held, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leases_together_stay_within_the_limit_and_give_back_what_they_held() {
        let budget = Budget::new(10);
        let (mut first, mut second) = (budget.lease(), budget.lease());
        assert!(first.grow(6) && second.grow(4) && !first.grow(1) && !second.grow(u64::MAX));
        assert_eq!((first.held(), second.held()), (6, 4));
        drop(first);
        assert!(second.grow(6) && !second.grow(1));
        drop(second);
        assert!(budget.lease().grow(10));
    }
}
