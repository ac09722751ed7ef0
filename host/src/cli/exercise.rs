//! `cordon exercise`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::answer::{array, of};
use super::exit::{self, Exit};
use super::{Format, client, style};

/// Try the whole way from an event to a person
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Run(Run),
}

/// Send events that are no attack into a force's real intake, and see whether its contact gets the alert
///
/// Everything that is found in them is marked EXERCISE, joins no attack, and counts neither in scores nor in scorecards. Without
/// events of your own a mailbox begins to forward outside, which mail-forwarding finds.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon exercise run --for avon
  cordon exercise run --for avon --contact duty --seconds 120
  cordon exercise run --for avon --events consent.ndjson --source m365.audit     EXERCISE-ID in them becomes the exercise's
                                                                                id, EXERCISE-TIME the time

Exit codes: 0 the contact got it, 1 a hop was not passed, 2 refused")]
struct Run {
    /// The force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    /// Who is to get it, instead of anybody
    #[arg(long, value_name = "ID")]
    contact: Option<String>,
    /// Events, one a line
    #[arg(long, value_name = "FILE", requires = "source")]
    events: Option<PathBuf>,
    /// What they are
    #[arg(long, value_name = "SOURCE", requires = "events")]
    source: Option<String>,
    /// How long all of it may take
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    seconds: u64,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Verb::Run(args) = &args.verb;
    let read =
        |path: &PathBuf| std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()));
    let events = args.events.as_ref().map(read).transpose()?;
    let Run { force, contact, source, seconds, .. } = args;
    let new = json!({ "for": force, "contact": contact, "events": events, "source": source, "seconds": seconds });
    let answer = args.client.client()?.post("/v1/exercises", &new)?;
    let passed = answer.get("passed").and_then(Value::as_bool) == Some(true);
    if args.format == Format::Json {
        super::print_json(&answer)?;
    } else {
        let mut out = super::out();
        writeln!(out, "{}EXERCISE {}{} {}", style::STRONG, of(&answer, "exercise"), style::OFF, of(&answer, "alert"))?;
        for hop in array(&answer, "hops") {
            match hop.get("ms").and_then(Value::as_u64) {
                Some(ms) => writeln!(out, "  {:<10} after {ms} ms", of(hop, "hop"))?,
                None => writeln!(out, "  {:<10} not passed: {}", of(hop, "hop"), of(hop, "why"))?,
            }
        }
        let word = if passed { "it got through" } else { "it did not get through" };
        writeln!(out, "{word}")?;
    }
    Ok(if passed { Exit::Done } else { Exit::No })
}
