//! Inputs made from kept ones: the same seed gives the same inputs.

use fastrand::Rng;

/// Longest input made.
const MOST: usize = 16 << 10;

/// An endless row of inputs.
#[derive(Debug)]
pub struct Generator {
    random: Rng,
    kept: Vec<Vec<u8>>,
    words: &'static [&'static str],
}

impl Generator {
    /// Starts from these inputs; `words` are pieces that mean something to the code under test.
    #[must_use]
    pub fn new(seed: u64, kept: Vec<Vec<u8>>, words: &'static [&'static str]) -> Self {
        Self { random: Rng::with_seed(seed), kept, words }
    }

    /// The next input: a kept one, changed in one to eight places.
    #[must_use]
    pub fn next_input(&mut self) -> Vec<u8> {
        let mut input = self.any_kept();
        for _ in 0..self.random.usize(1..=8) {
            self.change(&mut input);
        }
        input.truncate(MOST);
        input
    }

    fn any_kept(&mut self) -> Vec<u8> {
        self.random.choice(&self.kept).cloned().unwrap_or_default()
    }

    fn change(&mut self, input: &mut Vec<u8>) {
        let at = self.random.usize(..=input.len());
        let end = (at + self.random.usize(1..=16)).min(input.len());
        match self.random.u8(..8) {
            0 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte ^= 1 << self.random.u8(..8);
                }
            }
            1 => {
                if let Some(byte) = input.get_mut(at) {
                    *byte = self.random.u8(..);
                }
            }
            2 => drop(input.drain(at..end)),
            3 => {
                let copy = input[at..end].to_vec();
                let to = self.random.usize(..=input.len());
                input.splice(to..to, copy);
            }
            4 => {
                let other = self.any_kept();
                let from = self.random.usize(..=other.len());
                let to = (from + self.random.usize(1..=64)).min(other.len());
                input.splice(at..end, other[from..to].iter().copied());
            }
            5 => input.truncate(at),
            _ => {
                let word = self.random.choice(self.words).copied().unwrap_or_default();
                input.splice(at..at, word.bytes());
            }
        }
    }
}
