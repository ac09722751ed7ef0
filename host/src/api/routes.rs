//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::{MethodRouter, delete, get, patch, post};

use super::guard::guard;
use super::{Api, audit, events, findings, forces, health, holds, tokens, whoami};
use crate::identity::Permission;

/// One route.
pub struct Route {
    /// `GET`, `POST`, `PATCH`, `DELETE`.
    pub method: &'static str,
    /// The path; `{name}` stands for a part of it.
    pub path: &'static str,
    /// What it asks for; open to everybody where it is none.
    pub needs: Option<Permission>,
    handler: fn() -> MethodRouter<Arc<Api>>,
}

macro_rules! route {
    ($method:literal $path:literal, $needs:expr, $by:ident($handler:path)) => {
        Route { method: $method, path: $path, needs: $needs, handler: || $by($handler) }
    };
}

/// All routes: there are no others.
pub const ROUTES: &[Route] = &[
    route!("GET" "/healthz", None, get(health::alive)),
    route!("GET" "/readyz", None, get(health::ready)),
    route!("GET" "/metrics", Some(Permission::ReadStatus), get(health::metrics)),
    route!("GET" "/v1/status", Some(Permission::ReadStatus), get(health::status)),
    route!("POST" "/v1/events", Some(Permission::SendEvents), post(events::recognised)),
    route!("POST" "/v1/events/{source}", Some(Permission::SendEvents), post(events::of_source)),
    route!("GET" "/v1/findings", Some(Permission::ReadFindings), get(findings::list)),
    route!("GET" "/v1/skips", Some(Permission::ReadFindings), get(findings::skips)),
    route!("GET" "/v1/audit", Some(Permission::ReadAudit), get(audit::list)),
    route!("GET" "/v1/audit/export", Some(Permission::ReadAudit), get(audit::export)),
    route!("GET" "/v1/audit/{number}", Some(Permission::ReadAudit), get(audit::show)),
    route!("GET" "/v1/audit/verify", Some(Permission::ReadAudit), get(audit::verify)),
    route!("GET" "/v1/forces", Some(Permission::ReadStatus), get(forces::list)),
    route!("POST" "/v1/forces", Some(Permission::Administer), post(forces::add)),
    route!("GET" "/v1/forces/{name}", Some(Permission::ReadStatus), get(forces::show)),
    route!("PATCH" "/v1/forces/{name}", Some(Permission::Administer), patch(forces::set)),
    route!("POST" "/v1/forces/{name}/suspend", Some(Permission::Administer), post(forces::suspend)),
    route!("POST" "/v1/forces/{name}/resume", Some(Permission::Administer), post(forces::resume)),
    route!("GET" "/v1/holds", Some(Permission::ReadAdministration), get(holds::list)),
    route!("POST" "/v1/holds", Some(Permission::Administer), post(holds::add)),
    route!("POST" "/v1/holds/{id}/release", Some(Permission::Administer), post(holds::release)),
    route!("GET" "/v1/whoami", Some(Permission::AskWho), get(whoami::whoami)),
    route!("GET" "/v1/tokens", Some(Permission::ReadAdministration), get(tokens::list)),
    route!("POST" "/v1/tokens", Some(Permission::Administer), post(tokens::create)),
    route!("DELETE" "/v1/tokens/{id}", Some(Permission::Administer), delete(tokens::revoke)),
];

pub(super) fn router(api: Arc<Api>) -> Router {
    let mut router = Router::new();
    for route in ROUTES {
        let mut handler = (route.handler)();
        if let Some(permission) = route.needs {
            let api = Arc::clone(&api);
            handler = handler.route_layer(from_fn(move |request: Request, next: Next| {
                guard(Arc::clone(&api), permission, request, next)
            }));
        }
        router = router.route(route.path, handler);
    }
    router.with_state(api)
}
