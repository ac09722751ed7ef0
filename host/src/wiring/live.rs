//! The live host: opens everything in order, joins it, and closes it in the opposite order.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;
use tokio::sync::Semaphore;

use super::heads::Heads;
use super::keeping::{Keeper, Keeping};
use crate::api::Api;
use crate::audit::{Act, Audit};
use crate::config::Config;
use crate::holds::Holds;
use crate::identity::{Identity, IdentityError, NewToken, Role};
use crate::intake::Intake;
use crate::journal::{Found, Journal, JournalError, JournalOptions};
use crate::model::Force;
use crate::registry::Loaded;
use crate::results;
use crate::sandbox::Sandbox;
use crate::scheduler::{Scheduler, SchedulerError, Setup};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// The first token's life, in microseconds: a day.
const FIRST: i64 = 86_400_000_000;

/// Why the host does not start.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs)]
pub enum StartError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Scheduler(#[from] SchedulerError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error("{}: cannot be written: {error}", path.display())]
    FirstToken { path: PathBuf, error: io::Error },
}

/// A host that runs. Dropping it lets what is under way end.
pub struct Host {
    /// What its HTTP interface needs.
    pub api: Arc<Api>,
    /// Damage that was found in the journal.
    pub found: Vec<Found>,
    /// Where an operator's token was written: there was none that is still good.
    pub first_token: Option<PathBuf>,
    /// Held as long as the host runs.
    _keeper: Keeper,
}

impl Host {
    /// Opens the data folder and starts the lanes. `now` is in microseconds since 1970 UTC.
    ///
    /// # Errors
    /// See [`StartError`].
    pub fn start(
        config: &Config,
        sandbox: Sandbox,
        plugins: Vec<Loaded>,
        metrics: Arc<Metrics>,
        now: i64,
    ) -> Result<Self, StartError> {
        let store = Arc::new(Store::open(&config.data)?);
        let audit = Arc::new(Audit::open(&store)?);
        let identity = Arc::new(Identity::open(Arc::clone(&store), Arc::clone(&audit))?);
        identity.add_national(now)?;
        let holds = Arc::new(Holds::open(Arc::clone(&store), Arc::clone(&audit))?);
        let first_token = first_token(&identity, &config.data.join("first-token"), now)?;
        let options = JournalOptions {
            segment_bytes: u64::from(config.journal.segment_mib) << 20,
            disk_floor: u64::from(config.journal.disk_floor_mib) << 20,
            ..JournalOptions::new(&config.data.join("journal"))
        };
        let mut furthest: BTreeMap<Force, u64> = BTreeMap::new();
        for (lane, cursor) in results::cursors(&store)? {
            let of = furthest.entry(lane.force).or_default();
            *of = cursor.max(*of);
        }
        let (journal, found) = Journal::open(options, &furthest)?;
        let journal = Arc::new(journal);
        let zones = Arc::clone(&identity);
        let scheduler = Scheduler::start(Setup {
            sandbox: Arc::new(sandbox),
            plugins,
            journal: Arc::clone(&journal),
            store: Arc::clone(&store),
            zone: Box::new(move |force| zone(&zones, force)),
            workers: workers(config),
            metrics: Arc::clone(&metrics),
        })?;
        let scheduler = Arc::new(scheduler);
        let keeper = Keeper::start(Keeping {
            journal: Arc::clone(&journal),
            scheduler: Arc::clone(&scheduler),
            identity: Arc::clone(&identity),
            holds: Arc::clone(&holds),
            heads: Heads::new(Arc::clone(&audit), &config.audit),
            days: config.journal.keep_days,
        });
        let keeper = keeper.map_err(SchedulerError::Thread)?;
        let text = u64::from(config.intake.request_mib) << 20;
        let api = Api {
            audit,
            holds,
            intake: Arc::new(Intake::new(Arc::clone(&journal), text)),
            identity,
            journal,
            store,
            metrics,
            scheduler,
            at_once: Semaphore::new(config.intake.at_once as usize),
            idle: Duration::from_secs(u64::from(config.intake.idle_seconds)),
            // Text that is not compressed meets the limit on texts first, whose answer says more.
            body_bytes: text + (1 << 20),
            stopping: AtomicBool::new(false),
        };
        Ok(Self { api: Arc::new(api), found, first_token, _keeper: keeper })
    }
}

/// Threads that run plugins.
#[must_use]
pub fn workers(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    config.workers.map_or_else(cores, usize::from)
}

/// A force's zone was checked when it was added; one that a newer zone database no longer has counts as UTC.
fn zone(identity: &Identity, force: &Force) -> TimeZone {
    let zone = identity.force(force).and_then(|record| TimeZone::get(&record.zone).ok());
    zone.unwrap_or(TimeZone::UTC)
}

/// Where no operator's token is good any more, makes one for a day and writes it where only this user reads it: whoever has
/// the data folder is the operator.
fn first_token(identity: &Identity, path: &Path, now: i64) -> Result<Option<PathBuf>, StartError> {
    if identity.tokens().iter().any(|token| token.role == Role::Operator && token.expires > now) {
        return Ok(None);
    }
    let (role, name) = (Role::Operator, "first token".to_owned());
    let new = NewToken { role, force: None, name, created: now, expires: now + FIRST };
    let details = json!({ "role": Role::Operator, "file": path });
    let (who, role) = ("host".to_owned(), "host".to_owned());
    let act = Act { time: now, who, role, force: None, what: "token-created", details };
    // Written before it counts: a crash in between must not leave a token that nobody has.
    let draft = identity.draft_token(new)?;
    let write = || -> io::Result<()> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = std::fs::File::options().write(true).create_new(true).mode(0o600).open(path)?;
        writeln!(file, "{}", draft.text())
    };
    write().map_err(|error| StartError::FirstToken { path: path.to_owned(), error })?;
    identity.issue_token(draft, act)?;
    Ok(Some(path.to_owned()))
}
