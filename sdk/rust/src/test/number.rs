//! Predicates on numbers, and on strings that hold one. Compared as 64-bit floats: exact up to 2^53.

use super::Test;
use crate::column::Entry;

/// How a number is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Compare {
    Less(f64),
    AtMost(f64),
    Greater(f64),
    AtLeast(f64),
    /// Both ends included.
    Between(f64, f64),
}

/// The value is a number that compares so.
pub(crate) struct Numeric(pub(crate) Compare);

impl Test for Numeric {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        value.number().is_some_and(|number| match self.0 {
            Compare::Less(bound) => number < bound,
            Compare::AtMost(bound) => number <= bound,
            Compare::Greater(bound) => number > bound,
            Compare::AtLeast(bound) => number >= bound,
            Compare::Between(low, high) => number >= low && number <= high,
        })
    }

    fn describe(&self) -> String {
        match self.0 {
            Compare::Less(bound) => format!("is less than {bound}"),
            Compare::AtMost(bound) => format!("is at most {bound}"),
            Compare::Greater(bound) => format!("is greater than {bound}"),
            Compare::AtLeast(bound) => format!("is at least {bound}"),
            Compare::Between(low, high) => format!("is between {low} and {high}"),
        }
    }
}
