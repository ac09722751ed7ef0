//! `cordon plugin list`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::exit::{self, Exit};
use super::super::{Format, client, print_json, style, text};
use crate::findings::text::safe;

/// List the deployed plugins and how their lanes stand, as the workers last said
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin list
  cordon plugin list --format json

Exit codes: 0 all run, 1 a lane rests or is paused, 2 no host answers, or it refuses")]
pub(super) struct Args {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let answer = args.client.client()?.get("/v1/plugins")?;
    let plugins = answer.get("plugins").and_then(Value::as_array).context("the host's answer has no plugins")?;
    let of = |value: &Value, name: &str| safe(value.get(name).and_then(Value::as_str).unwrap_or_default());
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
    let is_red = |value: &Value| matches!(value.get("state").and_then(Value::as_str), Some("resting" | "paused"));
    let exit = if plugins.iter().any(is_red) { Exit::No } else { Exit::Done };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::super::out();
    if plugins.is_empty() {
        writeln!(out, "no plugin is deployed")?;
    }
    for plugin in plugins {
        let digest: String = of(plugin, "digest").chars().take(12).collect();
        let forces = plugin.get("forces").and_then(Value::as_array).map_or(0, Vec::len) as u64;
        let colour = if is_red(plugin) { style::BAD } else { style::GOOD };
        writeln!(
            out,
            "{} {} ({digest}) {}, {}: {colour}{}{}, up to {} behind, {}, {} passed without a result",
            of(plugin, "id"),
            of(plugin, "version"),
            of(plugin, "mode"),
            text::plural(forces, "force"),
            of(plugin, "state"),
            style::OFF,
            text::plural(number(plugin, "lag"), "event"),
            text::plural(number(plugin, "faults"), "fault"),
            text::plural(number(plugin, "skips"), "range"),
        )?;
        for lane in plugin.get("lanes").and_then(Value::as_array).into_iter().flatten().filter(|lane| is_red(lane)) {
            let name = format!("{}/{}/{}", of(lane, "force"), of(plugin, "id"), of(lane, "source"));
            writeln!(out, "  {name} is {}: {}", of(lane, "state"), of(lane, "why"))?;
        }
    }
    Ok(exit)
}
