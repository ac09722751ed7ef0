//! Predicates on what stands there at all: present, empty, true, false; and the author's own.

use super::Test;
use crate::column::Entry;

/// Whether something stands there, and what in the simplest terms.
#[derive(Debug, Clone, Copy)]
pub(crate) enum State {
    Present,
    Absent,
    Empty,
    True,
    False,
}

impl Test for State {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        match self {
            State::Present => value.text().is_some(),
            State::Absent => value.text().is_none(),
            State::Empty => value.is_empty(),
            State::True => value.boolean() == Some(true),
            State::False => value.boolean() == Some(false),
        }
    }

    fn absent_holds(&self) -> bool {
        matches!(self, State::Absent | State::Empty)
    }

    fn describe(&self) -> String {
        match self {
            State::Present => "is present",
            State::Absent => "is absent",
            State::Empty => "is empty",
            State::True => "is true",
            State::False => "is false",
        }
        .to_owned()
    }
}

/// The author's own question about the text.
pub(crate) struct Matches<F>(pub(crate) F);

impl<F: FnMut(&str) -> bool> Test for Matches<F> {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        value.text().is_some_and(&mut self.0)
    }

    fn describe(&self) -> String {
        "matches".to_owned()
    }
}
