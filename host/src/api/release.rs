//! `POST /v1/faults/{id}/release`: a replay file of a fault, for the plugin's author. Operators only; what was released, to
//! what end and its digest commit together with the record in the audit, before the file is given.

use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::json;

use super::Api;
use super::answer::{Refused, Shared, act, blocking, reason};
use super::recorded::terms;
use crate::events::Batch;
use crate::evidence::{EvidenceError, FaultRecord, Replay};
use crate::identity::Caller;
use crate::ids::Digest;
use crate::model::{Force, SourceName};
use crate::results::{self, Fault, Released};
use crate::sandbox::inspect;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    reason: String,
}

/// The sealed file.
pub(super) async fn release(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(id): Path<String>,
    Json(asked): Json<Asked>,
) -> Result<impl IntoResponse, Refused> {
    blocking(move || {
        let reason = reason(&asked.reason)?;
        let all = results::faults(&api.store, None, None)?.faults;
        let fault = all.into_iter().find(|fault| fault.id == id);
        let fault = fault.ok_or_else(|| Refused::absent("no fault of this id is known: see `cordon plugin faults`"))?;
        let force = Force::new(&fault.force).map_err(|error| Refused::host(&error))?;
        let batch = batch(&api, &force, &fault)?;
        let wasm = api.store.file(fault.digest)?;
        let wasm = wasm.ok_or_else(|| Refused::absent("the component of this fault is not kept"))?;
        let manifest = inspect(&wasm).map_err(|error| Refused::host(&error))?.manifest;
        let Fault { outcome, limit, reason: why, .. } = fault.clone();
        let record = FaultRecord { outcome, limit, reason: why };
        let bytes = Replay::of(record, &batch, &manifest, terms(&api, fault.terms)?).to_bytes()?;
        let (time, who) = (crate::clock::now_micros(), caller.token.clone());
        let (rows, sha256) = (batch.len() as u64, Digest::of(&bytes));
        let released = Released { time, who, reason: reason.clone(), rows, sha256 };
        let effects = results::release(&force, &fault.id, &released)?;
        let details = json!({
            "fault": fault.id, "plugin": fault.plugin, "digest": fault.digest, "source": fault.source,
            "first": fault.first, "last": fault.last, "rows": rows, "sha256": sha256, "reason": reason,
        });
        api.audit.commit(&api.store, act(&caller, "fault-released", Some(force), details), effects)?;
        Ok(([(CONTENT_TYPE, "application/json")], bytes))
    })
    .await
}

/// The events that it was.
fn batch(api: &Api, force: &Force, fault: &Fault) -> Result<Batch, Refused> {
    let source = SourceName::new(&fault.source).map_err(|error| Refused::host(&error))?;
    let again = api.scheduler.batch_again(force, &source, fault.first, fault.last);
    let batch = again.map_err(|error| Refused::host(&error))?;
    let whole = batch.filter(|batch| batch.len() as u64 == fault.rows);
    Ok(whole.ok_or(EvidenceError::Gone { sequence: fault.first })?)
}
