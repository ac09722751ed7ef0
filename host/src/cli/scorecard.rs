//! `cordon scorecard`

use std::io::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::answer::{array, number, of};
use super::exit::{self, Exit};
use super::{Format, client, span, text};
use crate::clock::now_micros;

/// See how each rule does with people: volume, false positives, time to take and to contain, cost
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon scorecard                                     of all forces, the last 90 days
  cordon scorecard --for avon --since 30d --format json

False positives are a part of the alerts that people resolved as an attack, as none, or as meant to be; behind them stands
where the ratio truly lies, 95 times of 100. A rule is to `tune` where surely more than half are none, and to `retire` where
of twenty and more none was an attack. CPU is the plugin's, of all its rules, since the host started.

Exit codes: 0 done, 2 refused")]
pub(super) struct Args {
    /// A force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// Of alerts no older than this
    #[arg(long, value_name = "SPAN", default_value = "90d", value_parser = span::minutes)]
    since: u32,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let force = args.force.as_deref().map_or_else(String::new, |force| format!("&for={}", client::in_url(force)));
    let since = now_micros() - i64::from(args.since) * 60_000_000;
    let answer = args.client.client()?.get(&format!("/v1/scorecard?since={since}{force}"))?;
    if args.format == Format::Json {
        super::print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let mut out = super::out();
    writeln!(
        out,
        "{:<14} {:<40} {:>7} {:>9} {:>6} {:>22} {:>9} {:>9} {:>9}",
        "force", "rule", "alerts", "findings", "open", "false positives", "taken in", "contained", "CPU"
    )?;
    for row in array(&answer, "rules") {
        let (of, number) = (|name: &str| of(row, name), |name: &str| number(row, name));
        let seconds = |name: &str| row.get(name).and_then(Value::as_i64).map_or("-".to_owned(), span::of_seconds);
        let per_cent = |value: Option<&Value>| value.and_then(Value::as_f64).map(|ratio| ratio * 100.0);
        let between = row.get("between");
        let ends = (per_cent(between.and_then(|pair| pair.get(0))), per_cent(between.and_then(|pair| pair.get(1))));
        let ratio = match (per_cent(row.get("false-positive-ratio")), ends) {
            (Some(ratio), (Some(low), Some(high))) => format!("{ratio:.0}% ({low:.0} to {high:.0}%)"),
            _ => "-".to_owned(),
        };
        writeln!(
            out,
            "{:<14} {:<40} {:>7} {:>9} {:>6} {ratio:>22} {:>9} {:>9} {:>8.1}s {}",
            of("force"),
            format!("{}/{}", of("plugin"), of("rule")),
            text::count(number("alerts")),
            text::count(number("findings")),
            text::count(number("open")),
            seconds("to-acknowledge"),
            seconds("to-contain"),
            row.get("plugin-cpu-seconds").and_then(Value::as_f64).unwrap_or(0.0),
            of("advice"),
        )?;
    }
    Ok(Exit::Done)
}
