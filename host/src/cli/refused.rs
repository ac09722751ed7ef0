//! `cordon refused`

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::PathBuf;

use anyhow::{Context as _, Result, bail};
use serde_json::Value;

use super::client::{self, Client};
use super::exit::{self, Exit};
use super::{style, text};
use crate::findings::rfc3339;
use crate::findings::text::safe;
use crate::model::{Force, SourceName};

/// See, mend and send again the lines that a running host refused
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Replay(Replay),
    Discard(Discard),
}

/// Whose list
#[derive(Debug, clap::Args)]
#[group(skip)]
struct Of {
    /// The force; a token of one force needs none
    #[arg(long = "for", value_name = "FORCE")]
    force: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

/// List refused lines, oldest first
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon refused list --for avon
  cordon refused list --for avon --after 100 --format json

Exit codes: 0 none is waiting, 1 some are, 2 no host answers, or it says no")]
struct List {
    #[command(flatten)]
    of: Of,
    /// Lines behind this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
}

/// Show one refused line with its text
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon refused show 12 --for avon
  cordon refused show 12 --for avon --out line.json      its exact bytes: mend them, then `cordon refused replay`

Exit codes: 0 done, 2 there is no such line, or it says no")]
struct Show {
    /// Its number in the list
    #[arg(value_name = "N")]
    number: u64,
    #[command(flatten)]
    of: Of,
    /// Write its exact bytes to a file, which must not exist
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
}

/// Send a refused line again, mended or as it was; once taken it leaves the list
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon refused replay 12 --for avon --with mended.json
  cordon refused replay 13 --for avon --source custom.payroll     as it was, but as this source

Exit codes: 0 it was taken, 2 it was refused again (the list still has it), or there is no such line")]
struct Replay {
    /// Its number in the list
    #[arg(value_name = "N")]
    number: u64,
    #[command(flatten)]
    of: Of,
    /// A file with the mended text; else the line as it was
    #[arg(long, value_name = "FILE")]
    with: Option<PathBuf>,
    /// Take it as this source instead of the one that the sender named
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
}

/// Throw a refused line away
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon refused discard 12 --for avon

Exit codes: 0 done, 2 there is no such line, or it says no")]
struct Discard {
    /// Its number in the list
    #[arg(value_name = "N")]
    number: u64,
    #[command(flatten)]
    of: Of,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(list) => self::list(list),
        Verb::Show(show) => self::show(show),
        Verb::Replay(replay) => self::replay(replay),
        Verb::Discard(discard) => {
            discard.of.client()?.delete(&discard.of.path(&format!("/{}", discard.number), &[])?)?;
            Ok(Exit::Done)
        }
    }
}

impl Of {
    fn client(&self) -> Result<Client> {
        self.client.client()
    }

    /// The path of the list or of something in it. What the user gave is checked before it becomes part of an address.
    fn path(&self, rest: &str, more: &[(&str, String)]) -> Result<String> {
        let mut path = format!("/v1/refused{rest}?");
        if let Some(force) = &self.force {
            let _ = write!(path, "for={}&", Force::new(force)?);
        }
        for (name, value) in more {
            let _ = write!(path, "{name}={value}&");
        }
        path.pop();
        Ok(path)
    }
}

fn list(args: &List) -> Result<Exit> {
    let client = args.of.client()?;
    let (mut after, mut waiting) = (args.after, 0);
    loop {
        let path = args.of.path("", &[("limit", "1000".into()), ("after", after.to_string())])?;
        let page = client.get(&path)?;
        let lines = page.get("refused").and_then(Value::as_array).context("the host's answer has no list")?;
        let number = |of: &Value, name: &str| of.get(name).and_then(Value::as_u64).unwrap_or(0);
        waiting = number(&page, "waiting").max(waiting);
        let mut out = super::out();
        for line in lines {
            if args.format == super::Format::Json {
                writeln!(out, "{line}")?;
                continue;
            }
            let of = |name: &str| safe(line.get(name).and_then(Value::as_str).unwrap_or("-"));
            let time = rfc3339(line.get("time").and_then(Value::as_i64).unwrap_or(0));
            let bytes = line.get("bytes").and_then(Value::as_u64).map_or("not kept".into(), text::bytes);
            let (id, at, unit) = (number(line, "number"), number(line, "line"), of("unit"));
            writeln!(out, "{id} {time} {} {unit} {at} ({bytes}) {}: {}", of("source"), of("kind"), of("reason"))?;
        }
        if lines.len() < 1_000 {
            if args.format == super::Format::Text {
                let (over, expired) = (number(&page, "over"), number(&page, "expired"));
                writeln!(anstream::stderr(), "{}", text::plural(waiting, "line") + " waiting")?;
                if over + expired > 0 {
                    let (over, expired) = (text::count(over), text::count(expired));
                    let gone =
                        format!("{over} were not kept (over the list's limits), {expired} went because they were old");
                    writeln!(anstream::stderr(), "{}{gone}{}", style::WARN, style::OFF)?;
                }
            }
            return Ok(if waiting > 0 { Exit::No } else { Exit::Done });
        }
        after = number(&page, "next");
    }
}

fn show(args: &Show) -> Result<Exit> {
    let answer = args.of.client()?.get(&args.of.path(&format!("/{}", args.number), &[])?)?;
    let of = |name: &str| answer.get(name).and_then(Value::as_str);
    if let Some(file) = &args.out {
        let bytes = match (of("text"), of("hex")) {
            (Some(text), _) => text.as_bytes().to_vec(),
            (None, Some(digits)) => hex::decode(digits).context("the host's answer is damaged")?,
            (None, None) => bail!("the line was too large to be kept"),
        };
        let written = std::fs::File::options().write(true).create_new(true).open(file);
        written
            .and_then(|mut to| to.write_all(&bytes))
            .with_context(|| format!("{}: cannot be written", file.display()))?;
        return Ok(Exit::Done);
    }
    if args.format == super::Format::Json {
        super::print_json(&answer)?;
        return Ok(Exit::Done);
    }
    let mut out = super::out();
    let number = |name: &str| answer.get(name).and_then(Value::as_i64).unwrap_or(0);
    let part = |name: &str| safe(of(name).unwrap_or("-"));
    writeln!(out, "{}{}{}: {}", style::STRONG, part("kind"), style::OFF, part("reason"))?;
    writeln!(out, "refused {}, {} {} of its request", rfc3339(number("time")), part("unit"), number("line"))?;
    writeln!(out, "source  {}", of("source").map_or("by its shape".into(), safe))?;
    match (of("text"), of("hex")) {
        (Some(text), _) => writeln!(out, "{}", safe(text))?,
        (None, Some(digits)) => writeln!(out, "no UTF-8, in hexadecimal: {digits}")?,
        (None, None) => writeln!(out, "its text was too large to be kept")?,
    }
    Ok(Exit::Done)
}

fn replay(args: &Replay) -> Result<Exit> {
    let mended = match &args.with {
        None => Vec::new(),
        Some(file) => std::fs::read(file).with_context(|| format!("{}: cannot be read", file.display()))?,
    };
    if args.with.is_some() && mended.is_empty() {
        bail!("the mended text is empty: leave out --with to send the line as it was");
    }
    let source = args.source.as_deref().map(SourceName::new).transpose()?;
    let source: Vec<(&str, String)> = source.iter().map(|name| ("source", name.to_string())).collect();
    let path = args.of.path(&format!("/{}/replay", args.number), &source)?;
    let answer = args.of.client()?.send(&path, &mended)?.good()?;
    let number = |name: &str| answer.get(name).and_then(Value::as_u64).unwrap_or(0);
    let again = number("duplicates");
    let again = if again == 0 { String::new() } else { format!(", {} there already", text::count(again)) };
    writeln!(
        anstream::stderr(),
        "{} taken{again}; the line is off the list",
        text::plural(number("accepted"), "event")
    )?;
    Ok(Exit::Done)
}
