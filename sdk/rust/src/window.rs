//! Windows: how often, or by how many, something happened within a length of time. The host keeps them from batch to batch.
//!
//! A window takes all entries of a batch in one call, so they are gathered first and answered together. A key or member of more
//! than 1,024 bytes is cut, with a hash of the whole at its end.

use std::sync::Arc;

use crate::backend::{self, Fed};
use crate::mask::Row;
use crate::{Batch, Failure, text};

/// What one batch feeds to one window; made by `Window::FailedUsers.of(batch)`.
///
/// ```
/// # use cordon_sdk::prelude::*;
/// # fn look(mut failed: Feed, rows: &Mask) -> Result<(), Failure> {
/// // let mut failed = Window::FailedUsers.of(batch);
/// for row in rows {
///     failed.add(row, "203.0.113.7", "anna@force.example");
/// }
/// for seen in failed.answers()? {
///     if seen.value >= 10 {
///         // Rule::PasswordSpray.on(seen.row).cite_all(seen.contributors()?)
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Debug)]
pub struct Feed {
    window: Arc<str>,
    entries: Vec<Entry>,
}

#[derive(Debug)]
struct Entry {
    row: Row,
    key: String,
    member: String,
    add: bool,
}

/// What a window answered one entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// The entry's row.
    pub row: Row,
    /// Its key.
    pub key: String,
    /// Its member.
    pub member: String,
    /// Whether it was counted, or only asked.
    pub added: bool,
    /// The largest value of any window of the declared length that contains the row's time.
    pub value: u32,
    /// The value has reached the window's cap: it may be larger.
    pub capped: bool,
    /// Nothing was kept of this key (in a distinct count: of this member) before.
    pub first_time: bool,
    window: Arc<str>,
}

impl Seen {
    /// How many, for people: `12`, or `256 or more` where it has reached the cap.
    #[must_use]
    pub fn many(&self) -> String {
        if self.capped { format!("{} or more", self.value) } else { self.value.to_string() }
    }
}

impl Feed {
    /// For generated code: `Window::X.of(batch)`.
    #[doc(hidden)]
    #[must_use]
    pub fn new(_batch: &Batch<'_>, window: &str) -> Self {
        Self { window: window.into(), entries: Vec::new() }
    }

    /// Counts a row's event under a key. `member` is what a distinct count tells apart; leave it empty in a count of events.
    pub fn add(&mut self, row: Row, key: impl Into<String>, member: impl Into<String>) {
        self.put(row, &key.into(), &member.into(), true);
    }

    /// Asks for a row without counting its event: 'failures, then a success'.
    pub fn ask(&mut self, row: Row, key: impl Into<String>, member: impl Into<String>) {
        self.put(row, &key.into(), &member.into(), false);
    }

    fn put(&mut self, row: Row, key: &str, member: &str, add: bool) {
        let (key, member) = (text::key(key).into_owned(), text::key(member).into_owned());
        self.entries.push(Entry { row, key, member, add });
    }

    /// Hands all entries to the host, in the order of their rows, and answers each. Once a batch for each window.
    ///
    /// # Errors
    /// A window that was fed in this batch already. The run then fails, whatever `detect`
    /// answers: pass it on with `?`.
    pub fn answers(mut self) -> Result<Vec<Seen>, Failure> {
        if self.entries.is_empty() {
            return Ok(Vec::new());
        }
        self.entries.sort_by_key(|entry| entry.row);
        let fed: Vec<Fed<'_>> = self
            .entries
            .iter()
            .map(|Entry { row, key, member, add }| Fed { row: row.0, key, member, add: *add })
            .collect();
        let answers = backend::feed(&self.window, &fed).map_err(Failure::other)?;
        let seen = self.entries.into_iter().zip(answers).map(|(entry, answer)| Seen {
            row: entry.row,
            key: entry.key,
            member: entry.member,
            added: entry.add,
            value: answer.value,
            capped: answer.capped,
            first_time: answer.first_time,
            window: Arc::clone(&self.window),
        });
        Ok(seen.collect())
    }
}

impl Seen {
    /// References of the other events in the window that answered this entry, to be cited: the latest 64, in the order of
    /// time; one for each member of a distinct count.
    ///
    /// # Errors
    /// Where the host cannot read what it kept.
    pub fn contributors(&self) -> Result<Vec<String>, Failure> {
        backend::contributors(&self.window, self.row.0, &self.key).map_err(Failure::other)
    }
}
