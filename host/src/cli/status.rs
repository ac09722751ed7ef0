//! `cordon status`

use std::io::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::exit::{self, Exit};
use super::{client, style, text};
use crate::findings::text::safe;

/// Show how a running host stands: each force's sources, who reads them and how far
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon status
  cordon status --format json

Exit codes: 0 all is well, 1 a plugin rests or is paused, 2 no host answers")]
pub(super) struct Args {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let answer = args.client.client()?.get("/v1/status")?;
    let lanes = answer.get("lanes").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let is_red = |lane: &Value| lane.get("state").and_then(Value::as_str) != Some("running");
    let exit = if lanes.iter().any(is_red) { Exit::No } else { Exit::Done };
    if args.format == super::Format::Json {
        super::print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::out();
    let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_u64).unwrap_or(0);
    if answer.get("accepted").is_some() {
        let (accepted, refused) = (text::count(number(&answer, "accepted")), text::count(number(&answer, "refused")));
        let journal = text::bytes(number(&answer, "journal_bytes"));
        writeln!(out, "since start: {accepted} events taken, {refused} refused; journal {journal}")?;
    }
    if lanes.is_empty() {
        writeln!(out, "no events yet that a plugin reads")?;
    }
    for lane in lanes {
        let of = |name: &str| safe(lane.get(name).and_then(Value::as_str).unwrap_or_default());
        let behind = number(lane, "head").saturating_sub(number(lane, "cursor"));
        let state = match (is_red(lane), behind) {
            (true, _) => format!("{}{}: {}{}", style::BAD, of("state"), of("why"), style::OFF),
            (false, 0) => format!("{}up to date{}", style::GOOD, style::OFF),
            (false, behind) => format!("up to {} behind", text::plural(behind, "event")),
        };
        let (findings, skips) = (number(lane, "findings"), number(lane, "skips"));
        let skips = if skips == 0 { String::new() } else { format!(", {}", text::plural(skips, "skip")) };
        writeln!(
            out,
            "{:<16} {:<16} {:<24} {}{skips}  {state}",
            of("force"),
            of("source"),
            of("plugin"),
            text::plural(findings, "finding")
        )?;
    }
    Ok(exit)
}
