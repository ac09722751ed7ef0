//! `cordon audit`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::exit::{self, Exit};
use super::{client, style, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// List and verify who did what on a running host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Verify(Verify),
}

/// List records, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit list --token-file auditor.token
  cordon audit list --after 1000 --format json

Exit codes: 0 done, 2 refused")]
struct List {
    /// Records behind this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// Check the whole chain
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit verify                      prints the digest of the last record: keep it elsewhere
  cordon audit verify --head 5d41...       and find out later whether anything up to it was cut off or rewritten

Exit codes: 0 the chain holds, 1 it does not, 2 refused")]
struct Verify {
    /// A digest that was kept elsewhere
    #[arg(long, value_name = "DIGEST")]
    head: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(list) => self::list(list),
        Verb::Verify(verify) => self::verify(verify),
    }
}

fn list(args: &List) -> Result<Exit> {
    let client = args.client.client()?;
    let mut after = args.after;
    loop {
        let page = client.get(&format!("/v1/audit?limit=1000&after={after}"))?;
        let records = page.get("records").and_then(Value::as_array).context("the host's answer has no records")?;
        let mut out = super::out();
        for record in records {
            if args.format == super::Format::Json {
                writeln!(out, "{record}")?;
                continue;
            }
            let of = |name: &str| safe(record.get(name).and_then(Value::as_str).unwrap_or("-"));
            let number = |name: &str| record.get(name).and_then(Value::as_i64).unwrap_or(0);
            let time = rfc3339(number("time"));
            let details = safe(&record.get("details").map(ToString::to_string).unwrap_or_default());
            let (who, role, force, what) = (of("who"), of("role"), of("force"), of("what"));
            writeln!(out, "{} {time} {who} ({role}) {force} {what} {details}", number("number"))?;
        }
        if records.len() < 1_000 {
            return Ok(Exit::Done);
        }
        after = page.get("next").and_then(Value::as_u64).context("the host's answer names no next record")?;
    }
}

fn verify(args: &Verify) -> Result<Exit> {
    let head = args.head.as_deref().map_or(String::new(), |head| {
        format!("?head={}", head.chars().filter(char::is_ascii_hexdigit).collect::<String>())
    });
    let answer = args.client.client()?.get(&format!("/v1/audit/verify{head}"))?;
    let of = |name: &str| safe(answer.get(name).and_then(Value::as_str).unwrap_or_default());
    let mut out = super::out();
    if answer.get("holds").and_then(Value::as_bool) == Some(true) {
        let records = answer.get("records").and_then(Value::as_u64).unwrap_or(0);
        writeln!(out, "{}holds{}: {}, head {}", style::GOOD, style::OFF, text::plural(records, "record"), of("head"))?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{}does not hold{}: {}", style::BAD, style::OFF, of("reason"))?;
    Ok(Exit::No)
}
