//! `[delivery]`: how messages to contacts go out, and where their links lead.

use std::path::PathBuf;

use serde::Deserialize;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeliveryConfig {
    /// The host's address as contacts reach it, such as `https://cordon.nmc.example`: what links in messages begin with. Without it
    /// messages have no link.
    pub public_url: Option<String>,
    /// The proxy that messages by HTTP go through: `http://proxy:3128`.
    pub proxy: Option<String>,
    /// PEM: an authority that is trusted besides the public ones, for messages by HTTP and syslog.
    pub ca_file: Option<PathBuf>,
}

impl DeliveryConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let Some(url) = &self.public_url else { return Ok(()) };
        let (scheme, rest) = url.split_once("://").unwrap_or_default();
        let host = rest.split(['/', ':']).next().unwrap_or_default();
        let here = matches!(host, "127.0.0.1" | "localhost");
        let is_plain = url.chars().all(|c| c.is_ascii_graphic() && !"?#\"'<>\\@".contains(c));
        if host.is_empty() || !is_plain || !(scheme == "https" || (scheme == "http" && here)) {
            return Err(format!(
                "delivery.public-url = \"{url}\": give an address such as https://cordon.example, with neither `?` nor `#`"
            ));
        }
        Ok(())
    }
}
