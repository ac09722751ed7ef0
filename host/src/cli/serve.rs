//! `cordon serve`

use std::io::Write as _;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use anyhow::{Context as _, Result};
use tokio::signal::unix::{SignalKind, signal};

use super::exit::{self, Exit};
use super::log::Log;
use super::reload::Reload;
use super::style;
use crate::api::{self, DRAIN, Listening, Tls};
use crate::clock::now_micros;
use crate::config::{Config, ConfigError, LogFormat, TlsConfig, VARIABLES};
use crate::registry::{self, Loaded, Loads, RegistryError, SettingsFile};
use crate::sandbox::{Granted, Sandbox, SandboxOptions};
use crate::telemetry::Metrics;
use crate::wiring::live::{self, Host, workers};

/// The examples and the configuration, for `--help`.
const LONG_HELP: &str = "Examples:
  cordon serve -p target/cordon/plugins
  cordon serve --config /etc/cordon.toml
  cordon serve --check /etc/cordon.toml                reads and checks the file and what it names, starts nothing

The configuration (TOML; every key may be left out):
  listen = \"127.0.0.1:7400\"        # beyond loopback only with [tls]
  data = \"cordon-data\"             # not encrypted: that is the volume's job
  plugins = [\"plugins\"]            # .wasm files, or folders: what is new or changed since the last start goes live for all
  settings = \"settings.toml\"
  workers = 2
  [deploy]
  load-from = \"/var/lib/cordon/in\" # .wasm files that come there are loaded; they run once they are deployed
  force-versions = 20              # that a force's author may have loaded
  force-mib = 64                   # and so large
  [journal]
  segment-mib = 64
  disk-floor-mib = 1024            # below it events are refused
  keep-days = 365                  # then what every plugin is done with goes
  [intake]
  request-mib = 32
  at-once = 8
  idle-seconds = 30
  memory-mib = 256                 # events of all requests that are read at the same time
  duplicate-hours = 24             # the same event, delivered again, is dropped
  duplicate-entries = 1048576      # events remembered for that, of each force
  duplicate-body-minutes = 5       # the same body without an Idempotency-Key is the same request
  refused-lines = 10000            # kept of each force, at most so many
  refused-mib = 64                 # and so large,
  refused-days = 30                # for so long
  [quota]                          # of each force; [quota.NAME] has a force's own
  events-per-second = 100000
  burst-seconds = 10
  mib-per-day = 1048576
  [[watch]]                        # each complete file of a folder, once
  force = \"avon\"
  folder = \"/var/spool/cordon/avon\"
  done = \"move\"                    # keep, delete, or move to FOLDER/done
  [[follow]]                       # an NDJSON file as it grows, over rotation and truncation
  force = \"avon\"
  source = \"custom.door\"           # else by its shape
  file = \"/var/log/door.jsonl\"
  [health]
  look-seconds = 5                 # between two looks
  quiet-seconds = 3600             # for which an expected source may be quiet, where its force sets nothing else
  lag-seconds = 300                # that an event may wait for a plugin
  disk-hours = 48                  # that the disk must last
  ledger-days = 400                # for which the ledger is kept
  [retry]
  tries = 6                        # of a plugin that is out of time; then its lane rests
  pause-ms = 1000                  # before the second try; then twice as long each time
  [alerts]
  late-minutes = 60                # after its event was received, a finding pages nobody: it goes out with others
  rule-hourly = 50                 # alerts of one rule in a force; what it finds then is one alert more
  [state]                          # what a plugin remembers for one force, in each of its windows and as values
  keys = 100000                    # then the oldest goes
  mib = 32
  [grants]
  whole-events = [\"sigma-rules\"]   # plugins that see each event as received, beyond the fields that they declare
  [mail]                           # the relay that e-mail to contacts goes through
  relay = \"smtp.nmc.example\"
  from = \"Cordon <alerts@nmc.example>\"
  tls = \"starttls\"               # or \"tls\"; \"none\" to this machine only
  user = \"cordon\"
  password-file = \"/etc/cordon/smtp-password\"
  [delivery]                       # how messages to contacts go out
  public-url = \"https://cordon.nmc.example\"   # what the link of a message begins with; without it there is none
  desk = { name = \"NMC desk\", call = \"0300 555 0100\" }   # messages say whom to call, beside the force's contacts with a number
  proxy = \"http://proxy:3128\"      # for messages by HTTP
  ca-file = \"/etc/cordon/ca.pem\"  # an authority that is trusted besides the public ones, by HTTP and syslog
  [http]
  connections = 1024               # one more is answered 503
  header-seconds = 30              # for a handshake, a request's head, an idle connection
  [tls]
  certificate = \"host.pem\"
  key = \"host.key\"
  [log]
  format = \"human\"               # or \"json\": one object a line
  level = \"info\"                 # error, warn, info, debug
  [audit]
  head-file = \"/elsewhere/heads\"  # gets the head of the audit's chain daily and at each start and stop
  head-url = \"https://...\"        # the same by POST

The environment stands above the file, and the arguments above both:
";

/// Run the live host: take events over HTTP, run every plugin on all of them, keep findings
///
/// What is acknowledged is on disk. SIGTERM or Ctrl-C ends it after what is under way; a second one ends it at once, which
/// loses nothing either.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = format!("{LONG_HELP}{VARIABLES}

SIGHUP reads the configuration and the certificate again and takes what can change live (log.level, the
certificate, quotas); what cannot is named in the log. A file that is bad changes nothing.

Exit codes: 0 stopped as told, 2 bad configuration, plugin or data folder"))]
pub(super) struct Args {
    /// The configuration
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Check the configuration (this one, or that of --config) and start nothing
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    check: Option<Option<PathBuf>>,
    /// Where to listen, instead of the configuration's
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// The data folder, instead of the configuration's
    #[arg(long, value_name = "FOLDER")]
    data: Option<PathBuf>,
    /// The form of the log, instead of the configuration's: human or json
    #[arg(long, value_name = "FORMAT", value_parser = log_format)]
    log_format: Option<LogFormat>,
    /// A .wasm file or a folder of them, besides the configuration's; repeat for more
    #[arg(short, long = "plugin", value_name = "PLUGIN")]
    plugins: Vec<PathBuf>,
}

fn log_format(word: &str) -> Result<LogFormat, String> {
    word.parse().map_err(|()| format!("give {}", LogFormat::WORDS))
}

pub(super) fn run(mut args: Args) -> Result<Exit> {
    if let Some(check) = args.check.take() {
        args.config = check.or(args.config);
        return self::check(&args);
    }
    let config = configured(&args)?;
    let log = Log::start(&config.log);
    let tls = config.tls.as_ref().map(open).transpose()?.map(Arc::new);
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build()?;
    let metrics = Arc::new(Metrics::new().with_live());
    let (sandbox, Loads { plugins, refused }) = load(&config, &metrics)?;
    let host = Host::start(&config, sandbox, plugins, metrics, now_micros())?;
    for refused in &refused {
        tracing::error!("not deployed: {refused}");
    }
    for broken in host.api.deployments.broken() {
        tracing::error!("{} {} is deployed and cannot run: {}", broken.plugin, broken.version, broken.reason);
    }
    for found in &host.found {
        tracing::error!("{found}");
    }
    let read = Box::new(move || configured(&args));
    let api = Arc::clone(&host.api);
    let change = Box::new(move |config: &Config| live::change(&api, config));
    let reload = Reload { read, running: config.clone(), tls: tls.clone(), log, change };
    let served = runtime.block_on(serve(&config, &host, tls, reload));
    // What still reads or writes ends first; then lanes, journal and store, by being dropped.
    runtime.shutdown_timeout(DRAIN);
    drop(host);
    served?;
    tracing::info!("stopped");
    Ok(Exit::Done)
}

fn configured(args: &Args) -> Result<Config, ConfigError> {
    let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
    Config::read(args.config.as_deref(), &variable, |config| {
        config.listen = args.listen.unwrap_or(config.listen);
        if let Some(data) = &args.data {
            config.data.clone_from(data);
        }
        config.log.format = args.log_format.unwrap_or(config.log.format);
        config.plugins.extend(args.plugins.iter().cloned());
    })
}

/// Reads the configuration and what it names.
fn check(args: &Args) -> Result<Exit> {
    anyhow::ensure!(args.config.is_some(), "which file? `cordon serve --check FILE`");
    let config = configured(args)?;
    config.tls.as_ref().map(open).transpose()?;
    config.settings.as_deref().map(SettingsFile::read).transpose()?;
    for path in &config.plugins {
        registry::components(path)?;
    }
    writeln!(super::out(), "{} is a good configuration", args.config.as_deref().unwrap_or("".as_ref()).display())?;
    Ok(Exit::Done)
}

/// Warns where others may read the key.
fn open(files: &TlsConfig) -> Result<Tls> {
    let tls = Tls::open(&files.certificate, &files.key)?;
    if super::private::is_open_to_others(&files.key) {
        let key = files.key.display();
        super::warn(&format!("{key}: other users may read this private key: `chmod 600 {key}`"))?;
    }
    Ok(tls)
}

/// A plugin that is refused keeps no other from being deployed.
fn load(config: &Config, metrics: &Metrics) -> Result<(Sandbox, Loads)> {
    let settings = config.settings.as_deref().map(SettingsFile::read).transpose()?.unwrap_or_default();
    let mut paths = Vec::new();
    for path in &config.plugins {
        paths.extend(registry::components(path)?);
    }
    let workers = workers(config);
    let mut options = SandboxOptions { workers, ..SandboxOptions::default() };
    options.caps.state_keys = u64::from(config.state.keys);
    options.caps.state_mib = config.state.mib;
    options.caps.whole_events = Granted::To(config.grants.whole_events.clone());
    let sandbox = Sandbox::new(options)?;
    let mut loads = registry::load_fit(&sandbox, &paths, &settings, workers)?;
    for refused in &loads.refused {
        if let RegistryError::Load { error, .. } = refused {
            metrics.not_loaded(error);
        }
    }
    without_built_in(&mut loads.plugins);
    Ok((sandbox, loads))
}

/// The host's own plugins come with the host: a file of one of their ids is not taken instead.
fn without_built_in(plugins: &mut Vec<Loaded>) {
    for built_in in registry::BUILT_IN {
        plugins.retain(|loaded| {
            let other = loaded.plugin.manifest().plugin.id != built_in.id;
            if !other {
                tracing::warn!("{}: not deployed: the host has its own `{}`", loaded.path.display(), built_in.id);
            }
            other
        });
    }
}

async fn serve(config: &Config, host: &Host, tls: Option<Arc<Tls>>, mut reload: Reload) -> Result<()> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let mut hang_up = signal(SignalKind::hangup())?;
    let listener = tokio::net::TcpListener::bind(config.listen).await;
    let listener = listener.with_context(|| format!("cannot listen on {}", config.listen))?;
    let scheme = if tls.is_some() { "https" } else { "http" };
    say(config, host, &format!("{scheme}://{}", listener.local_addr()?))?;
    tokio::spawn(async move {
        while hang_up.recv().await.is_some() {
            // It reads files.
            tokio::task::block_in_place(|| reload.again());
        }
    });
    let api = Arc::clone(&host.api);
    let stop = async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        api.stopping.store(true, Ordering::Relaxed);
        tracing::info!("stopping: what is under way is finished first");
        tokio::spawn(async move {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            // Nothing that was acknowledged needs us any more.
            std::process::exit(Exit::Done as i32);
        });
    };
    let connections = config.http.connections as usize;
    let header = Duration::from_secs(u64::from(config.http.header_seconds));
    let listening = Listening { listener, tls, connections, header };
    api::serve(listening, Arc::clone(&host.api), stop).await.context("the listener failed")
}

fn say(config: &Config, host: &Host, address: &str) -> std::io::Result<()> {
    let mut out = super::out();
    writeln!(out, "{}listening on {address}{}", style::STRONG, style::OFF)?;
    writeln!(out, "data       {}", config.data.display())?;
    let deployed = host.api.scheduler.deployed();
    if deployed.len() == registry::BUILT_IN.len() {
        writeln!(
            out,
            "plugins    none: events are stored and nothing looks at them; give -p, or `cordon plugin load` and deploy"
        )?;
    }
    for plugin in deployed {
        let (digest, mode) = (plugin.digest.short(), plugin.lane.word());
        writeln!(out, "plugin     {} {} ({digest}) {mode}", plugin.id, plugin.version)?;
    }
    if let Some(path) = &host.first_token {
        writeln!(out, "first token (operator, for 24 hours)  {}", path.display())?;
    }
    out.flush()
}
