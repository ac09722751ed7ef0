//! `cordon force`

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::client;
use super::exit::{self, Exit};
use crate::findings::text::safe;

/// Add and list the forces of a running host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    List(List),
}

/// Add a force
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force add avon --display 'Avon and Somerset' --token-file cordon-data/first-token

Exit codes: 0 done, 2 refused")]
struct Add {
    /// Lower-case letters, digits and -
    name: String,
    /// The name for people
    #[arg(long, value_name = "TEXT")]
    display: Option<String>,
    /// IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
    zone: String,
    /// Past onboarding
    #[arg(long)]
    live: bool,
    #[command(flatten)]
    client: client::Args,
}

/// List forces
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force list --format json

Exit codes: 0 done, 2 refused")]
struct List {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Add(add) => {
            let stage = if add.live { "live" } else { "onboarding" };
            let mut new = json!({ "name": add.name, "zone": add.zone, "stage": stage });
            if let Some(display) = &add.display {
                new["display"] = display.as_str().into();
            }
            add.client.client()?.post("/v1/forces", &new)?;
            writeln!(super::out(), "added {}; next: cordon token create --role intake --for {}", add.name, add.name)?;
        }
        Verb::List(list) => {
            let answer = list.client.client()?.get("/v1/forces")?;
            if list.format == super::Format::Json {
                super::print_json(&answer)?;
                return Ok(Exit::Done);
            }
            let mut out = super::out();
            for force in answer.get("forces").and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| safe(force.get(name).and_then(Value::as_str).unwrap_or_default());
                writeln!(out, "{:<20} {:<10} {:<18} {}", text("name"), text("stage"), text("zone"), text("display"))?;
            }
        }
    }
    Ok(Exit::Done)
}
