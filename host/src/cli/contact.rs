//! `cordon contact`

use std::io::Write as _;
use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::answer::{array, of};
use super::exit::{self, Exit};
use super::{Format, client};
use crate::findings::rfc3339;

/// Say who is told of a force's alerts, and where
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    Add(Box<Add>),
    List(List),
    Test(Test),
    Confirm(Confirm),
    Remove(Remove),
}

#[derive(Debug, Clone, Copy, Default, clap::ValueEnum)]
enum Level {
    /// That there is one, and how grave
    Reference,
    /// What happened
    #[default]
    Summary,
    /// All that a person needs: whom it is about and what to do
    Full,
}

/// Add a contact: it is told once it has confirmed a test message
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon contact add soc --for avon --name 'Avon SOC' --webhook https://soc.avon.example/alerts --level full
  cordon contact add duty --for avon --name 'Duty officer' --email duty@avon.example --severity high --call '0117 496 0001'
  cordon contact add desk --for avon --name 'Avon desk' --webhook URL --hours 'mon-fri 08:00-18:00' \\
      --holidays england-and-wales --out-of-hours critical           what is less grave waits until they are at work
  cordon contact add on-call --for avon --name 'On call' --webhook URL --step 2 --outside   told when the desk does not answer
  cordon contact add siem --for avon --name 'Avon SIEM' --ocsf https://siem.avon.example/ocsf --level full --severity informational
  cordon contact add log --for avon --name 'Avon log host' --syslog tls://log.avon.example:6514
  cordon contact add channel --for avon --name 'Avon SOC channel' --teams 'https://...logic.azure.com/workflows/...'
  cordon contact add records --for avon --name 'Avon records' --file /var/log/avon-alerts.ndjson --marking OFFICIAL-SENSITIVE

A webhook or collector gets a POST with the message as JSON, `idempotency-key`, and `cordon-signature: t=SECONDS,v1=HEX`: HMAC-SHA256 of
SECONDS, a full stop and the body, under the key that this command shows once.

Exit codes: 0 done, 2 refused")]
struct Add {
    /// A word for it
    id: String,
    /// The force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    /// For people
    #[arg(long, value_name = "TEXT")]
    name: String,
    #[command(flatten)]
    to: To,
    /// The version of OCSF that a collector takes: 1.8.0 or 1.1.0
    #[arg(long, value_name = "VERSION", requires = "ocsf")]
    ocsf_version: Option<String>,
    /// How much a message says
    #[arg(long, value_enum, default_value_t)]
    level: Level,
    /// The protective marking: the first line of each message
    #[arg(long, value_name = "TEXT", default_value = "")]
    marking: String,
    /// From this severity on
    #[arg(long, value_name = "LEVEL", default_value = "medium")]
    severity: String,
    /// An account, mailbox or number of the contact's own: alerts about it are not sent here; repeat for more
    #[arg(long = "own", value_name = "VALUE")]
    own: Vec<String>,
    /// Where others reach them by voice, a number or an address: messages say whom to call
    #[arg(long, value_name = "TEXT", default_value = "")]
    call: String,
    #[command(flatten)]
    duty: Duty,
    #[command(flatten)]
    client: client::Args,
}

/// Where a contact gets messages: one of these.
#[derive(Debug, clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// Where messages are posted
    #[arg(long, value_name = "URL")]
    webhook: Option<String>,
    /// A mail address; the host's [mail] says by which relay
    #[arg(long, value_name = "ADDRESS")]
    email: Option<String>,
    /// The address of a workflow of Microsoft Teams that posts what it receives as an Adaptive Card
    #[arg(long, value_name = "URL")]
    teams: Option<String>,
    /// A syslog receiver (RFC 5424, octets counted): tls://HOST:PORT, or tcp://HOST:PORT on this machine
    #[arg(long, value_name = "URL")]
    syslog: Option<String>,
    /// A collector that gets each alert as an OCSF Detection Finding, signed as for a webhook
    #[arg(long, value_name = "URL")]
    ocsf: Option<String>,
    /// A file that gets a line of JSON for each message
    #[arg(long, value_name = "PATH")]
    file: Option<PathBuf>,
}

/// When a contact is told, and after whom.
#[derive(Debug, clap::Args)]
struct Duty {
    /// When they are at work, in the force's time zone; always where it is left out
    #[arg(long, value_name = "HOURS", default_value = "")]
    hours: String,
    /// Bank holidays on which they are not: england-and-wales, scotland or northern-ireland
    #[arg(long, value_name = "CALENDAR")]
    holidays: Option<String>,
    /// From this severity on outside of their hours, instead of --severity; what is less grave waits
    #[arg(long, value_name = "LEVEL")]
    out_of_hours: Option<String>,
    /// 1 is told at once, 2 and on when those before do not acknowledge what is high or critical; then the national centre is
    #[arg(long, value_name = "N", default_value_t = 1)]
    step: u8,
    /// Minutes in which they are to acknowledge it
    #[arg(long, value_name = "N", default_value_t = 30)]
    answer_minutes: u32,
    /// Messages that they get one by one in an hour; more go out as one
    #[arg(long, value_name = "N", default_value_t = 30)]
    hourly: u32,
    /// They are reached outside of the tenant that is watched
    #[arg(long)]
    outside: bool,
    /// Of nmc: gets a copy of every force's alerts
    #[arg(long)]
    copies: bool,
}

/// List contacts, and since when they count
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon contact list --for avon

Exit codes: 0 done, 2 refused")]
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

/// Send a contact a test message with a code
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon contact test soc --for avon

Exit codes: 0 sent, 2 refused, or it could not be sent")]
struct Test {
    /// The contact
    id: String,
    /// Its force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    #[command(flatten)]
    client: client::Args,
}

/// Say that a contact got its test message: from now on it is told
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon contact confirm soc --for avon --code 1f0a93c2d4

Exit codes: 0 done, 2 refused")]
struct Confirm {
    /// The contact
    id: String,
    /// Its force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    /// The code of its test message
    #[arg(long)]
    code: String,
    #[command(flatten)]
    client: client::Args,
}

/// End a contact: what waits for it goes to the dead letters
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon contact remove soc --for avon
  cordon contact remove soc --for avon --even-if-last 'the force leaves the service'

Exit codes: 0 done, 2 refused")]
struct Remove {
    /// The contact
    id: String,
    /// Its force
    #[arg(long = "for", value_name = "NAME")]
    force: String,
    /// Why it goes though a live force has no other contact outside of its tenant
    #[arg(long, value_name = "REASON")]
    even_if_last: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

fn at(force: &str, id: &str) -> String {
    format!("/v1/contacts/{}/{}", client::in_url(force), client::in_url(id))
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let mut out = super::out();
    match &args.verb {
        Verb::Add(args) => add(args)?,
        Verb::List(args) => list(args)?,
        Verb::Test(args) => {
            args.client.client()?.post(&format!("{}/test", at(&args.force, &args.id)), &json!({}))?;
            writeln!(
                out,
                "a test message is on its way; then: cordon contact confirm {} --for {} --code CODE",
                args.id, args.force
            )?;
        }
        Verb::Confirm(args) => {
            args.client
                .client()?
                .post(&format!("{}/confirm", at(&args.force, &args.id)), &json!({ "code": args.code }))?;
            writeln!(out, "{} of {} is told from now on", args.id, args.force)?;
        }
        Verb::Remove(args) => {
            let why = args.even_if_last.as_deref().map(client::in_url);
            let why = why.map_or_else(String::new, |why| format!("?even-if-last={why}"));
            args.client.client()?.delete(&format!("{}{why}", at(&args.force, &args.id)))?;
            writeln!(out, "{} of {} is told no more", args.id, args.force)?;
        }
    }
    Ok(Exit::Done)
}

fn add(args: &Add) -> Result<()> {
    let Add { id, force, name, to, ocsf_version, level, marking, severity, own, call, duty, client } = args;
    let level = match level {
        Level::Reference => "reference",
        Level::Summary => "summary",
        Level::Full => "full",
    };
    let new = json!({
        "id": id, "for": force, "name": name, "webhook": to.webhook, "file": to.file, "email": to.email,
        "teams": to.teams, "syslog": to.syslog, "ocsf": to.ocsf, "ocsf-version": ocsf_version,
        "level": level, "marking": marking,
        "severity": severity, "own": own, "call": call,
        "duty": {
            "hours": duty.hours, "holidays": duty.holidays, "out-of-hours": duty.out_of_hours, "step": duty.step,
            "answer-minutes": duty.answer_minutes, "hourly": duty.hourly, "outside": duty.outside, "copies": duty.copies,
        },
    });
    let contact = client.client()?.post("/v1/contacts", &new)?;
    let mut out = super::out();
    writeln!(out, "added {id} of {force}; it is told once it has confirmed: cordon contact test {id} --for {force}")?;
    let key = contact.get("channel").and_then(|channel| channel.get("key")).and_then(Value::as_str);
    if let Some(key) = key {
        writeln!(out, "the key of its signatures, shown this once: {key}")?;
    }
    Ok(())
}

fn list(args: &List) -> Result<()> {
    let force = client::of_force(args.force.as_deref());
    let answer = args.client.client()?.get(&format!("/v1/contacts{force}"))?;
    if args.format == Format::Json {
        return super::print_json(&answer);
    }
    let mut out = super::out();
    for contact in array(&answer, "contacts") {
        let channel = contact.get("channel").unwrap_or(&Value::Null);
        let to = format!("{} {}{}{}", of(channel, "kind"), of(channel, "url"), of(channel, "path"), of(channel, "to"));
        let since = contact.get("confirmed").and_then(Value::as_i64);
        let since = since.map_or("not confirmed: it is not told".to_owned(), |time| format!("since {}", rfc3339(time)));
        let (force, id, severity, level) =
            (of(contact, "force"), of(contact, "id"), of(contact, "severity"), of(contact, "level"));
        writeln!(out, "{force:<20} {id:<16} from {severity:<13} {level:<9} {to}  {since}")?;
    }
    Ok(())
}
