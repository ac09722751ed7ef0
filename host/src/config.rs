//! The host's configuration: one TOML file, read whole or refused with every line that is wrong. Every setting has a default;
//! the environment stands above the file, and the command line above both.
//!
//! Holds settings only: opens nothing and starts nothing.

mod changes;
mod check;
mod delivery;
mod deploy;
mod environment;
mod mail;
mod parse;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

pub use delivery::DeliveryConfig;
pub use deploy::DeployConfig;
pub use environment::VARIABLES;
pub use mail::{MailConfig, MailTls};
pub use words::{LogFormat, LogLevel};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the host listens. Beyond loopback only with TLS.
    pub listen: SocketAddr,
    /// The data folder: journal, store, first token.
    pub data: PathBuf,
    /// Plugin files (`.wasm`), or folders of them: what is new among them, or another version than at the last start, is
    /// deployed live for all forces when the host starts.
    pub plugins: Vec<PathBuf>,
    /// The settings of those plugins.
    pub settings: Option<PathBuf>,
    /// See [`DeployConfig`].
    pub deploy: DeployConfig,
    /// Threads that run plugins; as many as there are cores where absent.
    pub workers: Option<u16>,
    /// See [`JournalConfig`].
    pub journal: JournalConfig,
    /// See [`IntakeConfig`].
    pub intake: IntakeConfig,
    /// See [`QuotaConfig`].
    pub quota: QuotaConfig,
    /// Folders whose complete files are taken.
    pub watch: Vec<WatchConfig>,
    /// Files that are followed as they grow.
    pub follow: Vec<FollowConfig>,
    /// See [`HealthConfig`].
    pub health: HealthConfig,
    /// See [`RetryConfig`].
    pub retry: RetryConfig,
    /// See [`AlertsConfig`].
    pub alerts: AlertsConfig,
    /// See [`StateConfig`].
    pub state: StateConfig,
    /// See [`GrantsConfig`].
    pub grants: GrantsConfig,
    /// The relay that e-mail to contacts goes through.
    pub mail: Option<MailConfig>,
    /// See [`DeliveryConfig`].
    pub delivery: DeliveryConfig,
    /// See [`HttpConfig`].
    pub http: HttpConfig,
    /// HTTPS instead of HTTP.
    pub tls: Option<TlsConfig>,
    /// See [`LogConfig`].
    pub log: LogConfig,
    /// See [`AuditConfig`].
    pub audit: AuditConfig,
}

/// How many connections, and how long they may take to say what they want.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HttpConfig {
    /// Connections at the same time; one more is answered 503 and closed.
    pub connections: u32,
    /// Seconds for a TLS handshake, and for the head of a request; also how long a connection may be idle.
    pub header_seconds: u32,
}

/// The host's certificate. Both files are read again on SIGHUP.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct TlsConfig {
    /// PEM: the host's certificate first, then those that lead to the authority's.
    pub certificate: PathBuf,
    /// PEM: its private key.
    pub key: PathBuf,
}

/// What is written to standard error while the host runs. No event's content is in it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct LogConfig {
    /// For people, or one JSON object a line.
    pub format: LogFormat,
    /// What is grave enough.
    pub level: LogLevel,
}

/// Where the head of the audit's chain is sent, daily and at each start and stop: to where whoever could rewrite the audit
/// cannot change it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AuditConfig {
    /// A file that is only added to, outside of the data folder.
    pub head_file: Option<PathBuf>,
    /// Gets the same line by POST.
    pub head_url: Option<String>,
}

/// How often and when a plugin that was out of time is tried again, before its lane rests.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct RetryConfig {
    /// Tries, the first one included.
    pub tries: u32,
    /// Milliseconds before the second; each further pause is twice as long, up to a minute.
    pub pause_ms: u32,
}

impl Default for RetryConfig {
    fn default() -> Self {
        Self { tries: 6, pause_ms: 1_000 }
    }
}

/// When an alert pages.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct AlertsConfig {
    /// A finding that is made longer after its event was received is late: its alert goes out with others, never as a page.
    pub late_minutes: u32,
    /// Alerts of one rule in a force that are made one by one within an hour; what it finds then is one alert more.
    pub rule_hourly: u32,
}

impl Default for AlertsConfig {
    fn default() -> Self {
        Self { late_minutes: 60, rule_hourly: 50 }
    }
}

/// What a lane may remember: a plugin for one force.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct StateConfig {
    /// Keys in each of its windows, and as values; then the oldest goes.
    pub keys: u32,
    /// MiB of each likewise.
    pub mib: u32,
}

impl Default for StateConfig {
    fn default() -> Self {
        Self { keys: 100_000, mib: 32 }
    }
}

/// What plugins get that their manifests ask for and that no plugin has by itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct GrantsConfig {
    /// The ids of plugins that see each event whole, exactly as received.
    pub whole_events: BTreeSet<String>,
}

/// How the journal is kept.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct JournalConfig {
    /// MiB of a segment.
    pub segment_mib: u32,
    /// MiB of the disk that stay free: below it events are refused.
    pub disk_floor_mib: u32,
    /// Days for which events are kept at least; then whole segments go that every lane is done with.
    pub keep_days: u32,
}

/// What is taken in one request, and how many requests at once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct IntakeConfig {
    /// MiB of text in one request, decompressed; at most 60.
    pub request_mib: u32,
    /// Requests that are read at the same time; the next ones wait a little, then are told to come again.
    pub at_once: u32,
    /// Seconds without a byte of a request, after which it is given up.
    pub idle_seconds: u32,
    /// MiB of events that all requests together may hold in memory while they are read; at least `request-mib`.
    pub memory_mib: u32,
    /// Hours for which the same event, delivered again, is dropped; 0 keeps all.
    pub duplicate_hours: u32,
    /// Events of each force that are remembered for that, at 60 to 80 bytes each; the oldest are forgotten first.
    pub duplicate_entries: u32,
    /// Minutes (twice that at most) for which the same whole body without an Idempotency-Key is the same request; 0 for never.
    pub duplicate_body_minutes: u32,
    /// Refused lines that are kept of each force.
    pub refused_lines: u32,
    /// MiB of them.
    pub refused_mib: u32,
    /// Days for which they are kept.
    pub refused_days: u32,
}

/// A folder whose complete files are taken, each once.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct WatchConfig {
    /// Whose events.
    pub force: String,
    /// Takes every event as this source instead of recognising it by its shape.
    pub source: Option<String>,
    /// The folder.
    pub folder: PathBuf,
    /// What is done with a file that was taken.
    #[serde(default)]
    pub done: DoneConfig,
}

/// What is done with a file that was taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[allow(missing_docs)]
pub enum DoneConfig {
    #[default]
    Keep,
    Delete,
    /// Into the folder `done` in its folder.
    Move,
}

/// An NDJSON file that is followed as it grows, over rotation and truncation.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FollowConfig {
    /// Whose events.
    pub force: String,
    /// Takes every event as this source instead of recognising it by its shape.
    pub source: Option<String>,
    /// The file.
    pub file: PathBuf,
}

/// What each force may send; `[quota.FORCE]` has a force's own.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, rename_all = "kebab-case")]
pub struct QuotaConfig {
    /// Events a second, over time.
    pub events_per_second: u32,
    /// Seconds whose events may come at once.
    pub burst_seconds: u32,
    /// MiB of events a day.
    pub mib_per_day: u32,
    /// By the force's name.
    #[serde(flatten)]
    pub forces: BTreeMap<String, ForceQuotaConfig>,
}

/// One force's own quota: what is left out is as for all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(
    default,
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "a number for events-per-second, burst-seconds or mib-per-day, or a force's own table [quota.FORCE]"
)]
pub struct ForceQuotaConfig {
    /// Events a second, over time.
    pub events_per_second: Option<u32>,
    /// Seconds whose events may come at once.
    pub burst_seconds: Option<u32>,
    /// MiB of events a day.
    pub mib_per_day: Option<u32>,
}

impl Default for QuotaConfig {
    fn default() -> Self {
        Self { events_per_second: 100_000, burst_seconds: 10, mib_per_day: 1 << 20, forces: BTreeMap::new() }
    }
}

/// What the host watches in itself and in those who send to it.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct HealthConfig {
    /// Seconds between two looks.
    pub look_seconds: u32,
    /// Seconds for which an expected source may be quiet where the force sets nothing else.
    pub quiet_seconds: u32,
    /// Seconds that an event may wait for a plugin.
    pub lag_seconds: u32,
    /// Hours that the disk must last at the rate of the last hours.
    pub disk_hours: u32,
    /// Days for which the ledger is kept.
    pub ledger_days: u32,
}

impl Default for HealthConfig {
    fn default() -> Self {
        Self { look_seconds: 5, quiet_seconds: 3_600, lag_seconds: 300, disk_hours: 48, ledger_days: 400 }
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            data: "cordon-data".into(),
            plugins: Vec::new(),
            settings: None,
            deploy: DeployConfig::default(),
            workers: None,
            journal: JournalConfig::default(),
            intake: IntakeConfig::default(),
            quota: QuotaConfig::default(),
            watch: Vec::new(),
            follow: Vec::new(),
            health: HealthConfig::default(),
            retry: RetryConfig::default(),
            alerts: AlertsConfig::default(),
            state: StateConfig::default(),
            grants: GrantsConfig::default(),
            mail: None,
            delivery: DeliveryConfig::default(),
            http: HttpConfig::default(),
            tls: None,
            log: LogConfig::default(),
            audit: AuditConfig::default(),
        }
    }
}

impl Default for HttpConfig {
    fn default() -> Self {
        Self { connections: 1_024, header_seconds: 30 }
    }
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { segment_mib: 64, disk_floor_mib: 1_024, keep_days: 365 }
    }
}

impl Default for IntakeConfig {
    fn default() -> Self {
        Self {
            request_mib: 32,
            at_once: 8,
            idle_seconds: 30,
            memory_mib: 256,
            duplicate_hours: 24,
            duplicate_entries: 1 << 20,
            duplicate_body_minutes: 5,
            refused_lines: 10_000,
            refused_mib: 64,
            refused_days: 30,
        }
    }
}

/// Why a configuration is refused: everything that is wrong with it, as far as that can be told at once.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", lines(.0))]
pub struct ConfigError(Vec<String>);

fn lines(errors: &[String]) -> String {
    errors.join("\n       ")
}

impl Config {
    /// Reads the file, where there is one, puts above it what the environment's `variable` says, and checks the whole after
    /// `flags` has put the command line's above both. Paths in the file are taken from its folder.
    ///
    /// # Errors
    /// Absent, no TOML, an unknown key, a value out of range: with the line where there is one.
    pub fn read(
        file: Option<&Path>,
        variable: &dyn Fn(&str) -> Option<String>,
        flags: impl FnOnce(&mut Self),
    ) -> Result<Self, ConfigError> {
        let mut errors = Vec::new();
        let mut config = Self::default();
        if let Some(file) = file {
            let named = |error: String| format!("{}: {error}", file.display());
            let text = std::fs::read_to_string(file);
            let text = text.map_err(|error| ConfigError(vec![named(format!("cannot be read: {error}"))]))?;
            let (read, wrong) = parse::parse(&text);
            config = read;
            errors.extend(wrong.into_iter().map(named));
            config.below(file.parent().unwrap_or(Path::new("")));
        }
        errors.extend(environment::put(&mut config, variable));
        flags(&mut config);
        errors.extend(config.check());
        if errors.is_empty() { Ok(config) } else { Err(ConfigError(errors)) }
    }

    /// Paths of the file are taken from its folder.
    fn below(&mut self, folder: &Path) {
        let paths = [&mut self.data].into_iter().chain(&mut self.plugins).chain(&mut self.settings);
        let paths = paths.chain(self.tls.iter_mut().flat_map(|tls| [&mut tls.certificate, &mut tls.key]));
        let paths = paths.chain(self.watch.iter_mut().map(|watch| &mut watch.folder));
        let paths = paths.chain(self.follow.iter_mut().map(|follow| &mut follow.file));
        let paths = paths.chain(&mut self.deploy.load_from);
        paths.chain(&mut self.audit.head_file).for_each(|path| *path = folder.join(&*path));
    }
}

impl QuotaConfig {
    /// Events a second, seconds at once, MiB a day of a force.
    #[must_use]
    pub fn of(&self, own: &ForceQuotaConfig) -> (u32, u32, u32) {
        (
            own.events_per_second.unwrap_or(self.events_per_second),
            own.burst_seconds.unwrap_or(self.burst_seconds),
            own.mib_per_day.unwrap_or(self.mib_per_day),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_with(text: &str, environment: &[(&str, &str)]) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cordon.toml");
        std::fs::write(&file, text).unwrap();
        let variable =
            |name: &str| environment.iter().find(|(key, _)| *key == name).map(|(_, value)| (*value).to_owned());
        Config::read(Some(&file), &variable, |_| {}).map_err(|error| error.to_string())
    }

    fn read(text: &str) -> Result<Config, String> {
        read_with(text, &[])
    }

    #[test]
    fn an_empty_file_is_the_default_with_paths_of_its_folder() {
        let config = read("").unwrap();
        assert!(config.data.is_absolute() && config.data.ends_with("cordon-data"));
        assert_eq!(Config { data: "cordon-data".into(), ..config }, Config::default());
    }

    #[test]
    fn an_unknown_key_and_a_wrong_value_name_their_line() {
        let error = read("workers = 2\n[journal]\nsegment-mb = 3\n").unwrap_err();
        assert!(error.contains("line 3") && error.contains("did you mean `segment-mib`?"), "{error}");
        let error = read("\nworkers = \"two\"\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
        let error = read("[journal\n").unwrap_err();
        assert!(error.contains("line 1"), "{error}");
    }

    #[test]
    fn several_errors_are_named_at_once_each_with_its_line() {
        let text = "lisen = 1\nplugins = [\n  3,\n]\n[jornal]\nsegment-mib = 1\n[log]\nlevel = \"loud\"\n[intake]\nat-once = 0\n";
        let error = read(text).unwrap_err();
        let named = ["line 1: ", "`listen`?", "line 3: ", "line 5: ", "`journal`?", "line 8: ", "intake.at-once = 0"];
        assert!(named.iter().all(|part| error.contains(part)), "{error}");
        assert_eq!(error.lines().count(), 5, "{error}");
    }

    #[test]
    fn values_out_of_range_and_addresses_beyond_loopback_without_tls_are_refused() {
        assert!(read("[intake]\nrequest-mib = 61\n").unwrap_err().contains("give 1 to 60"));
        assert!(read("listen = \"0.0.0.0:7400\"\n").unwrap_err().contains("[tls]"));
        assert!(read("listen = \"[::1]:0\"\n").is_ok());
        let tls = read("listen = \"0.0.0.0:7400\"\n[tls]\ncertificate = \"c.pem\"\nkey = \"k.pem\"\n").unwrap();
        assert!(tls.tls.unwrap().key.is_absolute());
        assert!(read("[tls]\nkey = \"k.pem\"\n").unwrap_err().contains("certificate"));
        assert!(read("[audit]\nhead-file = \"cordon-data/heads\"\n").unwrap_err().contains("data folder"));
        assert!(read("[audit]\nhead-file = \"heads\"\nhead-url = \"https://x.example/\"\n").is_ok());
    }

    #[test]
    fn the_environment_stands_above_the_file() {
        let file = "listen = \"0.0.0.0:1\"\nworkers = 3\n[log]\nlevel = \"warn\"\n";
        let given = [("CORDON_LISTEN", "127.0.0.1:2"), ("CORDON_LOG_FORMAT", "json")];
        let config = read_with(file, &given).unwrap();
        assert_eq!((config.listen.port(), config.workers), (2, Some(3)));
        assert_eq!((config.log.format, config.log.level), (LogFormat::Json, LogLevel::Warn));
        let wrong = [("CORDON_LISTEN", "here"), ("CORDON_LOG_LEVEL", "loud"), ("CORDON_TLS_KEY", "k.pem")];
        let error = read_with("", &wrong).unwrap_err();
        assert!(wrong.iter().all(|(name, _)| error.contains(name)), "{error}");
    }
}
