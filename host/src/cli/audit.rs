//! `cordon audit`

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, bail, ensure};
use serde_json::Value;

use super::answer::parse_time;
use super::exit::{self, Exit};
use super::{client, private, style, text};
use crate::audit::Chain;
use crate::findings::rfc3339;
use crate::findings::text::safe;
use crate::ids::Digest;

/// Bytes of one record's line at most: more than a record can have.
const LINE: u64 = 1 << 20;

/// List, show, export and verify who did what on a running host
#[derive(Debug, clap::Args)]
pub(super) struct Args {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, clap::Subcommand)]
enum Verb {
    List(List),
    Show(Show),
    Export(Export),
    Verify(Verify),
}

/// List records, oldest first; all filters must fit
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit list --token-file auditor.token
  cordon audit list --for avon --what findings-read --from 2026-11-01 --until 2026-12-01
  cordon audit list --after 1000 --format json

Exit codes: 0 done, 2 refused")]
struct List {
    /// Records behind this number
    #[arg(long, value_name = "N", default_value_t = 0)]
    after: u64,
    /// At most so many records
    #[arg(long, value_name = "N")]
    limit: Option<usize>,
    /// What was done with this token (its id, or `host`)
    #[arg(long, value_name = "TOKEN", value_parser = word)]
    who: Option<String>,
    /// Acts of this word: force-added, findings-read, ...
    #[arg(long, value_name = "WORD", value_parser = word)]
    what: Option<String>,
    /// What concerned this force
    #[arg(long = "for", value_name = "NAME", value_parser = word)]
    force: Option<String>,
    /// From this time on: 2026-11-01 or 2026-11-01T08:00:00Z
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    from: Option<i64>,
    /// Before this time
    #[arg(long, value_name = "TIME", value_parser = parse_time)]
    until: Option<i64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

/// Show one record
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit show 17

Exit codes: 0 done, 2 refused, or there is no such record")]
struct Show {
    /// Its number
    number: u64,
    #[command(flatten)]
    client: client::Args,
}

/// Write all records to a new file, one JSON object a line, that `verify` checks without a host
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit export audit-2026.jsonl

The export itself is recorded, too.

Exit codes: 0 done, 2 refused")]
struct Export {
    /// The file; must not be there yet
    file: PathBuf,
    #[command(flatten)]
    client: client::Args,
}

/// Check the whole chain: of a running host, or of a file that was exported
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon audit verify                        prints the digest of the last record: keep it elsewhere
  cordon audit verify --head 5d41...         and find out later whether anything up to it was cut off or rewritten
  cordon audit verify audit-2026.jsonl       asks no host

Exit codes: 0 the chain holds, 1 it does not, 2 refused")]
struct Verify {
    /// A file that `export` wrote
    file: Option<PathBuf>,
    /// A digest that was kept elsewhere
    #[arg(long, value_name = "DIGEST", value_parser = digest)]
    head: Option<Digest>,
    #[command(flatten)]
    client: client::Args,
}

/// What may stand in a query as it is.
fn word(text: &str) -> Result<String, String> {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    let is_word = (1..=64).contains(&text.len()) && text.bytes().all(is_plain);
    if is_word { Ok(text.to_owned()) } else { Err("give letters, digits and `-`".into()) }
}

fn digest(text: &str) -> Result<Digest, String> {
    serde_json::from_value(Value::from(text)).map_err(|_| "give the 64 hex digits of a digest".into())
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    match &args.verb {
        Verb::List(list) => self::list(list),
        Verb::Show(show) => {
            super::print_json(&show.client.client()?.get(&format!("/v1/audit/{}", show.number))?)?;
            Ok(Exit::Done)
        }
        Verb::Export(export) => self::export(export),
        Verb::Verify(verify) => match &verify.file {
            None => self::verify(verify),
            Some(file) => verify_file(file, verify.head),
        },
    }
}

fn list(args: &List) -> Result<Exit> {
    let client = args.client.client()?;
    let mut filter = String::new();
    for (name, value) in [("who", &args.who), ("what", &args.what), ("for", &args.force)] {
        if let Some(value) = value {
            filter.push_str(&format!("&{name}={value}"));
        }
    }
    for (name, value) in [("from", args.from), ("until", args.until)] {
        if let Some(value) = value {
            filter.push_str(&format!("&{name}={value}"));
        }
    }
    let mut after = args.after;
    let mut left = args.limit.unwrap_or(usize::MAX);
    while left > 0 {
        let limit = left.min(1_000);
        let page = client.get(&format!("/v1/audit?limit={limit}&after={after}{filter}"))?;
        let records = page.get("records").and_then(Value::as_array).context("the host's answer has no records")?;
        left -= records.len().min(left);
        let mut out = super::out();
        for record in records {
            match args.format {
                super::Format::Json => writeln!(out, "{record}")?,
                super::Format::Text => line(&mut out, record)?,
            }
        }
        if page.get("more").and_then(Value::as_bool) != Some(true) {
            break;
        }
        after = page.get("next").and_then(Value::as_u64).context("the host's answer names no next record")?;
    }
    Ok(Exit::Done)
}

fn line(out: &mut impl Write, record: &Value) -> std::io::Result<()> {
    let of = |name: &str| safe(record.get(name).and_then(Value::as_str).unwrap_or("-"));
    let number = |name: &str| record.get(name).and_then(Value::as_i64).unwrap_or(0);
    let time = rfc3339(number("time"));
    let details = safe(&record.get("details").map(ToString::to_string).unwrap_or_default());
    let (who, role, force, what) = (of("who"), of("role"), of("force"), of("what"));
    writeln!(out, "{} {time} {who} ({role}) {force} {what} {details}", number("number"))
}

fn export(args: &Export) -> Result<Exit> {
    let client = args.client.client()?;
    let mut file = private::create(&args.file)?;
    let written = client.download("/v1/audit/export", &mut file).and_then(|bytes| {
        file.sync_all()?;
        Ok(bytes)
    });
    let bytes = written.inspect_err(|_| {
        let _ = std::fs::remove_file(&args.file);
    })?;
    let file = args.file.display();
    writeln!(super::out(), "{} written to {file}; check it with `cordon audit verify {file}`", text::bytes(bytes))?;
    Ok(Exit::Done)
}

fn verify(args: &Verify) -> Result<Exit> {
    let head = args.head.map_or(String::new(), |head| format!("?head={head}"));
    let answer = args.client.client()?.get(&format!("/v1/audit/verify{head}"))?;
    let of = |name: &str| safe(answer.get(name).and_then(Value::as_str).unwrap_or_default());
    if answer.get("holds").and_then(Value::as_bool) == Some(true) {
        return holds(answer.get("records").and_then(Value::as_u64).unwrap_or(0), &of("head"));
    }
    breaks(&of("reason"))
}

fn verify_file(path: &Path, head: Option<Digest>) -> Result<Exit> {
    let file = File::open(path).with_context(|| format!("{}: cannot be read", path.display()))?;
    let mut file = BufReader::new(file);
    let mut chain = Chain::new(head);
    loop {
        let mut line = Vec::new();
        (&mut file).take(LINE).read_until(b'\n', &mut line)?;
        ensure!((line.len() as u64) < LINE, "{}: a line has {LINE} bytes or more: this is no export", path.display());
        if line.is_empty() {
            break;
        }
        if let Err(broken) = chain.take(&line) {
            return breaks(&broken.to_string());
        }
    }
    let verified = chain.verified();
    if verified.records == 0 {
        bail!("{}: holds no record", path.display());
    }
    if head.is_some() && verified.known.is_none() {
        return breaks("the chain does not have the record of that digest: it was cut off or written anew");
    }
    holds(verified.records, &verified.head.to_string())
}

fn holds(records: u64, head: &str) -> Result<Exit> {
    let records = text::plural(records, "record");
    writeln!(super::out(), "{}holds{}: {records}, head {head}", style::GOOD, style::OFF)?;
    Ok(Exit::Done)
}

fn breaks(reason: &str) -> Result<Exit> {
    writeln!(super::out(), "{}does not hold{}: {reason}", style::BAD, style::OFF)?;
    Ok(Exit::No)
}
