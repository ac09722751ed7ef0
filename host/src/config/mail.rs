//! `[mail]`: the relay that e-mail goes through.

use std::path::PathBuf;

use serde::Deserialize;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct MailConfig {
    /// Its name.
    pub relay: String,
    /// Its port; 587, or 465 where the whole connection is TLS.
    pub port: Option<u16>,
    /// How it is encrypted.
    #[serde(default)]
    pub tls: MailTls,
    /// Whom mail comes from: `Cordon <alerts@nmc.example>`.
    pub from: String,
    /// Who the host is to the relay; nobody where absent.
    pub user: Option<String>,
    /// The file with the password, and nothing else.
    pub password_file: Option<PathBuf>,
    /// PEM: an authority that is trusted besides the public ones.
    pub ca_file: Option<PathBuf>,
}

/// How a connection to a relay is encrypted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailTls {
    /// From a command on.
    #[default]
    Starttls,
    /// From the first byte on.
    Tls,
    /// Not at all: to this machine only.
    None,
}

impl MailConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let here = matches!(self.relay.as_str(), "127.0.0.1" | "::1" | "localhost");
        if self.tls == MailTls::None && !here {
            return Err("mail.tls = \"none\": mail that is not encrypted goes no further than this machine".into());
        }
        if self.user.is_some() != self.password_file.is_some() {
            return Err("mail: give user and password-file, or neither".into());
        }
        Ok(())
    }
}
