//! The host's configuration: one TOML file, read whole or refused with the line. Every setting has a default.
//!
//! Holds settings only: opens nothing and starts nothing.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::Deserialize;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct Config {
    /// Where the host listens. Loopback only: TLS is a proxy's in front of it.
    pub listen: SocketAddr,
    /// The data folder: journal, store, first token.
    pub data: PathBuf,
    /// Plugin files (`.wasm`), or folders of them: deployed live for all forces.
    pub plugins: Vec<PathBuf>,
    /// The settings of those plugins.
    pub settings: Option<PathBuf>,
    /// Threads that run plugins; as many as there are cores where absent.
    pub workers: Option<u16>,
    /// See [`JournalConfig`].
    pub journal: JournalConfig,
    /// See [`IntakeConfig`].
    pub intake: IntakeConfig,
    /// See [`RetryConfig`].
    pub retry: RetryConfig,
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
}

impl Default for Config {
    fn default() -> Self {
        Self {
            listen: SocketAddr::from(([127, 0, 0, 1], 7400)),
            data: "cordon-data".into(),
            plugins: Vec::new(),
            settings: None,
            workers: None,
            journal: JournalConfig::default(),
            intake: IntakeConfig::default(),
            retry: RetryConfig::default(),
        }
    }
}

impl Default for JournalConfig {
    fn default() -> Self {
        Self { segment_mib: 64, disk_floor_mib: 1_024, keep_days: 365 }
    }
}

impl Default for IntakeConfig {
    fn default() -> Self {
        Self { request_mib: 32, at_once: 8, idle_seconds: 30 }
    }
}

/// Why a configuration is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}: {reason}", file.display())]
pub struct ConfigError {
    file: PathBuf,
    reason: String,
}

impl Config {
    /// Reads a file. Paths in it are taken from its folder.
    ///
    /// # Errors
    /// Absent, no TOML, an unknown key, a value out of range: with the line where there is one.
    pub fn read(file: &Path) -> Result<Self, ConfigError> {
        let wrong = |reason: String| ConfigError { file: file.to_owned(), reason };
        let text = std::fs::read_to_string(file).map_err(|error| wrong(format!("cannot be read: {error}")))?;
        let mut config: Self = toml::from_str(&text).map_err(|error| {
            let before = error.span().and_then(|span| text.get(..span.start));
            let line = before.map_or(String::new(), |before| format!("line {}: ", before.matches('\n').count() + 1));
            wrong(format!("{line}{}", error.message()))
        })?;
        config.check().map_err(wrong)?;
        let folder = file.parent().unwrap_or(Path::new(""));
        let paths = [&mut config.data].into_iter().chain(&mut config.plugins).chain(&mut config.settings);
        paths.for_each(|path| *path = folder.join(&*path));
        Ok(config)
    }

    fn check(&self) -> Result<(), String> {
        let range = |name: &str, value: u32, from: u32, to: u32| match value {
            value if (from..=to).contains(&value) => Ok(()),
            value => Err(format!("{name} = {value}: give {from} to {to}")),
        };
        if !self.listen.ip().is_loopback() {
            return Err(format!(
                "listen = \"{}\": the host speaks plain HTTP and listens on loopback only; put a proxy with TLS in front of it",
                self.listen
            ));
        }
        range("workers", self.workers.map_or(1, u32::from), 1, 256)?;
        range("journal.segment-mib", self.journal.segment_mib, 1, 4_096)?;
        range("journal.keep-days", self.journal.keep_days, 0, 36_500)?;
        range("intake.request-mib", self.intake.request_mib, 1, 60)?;
        range("intake.at-once", self.intake.at_once, 1, 256)?;
        range("intake.idle-seconds", self.intake.idle_seconds, 1, 3_600)?;
        range("retry.tries", self.retry.tries, 1, 100)?;
        range("retry.pause-ms", self.retry.pause_ms, 1, 60_000)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Config, String> {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("cordon.toml");
        std::fs::write(&file, text).unwrap();
        Config::read(&file).map_err(|error| error.to_string())
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
        assert!(error.contains("line 3") && error.contains("segment-mb") && error.contains("segment-mib"), "{error}");
        let error = read("\nworkers = \"two\"\n").unwrap_err();
        assert!(error.contains("line 2"), "{error}");
    }

    #[test]
    fn values_out_of_range_and_addresses_beyond_loopback_are_refused() {
        assert!(read("[intake]\nrequest-mib = 61\n").unwrap_err().contains("give 1 to 60"));
        assert!(read("listen = \"0.0.0.0:7400\"\n").unwrap_err().contains("proxy with TLS"));
        assert!(read("listen = \"[::1]:0\"\n").is_ok());
    }
}
