//! `cordon ledger`

use std::io::Write as _;

use anyhow::Result;
use serde_json::Value;

use super::exit::{self, Exit};
use super::{client, style, text};
use crate::findings::text::safe;

/// Show what became of a force's events, hour by hour, and whether it adds up
///
/// Received = accepted + duplicates + refused, and for every plugin that is up to date accepted = processed + skipped + lost.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon ledger --for avon
  cordon ledger --for avon --from 2026-11-24T00:00:00Z --to 2026-11-24T23:00:00Z --format json
  cordon ledger --for avon --check

Exit codes: 0 done, 1 (with --check) it does not add up, 2 no host answers, or it refuses")]
pub(super) struct Args {
    /// The force; a force's own token needs none
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// The first hour; a day before the last where nothing is said
    #[arg(long, value_name = "TIME")]
    from: Option<jiff::Timestamp>,
    /// The last hour; this one where nothing is said
    #[arg(long, value_name = "TIME")]
    to: Option<jiff::Timestamp>,
    /// Say only whether all hours that are kept add up
    #[arg(long)]
    check: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let named = [
        ("for", args.force.clone()),
        ("from", args.from.map(|time| time.to_string())),
        ("to", args.to.map(|time| time.to_string())),
    ];
    let query: Vec<String> = named.into_iter().filter_map(|(name, value)| Some(format!("{name}={}", value?))).collect();
    let answer = args.client.client()?.get(&format!("/v1/ledger?{}", query.join("&")))?;
    let sums = answer.get("sums").cloned().unwrap_or_default();
    let adds_up = sums.get("adds_up").and_then(Value::as_bool).unwrap_or(false);
    let exit = if args.check && !adds_up { Exit::No } else { Exit::Done };
    if args.format == super::Format::Json {
        super::print_json(if args.check { &sums } else { &answer })?;
        return Ok(exit);
    }
    let mut out = super::out();
    if !args.check {
        for line in answer.get("lines").and_then(Value::as_array).into_iter().flatten() {
            hour(&mut out, line)?;
        }
    }
    for wrong in sums.get("wrong").and_then(Value::as_array).into_iter().flatten() {
        let wrong = safe(wrong.as_str().unwrap_or_default());
        writeln!(out, "{}does not add up: {wrong}{}", style::BAD, style::OFF)?;
    }
    let count = |name: &str| sums.get(name).and_then(Value::as_u64).unwrap_or(0);
    let behind = match count("behind") {
        0 => String::new(),
        behind => format!("; {} not up to date and not checked", text::plural(behind, "lane")),
    };
    let (mark, word) = if adds_up { (style::GOOD, "adds up") } else { (style::BAD, "does not add up") };
    writeln!(out, "{mark}{word}{}: {} checked{behind}", style::OFF, text::plural(count("checked"), "lane"))?;
    Ok(exit)
}

fn hour(out: &mut impl std::io::Write, line: &Value) -> Result<()> {
    let text_of = |name: &str| safe(line.get(name).and_then(Value::as_str).unwrap_or_default());
    let count = |of: &Value, name: &str| of.get(name).and_then(Value::as_u64).unwrap_or(0);
    let said = |of: &Value, words: &[&str]| {
        let counts = words.iter().map(|word| (count(of, word), *word)).filter(|(count, _)| *count > 0);
        counts.map(|(count, word)| format!("{} {word}", text::count(count))).collect::<Vec<_>>().join(", ")
    };
    let came = said(line, &["received", "accepted", "late", "duplicate", "refused"]);
    writeln!(out, "{}  {:<16} {came}", text_of("hour"), text_of("source"))?;
    for (plugin, lane) in line.get("lanes").and_then(Value::as_object).into_iter().flatten() {
        writeln!(out, "    {:<24} {}", safe(plugin), said(lane, &["processed", "skipped", "lost", "before"]))?;
    }
    Ok(())
}
