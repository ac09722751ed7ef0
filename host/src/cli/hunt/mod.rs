//! `cordon hunt`

mod start;

use std::io::Write;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::answer::{number, of};
use super::exit::{self, Exit};
use super::{Format, client, print_json, text};
use crate::findings::text::safe;

/// Findings read at a time.
const PAGE: usize = 1_000;

/// Run a loaded plugin over stored events without deploying it; see how far hunts are and what they found
///
/// It runs in a lane of its own, beside what is live and behind it, and goes on after a restart. What it finds is kept
/// apart; what nothing live has found becomes alerts that are marked late and go out together.
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Start(start::Args),
    List(List),
    Findings(Findings),
    Stop(Stop),
}

/// List hunts: how far each is, what it found and cost
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hunt list

Exit codes: 0 all are through, or stopped, 1 one is running, 2 no host answers, or it refuses")]
struct List {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Write what a hunt found for a force: a JSON line each
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hunt findings 3 --for avon > found.ndjson

Exit codes: 0 done, 2 refused")]
struct Findings {
    /// Its number, as the list shows it
    number: u64,
    /// The force
    #[arg(long = "for", value_name = "FORCE")]
    force: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

/// Stop a hunt; what it found so far stays
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hunt stop 3 --reason 'found it'

Exit codes: 0 done, 2 refused")]
struct Stop {
    /// Its number, as the list shows it
    number: u64,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Start(args) => start::run(args),
        Verb::List(args) => list(args),
        Verb::Findings(args) => findings(args),
        Verb::Stop(args) => {
            let path = format!("/v1/hunts/{}/stop", args.number);
            args.client.client()?.post(&path, &json!({ "reason": args.reason }))?;
            writeln!(super::out(), "hunt {} is stopped", args.number)?;
            Ok(Exit::Done)
        }
    }
}

fn list(args: &List) -> Result<Exit> {
    let answer = args.client.client()?.get("/v1/hunts")?;
    let hunts = answer.get("hunts").and_then(Value::as_array).context("the host's answer has no hunts")?;
    let exit = if hunts.iter().any(|hunt| of(hunt, "state") == "running") { Exit::No } else { Exit::Done };
    if args.format == Format::Json {
        print_json(&answer)?;
        return Ok(exit);
    }
    let mut out = super::out();
    if hunts.is_empty() {
        writeln!(out, "nobody ever hunted")?;
    }
    for hunt in hunts {
        one(&mut out, hunt)?;
    }
    Ok(exit)
}

fn one(out: &mut impl Write, hunt: &Value) -> std::io::Result<()> {
    let run = hunt.get("run").unwrap_or(&Value::Null);
    let found: u64 =
        hunt.get("found").and_then(Value::as_object).into_iter().flatten().filter_map(|(_, n)| n.as_u64()).sum();
    let (passed, all) = (number(hunt, "passed"), number(hunt, "of"));
    let state = match of(hunt, "state").as_str() {
        "running" => format!("{} % of the way", passed.saturating_mul(100) / all.max(1)),
        other => other.to_owned(),
    };
    let cost = hunt.get("cost").unwrap_or(&Value::Null);
    writeln!(
        out,
        "{:<5} {} {} for {}, {} to {}: {state}, {}, {} in {:.1} s of CPU time, {} ({})",
        number(hunt, "number"),
        of(hunt, "plugin"),
        of(run, "version"),
        of(hunt, "for"),
        of(hunt, "from"),
        of(hunt, "to"),
        text::plural(found, "finding"),
        text::plural(number(cost, "events"), "event"),
        number(cost, "cpu-us") as f64 / 1e6,
        text::plural(number(cost, "faults"), "fault"),
        of(hunt, "reason"),
    )?;
    for standing in hunt.get("standing").and_then(Value::as_array).into_iter().flatten() {
        writeln!(out, "      {}", safe(standing.as_str().unwrap_or_default()))?;
    }
    Ok(())
}

fn findings(args: &Findings) -> Result<Exit> {
    let client = args.client.client()?;
    let whose = args.force.as_deref().map_or(String::new(), |force| format!("&for={}", client::in_url(force)));
    let mut after = 0;
    loop {
        let page = client.get(&format!("/v1/hunts/{}/findings?after={after}&limit={PAGE}{whose}", args.number))?;
        let found = page.get("findings").and_then(Value::as_array).context("the host's answer has no findings")?;
        if found.is_empty() {
            return Ok(Exit::Done);
        }
        let mut out = super::out();
        for finding in found {
            writeln!(out, "{finding}")?;
        }
        after = number(&page, "next");
    }
}
