//! Chance, from a seed: the same numbers on every machine. Asked for 64-bit numbers only, never for `usize` or a float, whose
//! values depend on the machine or on rounding; a test holds the algorithm.

/// A generator of its own for each thing that is decided.
#[derive(Debug)]
pub(super) struct Dice(fastrand::Rng);

impl Dice {
    /// From numbers that name what is decided.
    pub(super) fn new(names: &[u64]) -> Self {
        Self(fastrand::Rng::with_seed(names.iter().fold(0, |seed, name| mix(seed, *name))))
    }

    pub(super) fn number(&mut self) -> u64 {
        self.0.u64(..)
    }

    /// Below a limit; 0 where the limit is 0.
    pub(super) fn below(&mut self, limit: u64) -> u64 {
        scaled(self.number(), limit)
    }

    /// From one number up to another, without it.
    pub(super) fn between(&mut self, from: i64, to: i64) -> i64 {
        from.saturating_add_unsigned(self.below(to.saturating_sub(from).max(0).unsigned_abs()))
    }

    /// Whether what happens in so many of a million cases happens.
    pub(super) fn happens(&mut self, of_a_million: u64) -> bool {
        self.below(1_000_000) < of_a_million
    }
}

/// A number that two numbers make, and no near pair of others.
pub(super) fn mix(seed: u64, name: u64) -> u64 {
    fastrand::Rng::with_seed(seed ^ name.wrapping_mul(0x9E37_79B9_7F4A_7C15)).u64(..)
}

/// A number that a text makes.
pub(super) fn named(text: &str) -> u64 {
    text.bytes().fold(text.len() as u64, |seed, byte| mix(seed, u64::from(byte)))
}

/// A random number brought below a limit.
pub(super) fn scaled(number: u64, limit: u64) -> u64 {
    let [.., high] = split(u128::from(number) * u128::from(limit));
    high
}

#[allow(clippy::cast_possible_truncation, reason = "the two halves")]
fn split(product: u128) -> [u64; 2] {
    [product as u64, (product >> 64) as u64]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_algorithm_is_the_one_that_seeds_were_given_for() {
        let mut dice = Dice::new(&[7, named("avon")]);
        let first = [dice.number(), dice.below(1_000), dice.between(-5, 5).unsigned_abs()];
        assert_eq!(first, [2_631_344_596_634_968_925, 473, 1]);
    }
}
