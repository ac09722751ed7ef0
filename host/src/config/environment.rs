//! Settings of the environment: they stand above the file's and below the command line's.

use std::path::PathBuf;
use std::str::FromStr;

use super::{Config, LogFormat, LogLevel, TlsConfig};

/// The variables, for `--help`.
pub const VARIABLES: &str = "  CORDON_LISTEN, CORDON_DATA         listen, data
  CORDON_WORKERS                     workers
  CORDON_LOG_FORMAT, CORDON_LOG_LEVEL
  CORDON_TLS_CERTIFICATE, CORDON_TLS_KEY
  CORDON_AUDIT_HEAD_FILE, CORDON_AUDIT_HEAD_URL";

/// Puts what the environment says into the settings; what it says wrongly.
pub(super) fn put(config: &mut Config, variable: &dyn Fn(&str) -> Option<String>) -> Vec<String> {
    let mut errors = Vec::new();
    set(&mut config.listen, "CORDON_LISTEN", variable, "an address such as 127.0.0.1:7400", &mut errors);
    set(&mut config.data, "CORDON_DATA", variable, "a folder", &mut errors);
    let mut workers = config.workers.unwrap_or(0);
    set(&mut workers, "CORDON_WORKERS", variable, "1 to 256", &mut errors);
    config.workers = Some(workers).filter(|_| config.workers.is_some() || variable("CORDON_WORKERS").is_some());
    set(&mut config.log.format, "CORDON_LOG_FORMAT", variable, LogFormat::WORDS, &mut errors);
    set(&mut config.log.level, "CORDON_LOG_LEVEL", variable, LogLevel::WORDS, &mut errors);
    let file = |name: &str| variable(name).map(PathBuf::from);
    match (file("CORDON_TLS_CERTIFICATE"), file("CORDON_TLS_KEY"), &mut config.tls) {
        (None, None, _) => {}
        (Some(certificate), Some(key), tls) => *tls = Some(TlsConfig { certificate, key }),
        (certificate, key, Some(tls)) => {
            tls.certificate = certificate.unwrap_or_else(|| std::mem::take(&mut tls.certificate));
            tls.key = key.unwrap_or_else(|| std::mem::take(&mut tls.key));
        }
        (_, _, None) => {
            errors.push("CORDON_TLS_CERTIFICATE and CORDON_TLS_KEY: give both, or a [tls] with the other".into())
        }
    }
    if let Some(path) = file("CORDON_AUDIT_HEAD_FILE") {
        config.audit.head_file = Some(path);
    }
    if let Some(url) = variable("CORDON_AUDIT_HEAD_URL") {
        config.audit.head_url = Some(url);
    }
    errors
}

fn set<T: FromStr>(
    to: &mut T,
    name: &str,
    variable: &dyn Fn(&str) -> Option<String>,
    give: &str,
    errors: &mut Vec<String>,
) {
    match variable(name).map(|text| text.parse()) {
        None => {}
        Some(Ok(value)) => *to = value,
        Some(Err(_)) => errors.push(format!("{name}: give {give}")),
    }
}
