//! `/v1/alerts`: what people get, and what they do with it. A force sees and works its own only; reads are recorded.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, forces_of};
use crate::alerts::{Alert, Filter, State as AlertState, Verdict, Work, WorkError, Worker};
use crate::identity::Caller;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    /// Words, separated by commas; `open` is all but `resolved`.
    state: Option<String>,
    severity: Option<cordon_contract::manifest::Severity>,
    entity: Option<String>,
    since: Option<i64>,
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct Done {
    #[serde(default)]
    note: String,
    on_behalf_of: Option<String>,
    revision: Option<u64>,
    owner: Option<String>,
    verdict: Option<Verdict>,
}

/// `{"alerts": [...], "next": N}` of one force, by number; `next` is none where nothing is left. Of all forces, where whoever
/// sees all names none: the first of each, and `"more": [FORCE, ...]` where something is left.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    let states = states(asked.state.as_deref().unwrap_or("open"))?;
    let Asked { force, severity, entity, since, after, limit, .. } = asked;
    let filter = Filter { states, severity, entity, since };
    blocking(move || {
        let (after, limit) = super::paged::bounds(after, limit);
        let forces = forces_of(&api, &caller, force.as_deref())?;
        let one = (forces.len() == 1).then(|| forces[0].clone());
        let (mut found, mut next, mut left) = (Vec::new(), None, Vec::new());
        for force in &forces {
            let (mut alerts, more) = api.alerts.page(force, if one.is_some() { after } else { 0 }, limit, &filter)?;
            found.append(&mut alerts);
            next = more.filter(|_| one.is_some());
            left.extend(more.filter(|_| one.is_none()).map(|_| force));
        }
        found.retain(|alert| sees(&caller, alert));
        let details = json!({ "after": after, "limit": limit, "rows": found.len() });
        api.identity.record(act(&caller, "alerts-read", one, details))?;
        Ok(Json(json!({ "alerts": found, "next": next, "more": left })))
    })
    .await
}

/// `{"alert": {...}, "history": [...], "answer-by": TIME, "call": [{"name", "call"}, ...]}`.
pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(reference): Path<String>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let alert = api.alerts.get(&reference)?.filter(|alert| sees(&caller, alert));
        let alert = alert.ok_or_else(|| Refused::from(WorkError::Absent(reference)))?;
        let history = api.alerts.history(&alert)?;
        let details = json!({ "alert": alert.reference });
        api.identity.record(act(&caller, "alert-read", Some(alert.force.clone()), details))?;
        let (answer_by, call) = (api.delivery.answer_by(&alert)?, api.delivery.whom_to_call((&alert).into()));
        Ok(Json(json!({ "alert": alert, "history": history, "answer-by": answer_by, "call": call })))
    })
    .await
}

/// What is done is the last part of the path: `acknowledge`, `assign`, `note`, `start`, `contain`, `resolve`, `reopen`.
pub(super) async fn work(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((reference, word)): Path<(String, String)>,
    Json(done): Json<Done>,
) -> Result<Json<Alert>, Refused> {
    let Done { note, on_behalf_of, revision, owner, verdict } = done;
    let work = match word.as_str() {
        "acknowledge" => Work::Acknowledge,
        "assign" => Work::Assign(owner.ok_or_else(|| Refused::bad("owner: say whose it is"))?),
        "note" => Work::Note,
        "start" => Work::Start,
        "contain" => Work::Contain,
        "resolve" => Work::Resolve(verdict.ok_or_else(|| {
            Refused::bad("verdict: `true-positive`, `false-positive`, `benign`, `test` or `duplicate`")
        })?),
        "reopen" => Work::Reopen,
        other => return Err(Refused::not_found(format!("nobody can `{}` an alert", other.escape_default()))),
    };
    blocking(move || {
        let worker = Worker { on_behalf_of, note, revision };
        let sees = |alert: &Alert| sees(&caller, alert);
        let made = |force, details| act(&caller, "alert-worked", Some(force), details);
        Ok(Json(api.alerts.work(&reference, sees, work, worker, made)?))
    })
    .await
}

/// Their own force's, and none that is about themselves.
fn sees(caller: &Caller, alert: &Alert) -> bool {
    caller.force.as_ref().is_none_or(|own| *own == alert.force) && !caller.is_subject(&alert.entities)
}

fn states(text: &str) -> Result<Vec<AlertState>, Refused> {
    let all = [
        AlertState::New,
        AlertState::Acknowledged,
        AlertState::InProgress,
        AlertState::Contained,
        AlertState::Resolved,
    ];
    let mut found = Vec::new();
    for word in text.split(',').map(str::trim) {
        match (word, all.iter().find(|state| state.word() == word)) {
            (_, Some(state)) => found.push(*state),
            ("open", None) => found.extend(all.iter().filter(|state| **state != AlertState::Resolved)),
            ("all", None) => found.extend(all),
            _ => {
                let words = all.map(AlertState::word).join("`, `");
                return Err(Refused::bad(format!("state: `open`, `all`, `{words}`")));
            }
        }
    }
    Ok(found)
}

impl From<WorkError> for Refused {
    fn from(error: WorkError) -> Self {
        match error {
            WorkError::Absent(_) => Self::absent(error.to_string()),
            WorkError::Changed { .. } | WorkError::NotNow(_) => Self::conflict(error.to_string()),
            WorkError::Bad(_) => Self::bad(error.to_string()),
            WorkError::Store(error) => error.into(),
        }
    }
}
