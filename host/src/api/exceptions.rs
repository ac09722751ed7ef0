//! `/v1/exceptions`: which findings become no alert, until when and why, and what each hid. A force makes its own only, and
//! nobody makes one about themselves.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, Whose, act, blocking, force_or_all};
use super::deployments::scope;
use super::findings::is_subject;
use crate::alerts::{Condition, Exception, Hid, Sample, TimedError};
use crate::clock::now_micros;
use crate::identity::Caller;
use crate::results;

const MINUTE: i64 = 60_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    id: String,
    #[serde(rename = "for")]
    scope: Option<String>,
    plugin: String,
    rule: Option<String>,
    #[serde(default)]
    conditions: Vec<Condition>,
    owner: String,
    reason: String,
    /// Until it ends.
    minutes: u32,
}

/// `{"exceptions": [{"exception": {...}, "open": true, "hid": {...}}, ...]}`: those of the caller's force and of all.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_or_all(&api, &caller, whose.force.as_deref())?;
        let now = now_micros();
        let all = api.alerts.all_exceptions(force.as_ref())?;
        let all = all.into_iter().filter(|(exception, _)| !exception.is_about(&caller.own));
        let mut all: Vec<(Exception, Hid)> = all.collect();
        for (_, hid) in &mut all {
            hid.samples = for_them(&api, &caller, std::mem::take(&mut hid.samples))?;
        }
        let shown = |(exception, hid): (Exception, Hid)| {
            json!({ "open": exception.is_open(now), "exception": exception, "hid": hid })
        };
        let shown: Vec<Value> = all.into_iter().map(shown).collect();
        api.identity.record(act(&caller, "exceptions-read", force, json!({ "rows": shown.len() })))?;
        Ok(Json(json!({ "exceptions": shown })))
    })
    .await
}

/// Without what is about the caller; a sample whose finding is not kept may be.
fn for_them(api: &Api, caller: &Caller, samples: Vec<Sample>) -> Result<Vec<Sample>, Refused> {
    if caller.own.is_empty() {
        return Ok(samples);
    }
    let mut left = Vec::with_capacity(samples.len());
    for sample in samples {
        let kept = results::finding(&api.store, &sample.force, sample.finding)?;
        if kept.is_some_and(|kept| !is_subject(caller, &kept.finding)) {
            left.push(sample);
        }
    }
    Ok(left)
}

pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Exception>), Refused> {
    blocking(move || {
        let force = scope(&api, &caller, new.scope.as_deref())?.force().cloned();
        let New { id, plugin, rule, conditions, owner, reason, minutes, .. } = new;
        let created = now_micros();
        let expires = created + i64::from(minutes) * MINUTE;
        let (by, spares, force_of) = (caller.token.clone(), caller.own.clone(), force.clone());
        let exception =
            Exception { id, force: force_of, plugin, rule, conditions, owner, reason, expires, created, by, spares };
        if exception.is_about(&caller.own) {
            return Err(Refused::forbidden("the exception is about an account of your own: somebody else makes it"));
        }
        let made = api.alerts.except(exception, |details| act(&caller, "exception-made", force, details))?;
        Ok((StatusCode::CREATED, Json(made)))
    })
    .await
}

pub(super) async fn expire(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(whose): Query<Whose>,
) -> Result<Json<Exception>, Refused> {
    blocking(move || {
        let force = scope(&api, &caller, whose.force.as_deref())?.force().cloned();
        let record = |details| act(&caller, "exception-ended", force.clone(), details);
        Ok(Json(api.alerts.end_exception(force.as_ref(), &id, record)?))
    })
    .await
}

impl From<TimedError> for Refused {
    fn from(error: TimedError) -> Self {
        match error {
            TimedError::Bad(_) => Self::bad(error.to_string()),
            TimedError::Absent { .. } => Self::absent(error.to_string()),
            TimedError::Known { .. } | TimedError::TooMany { .. } => Self::conflict(error.to_string()),
            TimedError::Store(error) => error.into(),
        }
    }
}
