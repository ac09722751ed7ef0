//! `GET /v1/findings/{id}/evidence` and `/v1/components/{digest}`: what it takes to make a finding again elsewhere. Evidence
//! holds whole events; each read is recorded.

use axum::Extension;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::answer::{Refused, Shared, act, blocking, force_of};
use super::recorded::{event, terms};
use crate::evidence::{Basis, EvidenceError};
use crate::identity::Caller;
use crate::ids::Digest;
use crate::model::Force;
use crate::results::{self, Kept};

const ABSENT: &str = "there is no finding of this id";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
}

/// The evidence file of a finding. Whoever sees all forces need not name the finding's.
pub(super) async fn of_finding(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Query(asked): Query<Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let id = Digest::from_hex(&id).ok_or_else(|| Refused::bad("a finding's id has 64 lower-case hex digits"))?;
        let forces = match (&caller.force, &asked.force) {
            (None, None) => api.identity.forces().into_iter().map(|record| record.name).collect(),
            (_, named) => vec![force_of(&api, &caller, named.as_deref())?],
        };
        let (force, kept) = find(&api, forces, id)?;
        if super::findings::is_subject(&caller, &kept.finding) {
            return Err(Refused::absent(ABSENT));
        }
        // Recorded before it is given.
        let details = json!({ "finding": id, "rows": 1 });
        api.identity.record(act(&caller, "evidence-read", Some(force.clone()), details))?;
        let basis = Basis::from_bytes(&kept.basis).map_err(|error| Refused::host(&error))?;
        let terms = terms(&api, basis.terms)?;
        let finding = serde_json::from_str(&kept.finding).map_err(|error| Refused::host(&error))?;
        let evidence = basis.evidence(finding, force.to_string(), terms, |record| event(&api, &force, record))?;
        let bytes = evidence.to_bytes()?;
        Ok(([(CONTENT_TYPE, "application/json")], bytes))
    })
    .await
}

fn find(api: &Api, forces: Vec<Force>, id: Digest) -> Result<(Force, Kept), Refused> {
    for force in forces {
        if let Some(kept) = results::finding(&api.store, &force, id)? {
            return Ok((force, kept));
        }
    }
    Err(Refused::absent(ABSENT))
}

/// The component of a plugin that was ever deployed, by its SHA-256.
pub(super) async fn component(State(api): Shared, Path(digest): Path<String>) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let digest = Digest::from_hex(&digest)
            .ok_or_else(|| Refused::bad("a component's digest has 64 lower-case hex digits"))?;
        let wasm = api.store.file(digest)?.filter(|bytes| bytes.starts_with(b"\0asm"));
        let wasm = wasm.ok_or_else(|| Refused::absent("no plugin of this digest was ever deployed"))?;
        Ok(([(CONTENT_TYPE, "application/wasm")], wasm))
    })
    .await
}

impl From<EvidenceError> for Refused {
    fn from(error: EvidenceError) -> Self {
        match &error {
            EvidenceError::Gone { .. } => Self::absent(error.to_string()),
            EvidenceError::TooLarge => Self::too_large(error.to_string()),
            _ => Self::host(&error),
        }
    }
}
