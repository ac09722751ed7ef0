//! What people do with an alert. Each act commits with its audit record and its place in the log; who acts says which revision
//! they saw, so that two do not overwrite each other.

use serde_json::json;

use super::alert::{Alert, Change, Kind, State, Verdict, numbered};
use super::{Alerts, book};
use crate::audit::Act;
use crate::store::StoreError;

/// Characters of a note at most.
const NOTE: usize = 2_000;
/// Changes of an alert by people at most.
const CHANGES: u64 = 10_000;

/// What is done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Work {
    /// Somebody has it.
    Acknowledge,
    /// It is somebody's.
    Assign(String),
    /// Something is said of it.
    Note,
    /// Somebody works on it.
    Start,
    /// It can do no more harm.
    Contain,
    /// It is over.
    Resolve(Verdict),
    /// It is not over.
    Reopen,
}

/// Who does it.
#[derive(Debug, Clone)]
pub struct Worker {
    /// For whom, where that is somebody else: a name, and how they said it (`by phone`).
    pub on_behalf_of: Option<String>,
    /// In their words.
    pub note: String,
    /// The revision that they saw; none where they do not care.
    pub revision: Option<u64>,
}

/// Why an act is refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum WorkError {
    #[error("there is no alert `{0}`: see `cordon alert list`")]
    Absent(String),
    #[error(
        "{reference} was changed meanwhile: it is at revision {now}, you saw {seen}; look again (`cordon alert show {reference}`)"
    )]
    Changed { reference: String, now: u64, seen: u64 },
    #[error("{0}")]
    NotNow(String),
    #[error("{0}")]
    Bad(String),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Alerts {
    /// Does something with an alert; the alert as it is then. `sees` says whether the caller may; `act` makes the audit record.
    ///
    /// # Errors
    /// See [`WorkError`].
    pub fn work(
        &self,
        reference: &str,
        sees: impl Fn(&Alert) -> bool,
        work: Work,
        worker: Worker,
        act: impl FnOnce(crate::model::Force, serde_json::Value) -> Act,
    ) -> Result<Alert, WorkError> {
        let shared = &self.shared;
        let absent = || WorkError::Absent(reference.to_owned());
        let (force, number) = numbered(reference).ok_or_else(absent)?;
        let Worker { on_behalf_of, note, revision } = worker;
        checked("note", &note, NOTE)?;
        checked("on-behalf-of", on_behalf_of.as_deref().unwrap_or(""), 200)?;
        let _one = shared.change();
        let mut alert = book::alert(&shared.store, &force, number)?.filter(&sees).ok_or_else(absent)?;
        if let Some(seen) = revision.filter(|seen| *seen != alert.revision) {
            return Err(WorkError::Changed { reference: alert.reference, now: alert.revision, seen });
        }
        if alert.revision >= CHANGES {
            return Err(WorkError::NotNow(format!("{} was changed {CHANGES} times: no more is kept", alert.reference)));
        }
        let now = (shared.now)();
        let kind = apply(&mut alert, &work, &note, now)?;
        alert.revision += 1;
        alert.updated = now;
        let act = act(
            force,
            json!({
                "alert": alert.reference, "revision": alert.revision, "state": alert.state, "verdict": alert.verdict,
                "owner": alert.owner, "on-behalf-of": on_behalf_of, "note": note,
            }),
        );
        let (at, by) = (act.time, act.who.clone());
        let change = Change { revision: alert.revision, kind, at, by, on_behalf_of, note };
        shared.audit.commit(&shared.store, act, book::put(&alert, Some(&change))?)?;
        Ok(alert)
    }
}

fn apply(alert: &mut Alert, work: &Work, note: &str, now: i64) -> Result<Kind, WorkError> {
    let reference = &alert.reference;
    let over = alert.state == State::Resolved;
    if over && !matches!(work, Work::Note | Work::Reopen) {
        return Err(WorkError::NotNow(format!("{reference} is resolved: reopen it first")));
    }
    if matches!(work, Work::Acknowledge | Work::Start | Work::Contain | Work::Resolve(_))
        && alert.acknowledged.is_none()
    {
        alert.acknowledged = Some(now);
    }
    Ok(match work {
        Work::Acknowledge if alert.state != State::New => {
            return Err(WorkError::NotNow(format!("{reference} is {} already", alert.state.word())));
        }
        Work::Acknowledge => {
            alert.state = State::Acknowledged;
            Kind::Acknowledged
        }
        Work::Assign(owner) => {
            checked("owner", owner, 200)?;
            if owner.trim().is_empty() {
                return Err(WorkError::Bad("owner: say whose it is".into()));
            }
            alert.owner = Some(owner.trim().to_owned());
            Kind::Assigned
        }
        Work::Note if note.trim().is_empty() => return Err(WorkError::Bad("note: say something".into())),
        Work::Note => Kind::Noted,
        Work::Start => {
            alert.state = State::InProgress;
            Kind::Started
        }
        Work::Contain => {
            alert.state = State::Contained;
            alert.contained = alert.contained.or(Some(now));
            Kind::Contained
        }
        Work::Resolve(verdict) => {
            (alert.state, alert.verdict, alert.resolved) = (State::Resolved, Some(*verdict), Some(now));
            Kind::Resolved
        }
        Work::Reopen if !over => return Err(WorkError::NotNow(format!("{reference} is not resolved"))),
        Work::Reopen => {
            (alert.state, alert.verdict, alert.resolved) = (State::InProgress, None, None);
            Kind::Reopened
        }
    })
}

fn checked(name: &str, text: &str, most: usize) -> Result<(), WorkError> {
    if text.chars().count() > most {
        return Err(WorkError::Bad(format!("{name}: at most {most} characters")));
    }
    if text.chars().any(|c| c.is_control() && c != '\n') {
        return Err(WorkError::Bad(format!("{name}: no control characters")));
    }
    Ok(())
}
