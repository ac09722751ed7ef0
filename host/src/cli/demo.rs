//! `cordon demo`

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use clap::Parser as _;

use super::exit::{self, Exit};
use super::{style, text};
use crate::author::PluginFolder;

/// Build the national plugins, run them over the sample events, show what they find
#[derive(Debug, clap::Args)]
#[command(after_help = exit::HELP, after_long_help = "Examples:
  cordon demo

Works from any folder: plugins and events come from the checkout that this binary was built from, or from the folders
`plugins` and `events` beside the binary.

Exit codes: 0 done, 2 there are neither, 3 the Rust toolchain is missing")]
pub(super) struct Args {}

/// Where plugins and events are.
struct Place {
    plugins: PathBuf,
    events: PathBuf,
}

pub(super) fn run(_args: &Args) -> Result<Exit> {
    let place = place()?;
    let mut err = anstream::stderr();
    let built = if holds_sources(&place.plugins) { "building and running" } else { "running" };
    writeln!(err, "{built} the plugins of {} over {}", text::near(&place.plugins), text::near(&place.events))?;
    let events = place.events.join("*.jsonl").to_string_lossy().into_owned();
    let plugins = place.plugins.to_string_lossy().into_owned();
    let run = Run::try_parse_from(["cordon run", "--plugin", &plugins, &events])?;
    let exit = super::run::run(&run.args)?;
    if exit != Exit::Done {
        return Ok(exit);
    }
    let binary = std::env::current_exe().map_or_else(|_| "cordon".into(), |path| text::near(&path));
    let binary = if binary.starts_with("target/") { format!("./{binary}") } else { binary };
    let (plugins, events) = (text::near(&place.plugins), text::near(&place.events));
    writeln!(err, "\n{}Now try:{}", style::STRONG, style::OFF)?;
    writeln!(err, "  {binary} run -p {plugins} YOUR-EVENTS.jsonl")?;
    writeln!(err, "  {binary} fields '{events}/*.jsonl'")?;
    writeln!(err, "  {binary} new my-first-plugin")?;
    Ok(Exit::Done)
}

/// `run` as if typed.
#[derive(Debug, clap::Parser)]
struct Run {
    #[command(flatten)]
    args: super::run::Args,
}

fn place() -> Result<Place> {
    let mut looked = Vec::new();
    let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap_or(Path::new("/")).to_owned();
    looked.push(Place { plugins: checkout.join("plugins"), events: checkout.join("examples").join("events") });
    if let Some(beside) = std::env::current_exe().ok().as_deref().and_then(Path::parent) {
        looked.push(Place { plugins: beside.join("plugins"), events: beside.join("events") });
    }
    if let Some(found) = looked.iter().position(|place| place.plugins.is_dir() && place.events.is_dir()) {
        return Ok(looked.swap_remove(found));
    }
    let places: Vec<String> =
        looked.iter().map(|place| format!("{} with {}", place.plugins.display(), place.events.display())).collect();
    bail!(
        "there are no plugins and sample events to show: looked for {}. Clone the repository and run `cargo run --release -- demo` in it, or `cordon run -p PLUGIN EVENTS` with your own",
        places.join(", and for ")
    );
}

fn holds_sources(folder: &Path) -> bool {
    std::fs::read_dir(folder).into_iter().flatten().flatten().any(|entry| PluginFolder::is_one(&entry.path()))
}
