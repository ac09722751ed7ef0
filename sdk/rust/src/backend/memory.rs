//! In a native test: a batch in memory, and a session that collects what the detector says.

use std::cell::RefCell;
use std::collections::BTreeMap;

use super::{Answer, Emission, Fed, Look};
use crate::column::{Column, Multi};
use crate::log::Level;
use crate::testing::native::{NativeBatch, RawColumn};
use crate::testing::remember::TestRows;
use cordon_state::Turn;

/// A batch in memory.
pub(crate) struct Batch<'b>(pub(crate) &'b dyn NativeBatch);

impl Batch<'_> {
    pub(crate) fn len(&self) -> u32 {
        self.0.len()
    }

    pub(crate) fn source(&self) -> String {
        self.0.source()
    }

    pub(crate) fn times(&self) -> Vec<i64> {
        self.0.times()
    }

    pub(crate) fn marks(&self) -> Vec<u8> {
        self.0.marks()
    }

    pub(crate) fn received(&self) -> Vec<i64> {
        self.0.received()
    }

    pub(crate) fn local_minutes(&self) -> Vec<i16> {
        self.0.local_minutes()
    }

    pub(crate) fn column(&self, path: &str) -> Result<Column, String> {
        column(self.0.column(path)?)
    }

    pub(crate) fn column_for(&self, path: &str, rows: &[u32]) -> Result<Column, String> {
        column(self.0.column_for(path, rows)?)
    }

    pub(crate) fn values(&self, path: &str) -> Result<Multi, String> {
        let (starts, values) = self.0.values(path)?;
        Multi::new(starts, column(values)?).ok_or_else(contradiction)
    }

    pub(crate) fn whole(&self, row: u32) -> Result<String, String> {
        self.0.whole(row)
    }

    pub(crate) fn reference(&self, row: u32) -> String {
        self.0.reference(row)
    }
}

fn column(raw: RawColumn) -> Result<Column, String> {
    Column::new(raw.rows, raw.kinds, raw.offsets, raw.bytes).ok_or_else(contradiction)
}

fn contradiction() -> String {
    "the batch's column contradicts itself".to_owned()
}

/// What a detector says during one call.
#[derive(Default)]
pub(crate) struct Session {
    pub(crate) explain: bool,
    pub(crate) check: Option<crate::testing::check::Check>,
    pub(crate) findings: Vec<Emission>,
    pub(crate) log: Vec<(Level, String)>,
    pub(crate) explanations: Vec<crate::testing::Explanation>,
    /// What stands in each declared list.
    pub(crate) lists: BTreeMap<String, BTreeMap<String, String>>,
    /// The detector's turn on what it remembers.
    pub(crate) turn: Option<Turn<TestRows>>,
    /// The first refusal of a call on it.
    pub(crate) refused: Option<String>,
}

thread_local! {
    static SESSION: RefCell<Session> = RefCell::default();
}

impl Session {
    /// Runs `call` with `self` collecting; gives back what was collected.
    pub(crate) fn collect<T>(self, call: impl FnOnce() -> T) -> (T, Session) {
        SESSION.replace(self);
        let answer = call();
        (answer, SESSION.take())
    }
}

/// Checks a finding as the host does, and keeps it.
pub(crate) fn emit(finding: Emission) -> Result<(), String> {
    SESSION.with_borrow_mut(|session| {
        if let Some(check) = &mut session.check {
            check.finding(&finding)?;
        }
        session.findings.push(finding);
        Ok(())
    })
}

/// Keeps a line of the log.
pub(crate) fn log(level: Level, message: &str) {
    SESSION.with_borrow_mut(|session| session.log.push((level, message.to_owned())));
}

/// Whether the test asked for explanations.
pub(crate) fn explaining() -> bool {
    SESSION.with_borrow(|session| session.explain)
}

/// Keeps one look.
pub(crate) fn explain(look: &Look<'_>) {
    SESSION.with_borrow_mut(|session| {
        session.explanations.push(crate::testing::Explanation {
            row: look.row as usize,
            field: look.field.to_owned(),
            predicate: look.predicate.to_owned(),
            value: look.value.map(str::to_owned),
            held: look.held,
        });
    });
}

/// A call on what the detector remembers; its first refusal makes the run fail, as in the host.
fn remembering<T>(call: impl FnOnce(&mut Turn<TestRows>) -> Result<T, cordon_state::StateError>) -> Result<T, String> {
    SESSION.with_borrow_mut(|session| {
        let answer = match &mut session.turn {
            Some(turn) => call(turn).map_err(|error| error.to_string()),
            None => Err("nothing is remembered here: add [windows.NAME] or [state] to cordon.toml".to_owned()),
        };
        if let Err(reason) = &answer {
            session.refused.get_or_insert_with(|| reason.clone());
        }
        answer
    })
}

/// What lists hold.
pub(crate) fn lookup(list: &str, keys: &[&str]) -> Result<Vec<Option<String>>, String> {
    SESSION.with_borrow_mut(|session| {
        let Some(of) = session.lists.get(list) else {
            let reason = format!("the manifest declares no list `{list}`: add [lists.{list}]");
            session.refused.get_or_insert_with(|| reason.clone());
            return Err(reason);
        };
        Ok(keys.iter().map(|key| of.get(&cordon_contract::manifest::list_key(key)).cloned()).collect())
    })
}

/// Feeds a window.
pub(crate) fn feed(window: &str, entries: &[Fed<'_>]) -> Result<Vec<Answer>, String> {
    let fed: Vec<cordon_state::Fed<'_>> = entries
        .iter()
        .map(|fed| cordon_state::Fed { row: fed.row, key: fed.key, member: fed.member, add: fed.add })
        .collect();
    let answers = remembering(|turn| turn.feed(window, &fed))?;
    let answer = |a: cordon_state::Answer| Answer { value: a.value, capped: a.capped, first_time: a.first_time };
    Ok(answers.into_iter().map(answer).collect())
}

/// Who else is in a window.
pub(crate) fn contributors(window: &str, row: u32, key: &str) -> Result<Vec<String>, String> {
    let limit = cordon_contract::limits::CONTRIBUTORS;
    let references = remembering(|turn| turn.contributors(window, row, key, limit))?;
    Ok(references.into_iter().map(String::from).collect())
}

/// Values.
pub(crate) fn get(asked: &[(u32, &str)]) -> Result<Vec<Option<Vec<u8>>>, String> {
    remembering(|turn| turn.get(asked))
}

/// Sets values.
pub(crate) fn set(entries: &[(u32, &str, &[u8], u32)]) -> Result<(), String> {
    remembering(|turn| {
        entries.iter().try_for_each(|(row, key, value, seconds)| turn.set(*row, key, Some((value, *seconds))))
    })
}

/// Removes values.
pub(crate) fn delete(gone: &[(u32, &str)]) -> Result<(), String> {
    remembering(|turn| gone.iter().try_for_each(|(row, key)| turn.set(*row, key, None)))
}
