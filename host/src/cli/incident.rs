//! `cordon incident`

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::{array, of, time};
use super::exit::{self, Exit};
use super::{Format, client, style, text};

/// See alerts that are one story, and what they weigh together
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Risk(Risk),
}

/// List incidents: alerts that share an account, an address, an application or a machine within a day
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon incident list --for avon
  cordon incident list --for avon --all              those that are over, too

Exit codes: 0 done, 2 refused")]
struct List {
    /// A force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// Also those whose alerts are all resolved
    #[arg(long)]
    all: bool,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show an incident: its alerts in the order of their events, and its score
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon incident show avon-i12

The score is the sum of what each rule adds by its weightiest alert (informational 1, low 5, medium 20, high 50, critical 100;
half of it with low, three quarters with medium confidence), half of that gone each day, and a quarter more for each ATT&CK
tactic beyond the first. The priority is that of the gravest alert, one more where three tactics or more are served. An alert
that was resolved as anything but an attack adds nothing.

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

/// Show what the alerts about somebody or something weigh
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon incident risk anna@avon.example --for avon

Exit codes: 0 done, 2 refused")]
struct Risk {
    /// A user, address, application or other entity
    entity: String,
    /// Its force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list(args)?,
        Verb::Show(args) => show(args)?,
        Verb::Risk(args) => risk(args)?,
    }
    Ok(Exit::Done)
}

fn list(args: &List) -> Result<()> {
    let client = args.client.client()?;
    let force = args.force.as_deref().map_or_else(String::new, |force| format!("&for={}", client::in_url(force)));
    let mut all = client.all(&format!("/v1/incidents?all={}{force}", args.all), "incidents")?;
    // The weightiest first.
    let weight =
        |one: &Value| one.get("score").and_then(|score| score.get("total")).and_then(Value::as_f64).unwrap_or(0.0);
    all.sort_by(|a, b| weight(b).total_cmp(&weight(a)));
    if args.format == Format::Json {
        return super::print_json(&json!({ "incidents": all }));
    }
    let mut out = super::out();
    for one in &all {
        let alerts = array(one, "timeline").count() as u64;
        writeln!(
            out,
            "{:<20} {:<13} score {:>6.0}  {:>10}  {}",
            of(one, "reference"),
            of(one, "priority"),
            weight(one),
            text::plural(alerts, "alert"),
            time(one, "updated"),
        )?;
    }
    writeln!(out, "{}", text::plural(all.len() as u64, "incident"))?;
    Ok(())
}

fn show(args: &Show) -> Result<()> {
    let story = args.client.client()?.get(&format!("/v1/incidents/{}", client::in_url(&args.reference)))?;
    if args.format == Format::Json {
        return super::print_json(&story);
    }
    let mut out = super::out();
    writeln!(out, "{}{}{}  priority {}", style::STRONG, of(&story, "reference"), style::OFF, of(&story, "priority"))?;
    score(&mut out, story.get("score").unwrap_or(&Value::Null))?;
    for alert in array(&story, "timeline") {
        let seen = time(alert, "first-seen");
        let (reference, severity, state) = (of(alert, "reference"), of(alert, "severity"), of(alert, "state"));
        writeln!(out, "  {seen} {reference:<20} {severity:<13} {state:<12} {}", of(alert, "title"))?;
        writeln!(out, "    {}", of(alert, "summary"))?;
    }
    Ok(())
}

fn risk(args: &Risk) -> Result<()> {
    let force = args.force.as_deref().map_or_else(String::new, |force| format!("&for={}", client::in_url(force)));
    let found = args.client.client()?.get(&format!("/v1/risk?entity={}{force}", client::in_url(&args.entity)))?;
    if args.format == Format::Json {
        return super::print_json(&found);
    }
    score(&mut super::out(), &found)
}

fn score(out: &mut impl std::io::Write, score: &Value) -> Result<()> {
    let number = |value: &Value, name: &str| value.get(name).and_then(Value::as_f64).unwrap_or(0.0);
    let tactics = array(score, "tactics").filter_map(Value::as_str);
    let tactics: Vec<&str> = tactics.collect();
    writeln!(out, "  score {:.0}, {:.2} times the sum of", number(score, "total"), number(score, "factor"))?;
    for one in array(score, "contributions") {
        let (adds, weight) = (number(one, "adds"), number(one, "weight"));
        writeln!(out, "  {adds:>7.1}  {} by {} ({weight:.1} when it was new)", of(one, "rule"), of(one, "alert"))?;
    }
    if !tactics.is_empty() {
        writeln!(out, "  tactics {}", tactics.join(", "))?;
    }
    Ok(())
}
