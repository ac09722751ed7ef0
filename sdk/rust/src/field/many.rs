//! A field with several values per row: one slot per array element.

use std::cell::OnceCell;
use std::rc::Rc;

use super::{Scope, path_of, report, verdicts};
use crate::column::{Entry, Multi};
use crate::mask::{Mask, Row};
use crate::test::{AnyOf, Case, Cidr, Contains, Ends, Equals, InCidr, Matches, Starts, State, Test};
use crate::{Batch, Failure, ListName};

/// Several values per row: the handle of a path with `[]`.
///
/// Fields of the same array (`a[].b` and `a[].c`) have the same slots. `any_*` holds where some slot fulfils the predicate;
/// `all_*` where every slot does and there is at least one. Case is ignored unless [`FieldValues::cased`] stands before.
///
/// ```
/// # use cordon_sdk::prelude::*;
/// # fn look(batch: &Batch, names: &FieldValues, values: &FieldValues) {
/// for row in &names.any_equals("ForwardTo") {
///     for (name, value) in names.slots(row).zip(values.slots(row)) {
///         if name == Some("ForwardTo") {
///             log::info(value.unwrap_or(""));
///         }
///     }
/// }
/// # }
/// ```
pub struct FieldValues<'b> {
    batch: &'b Batch<'b>,
    name: &'static str,
    path: Option<&'static str>,
    /// The rows that this handle is about; all where `None`.
    scope: Option<Scope>,
    multi: OnceCell<Rc<Multi>>,
}

/// How the verdicts of a row's slots make the row's.
#[derive(Clone, Copy)]
enum Quantity {
    Any,
    All,
}

impl<'b> FieldValues<'b> {
    /// For generated code. `paths`: source and path, where the manifest declares the handle.
    #[doc(hidden)]
    #[must_use]
    pub fn new(batch: &'b Batch<'b>, name: &'static str, paths: &[(&str, &'static str)]) -> Self {
        Self { batch, name, path: path_of(batch, paths), scope: None, multi: OnceCell::new() }
    }

    /// For generated code: the same field in some rows only. Its masks never hold a row outside them, and there it has no slot.
    #[doc(hidden)]
    #[must_use]
    pub fn within(&self, scope: &Scope) -> FieldValues<'b> {
        let scope = Some(scope.clone());
        FieldValues { batch: self.batch, name: self.name, path: self.path, scope, multi: OnceCell::new() }
    }

    /// Predicates that compare in case.
    #[must_use]
    pub fn cased(&self) -> CasedValues<'_, 'b> {
        CasedValues(self)
    }

    /// Some slot's text fulfils the author's question, asked once per distinct text.
    #[must_use]
    pub fn any(&self, test: impl FnMut(&str) -> bool) -> Mask {
        self.judge(Quantity::Any, &mut Matches(test))
    }

    /// Every slot's text does, and there is one.
    #[must_use]
    pub fn all(&self, test: impl FnMut(&str) -> bool) -> Mask {
        self.judge(Quantity::All, &mut Matches(test))
    }

    /// Some slot's text is this.
    #[must_use]
    pub fn any_equals(&self, text: &str) -> Mask {
        self.judge(Quantity::Any, &mut Equals::new(Case::Ignored, text))
    }

    /// Every slot's text is this, and there is one.
    #[must_use]
    pub fn all_equals(&self, text: &str) -> Mask {
        self.judge(Quantity::All, &mut Equals::new(Case::Ignored, text))
    }

    /// Some slot's text is one of these.
    #[must_use]
    pub fn any_of<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(Quantity::Any, &mut AnyOf::new(Case::Ignored, texts))
    }

    /// Every slot's text is one of these, and there is one.
    #[must_use]
    pub fn all_of<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(Quantity::All, &mut AnyOf::new(Case::Ignored, texts))
    }

    /// Some slot's text contains this.
    #[must_use]
    pub fn any_contains(&self, text: &str) -> Mask {
        self.judge(Quantity::Any, &mut Contains::new(Case::Ignored, &[text]))
    }

    /// Some slot's text contains one of these.
    #[must_use]
    pub fn any_contains_any<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(Quantity::Any, &mut Contains::new(Case::Ignored, texts))
    }

    /// Every slot's text contains this, and there is one.
    #[must_use]
    pub fn all_contain(&self, text: &str) -> Mask {
        self.judge(Quantity::All, &mut Contains::new(Case::Ignored, &[text]))
    }

    /// Some slot's text starts with this.
    #[must_use]
    pub fn any_starts_with(&self, text: &str) -> Mask {
        self.judge(Quantity::Any, &mut Starts::new(Case::Ignored, &[text]))
    }

    /// Every slot's text starts with this, and there is one.
    #[must_use]
    pub fn all_start_with(&self, text: &str) -> Mask {
        self.judge(Quantity::All, &mut Starts::new(Case::Ignored, &[text]))
    }

    /// Some slot's text ends with this.
    #[must_use]
    pub fn any_ends_with(&self, text: &str) -> Mask {
        self.judge(Quantity::Any, &mut Ends::new(Case::Ignored, &[text]))
    }

    /// Every slot's text ends with this, and there is one.
    #[must_use]
    pub fn all_end_with(&self, text: &str) -> Mask {
        self.judge(Quantity::All, &mut Ends::new(Case::Ignored, &[text]))
    }

    /// Some slot is an address in one of these ranges.
    ///
    /// # Errors
    /// [`Failure::BadSettings`] that names the first text that is no range.
    pub fn any_in_cidr<S: AsRef<str>>(&self, ranges: &[S]) -> Result<Mask, Failure> {
        Ok(self.judge(Quantity::Any, &mut InCidr(&Cidr::parse_all(ranges)?)))
    }

    /// Every slot is an address in one of these ranges, and there is one.
    ///
    /// # Errors
    /// [`Failure::BadSettings`] that names the first text that is no range.
    pub fn all_in_cidr<S: AsRef<str>>(&self, ranges: &[S]) -> Result<Mask, Failure> {
        Ok(self.judge(Quantity::All, &mut InCidr(&Cidr::parse_all(ranges)?)))
    }

    /// The list has some slot's text. Each distinct text is looked up once; texts of more than 1,024 bytes are in no list.
    ///
    /// # Errors
    /// As [`ListName::lookup`].
    pub fn any_in_list(&self, list: impl Into<ListName>) -> Result<Mask, Failure> {
        let listed = list.into().of(&self.multi().values)?;
        Ok(self.any(|text| listed.contains_key(text)))
    }

    /// The list has every slot's text, and there is one.
    ///
    /// # Errors
    /// As [`ListName::lookup`].
    pub fn all_in_list(&self, list: impl Into<ListName>) -> Result<Mask, Failure> {
        let listed = list.into().of(&self.multi().values)?;
        Ok(self.all(|text| listed.contains_key(text)))
    }

    /// Some slot has a value that is not null.
    #[must_use]
    pub fn present(&self) -> Mask {
        self.judge(Quantity::Any, &mut State::Present)
    }

    /// No slot has a value that is not null.
    #[must_use]
    pub fn absent(&self) -> Mask {
        let mut absent = self.batch.none();
        self.rows().for_each(|row| absent.insert(row.0));
        absent & !self.present()
    }

    /// The rows with at least so many slots, absent ones included.
    #[must_use]
    pub fn at_least(&self, slots: usize) -> Mask {
        let mut mask = self.batch.none();
        self.rows().filter(|row| self.len(*row) >= slots).for_each(|row| mask.insert(row.0));
        mask
    }

    /// Number of slots in this row, absent ones included.
    #[must_use]
    #[allow(clippy::len_without_is_empty)] // `at_least(1)` is the mask of it
    pub fn len(&self, row: Row) -> usize {
        self.range(row).len()
    }

    /// The texts in this row's slots, in document order; none where an element has no such field, or null.
    pub fn slots(&self, row: Row) -> impl Iterator<Item = Option<&str>> {
        self.entries(row).map(move |value| {
            if self.batch.explaining() {
                report(row, self.name, "read", value, value.is_some());
            }
            value.and_then(Entry::text)
        })
    }

    /// The texts in this row that are there.
    pub fn texts(&self, row: Row) -> impl Iterator<Item = &str> {
        self.slots(row).flatten()
    }

    fn entries(&self, row: Row) -> impl Iterator<Item = Option<Entry<'_>>> {
        self.range(row).map(|slot| self.multi().values.get(slot))
    }

    /// The rows that this handle is about.
    fn rows(&self) -> impl Iterator<Item = Row> {
        let scope = self.scope.as_ref().map(Scope::rows);
        let all = if scope.is_none() { self.batch.len() } else { 0 };
        #[allow(clippy::cast_possible_truncation)] // the host counts rows in 32 bits
        (0..all as u32).chain(scope.unwrap_or(&[]).iter().copied()).map(Row)
    }

    /// The slots of a row.
    fn range(&self, row: Row) -> std::ops::Range<usize> {
        match &self.scope {
            Some(scope) if scope.position(row).is_none() => 0..0,
            _ => self.multi().range(row.index()),
        }
    }

    fn multi(&self) -> &Multi {
        self.multi.get_or_init(|| self.batch.multis().get_or_ask(self.path, || self.ask()))
    }

    /// What the host answers for all rows; what it does not answer is trouble, and absent.
    fn ask(&self) -> Multi {
        let rows = self.batch.len();
        let Some(path) = self.path else { return Multi::absent(rows) };
        match self.batch.raw().values(path) {
            Ok(multi) if multi.rows() == rows => return multi,
            Ok(multi) => {
                let found = multi.rows();
                self.batch.note_trouble(format!("`{}` came with {found} rows for {rows}", self.name));
            }
            Err(reason) => self.batch.note_trouble(format!("`{}` cannot be read: {reason}", self.name)),
        }
        Multi::absent(rows)
    }

    fn judge(&self, quantity: Quantity, test: &mut dyn Test) -> Mask {
        if self.scope.as_ref().is_some_and(|scope| scope.rows().is_empty()) {
            return self.batch.none();
        }
        let multi = self.multi();
        let verdicts = verdicts(&multi.values, test);
        let holds = |slot: &u32| verdicts.get(*slot as usize) == Some(&true);
        let mut mask = self.batch.none();
        for row in self.rows() {
            let slots = multi.values.slots().get(multi.range(row.index())).unwrap_or(&[]);
            let held = match quantity {
                Quantity::Any => slots.iter().any(holds),
                Quantity::All => !slots.is_empty() && slots.iter().all(holds),
            };
            if held {
                mask.insert(row.0);
            }
        }
        if self.batch.explaining() {
            self.explain(quantity, test, &mask);
        }
        mask
    }

    /// One look per slot, each with its own verdict; one without value where a row has no slot.
    fn explain(&self, quantity: Quantity, test: &mut dyn Test, mask: &Mask) {
        let word = match quantity {
            Quantity::Any => "any",
            Quantity::All => "all",
        };
        let predicate = format!("{word}: {}", test.describe());
        for row in self.rows() {
            if self.len(row) == 0 {
                report(row, self.name, &predicate, None, mask.contains(row));
            }
            for value in self.entries(row) {
                let held = match value {
                    Some(value) => test.holds(value),
                    None => test.absent_holds(),
                };
                report(row, self.name, &predicate, value, held);
            }
        }
    }
}

/// Predicates of a [`FieldValues`] that compare in case.
pub struct CasedValues<'f, 'b>(&'f FieldValues<'b>);

impl CasedValues<'_, '_> {
    /// Some slot's text is exactly this.
    #[must_use]
    pub fn any_equals(&self, text: &str) -> Mask {
        self.0.judge(Quantity::Any, &mut Equals::new(Case::Exact, text))
    }

    /// Every slot's text is exactly this, and there is one.
    #[must_use]
    pub fn all_equals(&self, text: &str) -> Mask {
        self.0.judge(Quantity::All, &mut Equals::new(Case::Exact, text))
    }

    /// Some slot's text is exactly one of these.
    #[must_use]
    pub fn any_of<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.0.judge(Quantity::Any, &mut AnyOf::new(Case::Exact, texts))
    }

    /// Some slot's text contains exactly this.
    #[must_use]
    pub fn any_contains(&self, text: &str) -> Mask {
        self.0.judge(Quantity::Any, &mut Contains::new(Case::Exact, &[text]))
    }
}
