//! `cordon status`

mod screen;

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use anyhow::Result;
use serde_json::Value;

use super::exit::{self, Exit};
use super::{client, style};

/// Show on one screen how a running host stands: who sends, who is silent, what is behind, what is wrong
///
/// One line a force; more of it only where something is red.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon status
  cordon status --watch                      redraws every 5 seconds
  cordon status --for avon                   every source and every plugin of one force
  cordon status --all --format json

Exit codes: 0 all is well, 1 something is red, 2 no host answers")]
pub(super) struct Args {
    /// Every source and every plugin of this force only
    #[arg(long = "for", value_name = "NAME")]
    force: Option<String>,
    /// Every source and every plugin of every force
    #[arg(long)]
    all: bool,
    /// Show it again and again; on a terminal in place
    #[arg(long, conflicts_with = "format")]
    watch: bool,
    /// Seconds between two screens of --watch
    #[arg(long, value_name = "SECONDS", default_value_t = 5, value_parser = clap::value_parser!(u64).range(1..=3_600))]
    interval: u64,
    /// End --watch after so many screens
    #[arg(long, value_name = "NUMBER", requires = "watch")]
    times: Option<u64>,
    /// For people or for machines
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
    #[command(flatten)]
    client: client::Args,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    let client = args.client.client()?;
    let path = args.force.as_ref().map_or_else(|| "/v1/status".to_owned(), |name| format!("/v1/status?for={name}"));
    if !args.watch {
        let status = client.get(&path)?;
        if args.format == super::Format::Json {
            super::print_json(&status)?;
        } else {
            write!(super::out(), "{}", screen::screen(&status, args.force.is_some() || args.all))?;
        }
        return Ok(exit_of(&status));
    }
    let in_place = std::io::stdout().is_terminal();
    let mut shown = 0;
    loop {
        let answer = client.get(&path);
        let (text, exit) = match &answer {
            Ok(status) => (screen::screen(status, args.force.is_some() || args.all), exit_of(status)),
            // A host that does not answer is the first thing that somebody who watches wants to see.
            Err(error) => (format!("{}{error:#}{}\n", style::BAD, style::OFF), Exit::No),
        };
        let mut out = super::out();
        if in_place {
            // Home, and everything behind it away: no flicker of an empty screen.
            write!(out, "\x1b[H\x1b[J")?;
        }
        write!(out, "{text}")?;
        out.flush()?;
        drop(out);
        shown += 1;
        if args.times.is_some_and(|times| shown >= times) {
            return Ok(exit);
        }
        std::thread::sleep(Duration::from_secs(args.interval));
    }
}

fn exit_of(status: &Value) -> Exit {
    if status.get("red").and_then(Value::as_bool) == Some(false) { Exit::Done } else { Exit::No }
}
