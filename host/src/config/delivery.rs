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
    /// Who can be called at the National Management Centre: messages say so.
    pub desk: Option<DeskConfig>,
    /// The proxy that messages by HTTP go through: `http://proxy:3128`.
    pub proxy: Option<String>,
    /// PEM: an authority that is trusted besides the public ones, for messages by HTTP and syslog.
    pub ca_file: Option<PathBuf>,
}

/// `desk = { name = "NMC desk", call = "0300 555 0100" }`
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DeskConfig {
    /// Who answers.
    pub name: String,
    /// A number or an address.
    pub call: String,
}

impl DeliveryConfig {
    pub(super) fn check(&self) -> Result<(), String> {
        let bad =
            |text: &str| text.trim().is_empty() || text.chars().count() > 200 || text.chars().any(char::is_control);
        if self.desk.as_ref().is_some_and(|desk| bad(&desk.name) || bad(&desk.call)) {
            return Err(
                "delivery.desk: give name and call, 1 to 200 characters each, none of them a control character".into(),
            );
        }
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
