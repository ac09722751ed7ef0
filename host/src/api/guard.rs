//! Stands before every route that asks for a permission: whose token is it, and may they.

use std::sync::Arc;

use axum::extract::Request;
use axum::http::header::AUTHORIZATION;
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::Api;
use super::answer::Refused;
use crate::identity::{Caller, Permission, Suspension};

pub(super) async fn guard(api: Arc<Api>, permission: Permission, mut request: Request, next: Next) -> Response {
    let given = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = given.and_then(|value| value.strip_prefix("Bearer ")).map(str::trim);
    let caller = match api.identity.caller(token, crate::clock::now_micros()) {
        Ok(caller) => caller,
        Err(error) => return Refused::unauthorised(error).into_response(),
    };
    if !caller.role.may(permission) {
        let reason = format!("a token of role {} may not do this", caller.role.word());
        return Refused::forbidden(reason).into_response();
    }
    if permission == Permission::SendEvents
        && let Some(refused) = suspended(&api, &caller)
    {
        return refused.into_response();
    }
    request.extensions_mut().insert(caller);
    next.run(request).await
}

/// The answer to events of a force that is suspended.
fn suspended(api: &Api, caller: &Caller) -> Option<Refused> {
    let record = api.identity.force(caller.force.as_ref()?)?;
    let Suspension { reason, .. } = record.suspended?;
    let name = record.name;
    Some(Refused::forbidden(format!(
        "force {name} is suspended ({reason}): its events are refused until it is resumed"
    )))
}
