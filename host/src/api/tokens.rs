//! `/v1/tokens`: who may what.

use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking};
use crate::identity::{Caller, NewToken, Role};
use crate::model::Force;

/// Minutes that a token lives at most: two years.
const LONGEST: u32 = 730 * 24 * 60;
const MINUTE: i64 = 60_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    role: String,
    #[serde(rename = "for")]
    force: Option<String>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    own: Vec<String>,
    minutes: u32,
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
    if !(1..=LONGEST).contains(&new.minutes) {
        return Err(Refused::bad("expires: give 1 minute to 730 days (730d)"));
    }
    let created = crate::clock::now_micros();
    let (name, own, expires) = (new.name, new.own, created + i64::from(new.minutes) * MINUTE);
    let token = NewToken { role, force: force.clone(), name: name.clone(), own: own.clone(), created, expires };
    blocking(move || {
        // Drafted first: the record of its creation names it.
        let draft = api.identity.draft_token(token)?;
        let details = json!({ "id": draft.id(), "role": role, "name": name, "own": own, "expires": expires });
        let (record, text) = api.identity.issue_token(draft, act(&caller, "token-created", force, details))?;
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
        let token = api.identity.token(&id);
        let (role, force) = token.map_or((None, None), |token| (Some(token.role), token.force));
        let details = json!({ "id": id, "role": role });
        api.identity.revoke_token(&id, act(&caller, "token-revoked", force, details))?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}
