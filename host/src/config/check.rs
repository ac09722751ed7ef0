//! What a setting may be: ranges, and what does not go together.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::{Config, QuotaConfig};
use crate::model::{Force, SourceName};

/// Folders and files that are looked at.
const FILES: usize = 64;

impl Config {
    /// What is out of range.
    pub(super) fn check(&self) -> Vec<String> {
        let mut errors = Vec::new();
        let mut range = |name: &str, value: u32, from: u32, to: u32| {
            if !(from..=to).contains(&value) {
                errors.push(format!("{name} = {value}: give {from} to {to}"));
            }
        };
        range("workers", self.workers.map_or(1, u32::from), 1, 256);
        range("deploy.force-versions", self.deploy.force_versions, 0, 1_000);
        range("deploy.force-mib", self.deploy.force_mib, 0, 4_096);
        range("journal.segment-mib", self.journal.segment_mib, 1, 4_096);
        range("journal.keep-days", self.journal.keep_days, 0, 36_500);
        range("intake.request-mib", self.intake.request_mib, 1, 60);
        range("intake.at-once", self.intake.at_once, 1, 256);
        range("intake.idle-seconds", self.intake.idle_seconds, 1, 3_600);
        range("intake.memory-mib", self.intake.memory_mib, self.intake.request_mib, 1 << 20);
        range("intake.duplicate-hours", self.intake.duplicate_hours, 0, 24 * 366);
        range("intake.duplicate-entries", self.intake.duplicate_entries, 1, 1 << 24);
        range("intake.duplicate-body-minutes", self.intake.duplicate_body_minutes, 0, 24 * 60);
        range("intake.refused-lines", self.intake.refused_lines, 1, 100_000);
        range("intake.refused-mib", self.intake.refused_mib, 1, 4_096);
        range("intake.refused-days", self.intake.refused_days, 1, 3_650);
        range("health.look-seconds", self.health.look_seconds, 1, 60);
        range("health.quiet-seconds", self.health.quiet_seconds, 1, 2_592_000);
        range("health.lag-seconds", self.health.lag_seconds, 1, 86_400);
        range("health.disk-hours", self.health.disk_hours, 0, 8_760);
        range("health.ledger-days", self.health.ledger_days, 1, 36_500);
        range("retry.tries", self.retry.tries, 1, 100);
        range("alerts.late-minutes", self.alerts.late_minutes, 1, 10_080);
        range("alerts.rule-hourly", self.alerts.rule_hourly, 1, 1_000_000);
        range("retry.pause-ms", self.retry.pause_ms, 1, 60_000);
        range("state.keys", self.state.keys, 1, 10_000_000);
        range("state.mib", self.state.mib, 1, 4_096);
        range("http.connections", self.http.connections, 8, 65_536);
        range("http.header-seconds", self.http.header_seconds, 1, 3_600);
        if self.tls.is_none() && !self.listen.ip().is_loopback() {
            errors.push(format!(
                "listen = \"{}\": without TLS the host listens on loopback only; give [tls] a certificate and a key",
                self.listen
            ));
        }
        errors.extend(self.mail.as_ref().and_then(|mail| mail.check().err()));
        errors.extend(self.delivery.check().err());
        errors.extend(self.quota.check().err());
        errors.extend(self.check_files().err());
        let inside = |file: &PathBuf| std::path::absolute(file).is_ok_and(|file| within(&file, &self.data));
        if self.audit.head_file.as_ref().is_some_and(inside) {
            errors.push(
                "audit.head-file lies in the data folder: whoever can rewrite the audit could rewrite it, too".into(),
            );
        }
        let is_http = |url: &String| url.starts_with("http://") || url.starts_with("https://");
        if !self.audit.head_url.as_ref().is_none_or(is_http) {
            errors.push("audit.head-url: give an address that begins with https:// or http://".into());
        }
        errors
    }

    fn check_files(&self) -> Result<(), String> {
        if self.watch.len() + self.follow.len() > FILES {
            return Err(format!(
                "more than {FILES} of [[watch]] and [[follow]]: each has a thread; put files into fewer folders"
            ));
        }
        let watched = self.watch.iter().map(|watch| ("watch", &watch.force, &watch.source, &watch.folder));
        let followed = self.follow.iter().map(|follow| ("follow", &follow.force, &follow.source, &follow.file));
        let mut paths = BTreeSet::new();
        for (what, force, source, path) in watched.chain(followed) {
            let place = || format!("[[{what}]] {}", path.display());
            Force::new(force).map_err(|error| format!("{}: {error}", place()))?;
            match source.as_deref().map(SourceName::new) {
                Some(Err(error)) => return Err(format!("{}: {error}", place())),
                Some(Ok(source)) if source.as_str().starts_with("cordon.") => {
                    return Err(format!("{}: events of {source} are made by the host itself", place()));
                }
                _ => {}
            }
            if !paths.insert(path) {
                return Err(format!("{}: stands there twice", place()));
            }
        }
        Ok(())
    }
}

impl QuotaConfig {
    fn check(&self) -> Result<(), String> {
        let range = |name: &str, value: u32, from: u32, to: u32| match value {
            value if (from..=to).contains(&value) => Ok(()),
            value => Err(format!("{name} = {value}: give {from} to {to}")),
        };
        let one = |prefix: &str, events: u32, burst: u32, mib: u32| {
            range(&format!("{prefix}.events-per-second"), events, 1, u32::MAX)?;
            range(&format!("{prefix}.burst-seconds"), burst, 0, 3_600)?;
            range(&format!("{prefix}.mib-per-day"), mib, 1, u32::MAX)
        };
        one("quota", self.events_per_second, self.burst_seconds, self.mib_per_day)?;
        for (force, own) in &self.forces {
            if let Err(error) = Force::new(force) {
                return Err(format!("[quota.{force}]: {error}"));
            }
            let (events, burst, mib) = self.of(own);
            one(&format!("quota.{force}"), events, burst, mib)?;
        }
        Ok(())
    }
}

fn within(file: &Path, folder: &Path) -> bool {
    std::path::absolute(folder).is_ok_and(|folder| file.starts_with(folder))
}
