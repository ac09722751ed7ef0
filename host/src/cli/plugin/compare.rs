//! `cordon plugin compare`

use std::io::Write;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::super::answer::{number, of, short};
use super::super::exit::{self, Exit};
use super::super::{Format, client, print_json, text};
use crate::findings::text::safe;

/// Compare what a shadow finds with what the live version does, over the events that both have seen, by force and rule
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon plugin compare mail-forwarding
  cordon plugin compare mail-forwarding --for avon --format json

Exit codes: 0 both find the same, 1 they differ, 2 no host answers, it refuses, or there is no shadow")]
pub(super) struct Args {
    /// The plugin's id
    #[arg(value_name = "ID")]
    plugin: String,
    /// Of one force
    #[arg(long = "for", value_name = "FORCE")]
    force: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let whose = args.force.as_deref().map_or(String::new(), |force| format!("?for={}", client::in_url(force)));
    let path = format!("/v1/plugins/{}/compare{whose}", client::in_url(&args.plugin));
    let answer = args.client.client()?.get(&path)?;
    let all = answer.get("comparisons").and_then(Value::as_array).context("the host's answer has no comparisons")?;
    let differ = all.iter().flat_map(rules).any(|(_, rule)| number(rule, "only-new") + number(rule, "only-old") > 0);
    let exit = if differ { Exit::No } else { Exit::Done };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::super::out();
    for comparison in all {
        one(&mut out, comparison)?;
    }
    Ok(exit)
}

fn rules(comparison: &Value) -> impl Iterator<Item = (&String, &Value)> {
    comparison.get("rules").and_then(Value::as_object).into_iter().flatten()
}

fn one(out: &mut impl Write, comparison: &Value) -> std::io::Result<()> {
    let days = comparison.get("days").and_then(Value::as_f64).unwrap_or(0.0);
    let side = |name: &str| comparison.get(name).filter(|side| !side.is_null());
    let shown = |side: &Value| {
        let digest = short(side);
        format!("{} ({digest})", of(side, "version"))
    };
    let live = side("live").map_or_else(|| "nothing live".to_owned(), |live| format!("live {}", shown(live)));
    let shadow = side("shadow").map_or_else(String::new, shown);
    writeln!(out, "{}: {} shadow {shadow} beside {live}", of(comparison, "for"), of(comparison, "plugin"))?;
    for (source, seen) in comparison.get("seen").and_then(Value::as_object).into_iter().flatten() {
        let at = |at: usize| seen.get(at).and_then(Value::as_u64).unwrap_or(0);
        writeln!(out, "  {} from event {} to {}", safe(source), at(0), at(1))?;
    }
    for (rule, found) in rules(comparison) {
        let (new, old, both) = (number(found, "only-new"), number(found, "only-old"), number(found, "both"));
        let rule = safe(rule);
        write!(out, "  {rule}: {both} by both, {new} by the shadow only, {old} by the live version only")?;
        // Less than an hour says nothing of a day.
        if days * 24.0 >= 1.0 {
            write!(out, "; a day {:.1} instead of {:.1}", (both + new) as f64 / days, (both + old) as f64 / days)?;
        }
        writeln!(out)?;
        for (whose, name) in [("shadow only", "new-samples"), ("live only", "old-samples")] {
            for sample in found.get(name).and_then(Value::as_array).into_iter().flatten() {
                writeln!(out, "    {whose}: {} {} {}", of(sample, "time"), of(sample, "key"), of(sample, "summary"))?;
            }
        }
    }
    if rules(comparison).next().is_none() {
        writeln!(out, "  neither found anything")?;
    }
    for name in ["live", "shadow"] {
        let Some(side) = side(name) else { continue };
        let events = number(side, "events");
        let cost = number(side, "cpu-us") as f64 / events.max(1) as f64;
        let (faults, skips) =
            (text::plural(number(side, "faults"), "fault"), text::plural(number(side, "skips"), "range"));
        let events = text::plural(events, "event");
        writeln!(
            out,
            "  {name} since the host started: {cost:.1} us an event over {events}, {faults}, {skips} passed"
        )?;
    }
    if comparison.get("cut").and_then(Value::as_bool) == Some(true) {
        writeln!(out, "  there are older findings than the latest 100,000, which were not looked at")?;
    }
    Ok(())
}
