//! The table of routes.

use std::sync::Arc;

use axum::Router;
use axum::extract::Request;
use axum::middleware::{Next, from_fn};
use axum::routing::{MethodRouter, delete, get, patch, post, put};

use super::dialect::{self, Dialect};
use super::guard::guard;
use super::{
    Api, acknowledge, alerts, audit, contacts, deployments, elastic, events, evidence, exceptions, exercises, faults,
    findings, forces, health, hec, holds, hunts, incidents, lanes, ledger, lists, maintenance, plugins, refused,
    release, stream, tokens, whoami,
};
use crate::identity::Permission;

/// One route.
pub struct Route {
    /// `GET`, `POST`, `PUT`, `PATCH`, `DELETE`.
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
    route!("GET" "/v1/ledger", Some(Permission::ReadStatus), get(ledger::list)),
    route!("POST" "/v1/events", Some(Permission::SendEvents), post(events::recognised)),
    route!("POST" "/v1/events/{source}", Some(Permission::SendEvents), post(events::of_source)),
    route!("GET" "/", Some(Permission::SendEvents), get(elastic::root)),
    route!("GET" "/_license", Some(Permission::SendEvents), get(elastic::license)),
    route!("GET" "/_xpack", Some(Permission::SendEvents), get(elastic::xpack)),
    route!("GET" "/_cat/health", Some(Permission::SendEvents), get(elastic::cat_health)),
    route!("GET" "/_cluster/health", Some(Permission::SendEvents), get(elastic::cluster_health)),
    route!("POST" "/_bulk", Some(Permission::SendEvents), post(elastic::bulk)),
    route!("PUT" "/_bulk", Some(Permission::SendEvents), put(elastic::bulk)),
    route!("POST" "/{index}/_bulk", Some(Permission::SendEvents), post(elastic::bulk_of_index)),
    route!("PUT" "/{index}/_bulk", Some(Permission::SendEvents), put(elastic::bulk_of_index)),
    route!("POST" "/services/collector", Some(Permission::SendEvents), post(hec::events)),
    route!("POST" "/services/collector/event", Some(Permission::SendEvents), post(hec::events)),
    route!("POST" "/services/collector/event/1.0", Some(Permission::SendEvents), post(hec::events)),
    route!("POST" "/services/collector/raw", Some(Permission::SendEvents), post(hec::raw)),
    route!("POST" "/services/collector/raw/1.0", Some(Permission::SendEvents), post(hec::raw)),
    route!("GET" "/services/collector/health", None, get(hec::health)),
    route!("GET" "/services/collector/health/1.0", None, get(hec::health)),
    route!("GET" "/v1/findings", Some(Permission::ReadFindings), get(findings::list)),
    route!("GET" "/v1/findings/{id}/evidence", Some(Permission::ReadEvidence), get(evidence::of_finding)),
    route!("GET" "/v1/components/{id}", Some(Permission::ReadEvidence), get(evidence::component)),
    route!("GET" "/v1/skips", Some(Permission::ReadFindings), get(findings::skips)),
    route!("GET" "/v1/refused", Some(Permission::ReadRefused), get(refused::list)),
    route!("GET" "/v1/refused/{number}", Some(Permission::ReadRefused), get(refused::show)),
    route!("DELETE" "/v1/refused/{number}", Some(Permission::MendRefused), delete(refused::discard)),
    route!("POST" "/v1/refused/{number}/replay", Some(Permission::MendRefused), post(refused::replay)),
    route!("GET" "/v1/plugins", Some(Permission::ReadStatus), get(plugins::list)),
    route!("POST" "/v1/plugins", Some(Permission::Deploy), post(deployments::load)),
    route!("DELETE" "/v1/plugins/{id}/{version}", Some(Permission::Deploy), delete(deployments::unload)),
    route!("POST" "/v1/plugins/{id}/disable", Some(Permission::Deploy), post(deployments::disable)),
    route!("POST" "/v1/plugins/{id}/enable", Some(Permission::Deploy), post(deployments::enable)),
    route!("GET" "/v1/plugins/{id}/compare", Some(Permission::ReadFindings), get(deployments::compare)),
    route!("POST" "/v1/deployments", Some(Permission::Deploy), post(deployments::deploy)),
    route!("POST" "/v1/hunts", Some(Permission::Deploy), post(hunts::begin)),
    route!("GET" "/v1/hunts", Some(Permission::ReadStatus), get(hunts::list)),
    route!("POST" "/v1/hunts/{number}/stop", Some(Permission::Deploy), post(hunts::stop)),
    route!("GET" "/v1/hunts/{number}/findings", Some(Permission::ReadFindings), get(hunts::findings)),
    route!("POST" "/v1/rollback", Some(Permission::Operate), post(deployments::roll_back)),
    route!("GET" "/v1/generations", Some(Permission::ReadStatus), get(deployments::history)),
    route!("GET" "/v1/generations/{from}/diff/{to}", Some(Permission::ReadStatus), get(deployments::diff)),
    route!("GET" "/v1/faults", Some(Permission::ReadFaults), get(faults::list)),
    route!("POST" "/v1/faults/{id}/release", Some(Permission::Operate), post(release::release)),
    route!("POST" "/v1/lanes/skip", Some(Permission::Operate), post(lanes::skip)),
    route!("POST" "/v1/lanes/retry", Some(Permission::Operate), post(lanes::retry)),
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
    route!("GET" "/v1/alerts", Some(Permission::ReadFindings), get(alerts::list)),
    route!("GET" "/v1/alerts/stream", Some(Permission::ReadFindings), get(stream::stream)),
    route!("GET" "/v1/alerts/{reference}", Some(Permission::ReadFindings), get(alerts::show)),
    route!("POST" "/v1/alerts/{reference}/{act}", Some(Permission::WorkAlerts), post(alerts::work)),
    route!("GET" "/v1/incidents", Some(Permission::ReadFindings), get(incidents::list)),
    route!("GET" "/v1/incidents/{reference}", Some(Permission::ReadFindings), get(incidents::show)),
    route!("GET" "/v1/risk", Some(Permission::ReadFindings), get(incidents::risk)),
    route!("GET" "/v1/scorecard", Some(Permission::ReadFindings), get(incidents::scorecard)),
    route!("GET" "/v1/exceptions", Some(Permission::ReadFindings), get(exceptions::list)),
    route!("POST" "/v1/exceptions", Some(Permission::WorkAlerts), post(exceptions::add)),
    route!("POST" "/v1/exceptions/{id}/expire", Some(Permission::WorkAlerts), post(exceptions::expire)),
    route!("GET" "/a/{code}", None, get(acknowledge::show)),
    route!("POST" "/a/{code}", None, post(acknowledge::take)),
    route!("GET" "/v1/maintenance", Some(Permission::ReadFindings), get(maintenance::list)),
    route!("POST" "/v1/maintenance", Some(Permission::WorkAlerts), post(maintenance::add)),
    route!("POST" "/v1/maintenance/{id}/end", Some(Permission::WorkAlerts), post(maintenance::end)),
    route!("POST" "/v1/exercises", Some(Permission::Operate), post(exercises::run)),
    route!("GET" "/v1/contacts", Some(Permission::ReadAdministration), get(contacts::list)),
    route!("POST" "/v1/contacts", Some(Permission::Administer), post(contacts::add)),
    route!("DELETE" "/v1/contacts/{force}/{id}", Some(Permission::Administer), delete(contacts::remove)),
    route!("POST" "/v1/contacts/{force}/{id}/test", Some(Permission::Administer), post(contacts::test)),
    route!("POST" "/v1/contacts/{force}/{id}/confirm", Some(Permission::Administer), post(contacts::confirm)),
    route!("GET" "/v1/route", Some(Permission::ReadAdministration), get(contacts::preview)),
    route!("GET" "/v1/deliveries", Some(Permission::ReadAdministration), get(contacts::waiting)),
    route!("POST" "/v1/deliveries/{force}/{id}", Some(Permission::Administer), post(contacts::dead)),
    route!("GET" "/v1/lists", Some(Permission::ReadFindings), get(lists::list)),
    route!("GET" "/v1/lists/{name}", Some(Permission::ReadFindings), get(lists::show)),
    route!("PUT" "/v1/lists/{name}", Some(Permission::Deploy), put(lists::put)),
    route!("GET" "/v1/lists/{name}/history", Some(Permission::ReadFindings), get(lists::history)),
    route!("GET" "/v1/lists/{name}/diff/{from}/{to}", Some(Permission::ReadFindings), get(lists::diff)),
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
        // Outside of the guard: it looks for a token where this one puts it.
        if let Some(dialect) = Dialect::of(route.path) {
            handler = handler.route_layer(from_fn(move |request, next| dialect::speak(dialect, request, next)));
        }
        let (counting, path) = (Arc::clone(&api), route.path);
        handler = handler.layer(from_fn(move |request: Request, next: Next| {
            let api = Arc::clone(&counting);
            async move {
                let answer = next.run(request).await;
                if let Some(live) = &api.metrics.live {
                    live.answered(path, answer.status().as_u16());
                }
                answer
            }
        }));
        router = router.route(route.path, handler);
    }
    router.with_state(api)
}
