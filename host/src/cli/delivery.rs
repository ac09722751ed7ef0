//! `cordon delivery`

use std::io::Write as _;

use anyhow::Result;
use serde_json::{Value, json};

use super::exit::{self, Exit};
use super::{Format, client, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;

/// See what waits to be sent to contacts, and what could not be
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    /// Try again to send what could not be sent to a contact
    #[command(after_help = exit::HELP, after_long_help = RETRY)]
    Retry(Dead),
    /// Throw away what could not be sent to a contact
    #[command(after_help = exit::HELP, after_long_help = DROP)]
    Drop(Dead),
}

const RETRY: &str = "Examples:
  cordon delivery retry soc --for avon

Exit codes: 0 done, 2 refused";
const DROP: &str = "Examples:
  cordon delivery drop soc --for avon

Exit codes: 0 done, 2 refused";

/// List what waits, with why, and what is not tried any more
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon delivery list
  cordon delivery list --for avon

Exit codes: 0 nothing waits for longer than a try, 1 something could not be sent, 2 refused")]
struct List {
    /// A force
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: Format,
    #[command(flatten)]
    client: client::Args,
}

#[derive(Debug, clap::Args)]
struct Dead {
    /// The contact
    id: String,
    /// Its force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(args) => list(args),
        Verb::Retry(args) => dead(args, true),
        Verb::Drop(args) => dead(args, false),
    }
}

fn dead(args: &Dead, again: bool) -> Result<Exit> {
    let path = format!("/v1/deliveries/{}/{}", client::in_url(&args.force), client::in_url(&args.id));
    let answer = args.client.client()?.post(&path, &json!({ "again": again }))?;
    let messages = text::plural(answer.get("messages").and_then(Value::as_u64).unwrap_or(0), "message");
    let what = if again { "tried again" } else { "thrown away" };
    writeln!(super::out(), "{messages} of {} of {}: {what}", args.id, args.force)?;
    Ok(Exit::Done)
}

fn list(args: &List) -> Result<Exit> {
    let of = client::of_force(args.force.as_deref());
    let answer = args.client.client()?.get(&format!("/v1/deliveries{of}"))?;
    let all = answer.get("deliveries").and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
    let failed = |one: &&Value| one.get("why").is_some();
    if args.format == Format::Json {
        super::print_json(&answer)?;
    } else {
        let mut out = super::out();
        for one in all {
            let of = |name: &str| safe(one.get(name).and_then(Value::as_str).unwrap_or_default());
            let number = |name: &str| one.get(name).and_then(Value::as_i64).unwrap_or(0);
            let dead = one.get("dead").and_then(Value::as_bool) == Some(true);
            let state = if dead { "dead".to_owned() } else { format!("next {}", rfc3339(number("due"))) };
            let about = || format!("{}-{} {}", of("force"), number("alert"), of("kind"));
            let what = if one.get("week").is_some() { "weekly note".to_owned() } else { about() };
            writeln!(
                out,
                "{:<20} {:<16} {what}  {state}, {} tries  {}",
                of("force"),
                of("contact"),
                number("tries"),
                of("why")
            )?;
        }
        writeln!(out, "{}", text::plural(all.len() as u64, "message"))?;
    }
    Ok(if all.iter().any(|one| failed(&one)) { Exit::No } else { Exit::Done })
}
