//! Which host a verb asks, and whose token it shows: from the arguments, the environment or a profile, in that order.

use std::net::IpAddr;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::private;
use super::profile::{DEFAULT, Profile};

/// Where a host listens that was told nothing else.
const HOST: &str = "http://127.0.0.1:7400";
/// Bytes of a token at most.
const TOKEN: usize = 1_024;

/// Arguments of every verb that asks a host.
#[derive(Debug, clap::Args)]
#[group(skip)]
pub(super) struct Args {
    /// The host; else CORDON_HOST, else the profile's, else http://127.0.0.1:7400
    #[arg(long, value_name = "URL")]
    pub(super) host: Option<String>,
    /// A file with the token; else CORDON_TOKEN_FILE, else the profile's. The host's first one is DATA/first-token
    #[arg(long, value_name = "FILE")]
    pub(super) token_file: Option<PathBuf>,
    /// PEM of the authority that the host's certificate leads to; else CORDON_CA_FILE, else the profile's, else the public ones
    #[arg(long, value_name = "FILE")]
    pub(super) ca_file: Option<PathBuf>,
    /// The profile of `cordon login`; else CORDON_PROFILE, else `default`
    #[arg(long, value_name = "NAME")]
    pub(super) profile: Option<String>,
}

/// What the arguments come to.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) host: String,
    pub(super) token: String,
    pub(super) token_file: PathBuf,
    pub(super) ca_file: Option<PathBuf>,
}

impl Target {
    /// A host that is known, with a token at hand.
    pub(super) fn at(host: &str, token: &str) -> Self {
        let ca_file = variable("CORDON_CA_FILE").map(PathBuf::from);
        Self { host: host.to_owned(), token: token.to_owned(), token_file: PathBuf::new(), ca_file }
    }
}

/// The host that is named, or that the environment names, or this machine's.
///
/// # Errors
/// When it is no address of a host.
pub(super) fn host(named: Option<&str>) -> Result<String> {
    let host = named.map(str::to_owned).or_else(|| variable("CORDON_HOST"));
    let host = host.map_or_else(|| HOST.to_owned(), |host| host.trim_end_matches('/').to_owned());
    check(&host)?;
    Ok(host)
}

impl Args {
    /// The name of the profile, and whether somebody named it.
    pub(super) fn profile(&self) -> (String, bool) {
        let named = self.profile.clone().or_else(|| variable("CORDON_PROFILE"));
        let is_named = named.is_some();
        (named.unwrap_or_else(|| DEFAULT.to_owned()), is_named)
    }

    /// # Errors
    /// When no token is named or it cannot be read, or a profile is named that is not there.
    pub(super) fn target(&self) -> Result<Target> {
        let (name, is_named) = self.profile();
        let profile = Profile::read(&name)?;
        if is_named && profile.is_none() {
            anyhow::bail!("there is no profile `{name}`: make it with `cordon login --profile {name}`");
        }
        let host = self.host.clone().or_else(|| variable("CORDON_HOST"));
        let host = host.map(|host| host.trim_end_matches('/').to_owned());
        // A profile's token is for the profile's host: no other gets to see it.
        let profile = profile.filter(|profile| host.as_ref().is_none_or(|host| *host == profile.host));
        let host = host.or_else(|| profile.as_ref().map(|profile| profile.host.clone()));
        let host = host.unwrap_or_else(|| HOST.to_owned());
        check(&host)?;
        let token_file = self.token_file.clone().or_else(|| variable("CORDON_TOKEN_FILE").map(PathBuf::from));
        let token_file = token_file.or_else(|| profile.as_ref().map(|profile| profile.token_file.clone()));
        let token_file = token_file.with_context(|| {
            format!(
                "whose token for {host}? name its file with --token-file or CORDON_TOKEN_FILE, or `cordon login` first"
            )
        })?;
        let ca_file = self.ca_file.clone().or_else(|| variable("CORDON_CA_FILE").map(PathBuf::from));
        let ca_file = ca_file.or_else(|| profile.and_then(|profile| profile.ca_file));
        Ok(Target { host, token: token(&token_file)?, token_file, ca_file })
    }
}

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Warns where the token would go over a network in the clear.
fn check(host: &str) -> Result<()> {
    let Some(rest) = host.strip_prefix("http://") else {
        ensure!(host.starts_with("https://"), "`{host}`: a host is named as http://ADDRESS:PORT or https://NAME:PORT");
        return Ok(());
    };
    let name = rest.split('/').next().unwrap_or_default();
    let name = name.rsplit_once(':').map_or(name, |(name, _)| name).trim_matches(['[', ']']);
    let here = name == "localhost" || name.parse().is_ok_and(|address: IpAddr| address.is_loopback());
    if !here {
        super::warn(&format!("{host}: the token and all answers go over the network in the clear: use https://"))?;
    }
    Ok(())
}

/// The token in a file. Warns when others may read it.
///
/// # Errors
/// When it cannot be read, or holds none.
pub(super) fn token(file: &Path) -> Result<String> {
    let text = std::fs::read_to_string(file);
    let text = text.with_context(|| format!("{}: the token cannot be read", file.display()))?;
    let token = text.trim();
    let is_token = (1..=TOKEN).contains(&token.len()) && token.bytes().all(|byte| byte.is_ascii_graphic());
    ensure!(is_token, "{}: holds no token", file.display());
    if private::is_open_to_others(file) {
        let file = file.display();
        super::warn(&format!("{file}: other users may read this token: `chmod 600 {file}`"))?;
    }
    Ok(token.to_owned())
}
