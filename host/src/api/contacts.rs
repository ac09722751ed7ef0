//! `/v1/contacts` and `/v1/deliveries`: who is told of alerts, what waits to be sent to them, and what could not be.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use cordon_contract::manifest::Severity;
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{Refused, Shared, Whose, act, blocking, force_of, reason};
use crate::delivery::{About, Contact, ContactError, NewContact};
use crate::identity::{Caller, Stage};
use crate::model::Entity;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Code {
    code: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Dead {
    /// Tried again, or thrown away.
    again: bool,
}

/// `{"contacts": [...]}`, without keys.
pub(super) async fn list(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    let force = whose.force.as_deref().map(|named| force_of(&api, &caller, Some(named))).transpose()?;
    let contacts: Vec<Contact> = api.delivery.contacts(force.as_ref()).into_iter().map(Contact::shown).collect();
    Ok(Json(json!({ "contacts": contacts })))
}

/// The only answer that holds the key of a webhook's signatures.
pub(super) async fn add(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Json(new): Json<NewContact>,
) -> Result<(StatusCode, Json<Contact>), Refused> {
    blocking(move || {
        let force = api.identity.known_force(new.force.as_str())?;
        let contact = api.delivery.add(new, |details| act(&caller, "contact-added", Some(force), details))?;
        Ok((StatusCode::CREATED, Json(contact)))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Removed {
    /// Why it goes though nobody else is reached outside of the tenant of a force that is live.
    #[serde(rename = "even-if-last")]
    even_if_last: Option<String>,
}

pub(super) async fn remove(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((force, id)): Path<(String, String)>,
    Query(asked): Query<Removed>,
) -> Result<StatusCode, Refused> {
    blocking(move || {
        let force = api.identity.known_force(&force)?;
        let why = asked.even_if_last.as_deref().map(reason).transpose()?;
        let is_live = api.identity.force(&force).is_some_and(|record| record.stage == Stage::Live);
        let record = |mut details: Value| {
            if let Some(why) = &why {
                details["even-if-last"] = json!(why);
            }
            act(&caller, "contact-removed", Some(force.clone()), details)
        };
        api.delivery.remove(&force, &id, is_live && why.is_none(), record)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) async fn test(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((force, id)): Path<(String, String)>,
) -> Result<StatusCode, Refused> {
    blocking(move || {
        let force = api.identity.known_force(&force)?;
        let record = |details| act(&caller, "contact-tested", Some(force.clone()), details);
        api.delivery.test(&force, &id, record)?;
        Ok(StatusCode::NO_CONTENT)
    })
    .await
}

pub(super) async fn confirm(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((force, id)): Path<(String, String)>,
    Json(given): Json<Code>,
) -> Result<Json<Contact>, Refused> {
    blocking(move || {
        let force = api.identity.known_force(&force)?;
        let record = |details| act(&caller, "contact-confirmed", Some(force.clone()), details);
        Ok(Json(api.delivery.confirm(&force, &id, &given.code, record)?.shown()))
    })
    .await
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    /// An alert that is there.
    alert: Option<String>,
    /// Or one of this severity,
    severity: Option<Severity>,
    /// about this account, mailbox or number.
    about: Option<String>,
    /// with this ATT&CK technique.
    attack: Option<String>,
    /// When, microseconds since 1970 UTC; now where it is absent.
    at: Option<i64>,
}

/// Who would be told of a new alert at a time, who next, who not and why, and what should be otherwise.
pub(super) async fn preview(State(api): Shared, Query(asked): Query<Asked>) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let at = asked.at.unwrap_or_else(crate::clock::now_micros);
        let plan = match (&asked.alert, &asked.force, asked.severity) {
            (Some(reference), None, None) => {
                let absent = || Refused::absent(format!("there is no alert `{}`", reference.escape_debug()));
                let alert = api.alerts.get(reference)?.ok_or_else(absent)?;
                api.delivery.preview((&alert).into(), at)
            }
            (None, Some(force), Some(severity)) => {
                let force = api.identity.known_force(force)?;
                let about = asked.about.map(|value| Entity { kind: "user".into(), value });
                let entities: Vec<Entity> = about.into_iter().collect();
                let attack: Vec<String> = asked.attack.into_iter().collect();
                let about = About { force: &force, severity, entities: &entities, attack: &attack, late: false };
                api.delivery.preview(about, at)
            }
            _ => return Err(Refused::bad("give an alert, or a force and a severity: ?for=NAME&severity=high")),
        };
        Ok(Json(json!({ "at": at, "plan": plan })))
    })
    .await
}

/// `{"deliveries": [...]}`: of each contact what could not be sent, then what waits.
pub(super) async fn waiting(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(whose): Query<Whose>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = whose.force.as_deref().map(|named| force_of(&api, &caller, Some(named))).transpose()?;
        Ok(Json(json!({ "deliveries": api.delivery.waiting(force.as_ref())? })))
    })
    .await
}

/// `{"messages": N}`
pub(super) async fn dead(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Path((force, id)): Path<(String, String)>,
    Json(asked): Json<Dead>,
) -> Result<Json<Value>, Refused> {
    blocking(move || {
        let force = api.identity.known_force(&force)?;
        let what = if asked.again { "deliveries-retried" } else { "deliveries-dropped" };
        let record = |details| act(&caller, what, Some(force.clone()), details);
        Ok(Json(json!({ "messages": api.delivery.dead(&force, &id, asked.again, record)? })))
    })
    .await
}

impl From<ContactError> for Refused {
    fn from(error: ContactError) -> Self {
        match error {
            ContactError::Bad(reason) => Self::bad(reason),
            ContactError::Absent(reason) => Self::absent(reason),
            ContactError::NotNow(_) | ContactError::Unsent(_) => Self::conflict(error.to_string()),
            ContactError::Thread(_) => Self::host(&error),
            ContactError::Store(error) => error.into(),
        }
    }
}
