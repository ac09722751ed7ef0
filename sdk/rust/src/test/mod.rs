//! Predicates on one value. A field evaluates them once per distinct value (`field/`); here is what each asks.
//!
//! One small type per predicate behind one trait: a guest carries the code of those that it uses, and no other.

mod fold;
mod net;
mod number;
mod state;
mod text;

pub(crate) use fold::Case;
pub use net::Cidr;
pub(crate) use net::InCidr;
pub(crate) use number::{Compare, Numeric};
pub(crate) use state::{Matches, State};
pub(crate) use text::{AnyOf, Contains, Ends, Equals, Starts};

use crate::column::Entry;

/// A question about one value. Absent values are the caller's: it decides without asking.
pub(crate) trait Test {
    /// The answer. `&mut` for scratch space only: the same value must get the same answer.
    fn holds(&mut self, value: Entry<'_>) -> bool;

    /// Whether an absent field answers yes.
    fn absent_holds(&self) -> bool {
        false
    }

    /// The question in words, as `cordon run --explain` shows it.
    fn describe(&self) -> String;
}

/// `"a", "b", "c" and 4 more`
fn list<S: AsRef<str>>(items: &[S]) -> String {
    const SHOWN: usize = 5;
    let mut out = String::new();
    for (i, item) in items.iter().take(SHOWN).enumerate() {
        out.push_str(if i == 0 { "\"" } else { ", \"" });
        out.push_str(item.as_ref());
        out.push('"');
    }
    if items.len() > SHOWN {
        out.push_str(&format!(" and {} more", items.len() - SHOWN));
    }
    out
}
