//! Where a contact gets messages, and what may be given for it. Anything but TLS goes no further than this machine.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::contacts::{ContactError, NewContact};
use super::ocsf::Version;

/// Where a contact gets messages.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case", deny_unknown_fields)]
pub enum Channel {
    /// A POST, signed with a key.
    Webhook {
        /// `https://`, or `http://` on this machine.
        url: String,
        /// The key of its signatures, in hexadecimal.
        key: String,
    },
    /// A line of a file that is only added to.
    File {
        /// Absolute.
        path: PathBuf,
    },
    /// E-mail, by the configured relay.
    Email {
        /// An address.
        to: String,
    },
    /// RFC 5424 over TCP.
    Syslog {
        /// Host and port.
        to: String,
        /// Over TLS.
        tls: bool,
    },
    /// An Adaptive Card to a workflow of Microsoft Teams.
    Teams {
        /// Whoever has it may post: it is shown to nobody.
        url: String,
    },
    /// OCSF events by POST, signed with a key, each alert by itself.
    Ocsf {
        /// As of a webhook.
        url: String,
        /// As of a webhook.
        key: String,
        /// Which version of OCSF.
        #[serde(default)]
        version: Version,
    },
}

impl Channel {
    /// The one that is given for a new contact.
    pub(super) fn given(new: &NewContact) -> Result<Self, ContactError> {
        let NewContact { webhook, file, email, syslog, teams, ocsf, .. } = new;
        let given =
            [webhook.is_some(), file.is_some(), email.is_some(), syslog.is_some(), teams.is_some(), ocsf.is_some()];
        let bad = |reason: String| Err(ContactError::Bad(reason));
        if given.iter().filter(|given| **given).count() != 1 {
            let of = "`webhook`, `email`, `teams`, `syslog`, `ocsf` and `file`";
            return bad(format!("give one of {of}: where the contact gets messages"));
        }
        let key = || -> Result<String, ContactError> {
            let mut key = [0; 32];
            getrandom::fill(&mut key).map_err(|error| ContactError::NotNow(format!("no random key: {error}")))?;
            Ok(hex::encode(key))
        };
        let url = |what: &str, url: &String| is_address(what, url).map(|()| url.clone()).map_err(ContactError::Bad);
        if new.ocsf_version.is_some() && ocsf.is_none() {
            return bad("ocsf-version: only of a contact with `ocsf`".into());
        }
        if let Some(given) = webhook {
            return Ok(Channel::Webhook { url: url("webhook", given)?, key: key()? });
        }
        if let Some(given) = ocsf {
            let version = new.ocsf_version.unwrap_or_default();
            return Ok(Channel::Ocsf { url: url("ocsf", given)?, key: key()?, version });
        }
        if let Some(given) = teams {
            return Ok(Channel::Teams { url: url("teams", given)? });
        }
        if let Some(given) = syslog {
            return receiver(given).map_err(ContactError::Bad);
        }
        if let Some(to) = email {
            let is_one = to.parse::<lettre::Address>().is_ok();
            return if is_one {
                Ok(Channel::Email { to: to.clone() })
            } else {
                bad(format!("email: `{}` is no address", to.escape_debug()))
            };
        }
        match file {
            Some(path) if path.is_absolute() => Ok(Channel::File { path: path.clone() }),
            path => bad(format!("file: {} is not absolute", path.clone().unwrap_or_default().display())),
        }
    }

    /// Without what nobody may see again.
    pub(super) fn hide(&mut self) {
        match self {
            Self::Webhook { key, .. } | Self::Ocsf { key, .. } => key.clear(),
            Self::Teams { url } => url.truncate(
                url.find("://").map_or(0, |at| at + 3 + url.get(at + 3..).and_then(|rest| rest.find('/')).unwrap_or(0)),
            ),
            Self::File { .. } | Self::Email { .. } | Self::Syslog { .. } => {}
        }
    }
}

/// `tls://HOST:PORT`, or `tcp://HOST:PORT` on this machine.
fn receiver(text: &str) -> Result<Channel, String> {
    let wrong = || {
        format!("syslog: `{}`: give tls://HOST:PORT (tcp:// goes no further than this machine)", text.escape_debug())
    };
    let (scheme, to) = text.split_once("://").ok_or_else(wrong)?;
    let (host, port) = to.rsplit_once(':').ok_or_else(wrong)?;
    let is_host = !host.is_empty() && host.chars().all(|c| c.is_ascii_alphanumeric() || ".-:[]".contains(c));
    let is_port = port.parse().is_ok_and(|port: u16| port > 0);
    let tls = match scheme {
        "tls" => true,
        "tcp" if is_here(host) => false,
        _ => return Err(wrong()),
    };
    if is_host && is_port { Ok(Channel::Syslog { to: to.to_owned(), tls }) } else { Err(wrong()) }
}

fn is_here(host: &str) -> bool {
    let host = host.trim_matches(['[', ']']);
    host == "localhost" || host.parse().is_ok_and(|ip: std::net::IpAddr| ip.is_loopback())
}

/// Anything but TLS goes no further than this machine.
fn is_address(what: &str, url: &str) -> Result<(), String> {
    let uri: ureq::http::Uri = url.parse().map_err(|error| format!("{what}: no address: {error}"))?;
    let host = uri.host().unwrap_or_default();
    match uri.scheme_str() {
        Some("https") if !host.is_empty() => Ok(()),
        Some("http") if is_here(host) => Ok(()),
        _ => Err(format!(
            "{what}: give an address that begins with https:// (http:// goes no further than this machine)"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::{is_address, receiver};

    #[test]
    fn what_is_not_encrypted_goes_no_further_than_this_machine() {
        for good in ["https://soc.example/hook", "http://127.0.0.1:9000/", "http://[::1]:9000/x", "http://localhost/"] {
            assert_eq!(is_address("webhook", good), Ok(()), "{good}");
        }
        for bad in ["http://soc.example/", "http://127.0.0.1.evil.example/", "ftp://x/", "soc.example", "", "https://"]
        {
            assert!(is_address("webhook", bad).is_err(), "{bad}");
        }
        for good in ["tls://soc.example:6514", "tcp://127.0.0.1:601", "tcp://[::1]:601", "tls://192.0.2.1:6514"] {
            assert!(receiver(good).is_ok(), "{good}");
        }
        for bad in
            ["tcp://soc.example:601", "tls://soc.example", "udp://localhost:514", "tls://a b:1", "tls://x:0", "x"]
        {
            assert!(receiver(bad).is_err(), "{bad}");
        }
    }
}
