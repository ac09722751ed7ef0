//! The host's HTTP interface: a table of routes with what each asks for, and the handlers.
//!
//! Nothing is reachable that is not in [`ROUTES`]; a route without a permission is open on purpose. What takes long or
//! waits for the disk runs on blocking threads. Owns no data.

mod acknowledge;
mod alerts;
mod answer;
mod audit;
mod body;
mod contacts;
mod deployments;
mod dialect;
mod elastic;
mod events;
mod evidence;
mod exceptions;
mod exercises;
mod faults;
mod findings;
mod forces;
mod guard;
mod health;
mod hec;
mod holds;
mod hunts;
mod incidents;
mod lanes;
mod ledger;
mod listen;
mod lists;
mod maintenance;
mod paged;
mod plugins;
mod receive;
mod recorded;
mod refused;
mod release;
mod routes;
mod stream;
mod tokens;
mod turns;
mod whoami;

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

pub use listen::{DRAIN, Listening, Tls, TlsError, serve};
pub use routes::{ROUTES, Route};
pub use turns::Turns;

use crate::alerts::Alerts;
use crate::audit::Audit;
use crate::delivery::Delivery;
use crate::deployments::Deployments;
use crate::health::Health;
use crate::holds::Holds;
use crate::identity::Identity;
use crate::intake::files::Files;
use crate::intake::{Intake, RefusedList};
use crate::journal::Journal;
use crate::published::Published;
use crate::scheduler::Scheduler;
use crate::store::Store;
use crate::telemetry::Metrics;

pub use stream::places as listeners;

/// What handlers need.
pub struct Api {
    /// Who did what.
    pub audit: Arc<Audit>,
    /// Forces and tokens.
    pub identity: Arc<Identity>,
    /// Legal holds.
    pub holds: Arc<Holds>,
    /// What people get.
    pub alerts: Arc<Alerts>,
    /// Who is told of it.
    pub delivery: Arc<Delivery>,
    /// Lists.
    pub published: Arc<Published>,
    /// Takes events.
    pub intake: Arc<Intake>,
    /// Folders and files that are taken.
    pub files: Arc<Files>,
    /// What intake did not take.
    pub refused: Arc<RefusedList>,
    /// The journal, for its size.
    pub journal: Arc<Journal>,
    /// Counts, conditions, and how everything stands.
    pub health: Arc<Health>,
    /// Where findings are.
    pub store: Arc<Store>,
    /// What plugins did and cost.
    pub metrics: Arc<Metrics>,
    /// What is loaded and deployed.
    pub deployments: Arc<Deployments>,
    /// The lanes.
    pub scheduler: Arc<Scheduler>,
    /// Requests with events that are read at the same time.
    pub at_once: Turns,
    /// Time without a byte of a request's body, after which it is given up.
    pub idle: Duration,
    /// Bytes of a request's body as sent.
    pub body_bytes: u64,
    /// Places for those who listen to alerts.
    pub listeners: Arc<tokio::sync::Semaphore>,
    /// Whether the host is stopping: it is then not ready.
    pub stopping: AtomicBool,
}
