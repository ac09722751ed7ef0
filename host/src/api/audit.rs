//! `/v1/audit`: who did what, and whether the chain holds. Reading it is recorded, too.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, page};
use crate::identity::Caller;
use crate::ids::Digest;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    after: Option<u64>,
    limit: Option<usize>,
}

/// `{"records": [...], "next": N}`; `next` is what to give as `after` for the page behind.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let (after, limit) = page(asked.after, asked.limit);
        let records = api.audit.list(&api.store, after, limit)?;
        let details = json!({ "after": after, "limit": limit, "rows": records.len() });
        api.identity.record(act(&caller, "audit-read", None, details))?;
        let next = records.last().map_or(after, |record| record.number);
        Ok(Json(json!({ "records": records, "next": next })))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Known {
    head: Option<Digest>,
}

/// `{"holds": true, "records": N, "head": DIGEST, "known": N}`, or `{"holds": false, "reason": TEXT}`.
pub(super) async fn verify(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(known): Query<Known>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let answer = match api.audit.verify(&api.store, known.head)? {
            Err(broken) => json!({ "holds": false, "reason": broken.to_string() }),
            Ok(verified) if known.head.is_some() && verified.known.is_none() => {
                json!({ "holds": false, "reason": "the chain no longer has the record of that digest: it was cut off or written anew" })
            }
            Ok(verified) => {
                let (records, head, known) = (verified.records, verified.head, verified.known);
                json!({ "holds": true, "records": records, "head": head, "known": known })
            }
        };
        api.identity.record(act(&caller, "audit-verified", None, answer.clone()))?;
        Ok(Json(answer))
    })
    .await
}
