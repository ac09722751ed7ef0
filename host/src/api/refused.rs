//! `/v1/refused`: lines that were not taken. They are seen, mended and sent again, or thrown away; each of it is recorded.

use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::Api;
use super::answer::{Refused, Shared, act, blocking, force_of};
use super::paged::Asked;
use crate::identity::Caller;
use crate::ids::Digest;
use crate::intake::{Accepted, Gone, Post};
use crate::model::{Force, SourceName};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AskedOne {
    #[serde(rename = "for")]
    force: Option<String>,
    /// For a replay: take the text as this source instead of the one that the sender named.
    source: Option<String>,
}

/// `{"refused": [...], "next": N, "waiting": N, "over": N, ...}`; `next` is what to give as `after` for the page behind.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let page = asked.page(&api, &caller)?;
        let stands = api.refused.waiting(&page.force, crate::clock::now_micros())?;
        let found = api.refused.page(&page.force, page.after, page.limit)?;
        page.read(&api, &caller, "refused-read", found.len())?;
        let next = found.last().map_or(page.after, |entry| entry.number);
        let mut answer = json!(stands);
        answer["refused"] = json!(found);
        answer["next"] = next.into();
        Ok(Json(answer))
    })
    .await
}

/// One line with its exact bytes: as `text`, or as `hex` where they are no UTF-8.
pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
    Query(asked): Query<AskedOne>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (entry, bytes) = api.refused.get(&force, number)?.ok_or_else(|| absent(&force, number))?;
        api.identity.record(act(&caller, "refused-line-read", Some(force), json!({ "number": number, "rows": 1 })))?;
        let mut answer = json!(entry);
        match bytes.map(String::from_utf8) {
            Some(Ok(text)) => answer["text"] = text.into(),
            Some(Err(error)) => answer["hex"] = hex::encode(error.into_bytes()).into(),
            None => {}
        }
        Ok(Json(answer))
    })
    .await
}

/// Sends a line again: the body is the mended text, or nothing for the line as it was. What is taken is durable before the
/// line leaves the list, and is known by a key: after a crash in between, the same replay changes only the list.
pub(super) async fn replay(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
    Query(asked): Query<AskedOne>,
    body: Bytes,
) -> Result<Json<Accepted>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (entry, bytes) = api.refused.get(&force, number)?.ok_or_else(|| absent(&force, number))?;
        let mended = !body.is_empty();
        let text = match (mended, bytes) {
            (true, _) => body.to_vec(),
            (false, Some(bytes)) => bytes,
            (false, None) => {
                return Err(Refused::bad("the line was too large to be kept: give the mended text"));
            }
        };
        let source = asked.source.as_deref().or(entry.source.as_deref()).map(SourceName::new).transpose();
        let source = source.map_err(|error| Refused::bad(error.to_string()))?;
        if let Some(own) = source.as_ref().filter(|source| source.as_str().starts_with("cordon.")) {
            return Err(Refused::forbidden(format!("events of {own} are made by the host itself")));
        }
        let digest = Digest::of(&text);
        let key =
            Some(format!("refused line {number}, {}, {digest}", source.as_ref().map_or("", |name| name.as_str())));
        let received = crate::clock::now_micros();
        let post = Post { force: force.clone(), source: source.clone(), received, key };
        let accepted = api.intake.replay(&post, text)?;
        let details = json!({
            "number": number, "mended": mended, "digest": digest, "source": source,
            "sequence": accepted.sequence, "accepted": accepted.accepted, "duplicates": accepted.duplicates,
        });
        gone(&api, &caller, &force, number, Gone::Replayed, details)?;
        Ok(Json(accepted))
    })
    .await
}

/// Throws a line away.
pub(super) async fn discard(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(number): Path<u64>,
    Query(asked): Query<AskedOne>,
) -> Result<StatusCode, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (entry, bytes) = api.refused.get(&force, number)?.ok_or_else(|| absent(&force, number))?;
        let digest = bytes.map(|bytes| Digest::of(&bytes));
        let details = json!({ "number": number, "kind": entry.kind, "digest": digest });
        gone(&api, &caller, &force, number, Gone::Discarded, details)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

/// Off the list, in one commit with the record of it.
fn gone(api: &Arc<Api>, caller: &Caller, force: &Force, number: u64, why: Gone, details: Value) -> Result<(), Refused> {
    let what = match why {
        Gone::Replayed => "refused-replayed",
        Gone::Discarded => "refused-discarded",
    };
    let act = act(caller, what, Some(force.clone()), details);
    let removed = api.refused.remove(force, number, why, |effects| api.audit.commit(&api.store, act, effects))?;
    if removed { Ok(()) } else { Err(absent(force, number)) }
}

fn absent(force: &Force, number: u64) -> Refused {
    Refused::not_found(format!("force {force} has no refused line {number}: see them with `cordon refused list`"))
}
