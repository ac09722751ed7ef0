//! `cordon maintenance`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::{Value, json};

use super::answer::{array, time};
use super::exit::{self, Exit};
use super::{Format, client, span, text};
use crate::findings::text::safe;

/// Say when a force's own work would page people: alerts of then go out together
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    List(List),
    End(End),
}

/// Make a maintenance window
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon maintenance add exchange --for avon --lasts 4h --reason 'mailboxes move, change 4412'
  cordon maintenance add exchange --for avon --from 2026-12-05T22:00:00Z --lasts 6h --reason 'mailboxes move' --pages high

Alerts are made and kept as ever; those below --pages go out in one message instead of one by one. What is found after the
window, or graver, is told as ever.

Exit codes: 0 done, 2 refused")]
struct Add {
    /// A word for it
    id: String,
    /// A force, or `all`
    #[arg(long = "for", value_name = "NAME")]
    scope: Option<String>,
    /// When it begins (RFC 3339); now where left out
    #[arg(long, value_name = "TIME")]
    from: Option<String>,
    /// How long: 90m, 4h, 2d; at most 14d
    #[arg(long, value_name = "SPAN", value_parser = span::minutes)]
    lasts: u32,
    /// What is at least as grave pages all the same
    #[arg(long, value_name = "LEVEL", default_value = "critical")]
    pages: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

/// List maintenance windows that have not ended
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon maintenance list --for avon
  cordon maintenance list --all                      those that ended within 90 days, too

Exit codes: 0 done, 2 refused")]
struct List {
    /// A force; those of all are shown with it
    #[arg(long = "for", value_name = "NAME")]
    scope: Option<String>,
    /// Also those that ended
    #[arg(long)]
    all: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// End a maintenance window now
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon maintenance end exchange --for avon

Exit codes: 0 done, 2 refused")]
struct End {
    /// Its word
    id: String,
    /// Its force, or `all`
    #[arg(long = "for", value_name = "NAME")]
    scope: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Add(args) => add(args)?,
        Verb::List(args) => list(args)?,
        Verb::End(args) => {
            let path =
                format!("/v1/maintenance/{}/end{}", client::in_url(&args.id), client::of_force(args.scope.as_deref()));
            args.client.client()?.post(&path, &json!({}))?;
            writeln!(super::out(), "{} has ended", args.id)?;
        }
    }
    Ok(Exit::Done)
}

fn add(args: &Add) -> Result<()> {
    let read = |text: &String| {
        let time: jiff::Timestamp =
            text.parse().with_context(|| format!("--from {text}: write 2026-12-05T22:00:00Z"))?;
        anyhow::Ok(time.as_microsecond())
    };
    let from = args.from.as_ref().map(read).transpose()?;
    let Add { id, scope, lasts, pages, reason, .. } = args;
    let new = json!({ "id": id, "for": scope, "from": from, "minutes": lasts, "pages": pages, "reason": reason });
    let made = args.client.client()?.post("/v1/maintenance", &new)?;
    writeln!(
        super::out(),
        "{id}: from {} to {} only what is {pages} pages",
        time(&made, "from"),
        time(&made, "until")
    )?;
    Ok(())
}

fn list(args: &List) -> Result<()> {
    let answer = args.client.client()?.get(&format!("/v1/maintenance{}", client::of_force(args.scope.as_deref())))?;
    let is_open = |one: &Value| one.get("open").and_then(Value::as_bool) == Some(true);
    let all: Vec<Value> = array(&answer, "maintenance").filter(|one| args.all || is_open(one)).cloned().collect();
    if args.format == Format::Json {
        return super::print_json(&json!({ "maintenance": all }));
    }
    let mut out = super::out();
    for one in &all {
        let of = |name: &str| safe(one.get(name).and_then(Value::as_str).unwrap_or("all"));
        writeln!(
            out,
            "{:<20} {:<16} {} to {}, pages from {}: {}",
            of("id"),
            of("for"),
            time(one, "from"),
            time(one, "until"),
            of("pages"),
            of("reason")
        )?;
    }
    writeln!(out, "{}", text::plural(all.len() as u64, "maintenance window"))?;
    Ok(())
}
