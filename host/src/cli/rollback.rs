//! `cordon rollback`

use anyhow::{Context as _, Result};
use serde_json::json;

use super::exit::{self, Exit};
use super::{Format, changed, client};

/// Undo a plugin's last change, or make a whole generation of deployments the newest again
///
/// It is a change like any other: it makes a generation, and can itself be rolled back. Lanes that run go on where they stand.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon rollback mail-forwarding --reason 'INC-1204: floods avon'     as it was before it changed last
  cordon rollback 41 --reason 'INC-1204'                               all plugins as in generation 41
  cordon rollback 41 --reason 'INC-1204' --dry-run

Exit codes: 0 done, or nothing to do, 2 refused: nothing was changed")]
pub(super) struct Args {
    /// A plugin's id, or the number of a generation as `cordon plugin history` shows it
    #[arg(value_name = "ID|GENERATION")]
    what: String,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// Say what would change, by force, and change nothing
    #[arg(long)]
    dry_run: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut asked = json!({ "reason": args.reason, "dry-run": args.dry_run });
    match args.what.parse::<u64>() {
        Ok(number) => asked["generation"] = number.into(),
        Err(_) => asked["plugin"] = args.what.as_str().into(),
    }
    let answer = args.client.client()?.post("/v1/rollback", &asked).context("nothing was changed")?;
    changed::print(&answer, args.dry_run, args.format)?;
    Ok(Exit::Done)
}
