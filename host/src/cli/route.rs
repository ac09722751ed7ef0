//! `cordon route`

use std::io::Write as _;

use anyhow::{Context as _, Result};
use serde_json::Value;

use super::answer::{number, of};
use super::exit::{self, Exit};
use super::{Format, client, style};
use crate::findings::rfc3339;

/// See who would be told of an alert
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Preview(Preview),
}

/// Say who would be told of a new alert, who next, who not and why, and what should be otherwise
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon route preview --for avon --severity high
  cordon route preview --for avon --severity critical --at 2026-11-29T03:00:00Z      at three on a Sunday
  cordon route preview --for avon --severity high --about jo@avon.example            about somebody
  cordon route preview --for avon --severity high --attack T1098.003                 about an administrator's role
  cordon route preview --alert avon-12

Exit codes: 0 somebody is told and nothing should be otherwise, 1 something should, 2 refused")]
struct Preview {
    /// An alert that is there
    #[arg(long, value_name = "REFERENCE", conflicts_with_all = ["force", "severity", "about", "attack"], required_unless_present = "force")]
    alert: Option<String>,
    /// The force
    #[arg(long = "for", id = "force", value_name = "NAME", requires = "severity")]
    force: Option<String>,
    /// How grave
    #[arg(long, value_name = "LEVEL")]
    severity: Option<String>,
    /// An account, mailbox or number that it is about
    #[arg(long, value_name = "VALUE")]
    about: Option<String>,
    /// An ATT&CK technique: what says that somebody may hold the tenant goes to contacts outside of it, too
    #[arg(long, value_name = "TECHNIQUE")]
    attack: Option<String>,
    /// When; now where it is left out
    #[arg(long, value_name = "TIME")]
    at: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let Verb::Preview(args) = &args.verb;
    let at = args
        .at
        .as_deref()
        .map(|at| at.parse::<jiff::Timestamp>().context("--at: give a time such as 2026-11-29T03:00:00Z"));
    let at = at.transpose()?.map(|at| at.as_microsecond().to_string());
    let asked = [
        ("for", &args.force),
        ("alert", &args.alert),
        ("severity", &args.severity),
        ("about", &args.about),
        ("attack", &args.attack),
        ("at", &at),
    ];
    let asked = asked.iter().filter_map(|(name, value)| Some(format!("{name}={}", client::in_url(value.as_deref()?))));
    let answer = args.client.client()?.get(&format!("/v1/route?{}", asked.collect::<Vec<_>>().join("&")))?;
    let plan = answer.get("plan").unwrap_or(&Value::Null);
    let list = |name: &str| plan.get(name).and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
    let exit = if list("gaps").is_empty() { Exit::Done } else { Exit::No };
    if args.format == Format::Json {
        return super::print_json(&answer).map(|()| exit);
    }
    let mut out = super::out();
    let time = |value: &Value, name: &str| value.get(name).and_then(Value::as_i64).map(rfc3339);
    let is = |value: &Value, name: &str| value.get(name).and_then(Value::as_bool).unwrap_or(false);
    writeln!(out, "at {}", time(&answer, "at").unwrap_or_default())?;
    for told in list("told") {
        let who = format!("{}/{}", of(told, "force"), of(told, "contact"));
        let when = match (is(told, "waits"), is(told, "copy")) {
            (true, _) => format!("told at {}, when they are at work", time(told, "at").unwrap_or_default()),
            (false, true) => "told at once, a copy".to_owned(),
            (false, false) => "told at once".to_owned(),
        };
        writeln!(out, "{who:<30} {when}")?;
    }
    for untold in list("untold") {
        let who = format!("{}/{}", of(untold, "force"), of(untold, "contact"));
        writeln!(out, "{who:<30} not told: {}", of(untold, "why"))?;
    }
    if let Some(next) = plan.get("next").filter(|next| !next.is_null()) {
        let step = match number(next, "step") {
            255 => "the National Management Centre is".to_owned(),
            step => format!("those of step {step} are"),
        };
        writeln!(out, "unless somebody acknowledges, {step} told at {}", time(next, "at").unwrap_or_default())?;
    }
    for gap in list("gaps").iter().filter_map(Value::as_str) {
        let gap = crate::findings::text::safe(gap);
        writeln!(out, "{}{gap}{}", style::BAD, style::OFF)?;
    }
    Ok(exit)
}
