//! `cordon token`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::{client, private, span};
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

/// Create a token; its text is shown once, and is nowhere else
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon token create --role intake --for avon --name 'shipper in Bristol' --out avon-intake.token
  cordon token create --role operator --expires 30d --out operator.token
  cordon token create --role force-contact --for avon --name 'Sgt Harper' --own harper@avon.example

Two tokens of one role may be good at once: create the new one, change the shipper, revoke the old one.
`token list` says when each was last used.

Exit codes: 0 done, 2 refused")]
struct Create {
    /// intake, force-reader, force-contact, force-author, author, operator or auditor
    #[arg(long, value_name = "ROLE")]
    role: String,
    /// The force that it belongs to
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// Who has it, or where it is used
    #[arg(long, value_name = "TEXT", default_value = "")]
    name: String,
    /// An account of whoever has it: what is found about that account they do not see; repeat for more
    #[arg(long = "own", value_name = "ACCOUNT")]
    own: Vec<String>,
    /// How long it is good: 12h, 90d; at most 730d
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = span::minutes)]
    expires: u32,
    /// Write it to a new file that only you can read, instead of to standard output
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
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
            let mut new =
                json!({ "role": create.role, "name": create.name, "own": create.own, "minutes": create.expires });
            if let Some(force) = &create.force {
                new["for"] = force.as_str().into();
            }
            // Opened first: a token that cannot be written must not be made.
            let file = create.out.as_deref().map(private::create).transpose()?;
            let answer = create.client.client()?.post("/v1/tokens", &new).inspect_err(|_| {
                let _ = create.out.as_deref().map(std::fs::remove_file);
            })?;
            let token = answer.get("token").and_then(Value::as_str).unwrap_or_default();
            match file {
                None => writeln!(out, "{token}")?,
                Some(mut file) => {
                    writeln!(file, "{token}")?;
                    file.sync_all()?;
                }
            }
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
                let time = |name: &str| token.get(name).and_then(Value::as_i64).map(rfc3339);
                let expires = time("expires").unwrap_or_default();
                let used = time("used").map_or("never used".to_owned(), |used| format!("last used {used}"));
                let (id, role, force, name) = (text("id"), text("role"), text("force"), text("name"));
                writeln!(out, "{id:<14} {role:<14} {force:<20} expires {expires}  {used}  {name}")?;
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
