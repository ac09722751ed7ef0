//! `cordon plugin faults`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::exit::{self, Exit};
use super::super::{Format, client, print_json, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// List how plugins' runs ended that did not complete: outcome, limit, whose events, how often
///
/// One entry stands for all faults of a kind. An operator and an auditor see all of it, a force its own; an author sees
/// outcomes, limits and counts, and nothing that an event may have said.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin faults
  cordon plugin faults mail-forwarding --for avon
  cordon plugin faults --format json

Exit codes: 0 no fault is known, 1 there are faults, 2 no host answers, or it refuses")]
pub(super) struct Args {
    /// The plugin's id; all plugins where it is left out
    #[arg(value_name = "ID")]
    plugin: Option<String>,
    /// Of one force
    #[arg(long = "for", value_name = "FORCE")]
    force: Option<String>,
    /// How many, the latest first; at most 1000
    #[arg(long, value_name = "N", default_value_t = 100)]
    limit: u32,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut path = format!("/v1/faults?limit={}", args.limit);
    for (name, value) in [("plugin", &args.plugin), ("for", &args.force)] {
        if let Some(value) = value {
            path.push_str(&format!("&{name}={}", client::in_url(value)));
        }
    }
    let answer = args.client.client()?.get(&path)?;
    let faults = answer.get("faults").and_then(Value::as_array).context("the host's answer has no faults")?;
    let exit = if faults.is_empty() { Exit::Done } else { Exit::No };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::super::out();
    for fault in faults {
        write(&mut out, fault)?;
    }
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    if number("more") > 0 {
        writeln!(out, "{} more: give --limit", text::plural(number("more"), "kind"))?;
    }
    if number("dropped") > 0 {
        writeln!(out, "{} of fault were dropped for newer ones", text::plural(number("dropped"), "kind"))?;
    }
    if faults.is_empty() {
        writeln!(out, "no fault is known")?;
    }
    Ok(exit)
}

fn write(out: &mut impl std::io::Write, fault: &Value) -> std::io::Result<()> {
    let of = |name: &str| fault.get(name).and_then(Value::as_str).map(safe);
    let number = |name: &str| fault.get(name).and_then(Value::as_u64).unwrap_or(0);
    let time = |name: &str| rfc3339(fault.get(name).and_then(Value::as_i64).unwrap_or(0));
    let shown = |name: &str| of(name).unwrap_or_default();
    let limit = of("limit").map_or(String::new(), |limit| format!(" by {limit}"));
    writeln!(out, "{}  {} {}: {}{limit}", shown("id"), shown("plugin"), shown("version"), shown("outcome"))?;
    if let Some(reason) = of("reason") {
        writeln!(out, "  {reason}")?;
    }
    let whose = match of("force") {
        Some(force) => {
            format!("{force} {}, events {} to {}", shown("source"), number("first"), number("last"))
        }
        None => shown("source"),
    };
    writeln!(out, "  {whose} ({}), {} skipped in all", text::plural(number("rows"), "event"), number("skipped"))?;
    writeln!(out, "  {}, from {} to {}", text::plural(number("count"), "time"), time("since"), time("latest"))?;
    for released in fault.get("released").and_then(Value::as_array).into_iter().flatten() {
        let reason = safe(released.get("reason").and_then(Value::as_str).unwrap_or_default());
        let time = rfc3339(released.get("time").and_then(Value::as_i64).unwrap_or(0));
        writeln!(out, "  released to its author {time}: {reason}")?;
    }
    for line in fault.get("log").and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
        writeln!(out, "  | {}", safe(line))?;
    }
    Ok(())
}
