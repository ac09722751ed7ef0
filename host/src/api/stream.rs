//! `GET /v1/alerts/stream`: changes of alerts as they are committed, as server-sent events. A force gets its own only; that
//! somebody listens is recorded. Who comes again with `Last-Event-ID` misses nothing.

use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use axum::Extension;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::response::sse::{Event, KeepAlive, Sse};
use serde::Deserialize;
use serde_json::json;
use tokio::sync::mpsc::{Sender, channel};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::Api;
use super::answer::{Refused, Shared, act, blocking, force_or_all};
use crate::alerts::{self, Logged};
use crate::identity::Caller;
use crate::model::Force;

/// Who may listen at the same time.
const LISTENERS: usize = 64;
/// Events that wait for a slow listener: then nothing is read for it until it has taken some.
const WAITING: usize = 64;
/// Changes read at a time.
const PAGE: usize = 256;
/// Between two looks, where nothing was new.
const TICK: Duration = Duration::from_millis(250);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    #[serde(rename = "for")]
    force: Option<String>,
    /// Changes behind this number of the log; from now on where none is given.
    after: Option<u64>,
    /// It ends after so long, for those who would rather ask again than listen on.
    seconds: Option<u64>,
}

/// Each event has the number of the change as its id, what happened as its name, and `{"alert": {...}, "change": {...}}`.
pub(super) async fn stream(
    State(api): Shared,
    Extension(caller): Extension<Caller>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Refused> {
    let place = Arc::clone(&api.listeners).try_acquire_owned().map_err(|_| {
        Refused::busy(format!("{LISTENERS} listen to alerts already, the most at the same time: come again later"))
    })?;
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    let on = Arc::clone(&api);
    let (force, after, caller) = blocking(move || {
        let force = force_or_all(&on, &caller, asked.force.as_deref())?;
        let after = match last.or(asked.after) {
            Some(after) => after,
            None => alerts::log_end(&on.store)?,
        };
        on.identity.record(act(&caller, "alerts-watched", force.clone(), json!({ "after": after })))?;
        Ok((force, after, caller))
    })
    .await?;
    let (to, from) = channel(WAITING);
    let until = asked.seconds.and_then(|seconds| Instant::now().checked_add(Duration::from_secs(seconds)));
    tokio::spawn(async move {
        let _place = place;
        follow(&api, &Arc::new(caller), force.as_ref(), (after, until), &to).await;
    });
    Ok(Sse::new(ReceiverStream::new(from)).keep_alive(KeepAlive::default()))
}

/// Until nobody listens any more, their token ends, or the host stops.
async fn follow(
    api: &Arc<Api>,
    caller: &Arc<Caller>,
    force: Option<&Force>,
    (mut after, until): (u64, Option<Instant>),
    to: &Sender<Result<Event, Infallible>>,
) {
    while !to.is_closed() && !api.stopping.load(Ordering::Relaxed) {
        let (on, who, whose) = (Arc::clone(api), Arc::clone(caller), force.cloned());
        let (events, end, more) = match blocking(move || page(&on, &who, whose.as_ref(), after)).await {
            Ok(page) => page,
            Err(refused) => {
                tracing::error!("a stream of alerts ends: {}", refused.reason());
                return;
            }
        };
        for event in events {
            if to.send(Ok(event)).await.is_err() {
                return;
            }
        }
        after = end;
        if !more {
            if !api.identity.is_current(&caller.token, crate::clock::now_micros()) {
                return;
            }
            if until.is_some_and(|until| Instant::now() >= until) {
                return;
            }
            tokio::time::sleep(TICK).await;
        }
    }
}

/// The changes behind number `after` that a caller sees, the number of the last that was looked at, and whether there may be more.
fn page(api: &Api, caller: &Caller, force: Option<&Force>, after: u64) -> Result<(Vec<Event>, u64, bool), Refused> {
    let (mut events, mut end) = (Vec::new(), after);
    let logged = alerts::log_after(&api.store, after, PAGE)?;
    let more = logged.len() == PAGE;
    for Logged { number, force: of, alert, change } in logged {
        end = number;
        if force.is_some_and(|own| *own != of) {
            continue;
        }
        let alert = alerts::read(&api.store, &of, alert)?;
        let Some(alert) = alert.filter(|alert| !caller.is_subject(&alert.entities)) else { continue };
        let name = json!(change.kind);
        let data = json!({ "alert": alert, "change": change }).to_string();
        events.push(Event::default().id(number.to_string()).event(name.as_str().unwrap_or_default()).data(data));
    }
    Ok((events, end, more))
}

/// Places for those who listen.
#[must_use]
pub fn places() -> Arc<tokio::sync::Semaphore> {
    Arc::new(tokio::sync::Semaphore::new(LISTENERS))
}
