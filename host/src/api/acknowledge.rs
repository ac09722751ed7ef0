//! `/a/CODE`: the page behind the link of a message, with a button by which its contact says that they have the alert. Open to
//! everybody who has the code, which is bound to its message's alerts and one contact. Only a POST acknowledges: programs that
//! look at links in mail send GETs.

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
use crate::alerts::{Alert, Kind, State as AlertState, Work, WorkError, Worker};
use crate::audit::Act;
use crate::delivery::{Linked, Standing};

/// What is no text is no code.
type Code = Result<Path<String>, PathRejection>;

pub(super) async fn show(State(api): Shared, code: Code) -> Result<Response, Refused> {
    let code = code.map_or_else(|_| String::new(), |Path(code)| code);
    blocking(move || {
        let Some(linked) = api.delivery.linked(&code)? else { return page(&api, None) };
        for alert in &linked.alerts {
            let details = json!({ "alert": alert.reference, "name": linked.contact.name });
            api.identity.record(act(&linked, alert, "alert-read", details))?;
        }
        page(&api, Some(&linked))
    })
    .await
}

/// The body is a form: `alert=REFERENCE` takes one of the link's alerts, an empty one takes all.
pub(super) async fn take(State(api): Shared, code: Code, form: String) -> Result<Response, Refused> {
    let code = code.map_or_else(|_| String::new(), |Path(code)| code);
    blocking(move || {
        let Some(mut linked) = api.delivery.linked(&code)? else { return page(&api, None) };
        let contact = linked.clone();
        let asked = form.trim().strip_prefix("alert=");
        let is_asked = |alert: &Alert| form.trim().is_empty() || asked == Some(alert.reference.as_str());
        for alert in linked.alerts.iter_mut().filter(|alert| alert.state == AlertState::New && is_asked(alert)) {
            *alert = taken(&api, &contact, alert)?;
        }
        page(&api, Some(&linked))
    })
    .await
}

/// An alert as it is once its contact has it, or once somebody was faster.
fn taken(api: &Api, linked: &Linked, alert: &Alert) -> Result<Alert, Refused> {
    let worker = Worker {
        on_behalf_of: Some(linked.contact.name.clone()),
        note: "by the link of a message".to_owned(),
        revision: None,
    };
    let record = |_, details| act(linked, alert, "alert-worked", details);
    let reference = &alert.reference;
    match api.alerts.work(reference, |alert| linked.may_see(alert), Work::Acknowledge, worker, record) {
        Ok(alert) => Ok(alert),
        // The page says so.
        Err(WorkError::NotNow(_)) => Ok(api.alerts.get(reference)?.unwrap_or_else(|| alert.clone())),
        Err(error) => Err(error.into()),
    }
}

/// What a contact does is recorded as theirs.
fn act(linked: &Linked, alert: &Alert, what: &'static str, details: serde_json::Value) -> Act {
    let (who, role) = (linked.contact.signs(), "contact".to_owned());
    Act { time: crate::clock::now_micros(), who, role, force: Some(alert.force.clone()), what, details }
}

fn standing(api: &Api, linked: &Linked, alert: &Alert) -> Result<Standing, Refused> {
    if alert.state == AlertState::New {
        return Ok(Standing::Open);
    }
    let signs = linked.contact.signs();
    let history = api.alerts.history(alert)?;
    let theirs = history.iter().find(|change| change.kind == Kind::Acknowledged && change.by == signs);
    Ok(theirs.map_or(Standing::Others, |change| Standing::Theirs(change.at)))
}

fn page(api: &Api, of: Option<&Linked>) -> Result<Response, Refused> {
    let status = if of.is_some() { StatusCode::OK } else { StatusCode::NOT_FOUND };
    let standings = of.map(|linked| linked.alerts.iter().map(|alert| standing(api, linked, alert)).collect());
    let standings: Vec<Standing> = standings.transpose()?.unwrap_or_default();
    let (page, policy) = api.delivery.page(of.map(|linked| (linked, standings.as_slice())))?;
    let headers = [
        (CONTENT_TYPE, "text/html; charset=utf-8".to_owned()),
        (CONTENT_SECURITY_POLICY, policy),
        (CACHE_CONTROL, "no-store".to_owned()),
        (REFERRER_POLICY, "no-referrer".to_owned()),
        (X_CONTENT_TYPE_OPTIONS, "nosniff".to_owned()),
        (X_FRAME_OPTIONS, "DENY".to_owned()),
    ];
    Ok((status, headers, page).into_response())
}
