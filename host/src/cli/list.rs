//! `cordon list`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::exit::{self, Exit};
use super::{Format, client, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Entries that are asked for at once.
const PAGE: usize = 1_000;

/// Put lists that plugins look things up in, show them and their versions
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Put(Put),
    Show(Show),
    History(History),
    Diff(Diff),
}

/// How a file of entries is written.
#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Form {
    /// A key a line; `#` begins a comment line
    Text,
    /// A key, and what stands beside it, in the first two columns
    Csv,
    /// "key", ["key", "value"] or {"key": ..., "value": ...} a line
    Ndjson,
}

/// Put another version of a list: all of its entries. Plugins look up in it from their next batch on
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon list put watched-accounts leavers.txt --for all --reason 'HR list of November'
  cordon list put watched-accounts leavers.csv --for avon --reason 'INC-7'     avon's own, before the national one

A file with a line that is not understood changes nothing, and every such line is named.

Exit codes: 0 done, or the same entries are there already, 2 refused")]
struct Put {
    /// The list, as manifests name it
    name: String,
    /// Its entries: .csv, .ndjson, or a key a line
    file: PathBuf,
    /// A force, or `all`. A force's author may leave it out
    #[arg(long = "for", value_name = "FORCE")]
    scope: Option<String>,
    /// How the file is written; else by the end of its name
    #[arg(long, value_enum)]
    form: Option<Form>,
    /// Why; it is recorded
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show the lists that there are, or the entries of one: a JSON array of key and value on each line
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon list show
  cordon list show watched-accounts --for avon
  cordon list show watched-accounts --version 3 > old.ndjson      as `cordon list put` takes it

Exit codes: 0 done, 2 refused")]
struct Show {
    /// The list; else the newest version of each
    name: Option<String>,
    /// Whose: a force, or `all`
    #[arg(long = "for", value_name = "FORCE", default_value = "all")]
    scope: String,
    /// Which version; else the newest
    #[arg(long, value_name = "N")]
    version: Option<u64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show the versions of a list, with who put them and why
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon list history watched-accounts --for avon

Exit codes: 0 done, 2 refused")]
struct History {
    /// The list
    name: String,
    /// Whose: a force, or `all`
    #[arg(long = "for", value_name = "FORCE", default_value = "all")]
    scope: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show what a version of a list has otherwise than another
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon list diff watched-accounts 3 4

Exit codes: 0 nothing differs, 1 something does, 2 refused")]
struct Diff {
    /// The list
    name: String,
    /// A version
    from: u64,
    /// Another
    to: u64,
    /// Whose: a force, or `all`
    #[arg(long = "for", value_name = "FORCE", default_value = "all")]
    scope: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Put(args) => put(args),
        Verb::Show(args) => match &args.name {
            Some(name) => entries(args, name),
            None => versions(&args.client.client()?.get("/v1/lists")?, "lists", args.format),
        },
        Verb::History(args) => {
            let path = format!("/v1/lists/{}/history?for={}", client::in_url(&args.name), client::in_url(&args.scope));
            versions(&args.client.client()?.get(&path)?, "versions", args.format)
        }
        Verb::Diff(args) => diff(args),
    }
}

fn put(args: &Put) -> Result<Exit> {
    let bytes = std::fs::read(&args.file).with_context(|| format!("{}: cannot be read", args.file.display()))?;
    let form = match args.form {
        Some(Form::Text) => "text",
        Some(Form::Csv) => "csv",
        Some(Form::Ndjson) => "ndjson",
        None => match crate::lists::Form::of_name(&args.file.to_string_lossy()) {
            crate::lists::Form::Text => "text",
            crate::lists::Form::Csv => "csv",
            crate::lists::Form::Ndjson => "ndjson",
        },
    };
    let given = [("for", args.scope.as_deref()), ("form", Some(form)), ("reason", Some(&args.reason))];
    let answer = args.client.client()?.put_list(&args.name, &given, &bytes);
    let answer = answer.with_context(|| format!("{}: nothing was changed", args.file.display()))?;
    if args.format == Format::Json {
        super::print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    let mut out = super::out();
    let entries = text::plural(number("entries"), "entry").replace("entrys", "entries");
    let what = if answer.get("changed").and_then(Value::as_bool) == Some(true) { "put" } else { "is there already" };
    writeln!(out, "{} for {}: version {} {what}, {entries}", args.name, whose(&answer), number("number"))?;
    if number("repeated") > 0 {
        writeln!(out, "{} stood in the file more than once: the last counts", text::plural(number("repeated"), "key"))?;
    }
    Ok(Exit::Done)
}

fn entries(args: &Show, name: &str) -> Result<Exit> {
    let client = args.client.client()?;
    let version = args.version.map_or_else(String::new, |version| format!("&version={version}"));
    let (mut after, mut out) = (0, super::out());
    loop {
        let path = format!(
            "/v1/lists/{}?for={}&after={after}&limit={PAGE}{version}",
            client::in_url(name),
            client::in_url(&args.scope)
        );
        let page = client.get(&path)?;
        let entries = page.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for entry in entries {
            writeln!(out, "{entry}")?;
        }
        after = page.get("next").and_then(Value::as_u64).unwrap_or(after);
        if entries.len() < PAGE {
            return Ok(Exit::Done);
        }
    }
}

fn versions(answer: &Value, name: &str, format: Format) -> Result<Exit> {
    if format == Format::Json {
        super::print_json(answer)?;
        return Ok(Exit::Done);
    }
    let mut out = super::out();
    for one in answer.get(name).and_then(Value::as_array).into_iter().flatten() {
        let of = |name: &str| safe(one.get(name).and_then(Value::as_str).unwrap_or_default());
        let number = |name: &str| one.get(name).and_then(Value::as_u64).unwrap_or(0);
        let time = rfc3339(one.get("time").and_then(Value::as_i64).unwrap_or(0));
        let digest: String = of("digest").chars().take(8).collect();
        writeln!(
            out,
            "{:<24} {:<12} version {:<4} {:>9} entries  {digest}  {time} by {}: {}",
            of("name"),
            whose(one),
            number("number"),
            number("entries"),
            of("by"),
            of("reason")
        )?;
    }
    Ok(Exit::Done)
}

fn diff(args: &Diff) -> Result<Exit> {
    let Diff { name, from, to, scope, .. } = args;
    let path = format!("/v1/lists/{}/diff/{from}/{to}?for={}", client::in_url(name), client::in_url(scope));
    let answer = args.client.client()?.get(&path)?;
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    let (added, removed, changed) = (number("added"), number("removed"), number("changed"));
    if args.format == Format::Json {
        super::print_json(&answer)?;
    } else {
        let mut out = super::out();
        let entries = answer.get("entries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for entry in entries {
            let word = |at: usize| safe(entry.get(at).and_then(Value::as_str).unwrap_or_default());
            writeln!(out, "{} {}\t{}", word(0), word(1), word(2))?;
        }
        let rest = (added + removed + changed).saturating_sub(entries.len() as u64);
        if rest > 0 {
            writeln!(out, "and {rest} more")?;
        }
        writeln!(out, "{added} added, {removed} removed, {changed} changed")?;
    }
    Ok(if added + removed + changed == 0 { Exit::Done } else { Exit::No })
}

fn whose(one: &Value) -> String {
    safe(one.get("for").and_then(Value::as_str).unwrap_or("all"))
}
