//! `/a/CODE`: the page behind the link of a message, with a button by which its contact says that they have the alert. Open to
//! everybody who has the code, which is bound to one alert and one contact. Only a POST acknowledges: programs that look at links
//! in mail send GETs.

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS, X_FRAME_OPTIONS,
};
use axum::response::{IntoResponse as _, Response};
use serde_json::json;

use super::Api;
use super::answer::{Refused, Shared, blocking};
use crate::alerts::{Kind, State as AlertState, Work, WorkError, Worker};
use crate::audit::Act;
use crate::delivery::{Linked, Standing};

/// What is no text is no code.
type Code = Result<Path<String>, PathRejection>;

pub(super) async fn show(State(api): Shared, code: Code) -> Result<Response, Refused> {
    let code = code.map_or_else(|_| String::new(), |Path(code)| code);
    blocking(move || {
        let Some(linked) = api.delivery.linked(&code)? else { return Ok(page(&api, None)) };
        let details = json!({ "alert": linked.alert.reference, "name": linked.contact.name });
        api.identity.record(act(&linked, "alert-read", details))?;
        let standing = standing(&api, &linked)?;
        Ok(page(&api, Some((&linked, standing))))
    })
    .await
}

pub(super) async fn take(State(api): Shared, code: Code) -> Result<Response, Refused> {
    let code = code.map_or_else(|_| String::new(), |Path(code)| code);
    blocking(move || {
        let Some(mut linked) = api.delivery.linked(&code)? else { return Ok(page(&api, None)) };
        if linked.alert.state == AlertState::New {
            let worker = Worker {
                on_behalf_of: Some(linked.contact.name.clone()),
                note: "by the link of a message".to_owned(),
                revision: None,
            };
            let reference = linked.alert.reference.clone();
            let record = |_, details| act(&linked, "alert-worked", details);
            match api.alerts.work(&reference, |alert| linked.may_see(alert), Work::Acknowledge, worker, record) {
                Ok(alert) => linked.alert = alert,
                // Somebody was faster: the page says so.
                Err(WorkError::NotNow(_)) => linked.alert = api.alerts.get(&reference)?.unwrap_or(linked.alert),
                Err(error) => return Err(error.into()),
            }
        }
        let standing = standing(&api, &linked)?;
        Ok(page(&api, Some((&linked, standing))))
    })
    .await
}

/// What a contact does is recorded as theirs.
fn act(linked: &Linked, what: &'static str, details: serde_json::Value) -> Act {
    let (who, role) = (linked.contact.signs(), "contact".to_owned());
    Act { time: crate::clock::now_micros(), who, role, force: Some(linked.alert.force.clone()), what, details }
}

fn standing(api: &Api, linked: &Linked) -> Result<Standing, Refused> {
    if linked.alert.state == AlertState::New {
        return Ok(Standing::Open);
    }
    let signs = linked.contact.signs();
    let history = api.alerts.history(&linked.alert)?;
    let theirs = history.iter().find(|change| change.kind == Kind::Acknowledged && change.by == signs);
    Ok(theirs.map_or(Standing::Others, |change| Standing::Theirs(change.at)))
}

fn page(api: &Api, of: Option<(&Linked, Standing)>) -> Response {
    let status = if of.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let (page, policy) = api.delivery.page(of);
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    (status, headers, page).into_response()
}
