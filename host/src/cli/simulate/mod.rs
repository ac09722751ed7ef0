//! `cordon simulate`

mod files;
mod latency;
mod pick;
mod post;

use std::path::PathBuf;

use anyhow::Result;

use super::exit::{self, Exit};
use crate::simulate::{ERRANDS, STORIES, Story};

pub(super) use pick::found;
pub(super) use post::{Acked, Plan, Target, run as post_all};

/// Make realistic events of many forces, with attacks among them: into files, or posted to a running host
///
/// The same seed and settings give the same bytes on any machine. People keep the hours of their force's time zone, the
/// service makes its noise, records are delivered again, late and out of order. What was planted, and what should find it,
/// stands in truth.ndjson.
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = format!("Examples:
  cordon simulate --forces 4 --for avon,kent --duration 1d --start 2026-01-05T00:00 --rate 4 --seed 7 -o simulated
  cordon run -p plugins --for avon 'simulated/avon/*.jsonl'
  cordon simulate --post --token-dir tokens --rate 200/s --duration 60s --attacks mailbox-forwarding,illicit-consent
  cordon simulate --post --token-dir tokens --unlimited --connections 4 --duration 30s --attacks none
  cordon simulate --duration 7d --attacks none --errands 4 -o week    what a quiet week gives

A token folder holds one intake token a force, in FORCE.token. Attacks: all, none, found (what today's plugins find), or of:
  {}
Errands, of which truth.ndjson says what may tell of them:
  {}

Exit codes: 0 done, 2 bad usage, or no host answers, 4 done in part: the host refused some events",
    names(&STORIES), names(&ERRANDS)))]
pub(super) struct Args {
    #[command(flatten)]
    pick: pick::Args,
    /// Folder for the files: FORCE/SOURCE.jsonl and truth.ndjson; with --post for truth.ndjson only
    #[arg(short, long, value_name = "FOLDER", required_unless_present = "post")]
    out: Option<PathBuf>,
    /// Post the events to a running host, as they happen now
    #[arg(long, requires = "token_dir", conflicts_with = "start")]
    post: bool,
    /// With --post: the host; else CORDON_HOST, else http://127.0.0.1:7400
    #[arg(long, value_name = "URL", requires = "post")]
    host: Option<String>,
    /// With --post: a folder of intake tokens, FORCE.token
    #[arg(long, value_name = "FOLDER", requires = "post")]
    token_dir: Option<PathBuf>,
    /// With --post: as fast as the host takes them
    #[arg(long, requires = "post", conflicts_with = "rate")]
    unlimited: bool,
    /// With --post: connections at once, spread over the forces; one a force where it is not given
    #[arg(long, value_name = "N", requires = "post", value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Option<u16>,
    /// With --post: events of one request at most
    #[arg(long, value_name = "N", requires = "post", default_value_t = 1_000, value_parser = clap::value_parser!(u32).range(1..=10_000))]
    batch: u32,
    /// How to say what was made
    #[arg(long, value_enum, default_value_t)]
    format: super::Format,
}

pub(super) fn run(args: &Args) -> Result<Exit> {
    if args.post { post::from_arguments(args) } else { files::run(args) }
}

/// The names of stories, five a line.
fn names(stories: &[&Story]) -> String {
    let lines = stories.chunks(5).map(|line| line.iter().map(|story| story.name).collect::<Vec<_>>().join(", "));
    lines.collect::<Vec<_>>().join(",\n  ")
}
