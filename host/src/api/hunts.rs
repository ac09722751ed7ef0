//! `/v1/hunts`: a plugin over stored events, without deploying it. A force's author hunts in that force's events only.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::answer::{Refused, Shared, blocking, reason};
use super::deployments::{Why, said, scope};
use super::paged;
use crate::deployments::{Asked, Hunt, Start};
use crate::identity::Caller;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct New {
    plugin: String,
    version: Option<String>,
    #[serde(rename = "for")]
    scope: Option<String>,
    from: String,
    to: Option<String>,
    #[serde(default)]
    run: Map<String, Value>,
    reason: String,
}

pub(super) async fn begin(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<New>,
) -> Result<(StatusCode, Json<Hunt>), Refused> {
    let scope = scope(&api, &caller, new.scope.as_deref())?;
    blocking(move || {
        let said = said(&api, &caller, reason(&new.reason)?, false);
        let time = |name: &str, text: &str| match Start::of(text, said.time) {
            Some(start @ Start::At(_)) => Ok(start),
            _ => Err(Refused::bad(format!(
                "{name}: give `beginning`, a span before now as `7d` or `12h`, or a time as `2026-11-25T00:00:00Z`"
            ))),
        };
        let from = time("from", &new.from)?;
        let to = match new.to.as_deref() {
            None | Some("now") => None,
            Some(text) => match time("to", text)? {
                Start::At(time) => Some(time),
                Start::Now | Start::Cursor => None,
            },
        };
        let New { plugin, version, run, .. } = new;
        let hunt = api.deployments.hunt(&Asked { plugin, version, scope, from, to, run }, &said)?;
        Ok((StatusCode::CREATED, Json(hunt)))
    })
    .await
}

/// `{"hunts": [...]}`, the newest last.
pub(super) async fn list(State(api): Shared, Extension(caller): Extension<Caller>) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let hunts = api.deployments.hunts(caller.force.as_ref())?;
        Ok(Json(json!({ "hunts": hunts })))
    })
    .await
}

pub(super) async fn stop(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
    Json(why): Json<Why>,
) -> Result<Json<Hunt>, Refused> {
    blocking(move || {
        let said = said(&api, &caller, reason(&why.reason)?, false);
        Ok(Json(api.deployments.stop_hunt(number, caller.force.as_ref(), &said)?))
    })
    .await
}

/// `{"findings": [...], "next": N}` of one force, as `/v1/findings`. Each read is recorded.
pub(super) async fn findings(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
    Query(asked): Query<paged::Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let page = asked.page(&api, &caller)?;
        let mut found =
            api.deployments.hunted(number, caller.force.as_ref(), &page.force, (page.after, page.limit))?.findings;
        let last = found.last().map(|(number, _)| *number);
        found.retain(|(_, finding)| !super::findings::is_subject(&caller, finding));
        page.read(&api, &caller, "hunt-read", found.len())?;
        Ok(page.of_findings(&found, last))
    })
    .await
}
