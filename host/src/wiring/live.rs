//! The live host: opens everything in order, joins it, and closes it in the opposite order.

use std::collections::BTreeMap;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::tz::TimeZone;
use serde_json::json;

use super::heads::Heads;
use super::keeping::{Keeper, Keeping};
use crate::alerts::Alerts;
use crate::api::{Api, Turns};
use crate::audit::{Act, Audit};
use crate::clock::now_micros;
use crate::config::{self, Config, DoneConfig, ForceQuotaConfig};
use crate::delivery::{self, ContactError, Delivery, Mail, MailTls, Reach};
use crate::deployments::{self, DeployError, Deployments, ForceLimits, Incoming};
use crate::health::{Counter, Health, HealthError, HealthOptions, HealthSetup};
use crate::holds::Holds;
use crate::identity::{Identity, IdentityError, NewToken, Role};
use crate::intake::files::{Done, FileIntake, Files};
use crate::intake::{Intake, IntakeOptions, Quota, RefusedLimits, RefusedList, WindowLimits};
use crate::journal::{Found, Journal, JournalError, JournalOptions};
use crate::model::{Force, SourceName};
use crate::published::Published;
use crate::registry::Loaded;
use crate::results;
use crate::sandbox::Sandbox;
use crate::scheduler::{Retries, Scheduler, SchedulerError, Setup};
use crate::store::{Store, StoreError};
use crate::telemetry::Metrics;

/// The first token's life, in microseconds: a day.
const FIRST: i64 = 86_400_000_000;

/// Microseconds.
const HOUR: i64 = 3_600_000_000;
const MINUTE: i64 = 60_000_000;

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
    Deployments(#[from] DeployError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Health(#[from] HealthError),
    #[error(transparent)]
    Contacts(#[from] ContactError),
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
    _incoming: Option<Incoming>,
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
        let published = Arc::new(Published::open(Arc::clone(&store), Arc::clone(&audit))?);
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
        if metrics.live.is_some() {
            let of = |metrics: &Arc<Metrics>| Arc::clone(metrics);
            let (journals, stores) = (of(&metrics), of(&metrics));
            journal.tell_syncs(move |took| journals.live.iter().for_each(|live| live.journal_synced(took)));
            store.tell_syncs(move |took| stores.live.iter().for_each(|live| live.store_synced(took)));
        }
        // Before lanes begin: they note what was there.
        let counter = Arc::new(Counter::open(Arc::clone(&journal), Arc::clone(&store))?);
        let sandbox = Arc::new(sandbox);
        let deployments = Arc::new(Deployments::open(deployments::Setup {
            store: Arc::clone(&store),
            audit: Arc::clone(&audit),
            journal: Arc::clone(&journal),
            sandbox: Arc::clone(&sandbox),
            at_once: workers(config),
            limits: force_limits(config),
        })?);
        deployments.configure(&plugins, now)?;
        let (zones, lists) = (Arc::clone(&identity), Arc::clone(&published));
        let setup = Setup {
            sandbox,
            journal: Arc::clone(&journal),
            store: Arc::clone(&store),
            zone: Box::new(move |force| zone(&zones, force)),
            lists: Box::new(move |force| lists.of(force)),
            workers: workers(config),
            metrics: Arc::clone(&metrics),
            retries: Retries {
                tries: config.retry.tries,
                pause: Duration::from_millis(u64::from(config.retry.pause_ms)),
            },
            late: i64::from(config.alerts.late_minutes) * 60_000_000,
        };
        let scheduler = Arc::new(Scheduler::start(setup, deployments.wanted())?);
        deployments.attach(&scheduler);
        let keeper = Keeper::start(Keeping {
            journal: Arc::clone(&journal),
            scheduler: Arc::clone(&scheduler),
            identity: Arc::clone(&identity),
            store: Arc::clone(&store),
            holds: Arc::clone(&holds),
            heads: Heads::new(Arc::clone(&audit), &config.audit),
            days: config.journal.keep_days,
        });
        let keeper = keeper.map_err(SchedulerError::Thread)?;
        let text = u64::from(config.intake.request_mib) << 20;
        let refused = Arc::new(RefusedList::new(Arc::clone(&store), refused_limits(config)));
        let told = Arc::clone(&counter);
        let intake = Intake::new(Arc::clone(&journal), intake_options(config))
            .keeping(Arc::clone(&refused))
            .telling(move |tallies| told.told(tallies));
        let intake = Arc::new(intake);
        let known = Arc::clone(&identity);
        let files = Files::start(&intake, &store, files(config), move |force| may_send(&known, force));
        let files = Arc::new(files.map_err(SchedulerError::Thread)?);
        let health = Health::start(HealthSetup {
            counter,
            journal: Arc::clone(&journal),
            store: Arc::clone(&store),
            intake: Arc::clone(&intake),
            identity: Arc::clone(&identity),
            scheduler: Arc::clone(&scheduler),
            options: watched(config),
            now: now_micros,
        })?;
        let known = Arc::clone(&identity);
        let forces = move || known.forces().into_iter().map(|record| record.name).collect();
        let alerts = Alerts::start(
            Arc::clone(&store),
            Arc::clone(&audit),
            forces,
            now_micros,
            config.alerts.rule_hourly as usize,
        );
        let alerts = Arc::new(alerts.map_err(SchedulerError::Thread)?);
        let zones = Arc::clone(&identity);
        let zones = Box::new(move |force: &Force| zone(&zones, force));
        let delivery = Arc::new(Delivery::start(delivery::Setup {
            store: Arc::clone(&store),
            audit: Arc::clone(&audit),
            zone: zones,
            mail: mail(config),
            desk: config.delivery.desk.clone().map(|desk| Reach { name: desk.name, call: desk.call }),
            public_url: config.delivery.public_url.clone(),
            proxy: config.delivery.proxy.clone(),
            authority: config.delivery.ca_file.clone(),
            now: now_micros,
        })?);
        let api = Api {
            alerts,
            delivery,
            health: Arc::new(health),
            audit,
            holds,
            published,
            intake,
            files: Arc::clone(&files),
            refused,
            identity,
            journal,
            store,
            metrics,
            deployments,
            scheduler,
            listeners: crate::api::listeners(),
            at_once: Turns::new(config.intake.at_once as usize),
            idle: Duration::from_secs(u64::from(config.intake.idle_seconds)),
            // Text that is not compressed meets the limit on texts first, whose answer says more.
            body_bytes: text + (1 << 20),
            stopping: AtomicBool::new(false),
        };
        let api = Arc::new(api);
        warm(&api, now).map_err(SchedulerError::Thread)?;
        let incoming = config.deploy.load_from.clone();
        let incoming = incoming.map(|folder| Incoming::start(Arc::clone(&api.deployments), folder, now_micros));
        let incoming = incoming.transpose().map_err(SchedulerError::Thread)?;
        Ok(Self { api, found, first_token, _keeper: keeper, _incoming: incoming })
    }
}

/// Gives the stages what of a changed configuration they can take while they run.
pub fn change(api: &Api, config: &Config) {
    let (usual, own) = quotas(config);
    api.intake.set_quotas(usual, own);
}

/// Of every force, and of those that have their own.
fn quotas(config: &Config) -> (Quota, BTreeMap<Force, Quota>) {
    let quota = |(events, burst, mib): (u32, u32, u32)| Quota {
        events_per_second: events.into(),
        burst_seconds: burst.into(),
        bytes_per_day: u64::from(mib) << 20,
    };
    let own = config.quota.forces.iter();
    let own = own.filter_map(|(force, own)| Some((Force::new(force).ok()?, quota(config.quota.of(own)))));
    (quota(config.quota.of(&ForceQuotaConfig::default())), own.collect())
}

fn intake_options(config: &Config) -> IntakeOptions {
    let intake = &config.intake;
    let (quota, quotas) = quotas(config);
    IntakeOptions {
        request_bytes: u64::from(intake.request_mib) << 20,
        window: WindowLimits {
            entries: intake.duplicate_entries as usize,
            micros: i64::from(intake.duplicate_hours) * HOUR,
        },
        body_micros: i64::from(intake.duplicate_body_minutes) * MINUTE,
        memory_bytes: u64::from(intake.memory_mib) << 20,
        quota,
        quotas,
    }
}

fn force_limits(config: &Config) -> ForceLimits {
    let deploy = &config.deploy;
    ForceLimits { versions: deploy.force_versions as usize, bytes: u64::from(deploy.force_mib) << 20 }
}

/// Whether a force is there and not suspended.
fn may_send(identity: &Identity, force: &Force) -> bool {
    identity.force(force).is_some_and(|record| record.suspended.is_none())
}

/// Makes the windows on duplicates again from the journal, so that no force waits for that when it sends.
fn warm(api: &Arc<Api>, now: i64) -> io::Result<()> {
    let (intake, host) = (Arc::clone(&api.intake), Arc::downgrade(api));
    let stop = move || host.upgrade().is_none_or(|api| api.stopping.load(Ordering::Relaxed));
    std::thread::Builder::new().name("warm".into()).spawn(move || intake.warm(now, stop)).map(drop)
}

/// The configuration's folders and files. Their names were checked when it was read.
fn files(config: &Config) -> Vec<FileIntake> {
    let of = |force: &str, source: Option<&str>, path: &Path, watch: Option<Done>| {
        let source = source.map(SourceName::new).transpose().ok()?;
        Some(FileIntake { force: Force::new(force).ok()?, source, path: path.to_owned(), watch })
    };
    let done = |done| match done {
        DoneConfig::Keep => Done::Keep,
        DoneConfig::Delete => Done::Delete,
        DoneConfig::Move => Done::Move,
    };
    let watched = config.watch.iter();
    let watched = watched.map(|w| of(&w.force, w.source.as_deref(), &w.folder, Some(done(w.done))));
    let followed = config.follow.iter().map(|f| of(&f.force, f.source.as_deref(), &f.file, None));
    watched.chain(followed).flatten().collect()
}

fn refused_limits(config: &Config) -> RefusedLimits {
    RefusedLimits {
        lines: config.intake.refused_lines.into(),
        bytes: u64::from(config.intake.refused_mib) << 20,
        micros: i64::from(config.intake.refused_days) * 24 * HOUR,
    }
}

fn watched(config: &Config) -> HealthOptions {
    let micros = |seconds: u32| i64::from(seconds) * 1_000_000;
    HealthOptions {
        look: Duration::from_secs(u64::from(config.health.look_seconds)),
        quiet: micros(config.health.quiet_seconds),
        lag: micros(config.health.lag_seconds),
        disk_hours: config.health.disk_hours,
        ledger_days: config.health.ledger_days,
        disk_floor: u64::from(config.journal.disk_floor_mib) << 20,
        data: config.data.clone(),
    }
}

/// Threads that run plugins.
#[must_use]
pub fn workers(config: &Config) -> usize {
    let cores = || std::thread::available_parallelism().map_or(1, usize::from);
    config.workers.map_or_else(cores, usize::from)
}

/// How e-mail is sent.
fn mail(config: &Config) -> Option<Mail> {
    let mail = config.mail.as_ref()?;
    let (tls, port) = match mail.tls {
        config::MailTls::Starttls => (MailTls::Starttls, 587),
        config::MailTls::Tls => (MailTls::Whole, 465),
        config::MailTls::None => (MailTls::None, 25),
    };
    Some(Mail {
        relay: mail.relay.clone(),
        port: mail.port.unwrap_or(port),
        tls,
        from: mail.from.clone(),
        login: mail.user.clone().zip(mail.password_file.clone()),
        authority: mail.ca_file.clone(),
    })
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
    let new = NewToken { role, force: None, name, own: Vec::new(), created: now, expires: now + FIRST };
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
