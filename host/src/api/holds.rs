//! `/v1/holds`: legal holds, which stop disposal.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, reason};
use crate::holds::{Hold, HoldError};
use crate::identity::Caller;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    #[serde(rename = "for")]
    force: String,
    reason: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Why {
    reason: String,
}

/// `{"holds": [...]}`, each with `due`: what would have gone were it not held; none where nobody has looked yet.
pub(super) async fn list(State(api): Shared) -> Json<Value> {
    let holds: Vec<Value> = api
        .holds
        .list()
        .into_iter()
        .map(|(hold, due)| {
            let mut shown = json!(hold);
            shown["due"] = json!(due);
            shown
        })
        .collect();
    Json(json!({ "holds": holds }))
}

pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Hold>), Refused> {
    let reason = reason(&new.reason)?;
    blocking(move || {
        let force = api.identity.known_force(&new.force)?;
        let hold = api.holds.add(&force, reason, |details| act(&caller, "hold-added", Some(force.clone()), details))?;
        Ok((StatusCode::CREATED, Json(hold)))
    })
    .await
}

pub(super) async fn release(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<u64>,
    Json(why): Json<Why>,
) -> Result<Json<Hold>, Refused> {
    let reason = reason(&why.reason)?;
    blocking(move || {
        let act = |force, details| act(&caller, "hold-released", Some(force), details);
        Ok(Json(api.holds.release(id, reason, act)?))
    })
    .await
}

impl From<HoldError> for Refused {
    fn from(error: HoldError) -> Self {
        match error {
            HoldError::Absent(_) => Self::absent(error.to_string()),
            HoldError::Released(_) | HoldError::TooMany => Self::conflict(error.to_string()),
            HoldError::Store(error) => error.into(),
        }
    }
}
