//! `/v1/tokens`: who may what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking};
use crate::identity::{Caller, NewToken, Role};
use crate::model::Force;

/// A token lives no longer than that.
const MOST_DAYS: u32 = 730;
const DAY: i64 = 86_400_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    role: String,
    #[serde(rename = "for")]
    force: Option<String>,
    days: u32,
}

pub(super) async fn list(State(api): Shared) -> Json<Value> {
    Json(json!({ "tokens": api.identity.tokens() }))
}

/// The answer is the only place where the token's text ever stands.
pub(super) async fn create(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Value>), Refused> {
    let role = Role::of(&new.role).ok_or_else(|| {
        let roles: Vec<&str> = Role::ALL.iter().map(|role| role.word()).collect();
        Refused::bad(format!("there is no such role: give one of {}", roles.join(", ")))
    })?;
    let force = new.force.as_deref().map(Force::new).transpose().map_err(|error| Refused::bad(error.to_string()))?;
    if !(1..=MOST_DAYS).contains(&new.days) {
        return Err(Refused::bad(format!("days: give 1 to {MOST_DAYS}")));
    }
    let created = crate::clock::now_micros();
    let token = NewToken { role, force: force.clone(), created, expires: created + i64::from(new.days) * DAY };
    blocking(move || {
        let details = json!({ "role": role, "days": new.days });
        let (record, text) = api.identity.create_token(token, act(&caller, "token-created", force, details))?;
        Ok((StatusCode::CREATED, Json(json!({ "token": text, "record": record }))))
    })
    .await
}

pub(super) async fn revoke(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
) -> Result<StatusCode, Refused> {
    blocking(move || {
        api.identity.revoke_token(&id, act(&caller, "token-revoked", None, json!({ "id": id })))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
