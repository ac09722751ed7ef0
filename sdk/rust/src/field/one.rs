//! A field with one value per row.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::{Scope, path_of, report, verdicts};
use crate::column::{Column, Entry, Kind};
use crate::mask::{Mask, Row};
use crate::test::{AnyOf, Case, Cidr, Compare, Contains, Ends, Equals, InCidr, Matches, Numeric, Starts, State, Test};
use crate::{Batch, Failure, ListName};

/// One value per row: the handle of a path without `[]`.
///
/// Predicates answer with a [`Mask`]; they ignore case unless [`Field::cased`] stands before them. A number or boolean compares
/// by its text as received. An absent field, or null, fulfils only [`Field::absent`] and [`Field::empty`].
///
/// ```
/// # use cordon_sdk::prelude::*;
/// # fn look(operation: &Field, user: &Field, status: &Field) {
/// let hits = operation.any_of(&["Set-Mailbox", "New-InboxRule"]) & !status.contains("fail") & user.present();
/// for row in &hits {
///     log::info(user.text(row).unwrap_or(""));
/// }
/// # }
/// ```
pub struct Field<'b> {
    batch: &'b Batch<'b>,
    name: &'static str,
    path: Option<&'static str>,
    /// The rows that this handle is about; all where `None`.
    scope: Option<Scope>,
    got: OnceCell<Got>,
}

/// What the handle reads from.
enum Got {
    /// The column of all rows.
    Whole(Rc<Column>),
    /// Of the scope's rows.
    Part(Column),
}

impl<'b> Field<'b> {
    /// For generated code. `paths`: source and path, where the manifest declares the handle.
    #[doc(hidden)]
    #[must_use]
    pub fn new(batch: &'b Batch<'b>, name: &'static str, paths: &[(&str, &'static str)]) -> Self {
        Self { batch, name, path: path_of(batch, paths), scope: None, got: OnceCell::new() }
    }

    /// The same field, asked for in some rows only: for long text, once cheap fields have left few rows over.
    ///
    /// Its masks never hold a row outside `rows`; there its values read as absent.
    ///
    /// ```
    /// # use cordon_sdk::prelude::*;
    /// # fn look(operation: &Field, script: &Field) -> Mask {
    /// let runs = operation.equals("4104");
    /// script.among(&runs).contains_any(&["DownloadString", "FromBase64String"])
    /// # }
    /// ```
    #[must_use]
    pub fn among(&self, rows: &Mask) -> Field<'b> {
        self.within(&Scope::of(rows))
    }

    /// For generated code.
    #[doc(hidden)]
    #[must_use]
    pub fn within(&self, scope: &Scope) -> Field<'b> {
        let scope = Some(scope.clone());
        Field { batch: self.batch, name: self.name, path: self.path, scope, got: OnceCell::new() }
    }

    /// Predicates that compare in case.
    #[must_use]
    pub fn cased(&self) -> Cased<'_, 'b> {
        Cased(self)
    }

    /// The text is this.
    #[must_use]
    pub fn equals(&self, text: &str) -> Mask {
        self.judge(&mut Equals::new(Case::Ignored, text))
    }

    /// The text is one of these.
    #[must_use]
    pub fn any_of<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(&mut AnyOf::new(Case::Ignored, texts))
    }

    /// The text contains this. An empty text is contained in every value.
    #[must_use]
    pub fn contains(&self, text: &str) -> Mask {
        self.judge(&mut Contains::new(Case::Ignored, &[text]))
    }

    /// The text contains one of these.
    #[must_use]
    pub fn contains_any<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(&mut Contains::new(Case::Ignored, texts))
    }

    /// The text starts with this.
    #[must_use]
    pub fn starts_with(&self, text: &str) -> Mask {
        self.judge(&mut Starts::new(Case::Ignored, &[text]))
    }

    /// The text ends with this.
    #[must_use]
    pub fn ends_with(&self, text: &str) -> Mask {
        self.judge(&mut Ends::new(Case::Ignored, &[text]))
    }

    /// The text ends with one of these.
    #[must_use]
    pub fn ends_with_any<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.judge(&mut Ends::new(Case::Ignored, texts))
    }

    /// The author's own question, asked once per distinct text: it must depend on the text only.
    #[must_use]
    pub fn matches(&self, test: impl FnMut(&str) -> bool) -> Mask {
        self.judge(&mut Matches(test))
    }

    /// There is such a field, and it is not null.
    #[must_use]
    pub fn present(&self) -> Mask {
        self.judge(&mut State::Present)
    }

    /// There is no such field, or it is null.
    #[must_use]
    pub fn absent(&self) -> Mask {
        self.judge(&mut State::Absent)
    }

    /// Absent, or null, or a text, array or object with nothing in it.
    #[must_use]
    pub fn empty(&self) -> Mask {
        self.judge(&mut State::Empty)
    }

    /// `true`, or a text that spells it in any case.
    #[must_use]
    pub fn is_true(&self) -> Mask {
        self.judge(&mut State::True)
    }

    /// `false`, or a text that spells it in any case.
    #[must_use]
    pub fn is_false(&self) -> Mask {
        self.judge(&mut State::False)
    }

    /// A number, or a text that holds one, less than this.
    #[must_use]
    pub fn lt(&self, bound: impl Into<f64>) -> Mask {
        self.judge(&mut Numeric(Compare::Less(bound.into())))
    }

    /// A number, or a text that holds one, at most this.
    #[must_use]
    pub fn le(&self, bound: impl Into<f64>) -> Mask {
        self.judge(&mut Numeric(Compare::AtMost(bound.into())))
    }

    /// A number, or a text that holds one, greater than this.
    #[must_use]
    pub fn gt(&self, bound: impl Into<f64>) -> Mask {
        self.judge(&mut Numeric(Compare::Greater(bound.into())))
    }

    /// A number, or a text that holds one, at least this.
    #[must_use]
    pub fn ge(&self, bound: impl Into<f64>) -> Mask {
        self.judge(&mut Numeric(Compare::AtLeast(bound.into())))
    }

    /// A number, or a text that holds one, between these, both included.
    #[must_use]
    pub fn between(&self, low: impl Into<f64>, high: impl Into<f64>) -> Mask {
        self.judge(&mut Numeric(Compare::Between(low.into(), high.into())))
    }

    /// An address, with or without port, brackets and `::ffff:`, in this range: `10.0.0.0/8`, `2001:db8::/32`.
    ///
    /// # Errors
    /// [`Failure::BadSettings`] where the text is no range.
    pub fn in_cidr(&self, range: &str) -> Result<Mask, Failure> {
        self.in_any_cidr(&[range])
    }

    /// An address in one of these ranges.
    ///
    /// # Errors
    /// [`Failure::BadSettings`] that names the first text that is no range.
    pub fn in_any_cidr<S: AsRef<str>>(&self, ranges: &[S]) -> Result<Mask, Failure> {
        Ok(self.in_ranges(&Cidr::parse_all(ranges)?))
    }

    /// The same with ranges that were read before, for instance in `configure`.
    #[must_use]
    pub fn in_ranges(&self, ranges: &[Cidr]) -> Mask {
        self.judge(&mut InCidr(ranges))
    }

    /// The list has the text. Each distinct text is looked up once; texts of more than 1,024 bytes are in no list.
    ///
    /// # Errors
    /// As [`crate::ListName::lookup`].
    pub fn in_list(&self, list: impl Into<ListName>) -> Result<Mask, Failure> {
        let listed = self.listed(list)?;
        Ok(self.judge(&mut Matches(|text: &str| listed.contains_key(text))))
    }

    /// What of this field's texts the list has, with what stands beside each.
    ///
    /// # Errors
    /// As [`crate::ListName::lookup`].
    pub fn listed(&self, list: impl Into<ListName>) -> Result<BTreeMap<String, String>, Failure> {
        let column: &Column = match self.got() {
            Got::Whole(column) => column,
            Got::Part(column) => column,
        };
        list.into().of(column)
    }

    /// The text in this row; for a number as received, for an array or object its JSON. None where absent or null.
    #[must_use]
    pub fn text(&self, row: Row) -> Option<&str> {
        self.read(row)?.text()
    }

    /// The number in this row, or in its text.
    #[must_use]
    pub fn number(&self, row: Row) -> Option<f64> {
        self.read(row)?.number()
    }

    /// The whole number in this row, or in its text; none where it has a fraction or does not fit.
    #[must_use]
    pub fn integer(&self, row: Row) -> Option<i64> {
        let value = self.read(row)?;
        matches!(value.kind, Kind::Number | Kind::String).then(|| value.text()?.trim().parse().ok())?
    }

    /// The boolean in this row, or spelt by its text in any case.
    #[must_use]
    pub fn boolean(&self, row: Row) -> Option<bool> {
        self.read(row)?.boolean()
    }

    /// The value in this row as JSON. A text that holds an array or object is parsed, since Microsoft puts JSON into strings.
    #[must_use]
    pub fn json(&self, row: Row) -> Option<serde_json::Value> {
        let value = self.read(row)?;
        let text = value.text()?;
        match value.kind {
            Kind::String if !text.trim_start().starts_with(['[', '{']) => Some(text.into()),
            Kind::String => Some(serde_json::from_str(text).unwrap_or_else(|_| text.into())),
            _ => serde_json::from_str(text).ok(),
        }
    }

    /// The value in a row, reported where the host wants to know.
    fn read(&self, row: Row) -> Option<Entry<'_>> {
        let value = self.at(row);
        if self.batch.explaining() {
            report(row, self.name, "read", value, value.is_some());
        }
        value
    }

    fn at(&self, row: Row) -> Option<Entry<'_>> {
        let position = match &self.scope {
            None => row.index(),
            Some(scope) => scope.position(row)?,
        };
        match self.got() {
            Got::Whole(column) => column.get(row.index()),
            Got::Part(column) => column.get(position),
        }
    }

    /// Asks the host, at the first use. A column of all rows that is there already serves a few rows too.
    fn got(&self) -> &Got {
        self.got.get_or_init(|| match &self.scope {
            None => Got::Whole(self.batch.columns().get_or_ask(self.path, || self.ask(None))),
            Some(scope) => match self.batch.columns().get(self.path) {
                Some(column) => Got::Whole(column),
                None => Got::Part(self.ask(Some(scope.rows()))),
            },
        })
    }

    /// What the host answers; what it does not answer is trouble, and absent.
    fn ask(&self, some: Option<&[u32]>) -> Column {
        let rows = some.map_or(self.batch.len(), <[u32]>::len);
        let Some(path) = self.path.filter(|_| rows > 0) else { return Column::absent(rows) };
        let answer = match some {
            None => self.batch.raw().column(path),
            Some(rows) => self.batch.raw().column_for(path, rows),
        };
        match answer {
            Ok(column) if column.len() == rows => return column,
            Ok(column) => {
                let found = column.len();
                self.batch.note_trouble(format!("`{}` came with {found} slots for {rows} rows", self.name));
            }
            Err(reason) => self.batch.note_trouble(format!("`{}` cannot be read: {reason}", self.name)),
        }
        Column::absent(rows)
    }

    fn judge(&self, test: &mut dyn Test) -> Mask {
        let mask = match (self.got(), &self.scope) {
            (Got::Part(column), Some(scope)) => {
                self.mask_of(scope, column.slots().iter().copied(), &verdicts(column, test))
            }
            (Got::Whole(column), Some(scope)) => {
                let slots = scope.rows().iter().map(|row| column.slots().get(*row as usize).copied().unwrap_or(0));
                self.mask_of(scope, slots, &verdicts(column, test))
            }
            (Got::Whole(column), None) => Mask::of_slots(column.slots(), &verdicts(column, test)),
            (Got::Part(column), None) => Mask::of_slots(column.slots(), &verdicts(column, test)),
        };
        if self.batch.explaining() {
            let predicate = test.describe();
            let looked_at = |row: &Row| self.scope.as_ref().is_none_or(|scope| scope.position(*row).is_some());
            for row in self.batch.rows().filter(looked_at) {
                report(row, self.name, &predicate, self.at(row), mask.contains(row));
            }
        }
        mask
    }

    /// The rows of a scope whose slot has a true verdict.
    fn mask_of(&self, scope: &Scope, slots: impl Iterator<Item = u32>, verdicts: &[bool]) -> Mask {
        let mut mask = self.batch.none();
        for (row, slot) in scope.rows().iter().zip(slots) {
            if verdicts.get(slot as usize) == Some(&true) {
                mask.insert(*row);
            }
        }
        mask
    }
}

/// Predicates of a [`Field`] that compare in case.
pub struct Cased<'f, 'b>(&'f Field<'b>);

impl Cased<'_, '_> {
    /// The text is exactly this.
    #[must_use]
    pub fn equals(&self, text: &str) -> Mask {
        self.0.judge(&mut Equals::new(Case::Exact, text))
    }

    /// The text is exactly one of these.
    #[must_use]
    pub fn any_of<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.0.judge(&mut AnyOf::new(Case::Exact, texts))
    }

    /// The text contains exactly this.
    #[must_use]
    pub fn contains(&self, text: &str) -> Mask {
        self.0.judge(&mut Contains::new(Case::Exact, &[text]))
    }

    /// The text contains exactly one of these.
    #[must_use]
    pub fn contains_any<S: AsRef<str>>(&self, texts: &[S]) -> Mask {
        self.0.judge(&mut Contains::new(Case::Exact, texts))
    }

    /// The text starts with exactly this.
    #[must_use]
    pub fn starts_with(&self, text: &str) -> Mask {
        self.0.judge(&mut Starts::new(Case::Exact, &[text]))
    }

    /// The text ends with exactly this.
    #[must_use]
    pub fn ends_with(&self, text: &str) -> Mask {
        self.0.judge(&mut Ends::new(Case::Exact, &[text]))
    }
}
