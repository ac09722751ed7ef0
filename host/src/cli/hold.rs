//! `cordon hold`

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::{client, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Stop the disposal of a force's events for a legal hold, list holds, end them
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    List(List),
    Release(Release),
}

/// Hold what a force has: nothing of it is disposed of from now on
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hold add --for avon --reason 'case 2026/114, Crown Prosecution Service'

Exit codes: 0 done, 2 refused")]
struct Add {
    /// The force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

/// List holds, and what they kept from being disposed of
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hold list
  cordon hold list --all       released ones, too

Exit codes: 0 done, 2 refused")]
struct List {
    /// Released ones, too
    #[arg(long)]
    all: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// End a hold: what was due meanwhile is disposed of, unless another holds the same force
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon hold release 3 --reason 'case 2026/114 is closed'

Exit codes: 0 done, 2 refused")]
struct Release {
    /// Its id, as the list shows it
    id: u64,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Add(add) => {
            let new = json!({ "for": add.force, "reason": add.reason });
            let hold = add.client.client()?.post("/v1/holds", &new)?;
            let id = hold.get("id").and_then(Value::as_u64).unwrap_or(0);
            writeln!(super::out(), "hold {id}: nothing of {} is disposed of until it is released", add.force)?;
        }
        Verb::List(list) => self::list(list)?,
        Verb::Release(release) => {
            let path = format!("/v1/holds/{}/release", release.id);
            release.client.client()?.post(&path, &json!({ "reason": release.reason }))?;
            writeln!(super::out(), "released hold {}", release.id)?;
        }
    }
    Ok(Exit::Done)
}

fn list(args: &List) -> Result<()> {
    let answer = args.client.client()?.get("/v1/holds")?;
    if args.format == super::Format::Json {
        return super::print_json(&answer);
    }
    let mut out = super::out();
    for hold in answer.get("holds").and_then(Value::as_array).into_iter().flatten() {
        let released = hold.get("released").filter(|released| !released.is_null());
        if released.is_some() && !args.all {
            continue;
        }
        let of = |value: &Value, name: &str| safe(value.get(name).and_then(Value::as_str).unwrap_or_default());
        let time = |value: &Value, name: &str| rfc3339(value.get(name).and_then(Value::as_i64).unwrap_or(0));
        let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_u64).unwrap_or(0);
        let (id, since) = (number(hold, "id"), time(hold, "since"));
        writeln!(out, "{id:<6} {:<20} since {since} by {}: {}", of(hold, "force"), of(hold, "by"), of(hold, "reason"))?;
        match (released, hold.get("due").filter(|due| !due.is_null())) {
            (Some(released), _) => {
                writeln!(
                    out,
                    "       released {} by {}: {}",
                    time(released, "at"),
                    of(released, "by"),
                    of(released, "reason")
                )?;
            }
            (None, None) => {}
            (None, Some(due)) if number(due, "segments") == 0 => writeln!(out, "       nothing is due for disposal")?,
            (None, Some(due)) => {
                let segments = text::plural(number(due, "segments"), "segment");
                writeln!(out, "       due for disposal and held: {segments}, {}", text::bytes(number(due, "bytes")))?;
            }
        }
    }
    Ok(())
}
