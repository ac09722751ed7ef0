//! `cordon force`

use std::io::Write as _;

use anyhow::{Result, ensure};
use serde_json::{Map, Value, json};

use super::exit::{self, Exit};
use super::{client, span, style};
use crate::findings::rfc3339;
use crate::findings::text::safe;
use crate::model::{Force, SourceName};

/// Add, show, change and suspend the forces of a running host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    List(List),
    Show(Show),
    Set(Set),
    Suspend(Suspend),
    Resume(Resume),
}

/// Add a force
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force add avon --display 'Avon and Somerset' --token-file cordon-data/first-token
  cordon force add kent --expects m365.audit=60m,entra.signin

It is onboarding until `force set --stage live`, which needs a contact outside of its tenant (`contact add --outside`).

Exit codes: 0 done, 2 refused")]
struct Add {
    /// Lower-case letters, digits and -
    name: String,
    /// The name for people
    #[arg(long, value_name = "TEXT")]
    display: Option<String>,
    /// IANA time zone
    #[arg(long, value_name = "ZONE", default_value = "Europe/London")]
    zone: String,
    /// The sources that it should send, each with how long it may be quiet where that is known
    #[arg(long, value_name = "SOURCE[=SPAN]", value_delimiter = ',', value_parser = expected)]
    expects: Vec<Expected>,
    #[command(flatten)]
    client: client::Args,
}

/// List forces
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force list --format json

Exit codes: 0 done, 2 refused")]
struct List {
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show what is known of a force
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force show avon

Exit codes: 0 done, 2 refused")]
struct Show {
    /// The force
    name: String,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// Change a force; what is not said stays
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force set avon --stage live --reason 'first week went well'
  cordon force set avon --expects m365.audit=60m,entra.signin=4h --reason 'sign-ins come hourly'
  cordon force set avon --expects '' --reason 'nothing is expected any more'

`--expects` names all sources anew.

Exit codes: 0 done, 2 refused")]
struct Set {
    /// The force
    name: String,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// The name for people
    #[arg(long, value_name = "TEXT")]
    display: Option<String>,
    /// IANA time zone
    #[arg(long, value_name = "ZONE")]
    zone: Option<String>,
    /// onboarding or live
    #[arg(long, value_name = "STAGE")]
    stage: Option<String>,
    /// The sources that it should send, each with how long it may be quiet where that is known
    #[arg(long, value_name = "SOURCE[=SPAN],...")]
    expects: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

/// Refuse a force's events from now on; what it has sent stays, and plugins finish it
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force suspend avon --reason 'its shipper floods us: ticket 4711'

Its shippers are answered 403 with the reason.

Exit codes: 0 done, 2 refused")]
struct Suspend {
    /// The force
    name: String,
    /// Why, for the audit and for the force's shippers
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

/// Take a suspended force's events again
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon force resume avon --reason 'ticket 4711 is closed'

Exit codes: 0 done, 2 refused")]
struct Resume {
    /// The force
    name: String,
    /// Why, for the audit
    #[arg(long, value_name = "TEXT")]
    reason: String,
    #[command(flatten)]
    client: client::Args,
}

/// A source, and the minutes that it may be quiet.
type Expected = (String, Option<u32>);

fn expected(text: &str) -> Result<Expected, String> {
    let (name, quiet) = match text.split_once('=') {
        None => (text, None),
        Some((name, quiet)) => (name, Some(span::minutes(quiet)?)),
    };
    let source = SourceName::new(name.trim()).map_err(|error| error.to_string())?;
    Ok((source.to_string(), quiet))
}

fn map(expects: Vec<Expected>) -> Value {
    Value::Object(expects.into_iter().map(|(source, quiet)| (source, quiet.into())).collect::<Map<_, _>>())
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::Add(add) => {
            let expects = map(add.expects.clone());
            let mut new = json!({ "name": add.name, "zone": add.zone, "stage": "onboarding", "expects": expects });
            if let Some(display) = &add.display {
                new["display"] = display.as_str().into();
            }
            add.client.client()?.post("/v1/forces", &new)?;
            writeln!(super::out(), "added {}; next: cordon token create --role intake --for {}", add.name, add.name)?;
        }
        Verb::List(list) => {
            let answer = list.client.client()?.get("/v1/forces")?;
            if list.format == super::Format::Json {
                super::print_json(&answer)?;
                return Ok(Exit::Done);
            }
            let mut out = super::out();
            for force in answer.get("forces").and_then(Value::as_array).into_iter().flatten() {
                let text = |name: &str| safe(force.get(name).and_then(Value::as_str).unwrap_or_default());
                let stage = if is_suspended(force) { "suspended".to_owned() } else { text("stage") };
                writeln!(out, "{:<20} {:<10} {:<18} {}", text("name"), stage, text("zone"), text("display"))?;
            }
        }
        Verb::Show(args) => {
            let force = args.client.client()?.get(&path(&args.name, "")?)?;
            if args.format == super::Format::Json {
                super::print_json(&force)?;
            } else {
                show(&force)?;
            }
        }
        Verb::Set(set) => {
            let mut change = json!({ "reason": set.reason });
            let said = [("display", &set.display), ("zone", &set.zone), ("stage", &set.stage)];
            for (name, value) in said {
                if let Some(value) = value {
                    change[name] = value.as_str().into();
                }
            }
            if let Some(expects) = &set.expects {
                let named = expects.split(',').filter(|text| !text.trim().is_empty());
                let expects: Result<Vec<Expected>, String> = named.map(expected).collect();
                change["expects"] = map(expects.map_err(|error| anyhow::anyhow!("--expects: {error}"))?);
            }
            show(&set.client.client()?.patch(&path(&set.name, "")?, &change)?)?;
        }
        Verb::Suspend(suspend) => {
            let why = json!({ "reason": suspend.reason });
            suspend.client.client()?.post(&path(&suspend.name, "/suspend")?, &why)?;
            writeln!(super::out(), "suspended {}; its events are refused until `cordon force resume`", suspend.name)?;
        }
        Verb::Resume(resume) => {
            let why = json!({ "reason": resume.reason });
            resume.client.client()?.post(&path(&resume.name, "/resume")?, &why)?;
            writeln!(super::out(), "resumed {}; its events are taken again", resume.name)?;
        }
    }
    Ok(Exit::Done)
}

/// A name that is none would ask for another path.
fn path(name: &str, rest: &str) -> Result<String> {
    let force = Force::new(name)?;
    Ok(format!("/v1/forces/{force}{rest}"))
}

fn is_suspended(force: &Value) -> bool {
    force.get("suspended").is_some_and(|suspended| !suspended.is_null())
}

fn show(force: &Value) -> Result<()> {
    let text = |name: &str| safe(force.get(name).and_then(Value::as_str).unwrap_or_default());
    ensure!(!text("name").is_empty(), "the host's answer is no force");
    let mut out = super::out();
    writeln!(out, "{}{}{}  {}", style::STRONG, text("name"), style::OFF, text("display"))?;
    writeln!(out, "stage      {}", text("stage"))?;
    writeln!(out, "time zone  {}", text("zone"))?;
    if let Some(suspended) = force.get("suspended").filter(|_| is_suspended(force)) {
        let since = rfc3339(suspended.get("since").and_then(Value::as_i64).unwrap_or(0));
        let reason = safe(suspended.get("reason").and_then(Value::as_str).unwrap_or_default());
        writeln!(out, "{}suspended{}  since {since}: {reason}", style::BAD, style::OFF)?;
    }
    let expects = force.get("expects").and_then(Value::as_object);
    if expects.is_none_or(Map::is_empty) {
        writeln!(out, "expects    nothing: name its sources with `cordon force set {} --expects`", text("name"))?;
    }
    for (source, quiet) in expects.into_iter().flatten() {
        let quiet = quiet
            .as_u64()
            .map_or("no limit is set".to_owned(), |minutes| format!("at most {}", span::of_minutes(minutes)));
        writeln!(out, "expects    {:<18} quiet: {quiet}", safe(source))?;
    }
    Ok(())
}
