//! `cordon plugin diff`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::exit::{self, Exit};
use super::super::{Format, changed, client, print_json};

/// Show what differs between two generations of the deployments, by force
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin diff 40 41
  cordon plugin diff 0 41          everything that is deployed in generation 41

Exit codes: 0 they are the same, 1 they differ, 2 no host answers, or there is no such generation")]
pub(super) struct Args {
    /// The first; 0 is the empty set
    #[arg(value_name = "GENERATION")]
    from: u64,
    /// The second
    #[arg(value_name = "GENERATION")]
    to: u64,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let answer = args.client.client()?.get(&format!("/v1/generations/{}/diff/{}", args.from, args.to))?;
    let changes = answer.get("changes").and_then(Value::as_array).context("the host's answer has no changes")?;
    let exit = if changes.is_empty() { Exit::Done } else { Exit::No };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::super::out();
    if changes.is_empty() {
        writeln!(out, "generations {} and {} are the same", args.from, args.to)?;
    }
    changed::differences(&mut out, changes)?;
    Ok(exit)
}
