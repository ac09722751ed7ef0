//! Answers that say no: a status and a text with the way out, as JSON.

use std::sync::Arc;

use axum::Json;
use axum::http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::Api;
use crate::audit::Act;
use crate::identity::{Caller, IdentityError, Unauthorised};
use crate::intake::IntakeError;
use crate::journal::AppendError;
use crate::model::Force;
use crate::store::StoreError;

/// Characters of a reason at most.
const MOST_REASON: usize = 500;

/// See the module.
#[derive(Debug)]
pub(super) struct Refused {
    status: StatusCode,
    reason: String,
    header: Option<(HeaderName, HeaderValue)>,
}

impl Refused {
    fn new(status: StatusCode, reason: impl Into<String>) -> Self {
        Self { status, reason: reason.into(), header: None }
    }

    pub(super) fn bad(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, reason)
    }

    pub(super) fn forbidden(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, reason)
    }

    pub(super) fn absent(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, reason)
    }

    pub(super) fn conflict(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, reason)
    }

    pub(super) fn unauthorised(error: Unauthorised) -> Self {
        let header = Some((WWW_AUTHENTICATE, HeaderValue::from_static("Bearer")));
        Self { header, ..Self::new(StatusCode::UNAUTHORIZED, error.to_string()) }
    }

    /// Of the moment: come again in a second.
    pub(super) fn busy(reason: impl Into<String>) -> Self {
        Self::later(reason, 1)
    }

    /// Of the moment: come again in so many seconds.
    pub(super) fn later(reason: impl Into<String>, seconds: u64) -> Self {
        let header = Some((RETRY_AFTER, HeaderValue::from(seconds)));
        Self { header, ..Self::new(StatusCode::TOO_MANY_REQUESTS, reason) }
    }

    pub(super) fn not_found(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, reason)
    }

    pub(super) fn too_large(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, reason)
    }

    pub(super) fn unsupported(reason: impl Into<String>) -> Self {
        Self::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, reason)
    }

    /// Why, for people.
    pub(super) fn reason(&self) -> &str {
        &self.reason
    }

    /// The host's own trouble. What it is goes to the log; the caller is told that it is not theirs.
    pub(super) fn host(error: &dyn std::error::Error) -> Self {
        tracing::error!("{error}");
        Self::new(StatusCode::SERVICE_UNAVAILABLE, "the host cannot do this now; its log says why")
    }
}

/// The reason of an answer that says no, for those who say it in another form.
#[derive(Debug, Clone)]
pub(super) struct Reason(pub(super) String);

impl IntoResponse for Refused {
    fn into_response(self) -> Response {
        let mut response = (self.status, Json(json!({ "error": self.reason }))).into_response();
        response.extensions_mut().insert(Reason(self.reason));
        if let Some((name, value)) = self.header {
            response.headers_mut().insert(name, value);
        }
        response
    }
}

impl From<StoreError> for Refused {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::new(StatusCode::CONFLICT, error.to_string()),
            StoreError::TooLarge(reason) => Self::too_large(reason),
            other => Self::host(&other),
        }
    }
}

impl From<IdentityError> for Refused {
    fn from(error: IdentityError) -> Self {
        match error {
            IdentityError::Refused(reason) => Self::new(StatusCode::CONFLICT, reason),
            IdentityError::Absent(reason) => Self::new(StatusCode::NOT_FOUND, reason),
            IdentityError::Store(error) => error.into(),
        }
    }
}

impl From<IntakeError> for Refused {
    fn from(error: IntakeError) -> Self {
        let reason = error.to_string();
        if let Some(seconds) = error.retry_after() {
            return Self::later(reason, seconds);
        }
        match error {
            IntakeError::TooLarge { .. }
            | IntakeError::TooMany { .. }
            | IntakeError::Journal(AppendError::Request(_)) => Self::too_large(reason),
            IntakeError::Unreadable(_) | IntakeError::Unsound { .. } => Self::bad(reason),
            IntakeError::Quota { .. } | IntakeError::Memory { .. } | IntakeError::Journal(AppendError::Full { .. }) => {
                Self::busy(reason)
            }
            IntakeError::Journal(AppendError::DiskFloor { .. }) => {
                tracing::error!("{reason}");
                Self::new(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "the host's disk is full: keep the events and send them later",
                )
            }
            IntakeError::Journal(AppendError::Disk { .. } | AppendError::Stopped) => Self::host(&error),
        }
    }
}

/// Runs what blocks.
pub(super) async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Refused> + Send + 'static,
) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.unwrap_or_else(|error| Err(Refused::host(&error)))
}

/// An operator's reason, as it goes into the audit.
pub(super) fn reason(text: &str) -> Result<String, Refused> {
    match text.trim() {
        text if (1..=MOST_REASON).contains(&text.chars().count()) && !text.chars().any(char::is_control) => {
            Ok(text.to_owned())
        }
        _ => Err(Refused::bad(format!(
            "reason: say why, in at most {MOST_REASON} characters, without control characters"
        ))),
    }
}

/// What a caller does, for the audit.
pub(super) fn act(caller: &Caller, what: &'static str, force: Option<Force>, details: serde_json::Value) -> Act {
    let (who, role) = (caller.token.clone(), caller.role.word().to_owned());
    Act { time: crate::clock::now_micros(), who, role, force, what, details }
}

/// The force that a caller asks about: their own, or the one that they name where their role sees all.
pub(super) fn force_of(api: &Api, caller: &Caller, named: Option<&str>) -> Result<Force, Refused> {
    match (&caller.force, named) {
        (Some(own), None) => Ok(own.clone()),
        (Some(own), Some(named)) if own.as_str() == named => Ok(own.clone()),
        (Some(own), Some(_)) => Err(Refused::forbidden(format!("this token is for force {own} only"))),
        (None, Some(named)) => Ok(api.identity.known_force(named)?),
        (None, None) => Err(Refused::bad("name the force: ?for=NAME")),
    }
}

/// The query that names a force.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Whose {
    #[serde(rename = "for")]
    pub(super) force: Option<String>,
}

/// The same, where whoever sees all means all (none) by saying nothing, or `all`.
pub(super) fn force_or_all(api: &Api, caller: &Caller, named: Option<&str>) -> Result<Option<Force>, Refused> {
    match (&caller.force, named) {
        (None, None | Some("all")) => Ok(None),
        (_, named) => force_of(api, caller, named).map(Some),
    }
}

/// The forces that this is about.
pub(super) fn forces_of(api: &Api, caller: &Caller, named: Option<&str>) -> Result<Vec<Force>, Refused> {
    Ok(match force_or_all(api, caller, named)? {
        Some(force) => vec![force],
        None => api.identity.forces().into_iter().map(|record| record.name).collect(),
    })
}

/// The state of handlers.
pub(super) type Shared = axum::extract::State<Arc<Api>>;
