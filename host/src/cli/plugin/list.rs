//! `cordon plugin list`

use std::io::Write;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::answer::{number, of, short};
use super::super::exit::{self, Exit};
use super::super::{Format, client, print_json, style, text};
use crate::findings::text::safe;

/// List the plugins that run, each as the workers last ran it, and what is loaded besides
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin list
  cordon plugin list --lanes         what each lane ran last, from which event on
  cordon plugin list --format json

Exit codes: 0 all run, 1 a lane rests or is paused, or a deployed version cannot run, 2 no host answers, or it refuses")]
pub(super) struct Args {
    /// Also each lane
    #[arg(long)]
    lanes: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

fn all<'v>(value: &'v Value, name: &str) -> &'v [Value] {
    value.get(name).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

fn is_red(value: &Value) -> bool {
    matches!(value.get("state").and_then(Value::as_str), Some("resting" | "paused"))
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let answer = args.client.client()?.get("/v1/plugins")?;
    let plugins = answer.get("plugins").and_then(Value::as_array).context("the host's answer has no plugins")?;
    let broken = all(&answer, "broken");
    let exit = if plugins.iter().any(is_red) || !broken.is_empty() { Exit::No } else { Exit::Done };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::super::out();
    writeln!(out, "generation {}", number(&answer, "generation"))?;
    for plugin in plugins {
        one(&mut out, plugin, args.lanes)?;
    }
    for one in broken {
        let (id, version, why) = (of(one, "id"), of(one, "version"), of(one, "why"));
        writeln!(out, "{id} {version} is deployed and {}cannot run{}: {why}", style::BAD, style::OFF)?;
    }
    stopped(&mut out, &answer)?;
    for one in all(&answer, "loaded") {
        let runs = |plugin: &Value| of(plugin, "id") == of(one, "id") && of(plugin, "digest") == of(one, "digest");
        if !plugins.iter().any(runs) {
            writeln!(out, "{} {} ({}) is loaded and runs nowhere", of(one, "id"), of(one, "version"), short(one))?;
        }
    }
    Ok(exit)
}

fn one(out: &mut impl Write, plugin: &Value, lanes: bool) -> std::io::Result<()> {
    let colour = if is_red(plugin) { style::BAD } else { style::GOOD };
    writeln!(
        out,
        "{} {} ({}) {}, {}: {colour}{}{}, up to {} behind, {}, {} passed without a result",
        of(plugin, "id"),
        of(plugin, "version"),
        short(plugin),
        of(plugin, "mode"),
        text::plural(all(plugin, "forces").len() as u64, "force"),
        of(plugin, "state"),
        style::OFF,
        text::plural(number(plugin, "lag"), "event"),
        text::plural(number(plugin, "faults"), "fault"),
        text::plural(number(plugin, "skips"), "range"),
    )?;
    if number(plugin, "ran-other") > 0 {
        let lanes = text::plural(number(plugin, "ran-other"), "lane");
        writeln!(out, "  {lanes} ran another version last, and this one from the next batch on")?;
    }
    for lane in all(plugin, "lanes").iter().filter(|lane| lanes || is_red(lane)) {
        let name = format!("{}/{}/{}", of(lane, "force"), of(plugin, "id"), of(lane, "source"));
        if is_red(lane) {
            writeln!(out, "  {name} is {}: {}", of(lane, "state"), of(lane, "why"))?;
            continue;
        }
        let ran = match lane.get("ran").filter(|ran| !ran.is_null()) {
            None => "has run nothing yet".to_owned(),
            Some(ran) => {
                format!("ran {} ({}) last, from event {} on", of(ran, "version"), short(ran), number(ran, "from"))
            }
        };
        let (state, cursor) = (of(lane, "state"), number(lane, "cursor"));
        writeln!(out, "  {name} is {state} at {cursor} of {}, {ran}", number(lane, "head"))?;
    }
    Ok(())
}

/// What is deployed and disabled, and what forces have of their own.
fn stopped(out: &mut impl Write, answer: &Value) -> std::io::Result<()> {
    for (id, plugin) in answer.get("deployments").and_then(Value::as_object).into_iter().flatten() {
        if plugin.get("disabled").and_then(Value::as_bool) == Some(true) {
            writeln!(out, "{} is {}disabled{} for all", safe(id), style::WARN, style::OFF)?;
        }
        for (force, own) in plugin.get("forces").and_then(Value::as_object).into_iter().flatten() {
            let mut says = Vec::new();
            if own.get("disabled").and_then(Value::as_bool) == Some(true) {
                says.push("disabled".to_owned());
            }
            match own.get("national").and_then(Value::as_str) {
                Some("off") => says.push("the national version declined".to_owned()),
                Some("shadow") => says.push("the national version in shadow".to_owned()),
                _ => {}
            }
            if own.get("settings").is_some_and(|settings| !settings.is_null()) {
                says.push("settings of its own".to_owned());
            }
            for mode in ["live", "shadow"] {
                if let Some(run) = own.get(mode).filter(|run| !run.is_null()) {
                    says.push(format!("a version of its own {mode}: {} ({})", of(run, "version"), short(run)));
                }
            }
            writeln!(out, "{} for {}: {} ({})", safe(id), safe(force), says.join(", "), of(own, "reason"))?;
        }
    }
    Ok(())
}
