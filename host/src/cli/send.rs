//! `cordon send`

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::{Result, bail};
use serde_json::Value;

use super::client::{self, Answer, Client};
use super::exit::{self, Exit};
use super::patience::Patience;
use super::text;
use crate::events::{EventOrigin, EventReader, Input, RawEvent};
use crate::findings::text::safe;
use crate::model::SourceName;

/// Bytes of one request, about.
const REQUEST: usize = 8 << 20;

/// Send events to a running host
///
/// Reads what `run` reads. Answers when every event is on the host's disk; refused ones are listed with their line. While the
/// host is busy or the force's quota is used up, waits as long as the host says, ten minutes at most.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon send audit.jsonl --token-file avon-intake.token
  cordon send --source windows.event 'logs/*.json.gz'
  zcat audit.jsonl.gz | cordon send - --host http://127.0.0.1:7400

Exit codes: 0 all events are taken, 2 nothing could be done, 4 done in part: events were refused")]
pub(super) struct Args {
    /// Files, globs, or - for standard input
    #[arg(required = true, value_name = "EVENTS")]
    files: Vec<String>,
    /// Take every event as this source instead of recognising it by its shape
    #[arg(long, value_name = "SOURCE")]
    source: Option<String>,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let source = args.source.as_deref().map(SourceName::new).transpose()?;
    let path = source.map_or_else(|| "/v1/events".to_owned(), |source| format!("/v1/events/{source}"));
    let mut sender = Sender { client: args.client.client()?, path, accepted: 0, duplicates: 0, refused: 0 };
    for input in Input::expand(&args.files)? {
        sender.input(&input)?;
    }
    let Sender { accepted, duplicates, refused, .. } = sender;
    let again = match duplicates {
        0 => String::new(),
        again => format!(", {} there already", text::count(again)),
    };
    writeln!(anstream::stderr(), "{} taken{again}, {} refused", text::plural(accepted, "event"), text::count(refused))?;
    match (accepted + duplicates, refused) {
        (0, 0) => bail!("there was no event to send"),
        (0, _) => bail!("no event was taken"),
        (_, 0) => Ok(Exit::Done),
        _ => Ok(Exit::Part),
    }
}

struct Sender {
    client: Client,
    path: String,
    accepted: u64,
    duplicates: u64,
    refused: u64,
}

/// One request's text, and which event stands in which of its lines.
#[derive(Default)]
struct Request {
    text: Vec<u8>,
    lines: BTreeMap<u64, EventOrigin>,
    next: u64,
}

impl Request {
    /// Each event with its exact bytes. One that has line feeds stands in an array of its own, which may have some.
    fn push(&mut self, event: RawEvent) {
        let feeds = event.bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        let (open, close): (&[u8], &[u8]) = if feeds > 0 { (b"[", b"]\n") } else { (b"", b"\n") };
        self.text.extend_from_slice(open);
        self.text.extend_from_slice(&event.bytes);
        self.text.extend_from_slice(close);
        self.lines.insert(self.next + 1, event.origin);
        self.next += feeds + 1;
    }
}

impl Sender {
    fn input(&mut self, input: &Input) -> Result<()> {
        let mut reader = EventReader::open(input)?;
        let mut request = Request::default();
        while let Some(piece) = reader.next()? {
            match piece {
                Ok(event) => request.push(event),
                Err(refusal) => self.refuse(&refusal.origin, &refusal.reason)?,
            }
            if request.text.len() >= REQUEST {
                self.send(std::mem::take(&mut request))?;
            }
        }
        self.send(request)
    }

    fn send(&mut self, request: Request) -> Result<()> {
        if request.lines.is_empty() {
            return Ok(());
        }
        let answer = self.post(&request.text)?;
        let number = |name: &str| answer.body.get(name).and_then(Value::as_u64);
        let (Some(accepted), Some(refused)) = (number("accepted"), number("refused")) else {
            bail!("{}", answer.reason());
        };
        self.accepted += accepted;
        self.duplicates += number("duplicates").unwrap_or(0);
        let listed = answer.body.get("refused_lines").and_then(Value::as_array).map_or(&[][..], Vec::as_slice);
        for line in listed {
            let at = line.get("line").and_then(Value::as_u64).unwrap_or(0);
            let reason = line.get("reason").and_then(Value::as_str).unwrap_or_default();
            if let Some((_, origin)) = request.lines.range(..=at).next_back() {
                self.refuse(origin, reason)?;
            }
        }
        // The host names the first ones only.
        self.refused += refused.saturating_sub(listed.len() as u64);
        Ok(())
    }

    fn post(&self, text: &[u8]) -> Result<Answer> {
        let mut patience = Patience::new();
        loop {
            let answer = self.client.send(&self.path, text)?;
            if !matches!(answer.status, 429 | 503) {
                return Ok(answer);
            }
            match patience.wait(answer.retry_after) {
                Some(wait) => std::thread::sleep(wait),
                None => bail!("{}; gave up after {} s: send again later", answer.reason(), patience.seconds()),
            }
        }
    }

    fn refuse(&mut self, origin: &EventOrigin, reason: &str) -> Result<()> {
        self.refused += 1;
        let EventOrigin { file, line, unit } = origin;
        writeln!(anstream::stderr(), "refused: {} {unit} {line}: {}", safe(file), safe(reason))?;
        Ok(())
    }
}
