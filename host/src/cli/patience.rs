//! How long to wait before a request is sent again: as long as the host says, or longer each time; never all at once.

use std::time::Duration;

/// The first wait where the host says nothing.
const FIRST: Duration = Duration::from_millis(200);
/// The longest wait where the host says nothing.
const LONGEST: Duration = Duration::from_secs(30);
/// All waits for one request together, at most.
const ALL: Duration = Duration::from_secs(600);

/// The waits for one request.
pub(super) struct Patience {
    next: Duration,
    waited: Duration,
    random: fastrand::Rng,
}

impl Patience {
    pub(super) fn new() -> Self {
        Self { next: FIRST, waited: Duration::ZERO, random: fastrand::Rng::new() }
    }

    /// How long to wait now; none when that is more than anybody wants to wait. `told` is what the host said, in seconds.
    pub(super) fn wait(&mut self, told: Option<u64>) -> Option<Duration> {
        let least = told.map_or(Duration::ZERO, Duration::from_secs);
        let base = self.next.max(least);
        // Senders that were told the same do not come back at the same moment.
        let wait = base.saturating_add(base.mul_f64(self.random.f64() / 4.0));
        self.next = (self.next * 2).min(LONGEST);
        self.waited = self.waited.saturating_add(wait);
        (self.waited <= ALL).then_some(wait)
    }

    /// Seconds waited, and asked to wait, altogether.
    pub(super) fn seconds(&self) -> u64 {
        self.waited.as_secs()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_obey_the_host_differ_and_end() {
        let mut patience = Patience::new();
        let first = patience.wait(None).unwrap();
        assert!(first >= FIRST && first <= FIRST.mul_f64(1.25), "{first:?}");
        assert!(patience.wait(None).unwrap() >= FIRST * 2);
        let told = patience.wait(Some(7)).unwrap();
        assert!(told >= Duration::from_secs(7) && told <= Duration::from_secs(9), "{told:?}");
        assert_ne!(Patience::new().wait(Some(100)), Patience::new().wait(Some(100)));
        assert_eq!(Patience::new().wait(Some(601)), None);
        let mut waits = 0;
        while patience.wait(None).is_some() {
            waits += 1;
        }
        assert!((15..40).contains(&waits), "{waits}");
    }
}
