//! `cordon login`, `cordon logout` and `cordon whoami`

use std::io::{Read as _, Write as _};
use std::path::Path;

use anyhow::{Context as _, Result, ensure};
use serde_json::Value;

use super::client::{self, Client};
use super::exit::{self, Exit};
use super::private;
use super::profile::{self, Profile};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Bytes of a token on standard input at most.
const INPUT: u64 = 1_024;

/// Keep which host to ask and whose token to show, so that no other verb needs to be told
///
/// Asks the host first whether it knows the token. What is kept is readable by you only.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon login --host http://127.0.0.1:7400 --token-file operator.token
  cordon login --host https://cordon.example:7400 --ca-file authority.pem --token-file - < operator.token
  cordon login --profile auditor --token-file auditor.token

A token's file is named, not copied; with - it is read from standard input and kept beside the profile.

Exit codes: 0 done, 2 the host does not answer, or does not know the token")]
pub(super) struct Login {
    #[command(flatten)]
    client: client::Args,
}

/// Forget a profile, and a token that `login` was given on standard input
///
/// The token itself stays good: `cordon token revoke` ends it.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon logout
  cordon logout --profile auditor

Exit codes: 0 done, 2 there is no such profile")]
pub(super) struct Logout {
    /// The profile
    #[arg(long, value_name = "NAME", default_value = profile::DEFAULT)]
    profile: String,
}

/// Show whose token this is: role, force, until when; and the host's version
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon whoami
  cordon whoami --token-file avon.token --format json

Exit codes: 0 done, 2 the host does not answer, or does not know the token")]
pub(super) struct Whoami {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn login(mut args: Login) -> Result<Exit> {
    let (name, is_named) = args.client.profile();
    // It need not be there yet.
    args.client.profile = None;
    let kept = profile::token_path(&name)?;
    let is_input = args.client.token_file.as_deref() == Some(Path::new("-"));
    if is_input {
        let mut text = String::new();
        std::io::stdin().take(INPUT).read_to_string(&mut text).context("standard input cannot be read")?;
        private::write(&kept, &text)?;
        args.client.token_file = Some(kept.clone());
    }
    let checked = args.client.target().and_then(|target| {
        let absolute = std::path::absolute(&target.token_file)?;
        let ca_file = target.ca_file.as_deref().map(std::path::absolute).transpose()?;
        let profile = Profile { host: target.host.clone(), token_file: absolute, ca_file };
        let who = Client::new(target)?.get("/v1/whoami")?;
        Ok((profile, who))
    });
    let (profile, who) = checked.inspect_err(|_| {
        if is_input {
            let _ = std::fs::remove_file(&kept);
        }
    })?;
    let path = profile.write(&name)?;
    let mut out = super::out();
    show(&mut out, &who, &profile.host)?;
    let use_it = if is_named { format!("; use it with --profile {name}") } else { String::new() };
    writeln!(out, "kept in {}{use_it}", path.display())?;
    Ok(Exit::Done)
}

pub(super) fn logout(args: &Logout) -> Result<Exit> {
    ensure!(profile::remove(&args.profile)?, "there is no profile `{}`", args.profile);
    writeln!(super::out(), "forgot profile {}", args.profile)?;
    Ok(Exit::Done)
}

pub(super) fn whoami(args: &Whoami) -> Result<Exit> {
    let target = args.client.target()?;
    let host = target.host.clone();
    let who = Client::new(target)?.get("/v1/whoami")?;
    if args.format == super::Format::Json {
        super::print_json(&who)?;
    } else {
        show(&mut super::out(), &who, &host)?;
    }
    Ok(Exit::Done)
}

fn show(out: &mut impl std::io::Write, who: &Value, host: &str) -> Result<()> {
    let text = |name: &str| safe(who.get(name).and_then(Value::as_str).unwrap_or("-"));
    let (role, force, token, version) = (text("role"), text("force"), text("token"), text("version"));
    let expires = who.get("expires").and_then(Value::as_i64).map_or_else(|| "-".to_owned(), rfc3339);
    writeln!(out, "role     {role}")?;
    if force != "-" {
        writeln!(out, "force    {force}")?;
    }
    writeln!(out, "token    {token} {}", text("name"))?;
    writeln!(out, "expires  {expires}")?;
    writeln!(out, "host     {host}, Cordon {version}")?;
    Ok(())
}
