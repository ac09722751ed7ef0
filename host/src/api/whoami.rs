//! `GET /v1/whoami`: whose token this is.

use axum::extract::State;
use axum::{Extension, Json};
use serde_json::{Value, json};

use super::answer::Shared;
use crate::identity::Caller;

pub(super) async fn whoami(State(api): Shared, Extension(caller): Extension<Caller>) -> Json<Value> {
    let token = api.identity.token(&caller.token);
    let (name, expires) = token.map_or((None, None), |token| (Some(token.name), Some(token.expires)));
    Json(json!({
        "token": caller.token,
        "name": name,
        "role": caller.role,
        "force": caller.force,
        "expires": expires,
        "version": env!("CARGO_PKG_VERSION"),
    }))
}
