//! Predicates on text: equals, any-of, contains, starts with, ends with.

use std::borrow::Cow;

use super::{Case, Test, list};
use crate::column::Entry;

/// The text is this.
pub(crate) struct Equals<'n> {
    case: Case,
    given: &'n str,
    needle: Cow<'n, str>,
    scratch: String,
}

impl<'n> Equals<'n> {
    pub(crate) fn new(case: Case, needle: &'n str) -> Self {
        Self { case, given: needle, needle: case.needle(needle), scratch: String::new() }
    }
}

impl Test for Equals<'_> {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        value.text().is_some_and(|text| self.case.equals(text, &self.needle, &mut self.scratch))
    }

    fn describe(&self) -> String {
        format!("equals \"{}\"{}", self.given, self.case.note())
    }
}

/// The text is one of these.
pub(crate) struct AnyOf<'n> {
    case: Case,
    given: Vec<&'n str>,
    needles: Vec<Cow<'n, str>>,
    sorted: bool,
    scratch: String,
}

impl<'n> AnyOf<'n> {
    /// Up to this, comparing with each is faster than folding and searching.
    const FEW: usize = 8;

    pub(crate) fn new<S: AsRef<str>>(case: Case, needles: &'n [S]) -> Self {
        Self::of(case, needles.iter().map(AsRef::as_ref).collect())
    }

    fn of(case: Case, given: Vec<&'n str>) -> Self {
        let mut needles: Vec<_> = given.iter().map(|needle| case.needle(needle)).collect();
        let sorted = needles.len() > Self::FEW;
        if sorted {
            needles.sort_unstable();
        }
        Self { case, given, needles, sorted, scratch: String::new() }
    }
}

impl Test for AnyOf<'_> {
    fn holds(&mut self, value: Entry<'_>) -> bool {
        let Some(text) = value.text() else { return false };
        if self.sorted {
            let text = self.case.haystack(text, &mut self.scratch);
            return self.needles.binary_search_by(|needle| needle.as_ref().cmp(text)).is_ok();
        }
        self.needles.iter().any(|needle| self.case.equals(text, needle, &mut self.scratch))
    }

    fn describe(&self) -> String {
        format!("is any of {}{}", list(&self.given), self.case.note())
    }
}

/// What part of the text is looked at; one implementation, three names.
macro_rules! part {
    ($(#[$doc:meta])* $name:ident, $method:ident, $words:literal) => {
        $(#[$doc])*
        pub(crate) struct $name<'n> {
            case: Case,
            given: Vec<&'n str>,
            needles: Vec<Cow<'n, str>>,
            scratch: String,
        }

        impl<'n> $name<'n> {
            pub(crate) fn new<S: AsRef<str>>(case: Case, needles: &'n [S]) -> Self {
                let given: Vec<&str> = needles.iter().map(AsRef::as_ref).collect();
                let needles = given.iter().map(|needle| case.needle(needle)).collect();
                Self { case, given, needles, scratch: String::new() }
            }
        }

        impl Test for $name<'_> {
            fn holds(&mut self, value: Entry<'_>) -> bool {
                let Some(text) = value.text() else { return false };
                let text = self.case.haystack(text, &mut self.scratch);
                self.needles.iter().any(|needle| text.$method(needle.as_ref()))
            }

            fn describe(&self) -> String {
                let any = if self.needles.len() == 1 { "" } else { "any of " };
                format!(concat!($words, " {}{}{}"), any, list(&self.given), self.case.note())
            }
        }
    };
}

part!(
    /// One of these stands somewhere in the text.
    Contains, contains, "contains"
);
part!(
    /// The text starts with one of these.
    Starts, starts_with, "starts with"
);
part!(
    /// The text ends with one of these.
    Ends, ends_with, "ends with"
);
