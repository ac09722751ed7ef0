//! What of a new configuration differs, and what of that the running host can take.

use super::Config;

impl Config {
    /// The settings that differ and that a running host cannot take: they need a restart.
    #[must_use]
    pub fn needing_restart(&self, new: &Self) -> Vec<&'static str> {
        // Taken apart, so that a new setting is not forgotten here.
        let Self {
            listen,
            data,
            plugins,
            settings,
            deploy,
            workers,
            journal,
            intake,
            // Taken.
            quota: _,
            watch,
            follow,
            health,
            retry,
            alerts,
            state,
            grants,
            mail,
            delivery,
            http,
            tls,
            log,
            audit,
        } = self;
        let differs = [
            ("listen", *listen != new.listen),
            ("data", *data != new.data),
            ("plugins", *plugins != new.plugins),
            ("settings", *settings != new.settings),
            ("deploy", *deploy != new.deploy),
            ("workers", *workers != new.workers),
            ("journal", *journal != new.journal),
            ("intake", *intake != new.intake),
            ("watch", *watch != new.watch),
            ("follow", *follow != new.follow),
            ("health", *health != new.health),
            ("retry", *retry != new.retry),
            ("alerts", *alerts != new.alerts),
            ("state", *state != new.state),
            ("grants", *grants != new.grants),
            ("mail", *mail != new.mail),
            ("delivery", *delivery != new.delivery),
            ("http", *http != new.http),
            // Other files are taken; but not HTTPS instead of HTTP.
            ("tls", tls.is_some() != new.tls.is_some()),
            // The level is taken.
            ("log.format", log.format != new.log.format),
            ("audit", *audit != new.audit),
        ];
        differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{LogLevel, TlsConfig};

    #[test]
    fn what_cannot_change_while_the_host_runs_is_named() {
        let old = Config { tls: Some(TlsConfig { certificate: "a".into(), key: "b".into() }), ..Config::default() };
        let mut new = old.clone();
        new.log.level = LogLevel::Debug;
        new.quota.burst_seconds = 7;
        new.tls = Some(TlsConfig { certificate: "c".into(), key: "d".into() });
        assert_eq!(old.needing_restart(&new), [] as [&str; 0]);
        new.tls = None;
        new.workers = Some(7);
        assert_eq!(old.needing_restart(&new), ["workers", "tls"]);
    }
}
