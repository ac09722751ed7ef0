//! `cordon exception`

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Result, bail};
use serde_json::{Value, json};

use super::answer::{array, of, time};
use super::exit::{self, Exit};
use super::{Format, client, span, style, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// Say what needs no person until a day: it becomes no alert, and stays a finding
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Add),
    /// List exceptions that have not ended
    #[command(after_help = exit::HELP, after_long_help = LIST)]
    List(List),
    /// Show what each exception hid: how often, and the newest
    #[command(after_help = exit::HELP, after_long_help = REPORT)]
    Report(List),
    Expire(Expire),
}

const LIST: &str = "Examples:
  cordon exception list --for avon

Exit codes: 0 done, 2 refused";
const REPORT: &str = "Examples:
  cordon exception report --for avon                those that ended within 90 days, too

Exit codes: 0 done, 2 refused";

/// Make an exception
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon exception add backup --for avon --plugin mass-activity --when entity.user=svc-backup@avon.example \\
    --owner 'Sgt Harper' --reason 'nightly copy, change 4411' --expires 90d
  cordon exception add egress --for all --plugin impossible-travel --when 'entity.ip=198.51.100.*' \\
    --owner 'NMC detection' --reason 'national VPN' --expires 180d

Conditions on different things must all hold; several values of the same thing are alternatives; case does not matter, and
`*` stands for any characters. An exception hides the alert, never the finding: `report` shows what it hid.

Exit codes: 0 done, 2 refused")]
struct Add {
    /// A word for it
    id: String,
    /// A force, or `all`
    #[arg(long = "for", value_name = "NAME")]
    scope: Option<String>,
    /// The plugin whose findings it is about
    #[arg(long, value_name = "ID")]
    plugin: String,
    /// One of its rules; all of them where left out
    #[arg(long, value_name = "ID")]
    rule: Option<String>,
    /// What must be so: `entity.KIND=VALUE`, `field.HANDLE=VALUE` or `key=VALUE`; repeat for more
    #[arg(long = "when", value_name = "WHAT=VALUE")]
    when: Vec<String>,
    /// Who answers for it
    #[arg(long, value_name = "NAME")]
    owner: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: String,
    /// When it ends: 12h, 30d; at most 366d
    #[arg(long, value_name = "SPAN", value_parser = span::minutes)]
    expires: u32,
    #[command(flatten)]
    client: client::Args,
}

#[derive(Debug, clap::Args)]
struct List {
    /// A force; those of all are shown with it
    #[arg(long = "for", value_name = "NAME")]
    scope: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

/// End an exception now
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon exception expire backup --for avon

Exit codes: 0 done, 2 refused")]
struct Expire {
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
        Verb::List(args) => list(args, false)?,
        Verb::Report(args) => list(args, true)?,
        Verb::Expire(args) => {
            let path = format!(
                "/v1/exceptions/{}/expire{}",
                client::in_url(&args.id),
                client::of_force(args.scope.as_deref())
            );
            args.client.client()?.post(&path, &json!({}))?;
            writeln!(super::out(), "{} has ended", args.id)?;
        }
    }
    Ok(Exit::Done)
}

fn add(args: &Add) -> Result<()> {
    let mut conditions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for when in &args.when {
        let Some((of, is)) = when.split_once('=') else {
            bail!("--when {when}: write WHAT=VALUE, such as entity.user=svc-backup@avon.example");
        };
        conditions.entry(of).or_default().push(is);
    }
    let conditions: Vec<Value> = conditions.into_iter().map(|(of, is)| json!({ "of": of, "is": is })).collect();
    let Add { id, scope, plugin, rule, owner, reason, expires, .. } = args;
    let new = json!({
        "id": id, "for": scope, "plugin": plugin, "rule": rule, "conditions": conditions, "owner": owner,
        "reason": reason, "minutes": expires,
    });
    let made = args.client.client()?.post("/v1/exceptions", &new)?;
    let ends = made.get("expires").and_then(Value::as_i64).map_or_else(String::new, rfc3339);
    writeln!(super::out(), "{id} hides alerts until {ends}; see what it hides: cordon exception report")?;
    Ok(())
}

fn list(args: &List, report: bool) -> Result<()> {
    let answer = args.client.client()?.get(&format!("/v1/exceptions{}", client::of_force(args.scope.as_deref())))?;
    let is_open = |one: &Value| one.get("open").and_then(Value::as_bool) == Some(true);
    let all: Vec<Value> = array(&answer, "exceptions").filter(|one| report || is_open(one)).cloned().collect();
    if args.format == Format::Json {
        return super::print_json(&json!({ "exceptions": all }));
    }
    let mut out = super::out();
    let null = Value::Null;
    for one in &all {
        let (exception, hid) = (one.get("exception").unwrap_or(&null), one.get("hid").unwrap_or(&null));
        let or_all = |name: &str| safe(exception.get(name).and_then(Value::as_str).unwrap_or("all"));
        let ends = time(exception, "expires");
        let word = if is_open(one) { "until" } else { "ended" };
        writeln!(
            out,
            "{}{}{} for {}: {}/{} {word} {ends}, {} ({})",
            style::STRONG,
            or_all("id"),
            style::OFF,
            or_all("for"),
            or_all("plugin"),
            or_all("rule"),
            or_all("reason"),
            or_all("owner")
        )?;
        for condition in array(exception, "conditions") {
            let values = array(condition, "is").filter_map(Value::as_str);
            let values: Vec<String> = values.map(safe).collect();
            let of = of(condition, "of");
            writeln!(out, "  where {of} is {}", values.join(" or "))?;
        }
        if report {
            hidden(&mut out, hid)?;
        }
    }
    writeln!(out, "{}", text::plural(all.len() as u64, "exception"))?;
    Ok(())
}

fn hidden(out: &mut impl std::io::Write, hid: &Value) -> Result<()> {
    let counts = hid.get("count").and_then(Value::as_object).into_iter().flatten();
    let counts: Vec<(&String, u64)> = counts.filter_map(|(force, count)| Some((force, count.as_u64()?))).collect();
    let all: u64 = counts.iter().map(|(_, count)| count).sum();
    let by_force: Vec<String> = counts.iter().map(|(force, count)| format!("{force} {count}")).collect();
    let by_force = if by_force.len() > 1 { format!(": {}", by_force.join(", ")) } else { String::new() };
    writeln!(out, "  hid {}{by_force}", text::plural(all, "finding"))?;
    for sample in array(hid, "samples") {
        let (of, at) = (|name: &str| of(sample, name), time(sample, "at"));
        let id: String = of("finding").chars().take(12).collect();
        writeln!(out, "    {at} {} {id} {}: {}", of("force"), of("rule"), of("title"))?;
    }
    Ok(())
}
