//! `GET /v1/ledger`: what became of a force's events, hour by hour, and whether it adds up. Each read is recorded.

use axum::extract::{Query, State};
use axum::{Extension, Json};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, force_of};
use crate::identity::Caller;
use crate::results::ledger::{HOUR, hour};

/// Hours that are answered where nothing else is asked for.
const DAY: i64 = 24 * HOUR;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    from: Option<String>,
    to: Option<String>,
}

/// `{"force", "lines": [{"source", "hour", "received", "accepted", "late", "duplicate", "refused", "lanes": {...}}], "sums"}`.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let to = time("to", asked.to.as_deref())?.unwrap_or_else(crate::clock::now_micros);
        let from = time("from", asked.from.as_deref())?.unwrap_or(to - DAY);
        let (lines, sums) = api.health.ledger(&force, hour(from), hour(to)).map_err(|error| Refused::host(&error))?;
        let details = json!({ "from": from, "to": to, "rows": lines.len() });
        api.identity.record(act(&caller, "ledger-read", Some(force.clone()), details))?;
        let lines: Vec<Value> = lines
            .into_iter()
            .map(|((source, hour), line)| {
                let time = Timestamp::from_microsecond(hour).unwrap_or_default();
                let received = line.accepted + line.duplicate + line.refused;
                let mut one = json!({ "source": source, "hour": time.to_string(), "received": received });
                if let (Some(all), Ok(Value::Object(line))) = (one.as_object_mut(), serde_json::to_value(line)) {
                    all.extend(line);
                }
                one
            })
            .collect();
        Ok(Json(json!({ "force": force, "lines": lines, "sums": sums })))
    })
    .await
}

fn time(name: &str, given: Option<&str>) -> Result<Option<i64>, Refused> {
    let Some(given) = given else { return Ok(None) };
    let time: Result<Timestamp, _> = given.parse();
    let wrong = |_| Refused::bad(format!("{name}: give a time such as 2026-11-25T14:00:00Z"));
    time.map(|time| Some(time.as_microsecond())).map_err(wrong)
}
