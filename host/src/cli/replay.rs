//! `--replay` of `cordon run`: a fault of a live host, at its author's desk.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};

use super::exit::Exit;
use super::{plugins, style, text};
use crate::evidence::{self, EVIDENCE_BYTES, EvidenceError, Replay};
use crate::findings::text::safe;
use crate::ids::Digest;
use crate::sandbox::{Outcome, SandboxOptions};

/// Runs the events of a replay file with the plugin of its id. `Part`: it faults in the same way; `No`: in another; `Done`:
/// it faults no more.
pub(super) fn run(file: &Path, given: &[PathBuf]) -> Result<Exit> {
    let unreadable = || format!("{}: cannot be read", file.display());
    let bytes = std::fs::metadata(file).with_context(unreadable)?.len();
    ensure!(bytes <= EVIDENCE_BYTES as u64, "{}: no replay file is so large", file.display());
    let bytes = std::fs::read(file).with_context(unreadable)?;
    let replay = Replay::from_bytes(&bytes).with_context(|| file.display().to_string())?;
    let components = evidence::components_of(&plugins::components(given)?)?;
    let plugin = &replay.plugin;
    let wasm = components.get(&plugin.id).ok_or_else(|| EvidenceError::NotGiven(plugin.id.clone()))?;
    let mut out = super::out();
    let same = if Digest::of(wasm) == plugin.sha256 { "the component that faulted" } else { "another component" };
    let rows = text::plural(replay.events.len() as u64, "event");
    writeln!(out, "{} {}, {same}, on {rows} cut to what it declares", safe(&plugin.id), safe(&plugin.version))?;
    let outcome = replay.run(wasm, SandboxOptions::default())?;
    let shown = |word: &str, limit: Option<&str>| limit.map_or(word.to_owned(), |limit| format!("{word} by {limit}"));
    let was = shown(&replay.fault.outcome, replay.fault.limit.as_deref());
    let now = shown(outcome.word(), outcome.limit().map(|limit| limit.word()));
    writeln!(out, "on the host: {}: {}", safe(&was), safe(&replay.fault.reason))?;
    if outcome == Outcome::Completed {
        writeln!(out, "{}here: completed, it faults no more{}", style::GOOD, style::OFF)?;
        return Ok(Exit::Done);
    }
    writeln!(out, "{}here: {now}{}: {}", style::BAD, style::OFF, safe(outcome.reason()))?;
    Ok(if was == now { Exit::Part } else { Exit::No })
}
