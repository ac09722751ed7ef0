//! `/v1/incidents`, `/v1/risk` and `/v1/scorecard`: alerts that are one story, what they weigh together, and how the rules do.
//! Whom an alert is about sees none of it.

use axum::extract::{Path, Query, State};
use axum::{Extension, Json};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, act, blocking, force_of, forces_of};
use crate::identity::Caller;
use crate::model::Entity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    #[serde(default)]
    all: bool,
    after: Option<u64>,
    limit: Option<usize>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct About {
    #[serde(rename = "for")]
    force: Option<String>,
    entity: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Since {
    #[serde(rename = "for")]
    force: Option<String>,
    #[serde(default)]
    since: i64,
}

/// `{"incidents": [...], "next": N}` of one force; those that are over, too, where `all`.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, asked.force.as_deref())?;
        let (after, limit) = super::paged::bounds(asked.after, asked.limit);
        let (mut found, next) = api.alerts.incidents(&force, after, limit, !asked.all)?;
        found.retain(|story| !story.timeline.iter().any(|alert| caller.is_subject(&alert.entities)));
        let details = json!({ "after": after, "limit": limit, "rows": found.len() });
        api.identity.record(act(&caller, "incidents-read", Some(force), details))?;
        Ok(Json(json!({ "incidents": found, "next": next })))
    })
    .await
}

/// An incident with its alerts and its score.
pub(super) async fn show(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path(reference): Path<String>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let story = api.alerts.incident(&reference)?.filter(|story| {
            caller.force.as_ref().is_none_or(|own| *own == story.incident.force)
                && !story.timeline.iter().any(|alert| caller.is_subject(&alert.entities))
        });
        let story = story.ok_or_else(|| {
            let reference = reference.escape_default();
            Refused::absent(format!("there is no incident `{reference}`: see `cordon incident list`"))
        })?;
        let details = json!({ "incident": story.reference });
        api.identity.record(act(&caller, "incident-read", Some(story.incident.force.clone()), details))?;
        Ok(Json(json!(story)))
    })
    .await
}

/// What a force's newest alerts about somebody or something weigh, and why.
pub(super) async fn risk(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(about): Query<About>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = force_of(&api, &caller, about.force.as_deref())?;
        let entity = Entity { kind: String::new(), value: about.entity };
        if caller.is_subject(std::slice::from_ref(&entity)) {
            return Err(Refused::forbidden("this is about an account of your own: somebody else looks at it"));
        }
        let score = api.alerts.risk(&force, &entity.value)?;
        api.identity.record(act(&caller, "risk-read", Some(force), json!({ "entity": entity.value })))?;
        Ok(Json(json!(score)))
    })
    .await
}

/// `{"rules": [...]}` of one force, or of all where whoever sees all names none.
pub(super) async fn scorecard(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Since>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let forces = forces_of(&api, &caller, asked.force.as_deref())?;
        let rules = api.alerts.scorecard(&forces, asked.since)?;
        let mut rows = Vec::with_capacity(rules.len());
        for rule in rules {
            let cpu = api.metrics.cpu_seconds(&rule.plugin, &rule.force);
            let mut row = json!(rule);
            row["plugin-cpu-seconds"] = json!(cpu);
            rows.push(row);
        }
        Ok(Json(json!({ "rules": rows })))
    })
    .await
}
