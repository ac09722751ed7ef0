//! `cordon token`

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::client;
use super::exit::{self, Exit};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Create, list and revoke the tokens of a running host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Create(Create),
    List(List),
    Revoke(Revoke),
}

/// Create a token; its text goes to standard output, and is nowhere else
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon token create --role intake --for avon --days 90 > avon-intake.token
  cordon token create --role operator > operator.token

Two tokens of one role may be good at once: create the new one, change the shipper, revoke the old one.

Exit codes: 0 done, 2 refused")]
struct Create {
    /// intake, force-reader, force-contact, force-author, author, operator or auditor
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The force that it belongs to
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// Days until it expires
    #[arg(long, value_name = "N", default_value_t = 90)]
    days: u32,
    #[command(flatten)]
    client: client::Args,
}

/// List tokens, without their texts
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon token list

Exit codes: 0 done, 2 refused")]
struct List {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// Revoke a token
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon token revoke 3f0a9c52e1b7

Exit codes: 0 done, 2 refused")]
struct Revoke {
    /// Its id, as the list shows it
    id: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut out = super::out();
    match &args.verb {
        Verb::Create(create) => {
            let mut new = json!({ "role": create.role, "days": create.days });
            if let Some(force) = &create.force {
                new["for"] = force.as_str().into();
            }
            let answer = create.client.client()?.post("/v1/tokens", &new)?;
            writeln!(out, "{}", answer.get("token").and_then(Value::as_str).unwrap_or_default())?;
        }
        Verb::List(list) => {
            let answer = list.client.client()?.get("/v1/tokens")?;
            if list.format == super::Format::Json {
                drop(out);
                super::print_json(&answer)?;
                return Ok(Exit::Done);
            }
            for token in answer.get("tokens").and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| safe(token.get(name).and_then(Value::as_str).unwrap_or("-"));
                let expires = rfc3339(token.get("expires").and_then(Value::as_i64).unwrap_or(0));
                writeln!(out, "{:<14} {:<14} {:<20} expires {expires}", text("id"), text("role"), text("force"))?;
            }
        }
        Verb::Revoke(revoke) => {
            let id: String = revoke.id.chars().filter(char::is_ascii_alphanumeric).collect();
            revoke.client.client()?.delete(&format!("/v1/tokens/{id}"))?;
            writeln!(out, "revoked {id}")?;
        }
    }
    Ok(Exit::Done)
}
