//! `cordon plugin skip` and `cordon plugin retry`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::super::exit::{self, Exit};
use super::super::{client, text};
use crate::findings::text::safe;

/// Let resting lanes go on behind the events that they did not get past: exactly these are passed without a result
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin list                                        which lanes rest
  cordon plugin skip avon/mail-forwarding --reason 'one event of 900 kB, INC-1204'
  cordon plugin skip avon/mail-forwarding/m365.audit kent/mail-forwarding --reason 'INC-1204'

What is passed is in the list of skips and in the audit, with the reason.

Exit codes: 0 done, 2 refused: a lane does not rest, and nothing was done")]
pub(super) struct Skip {
    #[command(flatten)]
    lanes: Lanes,
}

/// Let resting lanes try the events again that they did not get past
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin retry avon/mail-forwarding --reason 'the machine was swapping'

Exit codes: 0 done, 2 refused: a lane does not rest, and nothing was done")]
pub(super) struct Retry {
    #[command(flatten)]
    lanes: Lanes,
}

#[derive(Debug, clap::Args)]
struct Lanes {
    /// FORCE/PLUGIN, or FORCE/PLUGIN/SOURCE
    #[arg(value_name = "LANE", required = true)]
    lanes: Vec<String>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn skip(args: &Skip) -> Result<Exit> {
    act(&args.lanes, "/v1/lanes/skip", "passes")
}

pub(super) fn retry(args: &Retry) -> Result<Exit> {
    act(&args.lanes, "/v1/lanes/retry", "tries again")
}

fn act(args: &Lanes, path: &str, does: &str) -> Result<Exit> {
    let answer = args.client.client()?.post(path, &json!({ "lanes": args.lanes, "reason": args.reason }))?;
    let lanes = answer.get("lanes").and_then(Value::as_array).context("the host's answer names no lane")?;
    let mut out = super::super::out();
    for lane in lanes {
        let number = |name: &str| lane.get(name).and_then(Value::as_u64).unwrap_or(0);
        let name = safe(lane.get("lane").and_then(Value::as_str).unwrap_or_default());
        let events = text::plural(number("rows"), "event");
        writeln!(out, "{name} {does} {events}, {} to {}", number("first"), number("last"))?;
    }
    Ok(Exit::Done)
}
