//! Times by their frequency, to a few percent, in fixed memory.

use std::time::Duration;

/// Steps between a power of two and the next.
const STEPS: u64 = 32;

/// See the module.
#[derive(Debug, Clone)]
pub(in crate::cli) struct Latency {
    counts: Vec<u64>,
    total: u64,
}

impl Default for Latency {
    fn default() -> Self {
        Self { counts: vec![0; (64 * STEPS) as usize], total: 0 }
    }
}

impl Latency {
    pub(in crate::cli) fn add(&mut self, time: Duration) {
        let micros = u64::try_from(time.as_micros()).unwrap_or(u64::MAX).max(STEPS);
        // The highest bit, and the five behind it.
        let power = u64::from(micros.ilog2());
        let slot = power * STEPS + ((micros >> (power - 5)) - STEPS);
        if let Some(count) = usize::try_from(slot).ok().and_then(|slot| self.counts.get_mut(slot)) {
            *count += 1;
            self.total += 1;
        }
    }

    pub(in crate::cli) fn join(&mut self, other: &Self) {
        self.counts.iter_mut().zip(&other.counts).for_each(|(mine, theirs)| *mine += theirs);
        self.total += other.total;
    }

    /// The time that so many percent do not exceed; none where there is none.
    pub(in crate::cli) fn percent(&self, percent: u64) -> Option<Duration> {
        let wanted = (self.total * percent).div_ceil(100).max(1);
        let mut seen = 0;
        let slot = self.counts.iter().position(|count| {
            seen += count;
            seen >= wanted
        })? as u64;
        let (power, step) = (slot / STEPS, slot % STEPS);
        Some(Duration::from_micros((STEPS + step + 1) << power.saturating_sub(5)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_right_to_a_few_percent() {
        let mut latency = Latency::default();
        assert_eq!(latency.percent(50), None);
        (1..=1_000).for_each(|millis| latency.add(Duration::from_millis(millis)));
        for (percent, millis) in [(50, 500.0), (99, 990.0)] {
            let found = latency.percent(percent).unwrap().as_secs_f64() * 1e3;
            assert!((found / millis - 1.0).abs() < 0.04, "p{percent}: {found}");
        }
    }
}
