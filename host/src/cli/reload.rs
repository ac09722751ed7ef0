//! SIGHUP: the configuration and the certificates are read again, and what can change live does. All of it, or nothing.

use std::sync::Arc;

use super::log::Log;
use crate::api::Tls;
use crate::config::{Config, ConfigError, LogLevel};

/// See the module.
pub(super) struct Reload {
    pub(super) read: Box<dyn Fn() -> Result<Config, ConfigError> + Send>,
    pub(super) running: Config,
    pub(super) tls: Option<Arc<Tls>>,
    pub(super) log: Log,
    /// Gives the stages what they take while they run.
    pub(super) change: Box<dyn Fn(&Config) + Send>,
}

impl Reload {
    /// Reads all anew. What it says goes to the log.
    pub(super) fn again(&mut self) {
        let new = match (self.read)() {
            Ok(new) => new,
            Err(error) => return tracing::error!("SIGHUP: everything stays as it was: {error}"),
        };
        let mut changed = Vec::new();
        let level = new.log.level;
        if let (Some(tls), Some(files)) = (&self.tls, &new.tls) {
            match tls.reload(&files.certificate, &files.key) {
                Ok(false) => {}
                Ok(true) => changed.push("certificate"),
                Err(error) => return tracing::error!("SIGHUP: everything stays as it was: {error}"),
            }
        }
        if level != self.running.log.level {
            changed.push("log.level");
        }
        if new.quota != self.running.quota {
            changed.push("quota");
            (self.change)(&new);
        }
        let restart = self.running.needing_restart(&new);
        let list = |names: &[&str]| if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        // Whatever the levels are, this is said.
        self.log.set(level.max(LogLevel::Info));
        tracing::info!("SIGHUP: changed: {}; needs a restart: {}", list(&changed), list(&restart));
        self.log.set(level);
        // What needs a restart is still as it was.
        self.running.log.level = level;
        self.running.quota = new.quota;
        if let (Some(files), Some(new)) = (&mut self.running.tls, new.tls) {
            *files = new;
        }
    }
}
