//! `cordon alert`

mod watch;

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::{array, number, of, parse_time, time};
use super::exit::{self, Exit};
use super::{Format, client, style, text};
use crate::attack;
use crate::findings::text::safe;

/// See alerts, take them, and work them to an end
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    /// Say that somebody has it
    #[command(after_help = exit::HELP, after_long_help = ACK)]
    Ack(Work),
    Assign(Assign),
    /// Say something of it
    #[command(after_help = exit::HELP, after_long_help = NOTE)]
    Note(Work),
    /// Say that somebody works on it
    #[command(after_help = exit::HELP, after_long_help = START)]
    Start(Work),
    /// Say that it can do no more harm
    #[command(after_help = exit::HELP, after_long_help = CONTAIN)]
    Contain(Work),
    Resolve(Resolve),
    /// Say that it is not over
    #[command(after_help = exit::HELP, after_long_help = REOPEN)]
    Reopen(Work),
    Watch(watch::Watch),
}

const ACK: &str = "Examples:
  cordon alert ack avon-12
  cordon alert ack avon-12 --on-behalf-of 'Sgt Harper' --by phone --note 'on the way'

Exit codes: 0 done, 2 refused";
const NOTE: &str = "Examples:
  cordon alert note avon-12 --note 'the user is on leave'

Exit codes: 0 done, 2 refused";
const START: &str = "Examples:
  cordon alert start avon-12

Exit codes: 0 done, 2 refused";
const CONTAIN: &str = "Examples:
  cordon alert contain avon-12 --note 'sessions revoked, password reset'

Exit codes: 0 done, 2 refused";
const REOPEN: &str = "Examples:
  cordon alert reopen avon-12 --note 'the rule is back'

Exit codes: 0 done, 2 refused";

/// List alerts: those that are not resolved
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon alert list                                        of all forces that you may see
  cordon alert list --for avon --severity high
  cordon alert list --state all --entity anna@force.example
  cordon alert list --state all --since 2026-07-01

Exit codes: 0 done, 2 refused")]
struct List {
    /// A force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// `open`, `all`, or states separated by commas
    #[arg(long, default_value = "open")]
    state: String,
    /// At least as grave
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,
    /// About this user, address or other entity
    #[arg(long, value_name = "VALUE")]
    entity: Option<String>,
    /// Changed or found again since this time, a date or as in 2026-07-01T09:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    since: Option<i64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show an alert whole, and what became of it
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon alert show avon-12

Exit codes: 0 done, 2 refused")]
struct Show {
    /// Its reference
    reference: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

#[derive(Debug, clap::Args)]
struct Work {
    /// Its reference
    reference: String,
    /// In your words
    #[arg(long, value_name = "TEXT", default_value = "")]
    note: String,
    /// Who said so, where you write it down for them
    #[arg(long, value_name = "NAME")]
    on_behalf_of: Option<String>,
    /// How they said so: by phone, radio, in person
    #[arg(long, value_name = "HOW", requires = "on_behalf_of")]
    by: Option<String>,
    /// The revision that you saw: refused where somebody changed it since
    #[arg(long, value_name = "N")]
    revision: Option<u64>,
    #[command(flatten)]
    client: client::Args,
}

/// Say whose it is
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon alert assign avon-12 --to 'Sgt Harper'

Exit codes: 0 done, 2 refused")]
struct Assign {
    /// Whose
    #[arg(long, value_name = "NAME")]
    to: String,
    #[command(flatten)]
    work: Work,
}

/// Say that it is over, and what it was
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon alert resolve avon-12 --verdict false-positive --note 'a new shared mailbox'

Exit codes: 0 done, 2 refused")]
struct Resolve {
    /// What it was
    #[arg(long, value_enum)]
    verdict: Verdict,
    #[command(flatten)]
    work: Work,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Verdict {
    /// An attack
    TruePositive,
    /// It did not happen as the alert says
    FalsePositive,
    /// It happened, and was meant to
    Benign,
    /// A test
    Test,
    /// Another alert is of the same
    Duplicate,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list(args),
        Verb::Show(args) => show(args),
        Verb::Ack(args) => work(args, "acknowledge", None),
        Verb::Assign(args) => work(&args.work, "assign", Some(("owner", &args.to))),
        Verb::Note(args) => work(args, "note", None),
        Verb::Start(args) => work(args, "start", None),
        Verb::Contain(args) => work(args, "contain", None),
        Verb::Resolve(args) => {
            let verdict = match args.verdict {
                Verdict::TruePositive => "true-positive",
                Verdict::FalsePositive => "false-positive",
                Verdict::Benign => "benign",
                Verdict::Test => "test",
                Verdict::Duplicate => "duplicate",
            };
            work(&args.work, "resolve", Some(("verdict", verdict)))
        }
        Verb::Reopen(args) => work(args, "reopen", None),
        Verb::Watch(args) => watch::run(args),
    }
}

fn work(args: &Work, word: &str, more: Option<(&str, &str)>) -> Result<Exit> {
    let mut body = json!({ "note": args.note });
    if let Some(name) = &args.on_behalf_of {
        let by = args.by.as_ref().map_or_else(String::new, |how| format!(", by {how}"));
        body["on-behalf-of"] = json!(format!("{name}{by}"));
    }
    if let Some(revision) = args.revision {
        body["revision"] = json!(revision);
    }
    if let Some((name, value)) = more {
        body[name] = json!(value);
    }
    let path = format!("/v1/alerts/{}/{word}", client::in_url(&args.reference));
    let alert = args.client.client()?.post(&path, &body)?;
    writeln!(
        super::out(),
        "{} is {}, revision {}",
        of(&alert, "reference"),
        of(&alert, "state"),
        number(&alert, "revision")
    )?;
    Ok(Exit::Done)
}

fn list(args: &List) -> Result<Exit> {
    let client = args.client.client()?;
    let since = args.since.map(|since| since.to_string());
    let given = [
        ("state", Some(args.state.as_str())),
        ("severity", args.severity.as_deref()),
        ("entity", args.entity.as_deref()),
        ("since", since.as_deref()),
    ];
    let given: Vec<String> =
        given.iter().filter_map(|(name, value)| Some(format!("{name}={}", client::in_url((*value)?)))).collect();
    let path = format!("/v1/alerts?{}", given.join("&"));
    let all = match &args.force {
        Some(force) => of_force(&client, &path, force)?,
        None => of_all(&client, &path)?,
    };
    if args.format == Format::Json {
        super::print_json(&json!({ "alerts": all }))?;
        return Ok(Exit::Done);
    }
    let mut out = super::out();
    for alert in &all {
        writeln!(
            out,
            "{:<20} {:<13} {:<12} {:>5}x  {}  {}",
            of(alert, "reference"),
            of(alert, "severity"),
            of(alert, "state"),
            number(alert, "count"),
            time(alert, "last-seen"),
            of(alert, "title"),
        )?;
    }
    writeln!(out, "{}", text::plural(all.len() as u64, "alert"))?;
    Ok(Exit::Done)
}

fn of_force(client: &client::Client, path: &str, force: &str) -> Result<Vec<Value>> {
    client.all(&format!("{path}&for={}", client::in_url(force)), "alerts")
}

/// Of all forces: the first of each in one answer, and page by page those of which there are more.
fn of_all(client: &client::Client, path: &str) -> Result<Vec<Value>> {
    let answer = client.get(&format!("{path}&limit=1000"))?;
    let more: Vec<String> = array(&answer, "more").filter_map(Value::as_str).map(str::to_owned).collect();
    let whole = |alert: &&Value| !more.iter().any(|force| of(alert, "force") == *force);
    let mut all: Vec<Value> = array(&answer, "alerts").filter(whole).cloned().collect();
    // Whoever sees one force only gets its pages as they are.
    if answer.get("next").is_some_and(Value::is_u64) {
        return client.all(path, "alerts");
    }
    for force in &more {
        all.extend(of_force(client, path, force)?);
    }
    Ok(all)
}

fn show(args: &Show) -> Result<Exit> {
    let answer = args.client.client()?.get(&format!("/v1/alerts/{}", client::in_url(&args.reference)))?;
    if args.format == Format::Json {
        super::print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let empty = Value::Null;
    let alert = answer.get("alert").unwrap_or(&empty);
    let mut out = super::out();
    writeln!(out, "{}{}{}  {}", style::STRONG, of(alert, "reference"), style::OFF, of(alert, "title"))?;
    writeln!(out, "  {}", of(alert, "summary"))?;
    let line = |name: &str, value: &str| format!("  {name:<12} {value}");
    writeln!(out, "{}", line("state", &format!("{}, revision {}", of(alert, "state"), number(alert, "revision"))))?;
    for (name, key) in [("verdict", "verdict"), ("owner", "owner"), ("returned", "earlier")] {
        if alert.get(key).is_some() {
            writeln!(out, "{}", line(name, &of(alert, key)))?;
        }
    }
    writeln!(
        out,
        "{}",
        line("severity", &format!("{}, confidence {}", of(alert, "severity"), of(alert, "confidence")))
    )?;
    writeln!(
        out,
        "{}",
        line(
            "seen",
            &format!("{} times, {} to {}", number(alert, "count"), time(alert, "first-seen"), time(alert, "last-seen"))
        )
    )?;
    if let Some(number) = alert.get("incident").and_then(Value::as_u64) {
        writeln!(out, "{}", line("incident", &format!("{}-i{number}", of(alert, "force"))))?;
    }
    for entity in alert.get("entities").and_then(Value::as_array).into_iter().flatten() {
        writeln!(out, "{}", line(&of(entity, "kind"), &of(entity, "value")))?;
    }
    for event in alert.get("evidence").and_then(Value::as_array).into_iter().flatten() {
        writeln!(
            out,
            "{}",
            line("event", &format!("{} {} {}", of(event, "time"), of(event, "source"), of(event, "fields")))
        )?;
        writeln!(out, "{}", line("SHA-256", &of(event, "sha256")))?;
    }
    for (name, key) in
        [("ATT&CK", "attack"), ("next", "next-steps"), ("may be", "false-positives"), ("read", "references")]
    {
        for text in alert.get(key).and_then(Value::as_array).into_iter().flatten().filter_map(Value::as_str) {
            let named = (key == "attack").then(|| attack::name(text)).flatten();
            let named = named.map_or_else(String::new, |named| format!(" {named}"));
            writeln!(out, "{}", line(name, &format!("{}{named}", safe(text))))?;
        }
    }
    if answer.get("answer-by").is_some_and(Value::is_i64) {
        writeln!(out, "{}", line("by", &format!("{}, or others are told", time(&answer, "answer-by"))))?;
    }
    for reach in array(&answer, "call") {
        writeln!(out, "{}", line("call", &format!("{}, {}", of(reach, "name"), of(reach, "call"))))?;
    }
    for change in answer.get("history").and_then(Value::as_array).into_iter().flatten() {
        let whom = match change.get("on-behalf-of").and_then(Value::as_str) {
            Some(name) => format!("{} for {}", of(change, "by"), safe(name)),
            None => of(change, "by"),
        };
        let note = of(change, "note");
        let note = if note.is_empty() { note } else { format!(": {note}") };
        writeln!(out, "  {} {} by {whom}{note}", time(change, "at"), of(change, "kind"))?;
    }
    Ok(Exit::Done)
}
