//! `cordon plugin unload`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::json;

use super::super::answer::{of, short};
use super::super::client;
use super::super::exit::{self, Exit};

/// Forget a loaded version that is deployed nowhere; what it found stays
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin unload mail-forwarding@1.1.0 --reason 'withdrawn by its author'

Exit codes: 0 done, 2 refused: nothing was changed")]
pub(super) struct Args {
    /// The plugin's id, and which version: its number, or the first 8 or more digits of its digest
    #[arg(value_name = "ID@VERSION")]
    plugin: String,
    /// One that was loaded for one force only
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let (id, version) = args.plugin.split_once('@').context("which version? give ID@VERSION")?;
    let path = format!("/v1/plugins/{}/{}", client::in_url(id), client::in_url(version));
    let why = json!({ "for": args.scope, "reason": args.reason });
    let gone = args.client.client()?.delete_with(&path, &why)?;
    writeln!(super::super::out(), "{} {} ({}) is unloaded", of(&gone, "id"), of(&gone, "version"), short(&gone))?;
    Ok(Exit::Done)
}
